"""All ASGI applications of the behaviour suite behind one: ``asgi_suite:app``."""

from __future__ import annotations

import asgi_requests
import asgi_sockets
from asgi_stage import app

__all__ = ["app", "asgi_requests", "asgi_sockets"]
