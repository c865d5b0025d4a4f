"""Sockets for browsers, as classes or as functions: see ``docs/how-to/websockets.md``."""

from hendrix.answer.sockets.codec import Codec
from hendrix.answer.sockets.socket import WebSocket, websocket

__all__ = ["Codec", "WebSocket", "websocket"]
