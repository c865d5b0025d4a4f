"""What the project does when it is imported, and middleware that stands in the way of async views."""

from __future__ import annotations

from collections.abc import Iterator

from hendrix.cli.doctor.facts import Loaded
from hendrix.cli.doctor.finding import WARNING, Finding, some
from hendrix.cli.doctor.situation import Situation


def judge(found: Loaded, situation: Situation) -> Iterator[Finding]:
    """Threads, middleware, the interface, and resources that nobody can get."""
    for line in found.overridden:
        yield Finding(
            "resources.overridden", WARNING, line, "nobody can get it", "hendrix.toml: resources; give another path"
        )
    if found.threads and situation.config.preload:
        yield Finding(
            "threads",
            WARNING,
            f"threads are started at import: {some(found.threads)}",
            "a fork does not copy threads, so each worker must import the project by itself: memory is not shared, "
            "and a start or reload takes longer",
            "start them at the first use, or as a service of HENDRIX_SERVICES; --no-preload says that it is meant so",
        )
    if found.interface == "wsgi" and found.async_views:
        yield Finding(
            "async.over-wsgi",
            WARNING,
            "there are async views, and the interface is wsgi: each holds a thread while it waits",
            "as many may wait at once as there are threads; others queue",
            'hendrix.toml: interface = "django"',
        )
    for path in found.holding:
        yield Finding(
            "middleware.holds-thread",
            WARNING,
            f"middleware {path} is sync and called as a whole: it holds a thread while an async view within it waits",
            "as many may wait at once as there are threads; others queue",
            f"{path}: make it async-capable (django.utils.decorators.sync_and_async_middleware), or of hooks alone",
        )
