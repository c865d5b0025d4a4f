"""What is told of the server to those who look after it."""

from __future__ import annotations

from hendrix.core import values
from hendrix.core.option import option
from hendrix.core.record import record


@record(frozen=True)
class Admin:
    """What is told of the server to those who look after it."""

    metrics: bool = option(
        False, values.switch, "count requests by view and status, for Prometheus; told at --admin, which it turns on"
    )
    otel: bool = option(
        False, values.switch, "trace requests by OpenTelemetry; on by itself where OTEL_EXPORTER_OTLP_ENDPOINT is set"
    )
    admin: str = option(
        "off",
        values.admin,
        "where health, readiness, metrics and status are told: on (a unix socket beside the pid file), "
        "unix:/path or HOST:PORT",
        metavar="PLACE",
        reloadable=False,
    )
    admin_token_file: str = option(
        "",
        values.text,
        "file with the secret that whoever asks at HOST:PORT must tell",
        metavar="FILE",
        reloadable=False,
    )
    admin_token: str = option(
        "", values.secret, "that secret itself, in HX_ADMIN_TOKEN or a file", metavar="SECRET", reloadable=False
    )
    admin_anywhere: bool = option(
        False, values.switch, "let HOST:PORT be one that other machines reach, without encryption", reloadable=False
    )
