"""Which paths below MEDIA_URL the project answers itself: there it decides who may read what."""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable
from typing import Any

from django.urls import Resolver404, resolve
from django.views.static import serve


def claims(root: str) -> Callable[[str], bool]:
    """Does the project have a URL for a path (decoded, absolute)? ``root`` is the directory of the uploads.

    Not meant are a view that takes whatever is left over, as that of a single-page application does, and Django's own
    view of the same files, which ``django.conf.urls.static`` adds for development.
    """
    left_over = {_key(match) for path in _nonsense() if (match := _resolved(path)) is not None}

    def claimed(path: str) -> bool:
        match = _resolved(path)
        return match is not None and _key(match) not in left_over and not _is_same_files(match, root)

    return claimed


def _nonsense() -> list[str]:
    word = secrets.token_hex(8)
    return [f"/{word}", f"/{word}/", f"/{word}/{word}", f"/{word}/{word}/{word}.{word}"]


def _resolved(path: str) -> Any:
    """None where no pattern matches. What fails in any other way is the project's to tell of."""
    try:
        return resolve(path)
    except Resolver404:
        return None
    except Exception:
        return _FAILED


_FAILED: Any = object()


def _key(match: Any) -> tuple[object, object]:
    return getattr(match, "func", match), getattr(match, "route", None)


def _is_same_files(match: Any, root: str) -> bool:
    if getattr(match, "func", None) is not serve:
        return False
    given = match.kwargs.get("document_root")
    return given is not None and os.path.abspath(given) == root and not match.kwargs.get("show_indexes")
