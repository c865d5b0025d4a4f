"""HTTPS."""

from __future__ import annotations

from hendrix.core import values
from hendrix.core.option import option
from hendrix.core.record import record


@record(frozen=True)
class Tls:
    """HTTPS."""

    key: tuple[str, ...] = option(
        (),
        values.text,
        "private key in PEM, or a directory of keys; may be given again",
        "--keyfile",
        "--ssl-keyfile",
        metavar="FILE",
        repeat=True,
        setting="HX_PRIVATE_KEY",
    )
    cert: tuple[str, ...] = option(
        (),
        values.text,
        "certificate and its issuers in PEM, or a directory of such; may be given again, chosen by SNI",
        "--certfile",
        "--ssl-certfile",
        metavar="FILE",
        repeat=True,
        setting="HX_CERTFICATE HX_CERTIFICATE",
    )
    key_password_file: str = option(
        "", values.text, "passwords of encrypted keys, a line each; else it is asked", metavar="FILE"
    )
    https: bool = option(
        False,
        values.switch,
        "with --dev: a certificate for this machine, by an authority of your own",
        reloadable=False,
    )
    https_port: int = option(
        4430,
        values.number(0, 65535),
        "port to listen at for HTTPS, on the hosts of --bind, where there is a certificate",
        metavar="PORT",
        setting="HTTPS_PORT",
        reloadable=False,
    )
    https_bind: tuple[str, ...] = option(
        (),
        values.address,
        "listen for HTTPS here instead: HOST:PORT, [v6]:PORT, unix:/path or fd://N; may be given again",
        metavar="ADDRESS",
        repeat=True,
        reloadable=False,
    )
    https_only: bool = option(
        False, values.switch, "no plain HTTP: what --bind names speaks HTTPS as well", reloadable=False
    )
    http3: bool = option(
        False,
        values.switch,
        "HTTP/3 beside HTTPS, at the same port by UDP (experimental; pip install 'hendrix[http3]')",
        reloadable=False,
    )
    http3_port: int = option(
        0,
        values.number(0, 65535),
        "the port that clients reach HTTP/3 by, where that is another one; 0: where we listen",
        metavar="PORT",
    )
    https_redirect: str = option(
        "off",
        values.redirect,
        "send plain HTTP to HTTPS: off, on (to --https-port), or the port that clients reach it by",
        metavar="PORT",
    )
    hsts: str = option(
        "off",
        values.hsts,
        "have browsers use nothing but HTTPS for so long: 365d; also subdomains and preload: 365d,subdomains,preload",
        metavar="TIME",
    )
    tls_profile: str = option(
        "intermediate",
        values.choice("intermediate", "modern"),
        "what is spoken: intermediate is TLS 1.2 and 1.3, modern 1.3 only",
        metavar="NAME",
    )
    client_ca: str = option("", values.text, "authorities in PEM whose certificates clients may show", metavar="FILE")
    client_cert: str = option(
        "required",
        values.choice("optional", "required"),
        "must clients show a certificate of --client-ca: optional or required",
        metavar="WHEN",
    )
