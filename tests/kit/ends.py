"""Of a case with a list of parameters, the first and the last: for suites that run once more over another protocol.

What the list is about has been tested over HTTP/1.1; over the other protocol it is enough that the case works at all.
With ``HENDRIX_TEST_ALL=1`` in the environment (``make test-all``) nothing is left out.
"""

from __future__ import annotations

from collections import defaultdict

import pytest

from tests.kit.whole import EVERYTHING


def ends_of_lists(config: pytest.Config, items: list[pytest.Item], place: str = "") -> None:
    """Leave out of ``items`` those in between, in files whose path has ``place``."""
    if EVERYTHING:
        return
    lists: defaultdict[tuple[str, str], list[pytest.Item]] = defaultdict(list)
    for item in items:
        if place in item.path.as_posix():
            name = item.nodeid.partition("[")[0]
            lists[name, _stage(item)].append(item)
    between = {id(item) for found in lists.values() for item in found[1:-1]}
    config.hook.pytest_deselected(items=[item for item in items if id(item) in between])
    items[:] = [item for item in items if id(item) not in between]


def _stage(item: pytest.Item) -> str:
    """Which server it runs on, where a suite runs on several kinds of them."""
    spec = getattr(item, "callspec", None)
    return (
        next((str(spec.params[name]) for name in ("server", "stage", "kind") if name in spec.params), "")
        if spec
        else ""
    )
