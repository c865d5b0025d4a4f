"""The cache of a real server: over workers, reloads and purges from inside and outside."""

from __future__ import annotations

import json
import os
import socket
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.kit.client import Answer, Client
from tests.kit.live import Server, until
from tests.process.hx import Hx, actions

VIEWS = '''
import os
import time
from pathlib import Path

from django.http import HttpResponse
from django.views.decorators.cache import cache_control
from django.views.decorators.csrf import csrf_exempt

from hendrix.cache import purge, tagged

CONTENT = Path(__file__).parent / "content.txt"
RUNS = Path(__file__).parent / "runs.txt"


@cache_control(max_age=600)
@tagged("news")
def page(request, name):
    with RUNS.open("a") as file:
        file.write(name + "\\n")
    content = CONTENT.read_text()
    time.sleep(float(request.headers.get("X-Sleep", "0")))
    return HttpResponse(content)


def own(request):
    return HttpResponse(str(os.getpid()))


@csrf_exempt
def change(request):
    """Write the new content, throw the old away; then nobody may see it any more."""
    draft = CONTENT.with_suffix(".new")
    draft.write_text(request.GET["to"])
    draft.replace(CONTENT)  # at once: a half-written page is no old one
    purge(tags=["news"])
    return HttpResponse("changed")
'''
URLS = """
from django.urls import path

from site1 import views

urlpatterns = [path("page/<name>", views.page), path("own", views.own), path("change", views.change)]
"""
SHARED = ("-c", "-g", "-w", "4")
APART = ("-c", "-w", "4")


@pytest.fixture
def site(project):
    project.write("views.py", VIEWS)
    project.write("urls.py", URLS)
    (project.package / "content.txt").write_text("first")
    return project


@pytest.fixture
def hx(site) -> Iterator[Hx]:
    with actions(site) as found:
        yield found


def get(server: Server, target: str, *lines: str, method: str = "GET") -> Answer:
    with server.client() as client:
        return client.request(method, target, *lines)


def runs(site) -> list[str]:
    file = site.package / "runs.txt"
    return file.read_text().split() if file.exists() else []


@pytest.mark.parametrize("options", [("-c",), SHARED], ids=["local", "shared"])
def test_a_page_is_made_once(site, options) -> None:
    with site.serve(*options) as server:
        with ThreadPoolExecutor(40) as pool:
            answers = list(pool.map(lambda _: get(server, "/page/a", "X-Sleep: 0.4"), range(40)))
        assert {answer.body for answer in answers} == {b"first"}
        for _ in range(20):
            assert "hit" in get(server, "/page/a")["cache-status"]
    assert runs(site) == ["a"]


@pytest.mark.parametrize("options", [APART, SHARED], ids=["each", "shared"])
def test_after_a_purge_no_worker_gives_the_old(site, options) -> None:
    """Readers hammer all workers with new connections; whoever asks after the purge has returned sees the new."""
    turns = 12
    failures: list[tuple[int, Answer]] = []
    current = [0]
    stop = threading.Event()

    def read(server: Server) -> None:
        while not stop.is_set():
            least = current[0]
            found = get(server, "/page/a")
            if found.status != 200 or (0 if found.body == b"first" else int(found.body)) < least:
                failures.append((least, found))

    with site.serve(*options) as server:
        threads = [threading.Thread(target=read, args=(server,)) for _ in range(8)]
        for thread in threads:
            thread.start()
        try:
            for turn in range(1, turns + 1):
                assert get(server, f"/change?to={turn}").body == b"changed"
                current[0] = turn
        finally:
            stop.set()
            for thread in threads:
                thread.join()
    assert failures == []
    assert len(runs(site)) > 1


def test_a_shared_cache_survives_a_reload_and_a_worker_s_death(site, hx) -> None:
    pid, _ = hx.daemon("-c", "-g", "-w", "2")
    server = _client_of(hx)
    assert get(server, "/page/a").body == b"first"
    assert hx("reload").returncode == 0
    (site.package / "content.txt").write_text("second")
    assert get(server, "/page/a").body == b"first"
    os.kill(int(get(server, "/own").body), 9)
    assert get(server, "/page/a").body == b"first"
    assert runs(site) == ["a"]
    for _ in range(20):
        get(server, "/page/a")
    row = next(line for line in hx("cache", "ls").stdout.splitlines() if line.endswith("/page/a"))
    assert int(row.split()[-3]) >= 20, "hits of all workers"
    assert hx("stop").returncode == 0
    assert not [name for name in os.listdir("/dev/shm") if name.startswith(f"hendrix-cache-{pid}-")]


