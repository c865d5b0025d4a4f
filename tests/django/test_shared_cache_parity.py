"""All of Django's own cases for cache backends pass with ``SharedCache``."""

import os
import re
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest

from tests.parity.source import unpacked

CASES = Path(__file__).parents[1] / "parity" / "shared_cache"


@pytest.mark.long
def test_djangos_cases(tmp_path) -> None:
    sources = unpacked(Path(sys.executable), version("Django"))
    private = tmp_path / "cache"
    environ = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "settings",
        "SHARED_CACHE": str(private),
        "PYTHONPATH": os.pathsep.join([str(CASES), str(sources / "tests")]),
    }
    done = subprocess.run(
        [sys.executable, "-m", "django", "test", "cases"], cwd=CASES, env=environ, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr[-5000:]
    ran = re.search(r"Ran (\d+) tests", done.stderr)
    assert ran and int(ran[1]) >= 50, done.stderr
