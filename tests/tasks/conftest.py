"""No request is at hand, whatever other tests of this process have left."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from hendrix.tasks import duties


@pytest.fixture(autouse=True)
def no_request() -> Iterator[None]:
    """A request that another test began and never ended would have what is called here follow its response."""
    token = duties.current.set(None)
    yield
    duties.current.reset(token)
