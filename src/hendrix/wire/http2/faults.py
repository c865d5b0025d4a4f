"""What a peer did wrong, and how far it reaches (RFC 9113 sections 5.4 and 7)."""

from __future__ import annotations

(
    NO_ERROR,
    PROTOCOL_ERROR,
    INTERNAL_ERROR,
    FLOW_CONTROL_ERROR,
    SETTINGS_TIMEOUT,
    STREAM_CLOSED,
    FRAME_SIZE_ERROR,
    REFUSED_STREAM,
    CANCEL,
    COMPRESSION_ERROR,
    CONNECT_ERROR,
    ENHANCE_YOUR_CALM,
    INADEQUATE_SECURITY,
    HTTP_1_1_REQUIRED,
) = range(14)


class ConnectionFault(Exception):
    """The whole connection ends (section 5.4.1)."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason


class StreamFault(Exception):
    """One stream ends (section 5.4.2); the connection goes on."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason


class Malformed(StreamFault):
    """A message that breaks the rules of section 8 (8.1.1)."""

    def __init__(self, reason: str) -> None:
        super().__init__(PROTOCOL_ERROR, reason)
