"""The one line that is for people: where the server listens."""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

import hendrix
from hendrix.observe.facts import printable


def listens_at(facts: Mapping[str, object]) -> str:
    """``Hendrix 6.0.0 listens at http://127.0.0.1:8000 (1 worker, settings shop.settings, pid 1234)``."""
    urls = facts.get("urls") or ()
    where = urls if isinstance(urls, str) else " and ".join(map(str, cast("tuple[object, ...]", urls)))
    workers = facts.get("workers", 1)
    about = [f"{workers} worker{'' if workers == 1 else 's'}"]
    about += [f"{key} {facts[key]}" for key in ("settings", "pid") if facts.get(key)]
    return printable(f"Hendrix {hendrix.__version__} listens at {where} ({', '.join(about)})")
