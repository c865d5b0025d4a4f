"""Static files: not collected, collected long ago, or not in the manifest."""

from __future__ import annotations

from collections.abc import Iterator

from hendrix.cli.doctor.facts import Collected
from hendrix.cli.doctor.finding import ERROR, INFO, WARNING, Finding, some
from hendrix.cli.doctor.situation import Situation

_RUN = "run manage.py collectstatic --noinput, then hx static compress"


def judge(found: Collected, situation: Situation) -> Iterator[Finding]:
    """Where somebody develops they are served from the apps, and nothing need be collected."""
    if not found.used or not found.sources or not situation.production:
        return
    if not found.there:
        yield _nothing(found, situation)
        return
    if found.manifest and not found.manifest_there:
        yield Finding(
            "static.manifest-missing",
            ERROR,
            f"there is no manifest in STATIC_ROOT {found.root}",
            "the storage looks up each file in it: every page with {% static %} fails with status 500",
            _RUN,
        )
    if due := [*found.absent, *found.stale]:
        yield Finding(
            "static.stale",
            WARNING,
            f"{len(due)} static files are younger than what was collected, or were not: {some(due)}",
            "visitors get the old ones, or 404",
            _RUN,
        )
    if found.unlisted:
        yield Finding(
            "static.manifest-miss",
            WARNING,
            f"{len(found.unlisted)} static files are not in the manifest: {some(found.unlisted)}",
            "a page that names one of them by {% static %} fails with status 500",
            _RUN,
        )


def _nothing(found: Collected, situation: Situation) -> Finding:
    served = "Hendrix serves them from the apps: they are not compressed and have no names for ever"
    broken = "the storage looks up each file in its manifest: every page with {% static %} fails with status 500"
    elsewhere = "--no-static is given, so somebody else serves STATIC_ROOT, and finds nothing there"
    why = broken if found.manifest else served if situation.config.static else elsewhere
    level = ERROR if found.manifest else INFO if situation.config.static and not found.root else WARNING
    if not found.root:
        line = f'{situation.settings.module}: STATIC_ROOT = BASE_DIR / "static", then {_RUN}'
        return Finding("static.root-unset", level, "STATIC_ROOT is not set", why, line)
    return Finding("static.not-collected", level, f"nothing was collected in STATIC_ROOT {found.root}", why, _RUN)
