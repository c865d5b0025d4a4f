"""All applications of the behaviour suite behind one: ``suite:app``."""

from __future__ import annotations

import bodies
import files
import heads
import plain
import twist
from stage import app

__all__ = ["app", "bodies", "files", "heads", "plain", "twist"]
