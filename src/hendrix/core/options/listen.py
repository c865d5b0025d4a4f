"""Where to listen."""

from __future__ import annotations

from hendrix.core import values
from hendrix.core.option import option
from hendrix.core.record import record


@record(frozen=True)
class Listen:
    """Where to listen."""

    bind: tuple[str, ...] = option(
        (),
        values.address,
        "listen at HOST:PORT, [v6]:PORT, unix:/path or fd://N; may be given again",
        "-b",
        metavar="ADDRESS",
        repeat=True,
        reloadable=False,
    )
    http_port: int = option(
        8000,
        values.number(0, 65535),
        "port to listen at where no --bind is given",
        metavar="PORT",
        setting="HTTP_PORT",
        reloadable=False,
    )
    backlog: int = option(
        2048,
        values.number(1, 65535),
        "connections that may wait to be accepted",
        metavar="N",
        reloadable=False,
    )
    proxy_protocol: str = option(
        "off",
        values.choice("off", "v1", "v2", "on"),
        "connections begin with a PROXY line: v1, v2, or on for both",
        metavar="VERSION",
    )
    http2: str = option(
        "auto",
        values.choice("auto", "on", "off"),
        "HTTP/2: auto (over TLS, and without it to peers of --forwarded-allow-ips), on (to everybody), or off",
        metavar="WHEN",
    )
    forwarded_allow_ips: str = option(
        "127.0.0.1,::1,unix",
        values.networks,
        "peers whose Forwarded, X-Forwarded-* and PROXY lines are believed: addresses, networks, unix, *",
        metavar="NETS",
    )
