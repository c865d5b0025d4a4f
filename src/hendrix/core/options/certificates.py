"""Automatic HTTPS."""

from __future__ import annotations

from hendrix.core import hosts, values
from hendrix.core.option import option
from hendrix.core.record import record


@record(frozen=True)
class Certificates:
    """Automatic HTTPS."""

    domain: tuple[str, ...] = option(
        (),
        hosts.names,
        "get HTTPS certificates for these names and renew them; a,b or given again",
        metavar="NAMES",
        repeat=True,
    )
    auto_https: bool = option(False, values.switch, "the same for the names in ALLOWED_HOSTS")
    acme_email: str = option("", values.text, "where the authority may write to", metavar="ADDRESS")
    acme_server: str = option("", values.https_url, "directory of another authority than Let's Encrypt", metavar="URL")
    acme_staging: bool = option(False, values.switch, "Let's Encrypt's staging: for trials, trusted by nobody")
    acme_ca: str = option("", values.text, "root in PEM of an authority that only you trust", metavar="FILE")
    acme_eab: str = option(
        "",
        values.text,
        "id and key of an account that the authority knows from elsewhere, on two lines",
        metavar="FILE",
    )
    acme_key: str = option(
        "ecdsa", values.choice("ecdsa", "rsa"), "kind of key: ecdsa (P-256) or rsa (2048 bits)", metavar="KIND"
    )
    dns_hook: str = option(
        "",
        values.text,
        "prove names by DNS: COMMAND present|cleanup RECORD VALUE makes or removes a TXT record",
        metavar="COMMAND",
    )
    dns_wait: float = option(
        20.0, values.duration, "time for a record to reach all name servers after that", metavar="TIME"
    )
    vault: str = option(
        "", values.text, "directory for certificates and accounts, of its owner alone", metavar="DIR", reloadable=False
    )
