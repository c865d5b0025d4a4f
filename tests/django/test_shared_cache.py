"""``SharedCache`` among processes: counting, adding, killing, filling, and who may read it."""

import asyncio
import os
import pickle
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from tests.kit.live import until

if not settings.configured:
    settings.configure()

from hendrix.cache_backend import SharedCache
from hendrix.django import shared_file

PEER = """
import sys
from django.conf import settings
settings.configure()
from hendrix.cache_backend import SharedCache
cache = SharedCache(sys.argv[1], {})
"""


def peer(folder, code, **options):
    return subprocess.Popen(
        [sys.executable, "-c", PEER + code, str(folder)], stdout=subprocess.PIPE, text=True, **options
    )


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "cache"


@pytest.fixture
def cache(folder):
    return SharedCache(str(folder), {})


def test_what_one_process_stores_others_see(cache, folder) -> None:
    cache.set("a", {"list": [1, 2]})
    other = peer(folder, "print(cache.get('a')); cache.set('b', 2); cache.delete('a')")
    assert other.communicate()[0] == "{'list': [1, 2]}\n"
    assert cache.get("b") == 2
    assert cache.get("a") is None


def test_no_count_is_lost(cache, folder) -> None:
    cache.set("n", 0, timeout=None)
    others = [peer(folder, "[cache.incr('n') for _ in range(1000)]") for _ in range(3)]
    for _ in range(1000):
        cache.incr("n")
    assert [other.wait(60) for other in others] == [0, 0, 0]
    assert cache.get("n") == 4000


def test_one_of_many_adds(cache, folder) -> None:
    code = "print(sum(cache.add(f'lock{n}', 1) for n in range(300)))"
    others = [peer(folder, code) for _ in range(3)]
    assert sum(int(other.communicate()[0]) for other in others) == 300


def test_processes_that_are_killed_while_they_write(cache, folder) -> None:
    code = (
        "print('begun', flush=True)\nwhile True: cache.incr('n'); cache.set('big', b'x' * 100_000); cache.get('big')"
    )
    cache.set("n", 0, timeout=None)
    for _ in range(5):
        other = peer(folder, code)
        assert other.stdout.readline() == "begun\n"
        before = cache.get("n")
        until(lambda before=before: cache.get("n") > before + 20)
        other.send_signal(signal.SIGKILL)
        other.wait()
        counted = cache.get("n")
        began = time.monotonic()
        # What it had completed in its last moment counts, and is known to readers with the next write.
        assert cache.incr("n") - counted in (1, 2)
        assert time.monotonic() - began < 2
        assert cache.get("big") in (None, b"x" * 100_000)


def test_in_a_forked_process(cache) -> None:
    cache.set("n", 1)
    pid = os.fork()
    if pid == 0:
        status = 1
        try:
            status = 0 if cache.get("n") == 1 and cache.incr("n") == 2 else 2
        finally:
            os._exit(status)
    assert os.waitpid(pid, 0)[1] == 0
    assert cache.get("n") == 2
    assert cache.incr("n") == 3


def test_it_never_takes_more_than_its_size(folder) -> None:
    cache = SharedCache(str(folder), {"OPTIONS": {"SIZE": "4MB", "MAX_ENTRIES": 1_000_000}})
    for number in range(20_000):
        cache.set(f"key{number}", os.urandom(1000), timeout=None)
    assert cache.get("key19999") is not None
    assert (folder / "data.mdb").stat().st_blocks * 512 <= 4 << 20
    found = sum(cache.has_key(f"key{number}") for number in range(20_000))
    assert 1000 < found < 4000


def test_large_and_small_values_by_turns(folder) -> None:
    cache = SharedCache(str(folder), {"OPTIONS": {"SIZE": "4MB", "MAX_ENTRIES": 100_000}})
    for number in range(3000):
        value = os.urandom((number * 7919) % 400_000 if number % 5 == 0 else number % 300)
        cache.set(f"key{number % 700}", value, timeout=None)
        assert cache.get(f"key{number % 700}") == value


def test_what_is_too_large_is_not_kept(cache) -> None:
    cache.set("a", b"small")
    cache.set("a", b"x" * (40 << 20))
    assert cache.get("a") is None


