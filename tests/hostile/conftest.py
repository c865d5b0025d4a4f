"""One server with short deadlines, which all attacks of this folder share: what one leaves behind, the next meets."""

from pathlib import Path

import pytest

from tests.hostile.vitals import entered
from tests.kit.live import serve

HERE = Path(__file__).parent
SHORT = ("--head-timeout", "1", "--body-timeout", "1", "--keep-alive", "1", "--write-timeout", "1")


@pytest.fixture
def server(shared):
    """The shared server, having forgotten what reached it."""
    entered(shared)
    return shared


@pytest.fixture(scope="session")
def shared():
    with serve("apps:app", *SHORT, "--threads", "4", "--client-max-body-size", "1MB", directory=HERE) as started:
        yield started
        # No attack may have shown a fault of ours.
        assert "Traceback" not in started.log(), started.log()
