"""Compressed siblings: made once, in one step, of what is there now; and those whose file has gone go too."""

from __future__ import annotations

import gzip
import json
import os
import time
from pathlib import Path

import pytest

from hendrix.answer.files import sibling as module
from hendrix.answer.files.opening import open_file
from hendrix.answer.files.squeeze import coders, squeeze, store
from hendrix.answer.files.squeezing import Squeezing
from tests.answer.files.conftest import WRITTEN

CSS = b"a { color: red }\n" * 200
NOISE = os.urandom(3000)
NOTES = ".hendrix-compressed.json"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for name, content in (
        ("a.css", CSS),
        ("js/b.js", CSS),
        ("c.png", CSS),
        ("noise.txt", NOISE),
        ("tiny.css", b"a{}"),
    ):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(content)
        os.utime(tmp_path / name, (WRITTEN, WRITTEN))
    return tmp_path


def passed(root: Path) -> dict[str, object]:
    squeezing = Squeezing(root)
    for _ in squeezing.run(2):
        pass
    return squeezing.told()


def names(root: Path) -> set[str]:
    return {str(path.relative_to(root)) for path in root.rglob("*") if path.is_file() and path.name != NOTES}


def test_all_three_codings_are_there() -> None:
    assert set(coders()) == {"br", "zstd", "gzip"}


@pytest.mark.parametrize("coding", ["br", "zstd", "gzip"])
def test_they_can_be_read_and_are_the_same_each_time(coding) -> None:
    made = coders()[coding](CSS)
    assert len(made) < len(CSS) / 10 and made == coders()[coding](CSS)
    if coding == "gzip":
        assert gzip.decompress(made) == CSS
    elif coding == "br":
        import brotli

        assert brotli.decompress(made) == CSS
    else:
        from backports import zstd

        assert zstd.decompress(made) == CSS


def test_without_the_modules_there_is_gzip(monkeypatch) -> None:
    monkeypatch.setattr(module, "_MODULES", {"zstd": ("no.such",), "br": ("no_such",)})
    assert set(coders()) == {"gzip"}


def test_a_sibling_has_the_rights_and_the_time_of_its_file(root) -> None:
    os.chmod(root / "a.css", 0o640)
    size = squeeze(str(root / "a.css"), "gzip", coders()["gzip"])
    facts = (root / "a.css.gz").stat()
    assert (facts.st_size, facts.st_mode & 0o777, facts.st_mtime) == (size, 0o640, WRITTEN)
    assert gzip.decompress((root / "a.css.gz").read_bytes()) == CSS
    assert not [name for name in os.listdir(root) if name.startswith(".")]


def test_who_reads_the_file_reads_its_sibling_whatever_the_umask_says(root) -> None:
    os.chmod(root / "a.css", 0o644)
    before = os.umask(0o077)
    try:
        squeeze(str(root / "a.css"), "gzip", coders()["gzip"])
    finally:
        os.umask(before)
    assert (root / "a.css.gz").stat().st_mode & 0o777 == 0o644


def test_what_changed_meanwhile_gets_none(root) -> None:
    file = open_file(str(root / "a.css"))
    assert file is not None
    (root / "a.css").write_bytes(b"other" * 1000)
    assert not store(str(root / "a.css"), "gzip", b"stale", file.stat)
    assert names(root) == {"a.css", "js/b.js", "c.png", "noise.txt", "tiny.css"}


def test_one_that_another_is_making_is_left_to_it(root) -> None:
    other = root / ".a.css.gz.new"
    other.write_bytes(b"half")
    assert squeeze(str(root / "a.css"), "gzip", coders()["gzip"]) is None
    os.utime(other, (time.time() - 3600, time.time() - 3600))  # ... unless it died over it
    assert squeeze(str(root / "a.css"), "gzip", coders()["gzip"])


def test_a_link_in_the_place_of_the_new_one_is_not_written_through(root, tmp_path_factory) -> None:
    victim = tmp_path_factory.mktemp("other") / "victim"
    victim.write_bytes(b"victim")
    (root / ".a.css.gz.new").symlink_to(victim)
    squeeze(str(root / "a.css"), "gzip", coders()["gzip"])
    assert victim.read_bytes() == b"victim"


def test_a_pass_over_all(root) -> None:
    told = passed(root)
    assert names(root) == {
        "a.css", "a.css.br", "a.css.gz", "a.css.zst", "js/b.js", "js/b.js.br", "js/b.js.gz", "js/b.js.zst",
        "c.png", "noise.txt", "tiny.css",
    }  # fmt: skip
    assert (told["made"], told["current"], told["not_smaller"], told["failed"]) == (6, 0, 3, {})


def test_a_second_pass_does_nothing(root, monkeypatch) -> None:
    passed(root)
    monkeypatch.setattr("hendrix.answer.files.squeezing.squeeze", None)
    told = passed(root)
    assert (told["made"], told["current"], told["not_smaller"], told["removed"]) == (0, 6, 3, 0)


def test_a_changed_file_is_done_again(root) -> None:
    passed(root)
    (root / "a.css").write_bytes(CSS * 2)
    assert passed(root)["made"] == 3
    assert gzip.decompress((root / "a.css.gz").read_bytes()) == CSS * 2


def test_an_older_file_that_came_back_is_done_again(root) -> None:
    """As by ``rsync -a``, which keeps its time: what is there was made of the newer one."""
    passed(root)
    (root / "a.css").write_bytes(CSS * 2)
    while (root / "a.css").stat().st_ctime_ns <= (root / "a.css.gz").stat().st_ctime_ns:
        os.utime(root / "a.css", (WRITTEN - 100, WRITTEN - 100))
    assert passed(root)["made"] == 3
    assert gzip.decompress((root / "a.css.gz").read_bytes()) == CSS * 2


def test_siblings_of_a_file_that_has_gone_go_too(root) -> None:
    passed(root)
    (root / "a.css").unlink()
    (root / "old.css.gz").write_bytes(b"somebody else's")
    assert passed(root)["removed"] == 3
    assert {name for name in names(root) if name.startswith(("a.css", "old"))} == {"old.css.gz"}


def test_siblings_of_a_file_that_does_not_get_smaller_any_more_go_too(root) -> None:
    passed(root)
    (root / "a.css").write_bytes(NOISE)
    passed(root)
    assert {name for name in names(root) if name.startswith("a.css")} == {"a.css"}


def test_what_somebody_else_made_and_is_current_stays(root) -> None:
    (root / "a.css.gz").write_bytes(b"theirs")
    passed(root)
    assert (root / "a.css.gz").read_bytes() == b"theirs"


@pytest.mark.parametrize(
    "notes",
    ["", "[]", "{", '{"made": {"../victim.gz": [6, 1]}, "not_smaller": {}}', '{"made": 1, "not_smaller": 2}'],
)
def test_notes_that_somebody_spoilt(root, notes) -> None:
    victim = root.parent / "victim.gz"
    victim.write_bytes(b"victim")
    os.utime(victim, ns=(1, 1))
    (root / NOTES).write_text(notes)
    assert passed(root)["made"] == 6 and victim.exists()
    assert len(json.loads((root / NOTES).read_text())["made"]) == 6


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_where_nothing_can_be_written(root) -> None:
    os.chmod(root, 0o555)
    assert len(passed(root)["failed"]) >= 3  # type: ignore[arg-type]
