"""``hx status --requests`` and ``hx top`` of a real server: what is under way, where it is, and what has failed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from tests.kit.live import until
from tests.process.hx import Hx, actions

FAIL = """

def fail(request):
    raise LookupError("as intended")


async def rows(request):
    import asyncio
    from pathlib import Path
    while not Path(request.GET["gate"]).exists():
        await asyncio.sleep(0.02)
    return HttpResponse("waited")
"""


VIEWS = {"site1.views.wait", "site1.views.rows"}


@pytest.fixture
def hx(project) -> Iterator[Hx]:
    with actions(project) as found:
        yield found


def test_requests_under_way_their_stacks_and_errors(project, hx, tmp_path: Path) -> None:
    project.add("views.py", FAIL)
    gate = tmp_path / "gate"
    with project.serve("-w", "2", **hx.extra) as server, ThreadPoolExecutor(2) as pool:

        def get(target: str) -> int:
            with server.client() as client:
                return int(client.get(target).status)

        def facts() -> dict[str, Any]:
            done = hx("status", "--requests", "--json", "--http-port", str(server.port))
            assert done.returncode == 0, done.stderr
            return dict(json.loads(done.stdout)["requests"])

        def found() -> dict[str, dict[str, Any]]:
            requests = [row for worker in facts()["workers"] for row in worker["requests"]]
            return {row["url"].split("?")[0]: row for row in requests}

        try:
            ends = [
                pool.submit(get, f"/wait?token=hush&mark={tmp_path / 'mark'}&gate={gate}"),
                pool.submit(get, f"/rows?gate={gate}"),
            ]
            until(lambda: {row["view"] for row in found().values()} == VIEWS, "both views to have begun")
            rows = found()
            sync, on_loop = rows["/wait"], rows["/rows"]
            assert sync["method"] == "GET"
            assert "token=***" in sync["url"]
            assert sync["where"].startswith("thread ")
            assert sync["peer"] == "127.0.0.1"
            assert sync["age"] > 0
            assert on_loop["where"] == "task"

            for row, line in ((sync, "in wait"), (on_loop, "in rows")):
                done = hx("status", "--requests", row["id"], "--http-port", str(server.port))
                assert done.returncode == 0, done.stderr
                assert line in done.stdout
                assert "views.py" in done.stdout
                assert "hush" not in done.stdout
        finally:
            gate.touch()
        assert [end.result(30) for end in ends] == [200, 200]

        done = hx("status", "--requests", sync["id"], "--http-port", str(server.port))
        assert done.returncode == 1
        assert "is under way" in done.stderr
        assert get("/fail") == 500
        errors = [row for worker in facts()["workers"] for row in worker["errors"]]
        assert [(row["error"], row["request"]) for row in errors] == [("LookupError", "GET /fail")]
        assert errors[0]["id"]