def test_the_expired_go_first(folder) -> None:
    cache = SharedCache(str(folder), {"OPTIONS": {"MAX_ENTRIES": 100}})
    for number in range(50):
        cache.set(f"old{number}", 1, timeout=0.001)
        cache.set(f"new{number}", 1, timeout=None)
    time.sleep(0.01)
    for number in range(40):
        cache.set(f"more{number}", 1, timeout=None)
    assert all(cache.has_key(f"new{number}") for number in range(50))


def test_nobody_else_may_read_it(cache, folder) -> None:
    cache.set("a", 1)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    files = list(folder.iterdir())
    assert {file.name for file in files} == {"data.mdb", "lock.mdb", "opening"}
    assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}


def test_a_directory_that_others_may_enter_is_refused(folder) -> None:
    folder.mkdir(mode=0o755)
    with pytest.raises(ImproperlyConfigured, match="nobody else may enter"):
        SharedCache(str(folder), {}).get("a")


def test_a_link_is_refused(folder, tmp_path) -> None:
    (tmp_path / "elsewhere").mkdir(mode=0o700)
    folder.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(ImproperlyConfigured, match="nobody else may enter"):
        SharedCache(str(folder), {}).get("a")


@pytest.mark.parametrize("size", ["lots", "1KB", "-3"])
def test_a_size_that_is_none(folder, size) -> None:
    with pytest.raises(ImproperlyConfigured, match="SIZE of a SharedCache"):
        SharedCache(str(folder), {"OPTIONS": {"SIZE": size}})


def test_a_damaged_file_is_begun_anew(folder) -> None:
    folder.mkdir(mode=0o700)
    (folder / "data.mdb").write_bytes(b"rubbish" * 10_000)
    cache = SharedCache(str(folder), {})
    cache.set("a", 1)
    assert cache.get("a") == 1


def test_a_file_that_was_removed_is_missed_soon(cache, folder) -> None:
    cache.set("a", 1)
    for file in folder.iterdir():
        file.unlink()
    other = peer(folder, "cache.set('b', 2)")
    other.wait()
    until(lambda: cache.get("b") == 2, seconds=5)


def test_what_this_code_cannot_read_is_absent(cache) -> None:
    digest = cache._digest("a", None)
    cache._file.write(lambda txn, table: txn.put(digest, shared_record(b"\x80\x05cgone\nGone\n.")))
    assert cache.get("a", "default") == "default"
    cache.set("b", 1)
    assert cache.get_many(["a", "b"]) == {"b": 1}


def shared_record(pickled):
    return pickle.dumps(0)[:0] + __import__("struct").pack("=d", time.time() + 100) + pickled


def test_async_reads_do_not_leave_the_loop(cache) -> None:
    async def reads():
        await cache.aset("a", 1)
        return await cache.aget("a"), await cache.ahas_key("a"), await cache.aget_many(["a", "b"])

    assert asyncio.run(reads()) == (1, True, {"a": 1})


def test_names_become_places_of_this_user(tmp_path) -> None:
    named = shared_file.place("sessions/../x")
    assert Path(named).name == "cache-sessions_.._x"
    assert Path(named).parent.name == f"hendrix-{os.geteuid()}"
    assert shared_file.place(str(tmp_path)) == str(tmp_path)
    assert shared_file.place("") == shared_file.place("")


TESTS = """
import os, sys
from django.conf import settings
settings.configure()
from django.test.utils import setup_test_environment
from hendrix.cache_backend import SharedCache
cache = SharedCache(sys.argv[1], {})
cache.set("a", "before")
setup_test_environment()
print(cache.get("a"))
cache.set("a", "of the tests")
pid = os.fork()
if pid == 0:
    print(cache.get("a"), flush=True)
    os._exit(cache.set("a", "of a process beside"))
os.waitpid(pid, 0)
print(cache.get("a"))
"""


def test_djangos_tests_have_their_own_in_each_of_their_processes(cache, folder) -> None:
    def done():
        words = [sys.executable, "-c", TESTS, str(folder)]
        return subprocess.run(words, stdout=subprocess.PIPE, text=True, check=True).stdout.split("\n")

    for _ in range(2):  # those of the second one find nothing of the first
        assert done() == ["None", "None", "of the tests", ""]
    assert cache.get("a") == "before"
    above = os.path.dirname(shared_file.place(""))
    assert not [name for name in os.listdir(above) if name.startswith("test-") and not _is_there(name)]


def _is_there(name) -> bool:
    return os.path.exists(f"/proc/{name.split('-')[1]}")
