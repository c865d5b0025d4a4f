"""One cache for all workers (``-g``), and for several servers (Redis): a view runs once, whoever is asked."""

from __future__ import annotations

import asyncio
import itertools
import os
import re
import signal
from pathlib import Path

import pytest

from tests.kit.live import until
from tests.kit.redis import Unavailable, redis_server
from tests.process.console import ask

VIEWS = """
def page(request, name):
    note(name)
    time.sleep(0.02)
    return cached(name)


def slow(request):
    note("slow")
    time.sleep(0.7)
    return cached("slow")


def note(name):
    with open("runs", "a") as file:  # whole lines, from all processes
        file.write(f"{name}\\n")


def cached(name):
    answer = HttpResponse(f"{name} by {os.getpid()} at {time.time()}. " + "x" * 3000)
    answer["Cache-Control"] = "max-age=600"
    return answer
"""
URLS = """
from django.urls import path

from site1 import views

urlpatterns = [path("pid", views.pid), path("slow", views.slow), path("page/<name>", views.page)]
"""
HEAD = re.compile(rb"HTTP/1.1 (\d+).*?\r\nContent-Length: (\d+)\r\n.*?\r\n\r\n", re.DOTALL | re.IGNORECASE)


@pytest.fixture
def site(project):
    project.add("views.py", VIEWS)
    project.write("urls.py", URLS)
    return project


def runs(project) -> list[str]:
    """Which views have run, in order."""
    file = Path(project.folder, "runs")
    return file.read_text().split() if file.exists() else []


class Visitors:
    """So many connections, all open before the first of them asks for anything."""

    def __init__(self, server, count: int) -> None:
        self._place, self._count = (server.host, server.port), count

    def get(self, *targets: str) -> list[bytes]:
        """What each of them got for each of the targets; all must be answered 200."""
        return asyncio.run(self._all(targets))

    async def _all(self, targets: tuple[str, ...]) -> list[bytes]:
        async with asyncio.timeout(90):
            several = asyncio.Semaphore(100)

            async def connect():
                async with several:
                    return await asyncio.open_connection(*self._place)

            ways = await asyncio.gather(*(connect() for _ in range(self._count)))
            found = await asyncio.gather(*(self._ask(*way, targets) for way in ways))
            for _, writer in ways:
                writer.close()
            return [body for bodies in found for body in bodies]

    async def _ask(self, reader, writer, targets) -> list[bytes]:
        bodies = []
        for target in targets:
            writer.write(f"GET {target} HTTP/1.1\r\nHost: test.example\r\n\r\n".encode())
            head = HEAD.fullmatch(await reader.readuntil(b"\r\n\r\n"))
            assert head is not None
            assert head[1] == b"200"
            bodies.append(await reader.readexactly(int(head[2])))
        return bodies


def each_worker_answers(server, project, target: str) -> set[bytes]:
    """Ask until every worker has been asked; what they gave for ``target``."""
    asked, bodies = set(), set()

    def all_asked() -> bool:
        with server.client() as client:
            asked.add(int(client.get("/pid").body))
            bodies.add(client.get(target).body)
        return asked >= set(server.workers())

    until(all_asked, "every worker to have been asked")
    return bodies


def test_a_view_runs_once_for_all_workers(site) -> None:
    with site.serve("-w", "4", "-c", "-g") as server:
        targets = [f"/page/{number}" for number in range(30)]
        bodies = Visitors(server, 24).get(*targets)
        assert sorted(runs(site)) == sorted(target.rpartition("/")[2] for target in targets)
        assert len(set(bodies)) == len(targets)
        assert len(each_worker_answers(server, site, "/page/0")) == 1
        assert len(runs(site)) == len(targets)


def test_without_g_each_worker_has_its_own(site) -> None:
    with site.serve("-w", "2", "-c") as server:
        assert len(each_worker_answers(server, site, "/page/a")) == 2
        assert len(runs(site)) == 2


def test_a_thousand_misses_at_once_run_it_once(site) -> None:
    with site.serve("-w", "4", "-c", "-g") as server:
        bodies = Visitors(server, 1000).get("/slow")
        assert len(bodies) == 1000
        assert len(set(bodies)) == 1
        assert runs(site) == ["slow"]


