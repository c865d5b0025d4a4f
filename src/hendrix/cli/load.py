"""Options become one ``Config``: flag > environment > file > Django settings > default.

Where to listen and how much to say are each asked by two options, so the higher source decides between the two:
``--http_port 9000`` beats a ``bind`` in ``hendrix.toml``, and ``-v 2`` beats ``quiet = true`` there.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hendrix.cli import sources
from hendrix.cli.admin import settle_admin, settle_tracing, traced
from hendrix.cli.given import Given, Level
from hendrix.core import hosts
from hendrix.core.config import HOSTS, OPTIONS, Config
from hendrix.core.errors import UsageError
from hendrix.core.record import record
from hendrix.core.values import redis_text

if TYPE_CHECKING:
    from hendrix.core.control import SettingsLoaded  # whose module has dozens of classes to make

DEFAULT = "default"
#: What holds where certificates come by themselves: authorities and visitors come to the ports that HTTP has.
WITH_DOMAIN: Mapping[str, Any] = {"http_port": 80, "https_port": 443, "https_redirect": "on"}


@record(frozen=True)
class Sourced:
    """A configuration, who gave each value of it, and all that was said, highest source first."""

    config: Config
    sources: Mapping[str, str]
    levels: tuple[Level, ...]


def load(flags: Level, environ: Mapping[str, str], directory: Path) -> Sourced:
    """Everything that is known before the project is. ``bind`` is empty where only ``resolve`` can tell."""
    return _merged((flags, sources.environment(environ), sources.file(directory), traced(environ)))


def load_for_one(flags: Level, environ: Mapping[str, str], directory: Path) -> Sourced:
    """The same, for a server that runs. That of ``--pid`` is found whatever the file says: a mistake in it is to keep
    nobody from a stop."""
    try:
        return load(flags, environ, directory)
    except UsageError:
        if "pid" not in flags:
            raise
        return _merged((flags, sources.environment(environ), {}, traced(environ)))


def overruled(sourced: Sourced, level: Level) -> Sourced:
    """``sourced`` with ``level`` above all that was said: what was found out about the project."""
    return _merged((level, *sourced.levels))


def resolve(sourced: Sourced, report: SettingsLoaded) -> Sourced:
    """``sourced`` with what the project's settings say below it, and a script's options above: those on the command
    line are what it gave when it was run. Where to listen is for ``listening`` to say."""
    script = sources.script(report.script, sourced.config.script)
    found = _merged((script, *sourced.levels, sources.django(report.options)))
    return _with_domains(found, report) if found.config.auto_https else found


def _with_domains(sourced: Sourced, report: SettingsLoaded) -> Sourced:
    """The names that the project answers to, beside those that were given."""
    config = sourced.config
    told = report.options.get(HOSTS) or ()
    names = [name for name in hosts.public(told, wildcards=bool(config.dns_hook)) if name not in config.domains]
    if not names and not config.domains:
        raise UsageError(
            f"{sourced.sources['auto_https']}: {HOSTS} holds no public name of a host; give --domain NAMES"
        )
    source = sourced.sources["auto_https"] if not config.domain else sourced.sources["domain"]
    return overruled(sourced, {"domain": Given((*config.domain, *names), source)})


def _merged(levels: tuple[Level, ...]) -> Sourced:
    given: dict[str, Given] = {}
    for level in reversed(levels):
        given.update(level)
    _settle_bind(given, levels)
    _settle_verbosity(given, levels)
    _settle_development(given)
    _settle_workers(given)
    _settle_cache(given, levels)
    _settle_certificates(given)
    settle_admin(given)
    settle_tracing(given)
    config = Config(**{name: found.value for name, found in given.items()})
    told = {name: given[name].source if name in given else DEFAULT for name in OPTIONS}
    return Sourced(config, told, levels)


def _settle_bind(given: dict[str, Given], levels: Iterable[Level]) -> None:
    """The first source that speaks of either decides, and in it ``bind`` does; none beside ones of HTTPS is none."""
    for level in levels:
        if "bind" in level and (level["bind"].value or "https_bind" in level):
            given["bind"] = level["bind"]
            return
        if "http_port" in level:
            break
    given.pop("bind", None)


def _settle_verbosity(given: dict[str, Given], levels: Iterable[Level]) -> None:
    """``quiet`` is verbosity 0, unless a higher source asks for more."""
    for level in levels:
        if "quiet" in level:
            if level["quiet"].value:
                given["verbosity"] = Given(0, level["quiet"].source)
            return
        if "verbosity" in level:
            given.pop("quiet", None)
            return


def _settle_development(given: dict[str, Given]) -> None:
    """``dev`` implies what nobody has decided otherwise."""
    if "dev" in given and given["dev"].value:
        for name in ("reload", "loud"):
            given.setdefault(name, Given(True, given["dev"].source))
    background = given.get("daemonize")
    if background and background.value and "reload" in given and given["reload"].value:
        raise UsageError(f"{background.source} and {given['reload'].source} exclude each other; leave one out")


def _settle_cache(given: dict[str, Given], levels: Iterable[Level]) -> None:
    """``nocache`` is the cache switched off, unless a higher source asks for it. No secret is for command lines."""
    token = given.get("cache_token")
    if token is not None and token.source.startswith("--"):
        raise UsageError("--cache-token shows the secret to all on this machine; give it in HX_CACHE_TOKEN or a file")
    _settle_store(given)
    _redis(given, "hub")
    for level in levels:
        if "nocache" in level and level["nocache"].value:
            given["cache"] = Given(False, level["nocache"].source)
            return
        if "cache" in level:
            return


def _settle_store(given: dict[str, Given]) -> None:
    """A store for several machines is asked for with the cache, and needs a library that others do without."""
    store = _redis(given, "cache_store")
    if store is not None:
        given.setdefault("cache", Given(True, store.source))


def _redis(given: dict[str, Given], name: str) -> Given | None:
    """The address of a Redis server, if there is one."""
    found = given.get(name)
    if found is None or not found.value:
        return None
    if found.source.startswith("--") and redis_text(found.value) != found.value:
        flag, variable = f"--{name.replace('_', '-')}", f"HX_{name.upper()}"
        raise UsageError(f"{flag} shows the password to all on this machine; give it in {variable} or a file")
    if find_spec("redis") is None:
        raise UsageError(f"{found.source} needs the library redis; install it with: pip install 'hendrix[redis]'")
    return found


def _settle_certificates(given: dict[str, Given]) -> None:
    """``WITH_DOMAIN``, where nobody says otherwise."""
    wish = next((given[name] for name in ("domain", "auto_https") if name in given and given[name].value), None)
    if wish is not None:
        for name, value in WITH_DOMAIN.items():
            given.setdefault(name, Given(value, wish.source))


def _settle_workers(given: dict[str, Given]) -> None:
    if "workers" in given and not given["workers"].value:
        from hendrix.supervisor.cpus import usable_cpus  # noqa: PLC0415 - help must not pay for the room

        given["workers"] = Given(usable_cpus(), f"{given['workers'].source} auto")
