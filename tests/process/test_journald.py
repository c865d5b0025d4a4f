"""The log in a real journal of systemd's: a service whose streams are the journal, and what ``journalctl`` finds."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.kit.journald import Journald, Unavailable, journald
from tests.kit.live import Server, until

VIEWS = """
import logging
import sys

from django.http import HttpResponse


def hello(request):
    logging.getLogger("shop").error("two\\nlines, PRIORITY=0\\nPRIORITY=0")
    print("by the stream", file=sys.stderr, flush=True)
    return HttpResponse("hello")


def fail(request):
    raise KeyError("x" * 300_000)
"""


@pytest.fixture(scope="module")
def journal() -> Iterator[Journald]:
    try:
        with journald() as found:
            yield found
    except Unavailable as reason:
        pytest.skip(str(reason))


def said_by_stream(journal: Journald) -> list[str]:
    return [entry["MESSAGE"] for entry in journal.entries("SYSLOG_IDENTIFIER=by-stream")]


def test_fields_of_a_service(journal: Journald, project) -> None:
    project.write("views.py", VIEWS)
    project.add("settings.py", "DEBUG = False")  # or Django writes errors to the stream, and we do not say them twice
    command = journal.command(project.command("--bind", "127.0.0.1:0", "--access-log", "combined"), project.folder)
    server = Server(command, project.folder, project.environ())
    try:
        until(lambda: journal.entries("HENDRIX_EVENT=server.ready"), "the server to listen")
        (ready,) = journal.entries("HENDRIX_EVENT=server.ready")
        assert ready["SYSLOG_IDENTIFIER"] == "hendrix" and ready["PRIORITY"] == "6"
        assert ready["_TRANSPORT"] == "journal", "natively"
        server.host, server.port = "127.0.0.1", int(ready["HENDRIX_URLS"].rpartition(":")[2])
        with server.client() as client:
            assert client.get("/hello?token=hunter2", "X-Request-ID: r-1").status == 200
            assert client.get("/fail", "X-Request-ID: r-2").status == 500
        (said,) = until(lambda: journal.entries("LOGGER=shop"), "what the view logs")
        assert said["MESSAGE"] == "two\nlines, PRIORITY=0\nPRIORITY=0" and said["PRIORITY"] == "3"
        assert said["HENDRIX_REQUEST_ID"] == "r-1" and said["HENDRIX_PROCESS"] == "worker 1"
        assert said["CODE_FUNC"] == "hello" and said["_PID"] == str(server.workers()[0])
        (line,) = until(lambda: journal.entries("HENDRIX_REQUEST_ID=r-1", "HENDRIX_EVENT=access"), "its line")
        assert '"GET /hello?token=*** HTTP/1.1" 200 5' in line["MESSAGE"] and line["HENDRIX_STATUS"] == "200"
        assert line["HENDRIX_REQUEST"] == "GET /hello?token=***" and line["HENDRIX_REMOTE"] == "127.0.0.1"
        (failed,) = until(lambda: journal.entries("HENDRIX_REQUEST_ID=r-2", "LOGGER=django.request"), "its traceback")
        assert "in fail" in failed["MESSAGE"] and failed["PRIORITY"] == "3"
        assert len(failed["MESSAGE"]) > 200_000, "whole, however large"
        until(lambda: "by the stream" in said_by_stream(journal), "what came by the stream")
        ours = ("server.ready", "two", "HTTP/1.1")
        assert not any(word in line for line in said_by_stream(journal) for word in ours), "nothing twice"
    finally:
        server.stop()