def test_the_command_line_looks_and_purges(site, hx) -> None:
    hx.daemon("-c", "-w", "2")
    server = _client_of(hx)
    for _ in range(30):
        get(server, "/page/a")
    get(server, "/own")
    # Workers tell of themselves twice a second.
    seen = until(lambda: "hit ratio" in (found := hx("status").stdout) and found, "the cache in the status")
    assert "most asked for" in seen and "/page/a" in seen
    assert json.loads(hx("status", "--json").stdout)["cache"]
    stats = hx("cache", "stats")
    assert stats.returncode == 0, stats.stderr
    assert "hit ratio" in stats.stdout
    assert "no-freshness" in stats.stdout
    assert "/page/a" in hx("cache", "ls").stdout
    assert sum(one["hits"] for one in json.loads(hx("cache", "stats", "--json").stdout)) > 20
    (site.package / "content.txt").write_text("second")
    done = hx("cache", "purge", "/page/a")
    assert (done.returncode, done.stdout.strip()) == (0, "1 url purged")
    for _ in range(10):
        assert get(server, "/page/a").body == b"second"
    for words in (["--tag", "news"], ["--prefix", "/pa"], ["--all"], ["--soft", "--all"]):
        assert hx("cache", "purge", *words).returncode == 0
    assert "no path or URL" in hx("cache", "purge", "page").stderr
    assert hx("cache", "purge").returncode == 1


def test_a_process_beside_the_server_purges(site, hx) -> None:
    hx.daemon("-c", "-w", "2")
    server = _client_of(hx)
    get(server, "/page/a")
    (site.package / "content.txt").write_text("second")
    code = "from hendrix.cache import purge; purge(tags=['news'])"
    done = hx("shell", "-c", code, through=("manage.py",))
    assert done.returncode == 0, done.stderr
    for _ in range(10):
        assert get(server, "/page/a").body == b"second"


def test_a_server_without_a_cache_says_so(site, hx) -> None:
    hx.daemon()
    done = hx("cache", "stats")
    assert done.returncode == 1
    assert "has no cache; start it with --cache" in done.stderr


def test_purge_over_http(site) -> None:
    with site.serve("-c") as server:
        get(server, "/page/a")
        (site.package / "content.txt").write_text("second")
        found = get(server, "/page/a", method="PURGE")
        assert (found.status, json.loads(found.body)) == (200, {"purged": 1})
        assert get(server, "/page/a").body == b"second"
        assert get(server, "/page/a", "X-Forwarded-For: 203.0.113.9", method="PURGE").status == 403


def test_purge_over_http_with_a_token(site) -> None:
    with site.serve("-c", HX_CACHE_TOKEN="s3cret") as server:
        assert get(server, "/page/a", method="PURGE").status == 403
        assert get(server, "/page/a", "Authorization: Bearer wrong", method="PURGE").status == 403
        assert get(server, "/page/a", "Authorization: Bearer s3cret", "Cache-Tag: news", method="PURGE").status == 200


def test_a_listener_of_its_own(site) -> None:
    from tests.process.protocols import free_port

    port = free_port()
    with site.serve("-c", "--cache-port", str(port)) as server:
        for _ in range(2):
            assert "cache-status" not in get(server, "/page/a")
        assert runs(site) == ["a", "a"]
        with Client(socket.create_connection(("127.0.0.1", port), timeout=20)) as client:
            client.get("/page/a")
            assert "hit" in client.get("/page/a")["cache-status"]
        assert "cache-status" not in get(server, "/page/a")


def test_rules_of_the_file(site) -> None:
    (site.folder / "hendrix.toml").write_text(
        '[cache]\nquery = "key"\n\n[[cache.rules]]\npath = "^/own"\nttl = "5m"\n'
    )
    with site.serve() as server:
        first = get(server, "/own?a=1").body
        assert get(server, "/own?a=1").body == first
        assert "hit" in get(server, "/own?a=1")["cache-status"]


