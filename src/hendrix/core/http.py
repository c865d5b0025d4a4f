"""HTTP in Hendrix's words: what every protocol version parses into, and every answer reads.

Header names are lower-case bytes, values are bytes without surrounding white space, order and repetition are
kept as received (RFC 9110 section 5.3).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus

from hendrix.core.noted import Noted

#: Both may be shared with other requests of the same peer: whoever wants others replaces them.
RequestHeaders = Sequence[tuple[bytes, bytes]]
RequestFields = Mapping[bytes, bytes]
#: As an application gives them (PEP 3333): native strings that hold latin-1.
ResponseHeaders = list[tuple[str, str]]

REASONS: dict[int, str] = {status.value: status.phrase for status in HTTPStatus}
REASONS.update({413: "Content Too Large", 414: "URI Too Long", 422: "Unprocessable Content"})

#: The type of a stream of events, which ends with its connection only (HTML, "Server-sent events").
EVENT_STREAM = "text/event-stream"

#: RFC 9110 section 7.6.1: fields that belong to one connection, never to a message.
HOP_BY_HOP = frozenset(
    (
        "connection",
        "keep-alive",
        "proxy-authenticate",
        "proxy-authorization",
        "proxy-connection",
        "te",
        "trailer",
        "trailers",
        "transfer-encoding",
        "upgrade",
    )
)


@dataclass(slots=True)
class Request:
    """The head of one request.

    ``path`` is the absolute path as sent (still percent-encoded), ``query`` what follows the first ``?``.
    ``authority`` is the host that the request is for: of the target where it has one, else of ``Host``.
    ``length`` is the size of the body in bytes: 0 where there is none, -1 where only its end will tell.
    """

    method: str
    target: bytes
    path: bytes
    query: bytes
    version: str
    headers: RequestHeaders
    authority: bytes = b""
    length: int = 0
    expects_continue: bool = False
    #: The scheme that an absolute-form target names (RFC 9112 section 3.2.2); empty otherwise.
    target_scheme: bytes = b""
    #: What the peer wants of the connection after this exchange (RFC 9112 section 9.3).
    keep_alive: bool = True
    #: Does it ask for a WebSocket (RFC 6455 section 4.1)? Whoever serves none may answer as if it did not
    #: (RFC 9110 section 7.8).
    websocket: bool = False
    #: May the answer be given again to the same head without asking any layer? One that counts, or looks at more than
    #: the head and the scheme, says no.
    repeats: bool = True
    #: What a layer has noted of it for another one further in.
    kept: object = None
    #: What whoever answers has noted for those who count (``core.noted``); None where nobody does.
    noted: Noted | None = None
    #: Headers by name, repeated ones joined (RFC 9110 section 5.3; Cookie by ``"; "``).
    fields: RequestFields = field(default_factory=dict)

    @property
    def described(self) -> str:
        """Method and path, for a log line."""
        return f"{self.method} {self.path.decode('latin-1')}"


@dataclass(frozen=True, slots=True)
class ClientCertificate:
    """What a client has shown, verified. Names are written as RFC 4514 says, the serial number in hexadecimal."""

    pem: str
    subject: str
    issuer: str
    serial: str


@dataclass(frozen=True, slots=True)
class Secured:
    """How a connection is encrypted: version and cipher suite by name and by the number in the protocol."""

    version: str
    version_number: int
    cipher: str
    cipher_number: int
    client: ClientCertificate | None = None


@dataclass(slots=True)
class Origin:
    """Who sent a request and to which of our addresses, after the trusted proxies have been believed.

    ``client`` and ``server`` are ``(host, port)``; a unix socket has ``("", 0)`` as its client. ``proxied``: a trusted
    proxy has told this of somebody else. ``door`` is the port at which it came in, whatever a proxy tells.
    """

    client: tuple[str, int]
    server: tuple[str, int]
    scheme: str
    proxied: bool = False
    #: Of the connection to us; None where it is not encrypted, or somebody else's than the client's.
    secured: Secured | None = None
    door: int = 0
