"""What a project is made of, for the watcher: a change of it means a reload. Development only.

The modules that were imported, the project's directory, whatever Django itself would watch (templates, translations,
what third parties add to that), ``.env`` files. Static files are served from where they are and need no reload.
"""

from __future__ import annotations

import glob
import os
import sys
import sysconfig
from collections.abc import Iterable, Iterator
from typing import Any

from hendrix.core.control import Watch
from hendrix.core.events import DEBUG, emit

MOST_INSTALLED = 2000
"""Files; where there are more, none of an installed package is watched: they are seldom edited, and cost something."""
_INSTALLED = (f"{os.sep}site-packages{os.sep}", f"{os.sep}dist-packages{os.sep}")
_STANDARD = tuple(sysconfig.get_paths()[kind] + os.sep for kind in ("stdlib", "platstdlib"))
_OPTIONS = "hendrix.toml"
#: In a directory with other things in it, only what looks like a template is one.
_TEMPLATES = ("*.html", "*.htm", "*.txt", "*.xml", "*.jinja", "*.jinja2", "*.j2", "*.djhtml", "*.mjml")


def watched(project_directory: str, error: BaseException | None = None, since: int = 0) -> Watch:
    """What is known of the project by now. ``error`` is why it did not import, if so; ``since`` as in ``Watch``.

    Before anything was imported that is the project's directory. Entries ``DIRECTORY/**/PATTERN`` of ``files`` stand
    for all files below the directory whose name matches.
    """
    roots = [project_directory]
    files = {*_modules(), *_named_by(error)}
    if _has_settings():
        base = _base_directory()
        roots += [base] if base else []
        files.update(_watched_by_django([project_directory, *roots]))
    for root in roots:
        files.update(_environment(root))
    files.add(os.path.join(project_directory, _OPTIONS))
    return Watch(sorted(files), [root for root in dict.fromkeys(roots) if _is_a_project(root)], since)


def _modules() -> set[str]:
    """The files of all modules. The standard library's are left out: nobody edits them."""
    own: set[str] = set()
    installed: set[str] = set()
    for module in list(sys.modules.values()):
        name = getattr(module, "__file__", None)
        if not isinstance(name, str) or not os.path.isabs(name):
            continue
        if any(part in name for part in _INSTALLED):
            installed.add(name)
        elif not name.startswith(_STANDARD):
            own.add(name)
    return own | installed if len(own) + len(installed) <= MOST_INSTALLED else own


def _named_by(error: BaseException | None) -> Iterator[str]:
    """The files that an exception and those that led to it came from: what does not parse is no module yet."""
    for one in _chain(error):
        trace = one.__traceback__
        while trace is not None:
            yield from _absolute(trace.tb_frame.f_code.co_filename)
            trace = trace.tb_next
        if isinstance(one, SyntaxError):
            yield from _absolute(one.filename)
        elif isinstance(one, ImportError):
            yield from _absolute(one.path)


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    seen: set[int] = set()
    waiting = [error]
    while waiting:
        one = waiting.pop()
        if one is not None and id(one) not in seen:
            seen.add(id(one))
            yield one
            waiting += [one.__cause__, one.__context__, *getattr(one, "exceptions", ())]


def _absolute(name: str | None) -> Iterator[str]:
    if name and not name.startswith("<") and not name.startswith(_STANDARD):
        yield os.path.abspath(name)


def _environment(directory: str) -> Iterator[str]:
    """``.env`` even before it is made, and its variants."""
    yield os.path.join(directory, ".env")
    for name in glob.glob(os.path.join(glob.escape(directory), ".env*")):
        if os.path.isfile(name) and not name.endswith(("~", ".swp")):
            yield name


# --- Django ------------------------------------------------------------------------------------------------


def _has_settings() -> bool:
    """Were settings imported? Those that failed are not tried again: they may end the process."""
    if "django.conf" not in sys.modules:
        return False
    from django.conf import settings  # noqa: PLC0415

    return bool(settings.configured)


def _base_directory() -> str:
    """``BASE_DIR`` of the settings, which is a convention only."""
    base = _setting("BASE_DIR")
    try:
        return os.path.abspath(os.fsdecode(base)) if base else ""
    except TypeError:
        return ""


def _setting(name: str) -> Any:
    from django.conf import settings  # noqa: PLC0415

    return getattr(settings, name, None)


def _watched_by_django(projects: list[str]) -> Iterator[str]:
    """What the handlers of ``autoreload_started`` ask for; the watch list of ``runserver``, but for the modules."""
    from django.utils import autoreload  # noqa: PLC0415

    reloader: Any = autoreload.BaseReloader()
    for receiver, answer in autoreload.autoreload_started.send_robust(sender=reloader):
        if isinstance(answer, Exception):
            emit("watch.incomplete", DEBUG, receiver=repr(receiver), exc=answer)
    yield from map(os.path.abspath, reloader.extra_files)
    for directory, patterns in reloader.directory_globs.items():
        for pattern in patterns:
            yield from _tree(os.path.abspath(directory), os.path.basename(pattern), projects)
    for directory in _other_template_directories():
        yield from _tree(os.path.abspath(directory), "*", projects)


def _other_template_directories() -> list[str]:
    """Of engines like Jinja2, which Django's own watch list leaves out."""
    try:
        from django.template import engines  # noqa: PLC0415
        from django.template.backends.django import DjangoTemplates  # noqa: PLC0415

        others = [engine for engine in engines.all() if not isinstance(engine, DjangoTemplates)]
        return [os.fsdecode(directory) for engine in others for directory in engine.template_dirs]
    except Exception:  # settings that are wrong: the reason is told by who needs them
        return []


def _tree(directory: str, pattern: str, projects: Iterable[str]) -> Iterator[str]:
    busy = [*projects, *filter(None, map(_directory_setting, ("MEDIA_ROOT", "STATIC_ROOT")))]
    patterns = _TEMPLATES if pattern == "*" and any(_is_within(other, directory) for other in busy) else (pattern,)
    for each in patterns:
        yield os.path.join(directory, "**", each)


def _directory_setting(name: str) -> str:
    value = _setting(name)
    return os.path.abspath(value) if isinstance(value, str | os.PathLike) and value else ""


def _is_within(path: str, directory: str) -> bool:
    return path == directory or path.startswith(directory.rstrip(os.sep) + os.sep)


def _is_a_project(directory: str) -> bool:
    """Not the whole disk, and not a home with everything in it."""
    return os.path.dirname(directory) != directory and directory != os.path.expanduser("~")
