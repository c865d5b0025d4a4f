"""Two saves of one source within a second, with one size: PEP 552 takes the bytecode of the first for the second's."""

from __future__ import annotations

import importlib
import os
import sys
import time
from pathlib import Path

import pytest

from hendrix.worker import bytecode

SECOND = 1_700_000_000.0
NAME = "saved_twice"


@pytest.fixture
def source(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(str(tmp_path))
    # Elsewhere it may be off.
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    yield tmp_path / f"{NAME}.py"
    sys.modules.pop(NAME, None)


def save(source: Path, value: int, at: float = SECOND) -> None:
    source.write_text(f"value = {value}\n")
    os.utime(source, (at, at))


def imported() -> int:
    sys.modules.pop(NAME, None)
    importlib.invalidate_caches()
    value = importlib.import_module(NAME).value
    assert isinstance(value, int)
    return value


def test_python_goes_on_with_the_first(source):
    save(source, 1)
    assert imported() == 1
    save(source, 2)
    assert imported() == 1, "else there is nothing to do"


def test_what_changed_since_is_compiled_again(source, monkeypatch):
    monkeypatch.setattr(time, "time", lambda: SECOND + 0.9)
    save(source, 1, SECOND + 0.1)
    with bytecode.unambiguous():
        assert imported() == 1
    save(source, 2, SECOND + 0.95)
    assert imported() == 2


def test_what_fails_is_compiled_again_too(source):
    source.write_text("value = 1; import nowhere_at_all\n")
    with pytest.raises(ImportError), bytecode.unambiguous():
        imported()
    source.write_text("value = 2;  # nowhere at all      \n")
    assert imported() == 2


def test_what_is_older_keeps_its_bytecode(source, monkeypatch):
    monkeypatch.setattr(time, "time", lambda: SECOND + 1)
    save(source, 1, SECOND + 0.9)
    with bytecode.unambiguous():
        imported()
    assert list(source.parent.glob("__pycache__/*"))


def test_modules_that_are_no_modules(monkeypatch):
    monkeypatch.setitem(sys.modules, NAME, None)
    monkeypatch.setitem(sys.modules, NAME + "2", object())
    bytecode.forget_young(time.time())
