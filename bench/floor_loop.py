"""The floor's process: reads one order a line, calls Django's WSGI handler in a loop, writes what it cost.

It runs in the bench's environment, with the bench's project importable.
"""

import importlib
import io
import json
import sys
import time
from collections.abc import Callable, Iterable
from typing import Any

Application = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


def environ(path: str, method: str, size: int) -> dict[str, Any]:
    """What a server would pass for this request, but for the body, which is new in each call."""
    return {
        "REQUEST_METHOD": method,
        "SCRIPT_NAME": "",
        "PATH_INFO": path,
        "QUERY_STRING": "",
        "RAW_URI": path,
        "CONTENT_TYPE": "application/octet-stream" if size else "",
        "CONTENT_LENGTH": str(size) if size else "",
        "SERVER_NAME": "127.0.0.1",
        "SERVER_PORT": "8000",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "SERVER_SOFTWARE": "floor",
        "REMOTE_ADDR": "127.0.0.1",
        "REMOTE_PORT": "50000",
        "HTTP_HOST": "127.0.0.1:8000",
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    }


def measure(application: Application, base: dict[str, Any], body: bytes, seconds: float) -> dict[str, float]:
    """Calls for so many seconds of CPU, on a busy machine at most four times as long by the clock."""
    statuses: set[str] = set()

    def start_response(status: str, headers: list[tuple[str, str]], exc_info: object = None) -> None:
        statuses.add(status)

    calls, begun, deadline = 0, time.process_time(), time.monotonic() + 4 * seconds
    while time.process_time() - begun < seconds and time.monotonic() < deadline:
        request = base.copy()
        request["wsgi.input"] = io.BytesIO(body)
        response = application(request, start_response)
        for _ in response:
            pass
        response.close()  # type: ignore[attr-defined]
        calls += 1
    spent = time.process_time() - begun
    if statuses != {"200 OK"}:
        raise SystemExit(f"the floor got {sorted(statuses)} for {base['PATH_INFO']}")
    return {"calls": calls, "cpu_us": spent / calls * 1e6}


def main() -> None:
    """Serve orders until stdin ends."""
    application: Application = importlib.import_module("project.wsgi").application
    for line in sys.stdin:
        order = json.loads(line)
        base = environ(order["path"], order["method"], order["size"])
        result = measure(application, base, b"x" * order["size"], order["seconds"])
        print(json.dumps(result), flush=True)


if __name__ == "__main__":
    main()
