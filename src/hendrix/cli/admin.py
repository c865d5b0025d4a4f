"""Where the server is told of: what else must be given for that, and what would give a secret away."""

from __future__ import annotations

from hendrix.cli.given import Given
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
