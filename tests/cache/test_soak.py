"""A flood of distinct URLs keeps the memory at the limit. Ten million of them: ``make soak-cache``."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.kit.whole import EVERYTHING

COUNT = "30000" if EVERYTHING else "12000"
"""More than fit in 8 MB."""


@pytest.mark.parametrize("store", ["memory", "shared"])
def test_many_urls(store) -> None:
    """In a process of its own, whose memory is to be seen."""
    words = [sys.executable, "-m", "tests.cache.soak", "--store", store, "--count", COUNT, "--limit", "8"]
    done = subprocess.run(words, cwd=Path(__file__).parents[2], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
