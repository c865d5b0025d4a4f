"""Run the public tests of HTTP caches against a server of ours: ``python -m tests.conformance.http_cache``.

They are the npm package ``http-cache-tests``, which is installed into ``.cache-tests``; Node is needed. Exit status 1
where a required test fails that ``excused.txt`` does not name.
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

HERE = Path(__file__).parent
ROOT = HERE.parents[2]
HOME = ROOT / ".cache-tests"
SUITE = HOME / "node_modules" / "http-cache-tests"
VERSION = "0.4.5"


def main() -> int:
    _install()
    origin, port = _free_port(), _free_port()
    environ = {**os.environ, "CACHE_TESTS_ORIGIN": str(origin)}
    node = {"npm_config_protocol": "http", "npm_config_port": str(origin), "npm_config_pidfile": str(HOME / "pid")}
    serve = [
        sys.executable, "-m", "hendrix", "start", "--wsgi", "tests.conformance.http_cache.origin:application",
        "--bind", f"127.0.0.1:{port}", "--cache", "--cache-heuristic", "--cache-query", "key", "--request-id", "",
    ]  # fmt: skip
    processes = [
        subprocess.Popen(
            ["node", "server/server.mjs"], cwd=SUITE, env={**os.environ, **node}, stdout=subprocess.DEVNULL
        ),
        subprocess.Popen(serve, cwd=ROOT, env=environ, stderr=subprocess.DEVNULL),
    ]
    try:
        for number in (origin, port):
            _await(number)
        results = _run(port)
    finally:
        for process in processes:
            process.terminate()
            process.wait()
    return _report(results)


def _install() -> None:
    if SUITE.exists():
        return
    HOME.mkdir(exist_ok=True)
    subprocess.run(
        ["npm", "install", "--prefix", str(HOME), "--no-save", "--silent", f"http-cache-tests@{VERSION}"], check=True
    )


def _run(port: int) -> list[dict[str, str]]:
    asked = {"npm_config_base": f"http://127.0.0.1:{port}", "npm_package_config_id": ""}
    done = subprocess.run(
        ["node", "--no-warnings", "cli.mjs"], cwd=SUITE, env={**os.environ, **asked}, capture_output=True, check=True
    )
    (HOME / "results.json").write_bytes(done.stdout)
    score = ["node", "--no-warnings", str(HERE / "score.mjs"), str(SUITE), str(HOME / "results.json")]
    lines = subprocess.run(score, capture_output=True, text=True, check=True).stdout.splitlines()
    return [json.loads(line) for line in lines]


def _report(results: list[dict[str, str]]) -> int:
    lines = (HERE / "excused.txt").read_text().splitlines()
    excused = {line for line in lines if line and not line.startswith("#")}
    unexpected = [
        test
        for test in results
        if (test["kind"], test["outcome"]) == ("required", "fail") and test["id"] not in excused
    ]
    for kind in ("required", "optimal", "check"):
        counts = Counter(test["outcome"] for test in results if test["kind"] == kind)
        print(f"{kind:9} {counts['pass']} of {counts.total()} pass; {dict(counts)}")
    for test in unexpected:
        print(f"fails: {test['id']}: {test['name']}")
    return 1 if unexpected else 0


def _free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        port: int = sock.getsockname()[1]
        return port


def _await(port: int) -> None:
    deadline = time.monotonic() + 30
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)
        else:
            return


if __name__ == "__main__":
    sys.exit(main())
