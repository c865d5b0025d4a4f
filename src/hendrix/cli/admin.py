"""Where the server is told of, and how it is traced: what else must be there for that, and what gives secrets away."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.util import find_spec

from hendrix.cli.given import Given, Level
from hendrix.core.errors import UsageError
from hendrix.core.values import only_here


def settle_admin(given: dict[str, Given]) -> None:
    """Raises ``UsageError`` where a port would be open to all."""
    token, place = given.get("admin_token"), given.get("admin")
    if token is not None and token.source.startswith("--"):
        raise UsageError("--admin-token shows the secret to all on this machine; give it in HX_ADMIN_TOKEN or a file")
    metrics = given.get("metrics")
    if place is None and metrics is not None and metrics.value:
        given["admin"] = Given("on", metrics.source)
    if place is None or place.value in ("on", "off") or place.value.startswith("unix:"):
        return
    told = token or given.get("admin_token_file")
    if told is None or not told.value:
        raise UsageError(
            f"{place.source}: whoever reaches {place.value} must tell a secret; give --admin-token-file FILE, "
            "or HX_ADMIN_TOKEN"
        )
    anywhere = given.get("admin_anywhere")
    if not only_here(place.value) and not (anywhere and anywhere.value):
        raise UsageError(
            f"{place.source}: other machines reach {place.value}; give 127.0.0.1, or --admin-anywhere if they are to"
        )


#: Either says that somebody collects traces.
_COLLECTORS = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT")
_LIBRARIES = ("opentelemetry.sdk", "opentelemetry.exporter.otlp.proto.http")


def traced(environ: Mapping[str, str]) -> Level:
    """What OpenTelemetry's own variables say, where its SDK is there: a process of another kind may be meant."""
    named = next((name for name in _COLLECTORS if environ.get(name)), "")
    off = environ.get("OTEL_SDK_DISABLED", "").lower() == "true" or environ.get("OTEL_TRACES_EXPORTER") == "none"
    return {"otel": Given(True, named)} if named and not off and not _missing() else {}


def settle_tracing(given: dict[str, Given]) -> None:
    """Raises ``UsageError`` where the libraries are missing, which others do without."""
    wish = given.get("otel")
    if wish is not None and wish.value and _missing():
        raise UsageError(f"{wish.source} needs the SDK of OpenTelemetry; install it with: pip install 'hendrix[otel]'")


def _missing() -> bool:
    try:
        return any(find_spec(name) is None for name in _LIBRARIES)
    except ModuleNotFoundError:
        return True
