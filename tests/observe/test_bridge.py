"""Twisted's log ends where ours does."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from tests.observe.reading import Read, read_log

START = """
import logging.config, sys
from hendrix.core.config import Config
from hendrix.observe import log
log.configure(Config(log=sys.argv[1], verbosity=int(sys.argv[2])))
assert not [name for name in sys.modules if name.startswith("twisted")], "imported too early"
from twisted.internet.defer import Deferred, fail
from twisted.logger import Logger
from twisted.python import log as old
old.err(ValueError("before the bridge"), "early")
log.bridge_twisted()
log.bridge_twisted()
"""


def run(tmp_path: Path, code: str, verbosity: int = 1) -> tuple[list[Read], str]:
    path = tmp_path / "log"
    command = [sys.executable, "-c", START + code, str(path), str(verbosity)]
    done = subprocess.run(command, stderr=subprocess.PIPE, text=True, env={**os.environ, "PYTHONPATH": "."})
    assert done.returncode == 0, done.stderr
    return read_log(path.read_text()), done.stderr


def test_what_was_logged_before_the_bridge_is_kept(tmp_path: Path) -> None:
    found, _ = run(tmp_path, "")
    assert [one.name for one in found] == ["twisted"]
    assert found[0].facts["message"] == "early"
    assert found[0].below[-1] == "Failure: builtins.ValueError: before the bridge"


def test_levels_and_namespaces(tmp_path: Path) -> None:
    code = """
shop = Logger("shop.views")
for level in ("debug", "info", "warn", "error", "critical"):
    getattr(shop, level)("{what} said", what=level)
old.msg("old\\nforged")
"""
    found, _ = run(tmp_path, code, verbosity=2)
    assert [(one.level, one.name, one.facts["message"]) for one in found[1:]] == [
        ("INFO", "shop.views", "info said"), ("WARNING", "shop.views", "warn said"),
        ("ERROR", "shop.views", "error said"), ("CRITICAL", "shop.views", "critical said"),
        ("INFO", "twisted", "old"),
    ]  # fmt: skip
    assert found[-1].below == ["forged"]


def test_a_failure_shows_its_traceback_even_where_the_project_disables_loggers(tmp_path: Path) -> None:
    code = """
import gc
logging.config.dictConfig({"version": 1, "disable_existing_loggers": True})
def broken():
    raise KeyError("lost in a Deferred")
Deferred().addCallback(lambda _: broken()).callback(None)
gc.collect()
"""
    found, stderr = run(tmp_path, code)
    one = found[-1]
    assert (one.level, one.facts["message"]) == ("CRITICAL", "'lost in a Deferred'")
    assert "broken" in "\n".join(one.below) and "lost in a Deferred" in one.below[-1]
    assert "Deferred" not in stderr


def test_a_failure_of_the_old_interface_shows_its_traceback_once(tmp_path: Path) -> None:
    code = """
try:
    1 / 0
except ZeroDivisionError:
    old.err()
"""
    found, _ = run(tmp_path, code)
    assert found[-1].facts["message"] == "Unhandled Error"
    assert sum("division by zero" in line for line in found[-1].below) == 1
