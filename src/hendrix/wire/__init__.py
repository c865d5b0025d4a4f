"""Protocols: bytes in, events out, bytes out, next deadline. No sockets, no clock, no threads."""
