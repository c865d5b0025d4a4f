"""What is wrong with a field block."""

from __future__ import annotations


class HpackFault(Exception):
    """A field block that cannot be decoded; the connection is lost (RFC 9113 section 4.3)."""
