"""Launch from Python: ``HendrixDeploy(action, options).run()``."""

from hendrix.deploy.base import HendrixDeploy

__all__ = ["HendrixDeploy"]
