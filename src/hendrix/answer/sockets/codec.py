"""What a message is to a handler, and what a handler's is to the client."""

from __future__ import annotations

import json
from typing import Any, Protocol

from hendrix.hub.door import to_json


class Codec(Protocol):
    """``decode`` raises ``ValueError`` for what the client should not have sent: it is closed with 1007."""

    def decode(self, data: str | bytes) -> Any:
        """From the client."""

    def encode(self, value: Any) -> str | bytes:
        """To the client."""


class Json:
    """JSON in text; bytes as they are."""

    def decode(self, data: str | bytes) -> Any:
        """See ``Codec``."""
        try:
            return json.loads(data)
        except RecursionError:
            raise ValueError("nested too deeply") from None

    def encode(self, value: Any) -> str | bytes:
        """See ``Codec``."""
        return bytes(value) if isinstance(value, bytes | bytearray | memoryview) else to_json(value).decode()


class Text:
    """Text, and nothing else."""

    def decode(self, data: str | bytes) -> Any:
        """See ``Codec``."""
        if isinstance(data, bytes):
            raise ValueError("not text")
        return data

    def encode(self, value: Any) -> str | bytes:
        """See ``Codec``."""
        return str(value)


class Binary:
    """Bytes, and nothing else."""

    def decode(self, data: str | bytes) -> Any:
        """See ``Codec``."""
        if isinstance(data, str):
            raise ValueError("not binary")
        return data

    def encode(self, value: Any) -> str | bytes:
        """See ``Codec``."""
        return bytes(value)


class Raw:
    """What comes, text or bytes; what is text goes as text."""

    def decode(self, data: str | bytes) -> Any:
        """See ``Codec``."""
        return data

    def encode(self, value: Any) -> str | bytes:
        """See ``Codec``."""
        return value if isinstance(value, str | bytes) else str(value)


CODECS: dict[str, Codec] = {"json": Json(), "text": Text(), "binary": Binary(), "raw": Raw()}
