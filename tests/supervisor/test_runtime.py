"""Where files of running servers are, and which directories are not to be trusted."""

import os
import stat

import pytest

from hendrix.core.errors import UsageError
from hendrix.supervisor import runtime

ME = os.getuid()
as_root = pytest.mark.skipif(ME != 0, reason="only root can give files away")


@pytest.fixture
def place(tmp_path):
    """Where a runtime directory may be made."""
    return tmp_path / "hendrix"


@pytest.fixture
def environ(tmp_path):
    return {"XDG_RUNTIME_DIR": str(tmp_path)}


def refusal(path):
    with pytest.raises(UsageError) as caught:
        runtime.make(str(path), ME)
    line = str(caught.value)
    assert "\n" not in line
    assert line.startswith(f"the runtime directory {path} ")
    assert line.endswith("; remove it, or name another one with XDG_RUNTIME_DIR or --pid")
    return line


class TestDirectory:
    @pytest.mark.parametrize(
        ("environ", "uid", "path"),
        [
            ({"XDG_RUNTIME_DIR": "/run/user/1000"}, 1000, "/run/user/1000/hendrix"),
            ({"XDG_RUNTIME_DIR": "/run/user/0"}, 0, "/run/user/0/hendrix"),
            ({}, 0, "/run/hendrix"),
            ({}, 1000, "/tmp/hendrix-1000"),
            ({"XDG_RUNTIME_DIR": ""}, 1000, "/tmp/hendrix-1000"),
            ({"XDG_RUNTIME_DIR": "here"}, 1000, "/tmp/hendrix-1000"),
            ({"XDG_RUNTIME_DIR": "."}, 0, "/run/hendrix"),
        ],
    )
    def test_the_first_that_applies(self, environ, uid, path):
        assert runtime.directory(environ, uid) == path


class TestMake:
    def test_made_for_us_alone(self, place):
        runtime.make(str(place), ME)
        assert stat.S_IMODE(place.stat().st_mode) == 0o700

    def test_whatever_the_umask(self, place):
        before = os.umask(0)
        try:
            runtime.make(str(place), ME)
        finally:
            os.umask(before)
        assert stat.S_IMODE(place.stat().st_mode) == 0o700

    @pytest.mark.parametrize("mode", [0o700, 0o750, 0o755])
    def test_one_that_is_there_and_ours_alone_to_write_to(self, place, mode):
        place.mkdir()
        place.chmod(mode)
        runtime.make(str(place), ME)
        assert stat.S_IMODE(place.stat().st_mode) == mode

    @pytest.mark.parametrize("mode", [0o770, 0o702, 0o1777])
    def test_one_that_others_may_write_to(self, place, mode):
        place.mkdir()
        place.chmod(mode)
        assert "can be written to by others" in refusal(place)

    def test_a_symbolic_link_even_to_a_good_one(self, place, tmp_path):
        (tmp_path / "real").mkdir(0o700)
        place.symlink_to(tmp_path / "real")
        assert "is a symbolic link" in refusal(place)

    def test_a_symbolic_link_to_nothing(self, place, tmp_path):
        place.symlink_to(tmp_path / "nothing")
        assert "is a symbolic link" in refusal(place)
        assert not (tmp_path / "nothing").exists()

    def test_a_file(self, place):
        place.write_text("precious")
        assert "is not a directory" in refusal(place)
        assert place.read_text() == "precious"

    @as_root
    def test_one_that_somebody_else_made(self, place):
        place.mkdir(0o700)
        os.chown(place, 4321, 4321)
        assert "belongs to somebody else" in refusal(place)

    @as_root
    def test_one_that_somebody_else_can_replace(self, place, tmp_path):
        os.chown(tmp_path, 4321, 4321)
        assert "lies in a directory of somebody else" in refusal(place)

    def test_no_directory_to_make_it_in(self, place):
        with pytest.raises(FileNotFoundError):
            runtime.make(str(place / "deeper"), ME)


class TestLookup:
    def test_nothing_anywhere(self, environ, place):
        assert str(place) not in runtime.lookup(environ, ME)

    def test_the_one_that_was_made(self, environ, place):
        runtime.make(str(place), ME)
        assert runtime.lookup(environ, ME)[0] == str(place)

    def test_all_that_there_are_and_each_once(self, monkeypatch, tmp_path):
        found = [str(tmp_path / name) for name in ("one", "two", "one")]
        for name in ("one", "two"):
            (tmp_path / name).mkdir(0o700)
        monkeypatch.setattr(runtime, "_candidates", lambda *_, **__: found)
        assert runtime.lookup({}, ME) == found[:2]

    def test_the_three_places(self):
        environ = {"XDG_RUNTIME_DIR": "/run/user/1000"}
        assert runtime._candidates(environ, 1000, everywhere=True) == [
            "/run/user/1000/hendrix",
            "/run/hendrix",
            "/tmp/hendrix-1000",
        ]

    @pytest.mark.parametrize("spoil", ["link", "mode", "file", pytest.param("owner", marks=as_root)])
    def test_one_that_is_not_to_be_trusted(self, environ, place, tmp_path, spoil):
        match spoil:
            case "link":
                (tmp_path / "real").mkdir(0o700)
                place.symlink_to(tmp_path / "real")
            case "mode":
                place.mkdir()
                place.chmod(0o777)
            case "file":
                place.write_text("")
            case "owner":
                place.mkdir(0o700)
                os.chown(place, 4321, 4321)
        assert str(place) not in runtime.lookup(environ, ME)
