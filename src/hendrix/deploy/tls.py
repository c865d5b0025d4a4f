"""``HendrixDeployTLS``: HTTPS by a key and a certificate."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hendrix.core.errors import UsageError
from hendrix.deploy.base import HendrixDeploy


class HendrixDeployTLS(HendrixDeploy):
    """``key`` and ``cert`` are files; they may stand in the options as well."""

    def __init__(
        self,
        action: str = "start",
        options: Mapping[str, Any] | None = None,
        reactor: Any = None,
        threadpool: Any = None,
        key: str | None = None,
        cert: str | None = None,
        context_factory: Any = None,
        context_factory_kwargs: Mapping[str, Any] | None = None,
    ) -> None:
        if context_factory is not None or context_factory_kwargs is not None:
            raise UsageError("HendrixDeployTLS takes no context_factory any more; give key and cert")
        given = {**(options or {})}
        given.update({name: value for name, value in (("key", key), ("cert", cert)) if value})
        if not (given.get("key") and given.get("cert")):
            raise ValueError("HendrixDeployTLS needs both key and cert: name the files of both")
        super().__init__(action, given, reactor, threadpool)
