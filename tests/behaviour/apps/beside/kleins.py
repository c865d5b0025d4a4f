"""A klein application."""

from __future__ import annotations

from typing import Any

from klein import Klein
from twisted.internet import reactor, task

app = Klein()
app.namespace = "klein"


@app.route("/items/<int:number>")
def item(request: Any, number: int) -> str:
    return f"item {number}"


@app.route("/later")
def later(request: Any) -> Any:
    return task.deferLater(reactor, 0.01, lambda: "from a Deferred")


@app.route("/awaited")
async def awaited(request: Any) -> str:
    await task.deferLater(reactor, 0.01, lambda: None)
    return "from a coroutine"


@app.route("/form", methods=["POST"])
def form(request: Any) -> bytes:
    return request.args[b"word"][0]


@app.route("/raising")
def raising(request: Any) -> str:
    raise RuntimeError("klein raises")


@app.route("/url")
def url(request: Any) -> str:
    return str(request.URLPath())
