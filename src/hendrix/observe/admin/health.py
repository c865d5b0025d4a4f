"""Is the server alive, and is it ready? Pure, but for the answers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hendrix.observe.admin.request import Refused
from hendrix.observe.admin.routes import Answer, Visit, as_json
from hendrix.observe.metrics import TYPE, exposition


def readiness(facts: Mapping[str, Any], least: int | None = None) -> tuple[bool, str]:
    """Does each worker serve that is wanted, or at least so many? And the reason, in words."""
    if facts["phase"] != "running":
        return False, f"the server is about to end ({facts['phase']})"
    wanted = facts["workers_wanted"] if least is None else least
    web = [worker for worker in facts["workers"] if worker["kind"] == "web"]
    # One that asks for a successor serves until that is there.
    ready = sum(worker["state"] in ("ready", "retiring") for worker in web)
    if ready >= wanted:
        return True, f"{ready} of {facts['workers_wanted']} workers serve"
    if not facts["generation"]:
        return False, "the project is loading"
    others = sorted({str(worker["state"]) for worker in web} - {"ready", "retiring"})
    also = f"; others: {', '.join(others)}" if others else ""
    return False, f"{ready} of {facts['workers_wanted']} workers serve{also}"


async def health(visit: Visit) -> Answer:
    """The supervisor answers: it is alive. Whether the project is well does not matter here."""
    await visit.facts("status")
    return Answer(body=b"alive\n")


async def ready(visit: Visit) -> Answer:
    """``?least=N`` is content with N workers."""
    least = visit.request.query.get("least")
    if least is not None and not (least.isascii() and least.isdigit() and 0 < len(least) < 5):
        raise Refused(400, "least is a number of workers")
    found, reason = readiness(await visit.facts("status"), int(least) if least else None)
    return Answer(200 if found else 503, f"{'ready' if found else 'not ready'}: {reason}\n".encode())


async def metrics(visit: Visit) -> Answer:
    """For Prometheus."""
    return Answer(body=exposition(await visit.facts("metrics")).encode(), type=TYPE)


async def status(visit: Visit) -> Answer:
    """All that ``hx status --json`` says but for the cache."""
    return as_json(await visit.facts("status"))