def test_a_reload_keeps_the_content(site) -> None:
    with site.serve("-w", "2", "-c", "-g") as server:
        before = Visitors(server, 2).get(*(f"/page/{number}" for number in range(20)))
        old = set(server.workers())
        assert ask(server, "reload")["done"] == 0
        until(lambda: not old & set(server.workers()), "the old workers to be gone")
        assert Visitors(server, 4).get(*(f"/page/{number}" for number in range(20)))[:20] == before[:20]
        assert len(runs(site)) == 20


def test_the_end_of_a_worker_keeps_the_content(site) -> None:
    with site.serve("-w", "2", "-c", "-g") as server:
        before = each_worker_answers(server, site, "/page/a")
        for _ in range(3):
            victim = server.workers()[0]
            os.kill(victim, signal.SIGKILL)
            server.await_new_worker(victim)
            until(lambda: len(server.workers()) == 2, "full strength")
            assert each_worker_answers(server, site, "/page/a") == before
        assert runs(site) == ["a"]


def test_who_is_killed_at_work_leaves_it_to_another(site) -> None:
    """The claim ends with its holder, long before its deadline."""
    with site.serve("-w", "2", "-c", "-g", "--cache-wait", "60") as server, server.client(timeout=30) as client:
        pid = int(client.get("/pid").body)
        client.send(b"GET /slow HTTP/1.1\r\nHost: test.example\r\n\r\n")
        until(lambda: runs(site) == ["slow"], "the view to begin")
        os.kill(pid, signal.SIGKILL)
        assert len(Visitors(server, 20).get("/slow")) == 20
        assert runs(site) == ["slow", "slow"]


def test_nothing_is_left_of_it(site) -> None:
    with site.serve("-w", "2", "-c", "-g") as server:
        Visitors(server, 2).get("/page/a")
        folders = list(Path("/dev/shm").glob(f"hendrix-cache-{server.pid}-*"))
        assert len(folders) == 1
        assert {file.stat().st_mode & 0o777 for file in folders[0].iterdir()} == {0o600}
    assert not folders[0].exists()


@pytest.fixture
def redis():
    try:
        with redis_server() as server:
            yield server
    except Unavailable as reason:
        pytest.skip(f"no Redis: {reason}")


def test_a_view_runs_once_for_all_servers(site, redis) -> None:
    options = ("-w", "2", "--cache-store", redis.url)
    with site.serve(*options) as one, site.serve(*options) as two:
        targets = [f"/page/{number}" for number in range(10)]
        bodies = Visitors(one, 4).get(*targets) + Visitors(two, 4).get(*targets)
        assert len(set(bodies)) == len(targets)
        assert len(runs(site)) == len(targets)
        assert ask(one, "reload")["done"] == 0
        assert set(Visitors(one, 4).get(*targets)) == set(bodies)
        assert len(runs(site)) == len(targets)


def test_without_redis_there_is_a_site_without_a_cache(site, redis) -> None:
    with site.serve("-w", "2", "--cache-store", redis.url) as server:
        Visitors(server, 2).get("/page/a")
        redis.freeze()
        try:
            assert len(Visitors(server, 4).get("/page/a", "/page/b", "/page/c")) == 12
        finally:
            redis.go_on()
        server.await_log("cache.redis_away")
        numbers = itertools.count()

        def back() -> bool:
            Visitors(server, 1).get(f"/page/{next(numbers)}")
            return "cache.redis_back" in server.log()

        until(back, "Redis to be asked again")


def test_what_is_no_redis_stops_the_start(site) -> None:
    code, said = site.fails("--cache-store", "http://example.org")
    assert code == 1
    assert "is no Redis server" in said
    code, said = site.fails("--cache-store", "redis://:secret@127.0.0.1/0")
    assert code == 1
    assert "HX_CACHE_STORE" in said
    assert "secret" not in said


def test_its_password_is_not_shown(site) -> None:
    with site.serve(HX_CACHE_STORE="redis://:geheim@127.0.0.1:1/0") as server:
        Visitors(server, 1).get("/page/a")
        assert "geheim" not in server.await_log("cache.redis_away")
