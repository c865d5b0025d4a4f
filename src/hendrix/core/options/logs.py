"""Logs."""

from __future__ import annotations

from hendrix.core import log_values, values
from hendrix.core.option import option
from hendrix.core.record import record


@record(frozen=True)
class Logs:
    """Logs."""

    verbosity: int = option(1, values.number(0, 3), "0 errors only, 1 normal, 2 more, 3 everything", "-v", metavar="N")
    quiet: bool = option(False, values.switch, "errors only", "-q")
    loud: bool = option(False, values.switch, "a coloured line on the terminal for each answer", "-l")
    log: str = option("", values.text, "write the log to FILE instead of stderr", metavar="FILE")
    log_format: str = option(
        "auto",
        values.choice("auto", "text", "json", "journal"),
        "text, json, or the fields of systemd's journal; auto: journal where stderr is one, else text",
        metavar="FORMAT",
    )
    access_log: str = option(
        "off",
        log_values.access_format,
        "a line per request: off, combined, json or a format of %-atoms",
        metavar="FORMAT",
    )
    access_logfile: str = option("-", values.text, "where access lines go; - is standard output", metavar="FILE")
    access_log_sample: float = option(
        1.0,
        log_values.share,
        "share of the requests in the access log, such as 0.1 or 1/10; errors (5xx) and slow ones are always there",
        metavar="SHARE",
    )
    access_log_health: bool = option(
        False, values.switch, "checks of the health path in the access log too, not only those that failed"
    )
    redact: tuple[str, ...] = option(
        (),
        log_values.redacted_name,
        "one more parameter or header that no log and no page shows; * stands for anything; repeatable",
        metavar="NAME",
        repeat=True,
    )
    request_id: str = option(
        "X-Request-ID",
        values.field_name,
        "header that carries the request's id in and out; empty: none",
        metavar="NAME",
    )
    server_header: str = option(
        "hendrix", values.field_value, "value of the Server header; empty: none", metavar="TEXT"
    )
    traceback: bool = option(False, values.switch, "show Hendrix's own traceback when it fails")
