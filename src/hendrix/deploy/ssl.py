"""The old name of ``hendrix.deploy.tls``."""

from hendrix.deploy.tls import HendrixDeployTLS as HendrixDeploySSL

__all__ = ["HendrixDeploySSL"]
