"""What a project finds in its process: its database connections, and Twisted's reactor."""

import json
import os

import pytest

from tests.kit.live import until

ROWS = """
import threading
from django.db import connection
from django.http import JsonResponse
import time


def rows(request):
    with connection.cursor() as cursor:
        cursor.execute("select 1")
    time.sleep(0.2)
    return JsonResponse({"thread": threading.get_ident(), "connection": id(connection.connection)})
"""


def open_databases(pid, name):
    links = []
    for fd in os.listdir(f"/proc/{pid}/fd"):
        try:
            links.append(os.readlink(f"/proc/{pid}/fd/{fd}"))
        except OSError:
            pass
    return sum(link == str(name) for link in links)


def ask_at_once(server, count):
    clients = [server.client() for _ in range(count)]
    for client in clients:
        client.begin("GET", "/rows")
    answers = [json.loads(client.answer().body) for client in clients]
    for client in clients:
        client.close()
    return answers


def test_connections_end_with_the_request(project):
    project.add("views.py", ROWS)
    with project.serve() as server:
        (worker,) = server.workers()
        assert open_databases(worker, project.folder / "db.sqlite3") == 0
        ask_at_once(server, 10)
        until(lambda: open_databases(worker, project.folder / "db.sqlite3") == 0, "connections to be closed")


def test_persistent_connections_belong_to_their_thread(project):
    project.add("views.py", ROWS)
    project.add("settings.py", "DATABASES['default']['CONN_MAX_AGE'] = None")
    with project.serve("--threads", "6") as server:
        (worker,) = server.workers()
        for _ in range(3):
            answers = ask_at_once(server, 8)
            pairs = {(answer["thread"], answer["connection"]) for answer in answers}
            threads = {answer["thread"] for answer in answers}
            assert 1 < len(pairs) == len(threads) == len({answer["connection"] for answer in answers}) <= 6
        assert 1 < open_databases(worker, project.folder / "db.sqlite3") <= 6


@pytest.mark.parametrize("where", ["settings.py", "urls.py"])
def test_the_reactor_at_module_level(project, where):
    project.write("counts.py", "told = []\n")
    project.add(
        where,
        "from twisted.internet import reactor\n"
        "from site1 import counts\n"
        "reactor.callWhenRunning(counts.told.append, 'running')\n"
        "reactor.callLater(0.05, counts.told.append, 'later')\n",
    )
    project.add(
        "views.py",
        "def rows(request):\n"
        "    from site1 import counts\n"
        "    from twisted.internet import reactor, threads\n"
        "    got = threads.blockingCallFromThread(reactor, lambda: 'from the loop')\n"
        "    return HttpResponse(f'{os.getpid()} {\" \".join(sorted(counts.told))} {got}')\n",
    )
    with project.serve("-w", "2") as server:
        said = {}

        def ask():
            with server.client() as client:
                pid, _, text = client.get("/rows", "Connection: close").text.partition(" ")
            said[int(pid)] = text
            return set(said) == set(server.workers()) and all("later" in text for text in said.values())

        until(ask, "both workers to answer")
        assert set(said.values()) == {"later running from the loop"}
    assert "Traceback" not in server.log()