def test_a_bad_rule_stops_the_start_with_its_line(site) -> None:
    (site.folder / "hendrix.toml").write_text(
        'threads = 4\n\n[cache]\nsize = "1MB"\n\n[[cache.rules]]\npath = "^/("\n'
    )
    status, said = site.fails()
    assert status == 1
    assert "hendrix.toml line 6" in said
    assert said.count("\n") == 1


def test_the_token_is_shown_to_nobody(site, hx) -> None:
    said = hx("check", HX_CACHE_TOKEN="s3cret-token")
    assert "s3cret-token" not in said.stdout + said.stderr
    assert "(secret)" in said.stdout
    assert "s3cret" not in hx("check", "--json", HX_CACHE_TOKEN="s3cret-token").stdout
    refused = hx("check", "--cache-token", "s3cret-token")
    assert refused.returncode == 1
    assert "HX_CACHE_TOKEN" in refused.stderr


def _client_of(hx: Hx) -> Server:
    """The daemon that runs, as a server to ask."""
    urls = json.loads(hx("status", "--json").stdout)["urls"]
    server = object.__new__(Server)
    server.host, server.path, server.secure = "127.0.0.1", "", False
    server.port = int(urls[0].rpartition(":")[2].rstrip("/"))
    return server


# --- models, and the old CacheService ---------------------------------------------------------------------------

MODELS = """
from django.contrib.auth.models import Group
from django.db import transaction
from django.http import HttpResponse
from django.views.decorators.csrf import csrf_exempt

from hendrix.cache import purge_on_change

purge_on_change(Group, meaning=lambda group: ["/page/a", "tag:groups"])


@csrf_exempt
def rename(request):
    try:
        with transaction.atomic():
            Group.objects.update_or_create(pk=1, defaults={"name": request.GET["to"]})
            if "fail" in request.GET:
                raise ValueError
    except ValueError:
        return HttpResponse("rolled back", status=409)
    return HttpResponse("renamed")
"""


def test_a_saved_object_purges_its_page_once_it_is_committed(site, hx) -> None:
    site.write("models.py", MODELS)
    site.write("urls.py", URLS + "\nfrom site1 import models\nurlpatterns += [path('rename', models.rename)]\n")
    assert hx("migrate", "--verbosity", "0", through=("manage.py",)).returncode == 0
    with site.serve("-c") as server:
        get(server, "/page/a")
        (site.package / "content.txt").write_text("second")
        assert get(server, "/rename?to=x&fail").status == 409
        assert get(server, "/page/a").body == b"first"
        assert get(server, "/rename?to=x").body == b"renamed"
        for _ in range(10):
            assert get(server, "/page/a").body == b"second"


CACHING = """
from hendrix.contrib.cache.backends.memory_cache import MemoryCacheBackend
from hendrix.contrib.services.cache import CacheService


class Shop(CacheService):
    backend = MemoryCacheBackend

    def keeps(self, path, status, headers):
        return not path.endswith("/b")
"""


def test_the_old_cache_service(site) -> None:
    site.write("caching.py", CACHING)
    site.add("settings.py", "HENDRIX_SERVICES = [('cache', 'site1.caching.Shop')]")
    with site.serve("-c") as server:
        for _ in range(2):
            get(server, "/page/a")
            assert get(server, "/page/b")["cache-status"].endswith("detail=service")
        assert "hit" in get(server, "/page/a")["cache-status"]
        (site.package / "content.txt").write_text("second")
        get(server, "/change?to=third")
        assert get(server, "/page/a").body == b"third"
    assert runs(site) == ["a", "b", "b", "a"]
    status, said = site.fails()
    assert status in (1, 3)
    assert "Shop needs a cache; start the server with --cache" in said


def test_https_has_the_cache_as_well_and_pages_of_its_own(site) -> None:
    from tests.process.protocols import free_port
    from tests.process.test_https import client, issued

    issued(site)
    secure = ("--key", "site.key", "--cert", "site.crt", "--https_port", "0")
    for options, plain in (((), True), (("--cache-port", str(free_port())), False)):
        (site.package / "runs.txt").unlink(missing_ok=True)
        with site.serve("-c", *secure, *options) as server:
            for _ in range(2):
                with client(server.https_port) as found:
                    answer = found.get("/page/a")
            assert "hit" in answer["cache-status"]
            assert ("cache-status" in get(server, "/page/a")) is plain
        assert runs(site) == ["a", "a"]
