"""What decides does not act: the rooms and files named pure know no socket, thread, loop or clock (rule 1)."""

from __future__ import annotations

import re

import pytest

from tests.house.source import ROOT, imports_of, modules, name_of

IMPURE = {
    "asyncio",
    "django",
    "httpx",
    "multiprocessing",
    "os",
    "queue",
    "random",
    "secrets",
    "select",
    "selectors",
    "socket",
    "subprocess",
    "tempfile",
    "threading",
    "time",
    "twisted",
    "uvloop",
}
PURE = [path for path in modules() if path.relative_to(ROOT).parts[0] in ("core", "wire") and path.name != "clock.py"]
PURE += [ROOT / "supervisor" / "fleet.py"]
PURE += [ROOT / "tls" / f"{name}.py" for name in ("errand", "order", "record", "renewal")]
PURE += [ROOT / "hub" / f"{name}.py" for name in ("history", "journal", "message", "presence", "topics")]
LOUD_ROOMS = {"observe", "cli"}


@pytest.mark.parametrize("path", PURE, ids=name_of)
def test_pure_modules_import_no_io(path) -> None:
    assert {name for name in imports_of(path) if name.split(".")[0] in IMPURE} == set()


@pytest.mark.parametrize("path", modules(), ids=name_of)
def test_only_observe_writes_logs(path) -> None:
    """Rooms emit events (rule 9). Level names may be imported for them."""
    if path.parts[len(ROOT.parts)] in LOUD_ROOMS or name_of(path) == "core/events.py":
        return
    assert "logging" not in imports_of(path)
    assert not re.search(r"\bprint\(", path.read_text())
