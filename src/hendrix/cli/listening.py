"""Where to listen, once all is known that was said about it: for HTTP, and for HTTPS."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Iterator, Sequence

from hendrix.cli.given import Given
from hendrix.cli.load import DEFAULT, Sourced, overruled
from hendrix.core.config import Config
from hendrix.core.errors import UsageError

_NEED_A_CERTIFICATE = ("http3", "https_bind", "https_only", "https_redirect", "client_ca", "key_password_file")


def with_places(sourced: Sourced, debug: bool, activated: Sequence[str], secure: Sequence[str]) -> Sourced:
    """``sourced`` with the addresses of both kinds. ``activated`` are sockets that systemd has opened for us,
    ``secure`` those of them that are for HTTPS. Raises ``UsageError``."""
    _check(sourced)
    config = sourced.config
    given = bool(config.bind)
    if not config.bind and activated:
        source = "systemd (LISTEN_FDS)"
        plain = tuple(place for place in activated if place not in secure)
        sourced = overruled(sourced, {"bind": Given(plain, source)})
        if secure and not config.https_bind:
            sourced = overruled(sourced, {"https_bind": Given(tuple(secure), source)})
        given = bool(plain) or not config.secure
    elif not config.bind:
        sourced = _default(sourced, debug)
    return _with_cache_port(_with_https(sourced, given) if config.secure else sourced)


def _with_cache_port(sourced: Sourced) -> Sourced:
    """The cache's own listener, beside the first that has a host."""
    config = sourced.config
    if not (config.cache and config.cache_port and config.bind):
        return sourced
    hosts = [place.rpartition(":")[0] for place in config.bind if not place.startswith(("unix:", "fd://"))]
    place = f"{hosts[0] if hosts else '127.0.0.1'}:{config.cache_port}"
    if place in config.bind:
        return sourced
    return overruled(sourced, {"bind": Given((*config.bind, place), sourced.sources["bind"])})


def _default(sourced: Sourced, debug: bool) -> Sourced:
    """A project in debug mode shows its insides to whoever asks, so by default only this machine may."""
    host = "127.0.0.1" if debug or sourced.config.dev else "0.0.0.0"
    source = "DEBUG = True" if debug else sourced.sources["dev" if sourced.config.dev else "http_port"]
    return overruled(sourced, {"bind": Given((f"{host}:{sourced.config.http_port}",), source)})


def _with_https(sourced: Sourced, given: bool) -> Sourced:
    """``given``: somebody said where to listen."""
    config, sources = sourced.config, sourced.sources
    secure = Given(config.https_bind, sources["https_bind"])
    if not config.https_bind and config.https_only and given:
        secure = Given(config.bind, sources["bind"])
    elif not config.https_bind:
        secure = Given(tuple(dict.fromkeys(_beside(config))), sources["https_port"])
    plain = () if config.https_only else config.bind
    if both := [place for place in plain if place in secure.value and not place.endswith(":0")]:
        raise UsageError(f"{both[0]} is to speak both HTTP and HTTPS; give --https-only, or another port for one")
    told = {"https_bind": secure}
    if config.https_only:
        told["bind"] = Given((), sources["https_only"])
    found = overruled(sourced, told)
    if config.https_redirect == "on" and not found.config.redirects_to:
        raise UsageError(f"{sources['https_redirect']}: the port of HTTPS is not known; give it instead of on")
    return found


def _beside(config: Config) -> Iterator[str]:
    """The hosts of the plain addresses, with the port of HTTPS."""
    hosts = [place.rpartition(":")[0] for place in config.bind if not place.startswith(("unix:", "fd://"))]
    for host in hosts or ["127.0.0.1" if config.dev else "0.0.0.0"]:
        yield f"{host}:{config.https_port}"


def _check(sourced: Sourced) -> None:
    config = sourced.config
    if config.key and not config.cert:
        raise UsageError(f"{sourced.sources['key']} needs a certificate beside it; give --cert FILE")
    if sourced.sources["client_cert"] != DEFAULT and not config.client_ca:
        # Whoever wants certificates of clients must not find that all are let in.
        raise UsageError(f"{sourced.sources['client_cert']} needs authorities beside it; give --client-ca FILE")
    if config.secure:
        _check_http3(sourced)
        return
    for name in _NEED_A_CERTIFICATE:
        if getattr(config, name) not in ((), "", "off", False) and sourced.sources[name] != DEFAULT:
            raise UsageError(f"{sourced.sources[name]} needs a certificate; give --key and --cert")


def _check_http3(sourced: Sourced) -> None:
    config, source = sourced.config, sourced.sources["http3"]
    if not config.http3:
        return
    if importlib.util.find_spec("aioquic") is None:
        raise UsageError(f"{source} needs a library that is not installed; pip install 'hendrix[http3]'")
    if sys.platform != "linux":
        raise UsageError(f"{source} works on Linux only; leave it out here")
    if config.client_ca:
        raise UsageError(f"{source}: over HTTP/3 no certificates are asked for; leave out that or --client-ca")
