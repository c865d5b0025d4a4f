"""What a Django project says to the HTTP cache: throw away, and what belongs together.

    from hendrix.cache import purge, purge_on_change, purge_on_commit, tag_response, tagged

Once ``purge`` has returned, no worker of the server gives the old content. It works in a view, in a task, in a
management command and in a shell: outside of a worker the running server is asked.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from hendrix.cache import here
from hendrix.cache.purges import Purge, purge_all, purge_prefix, purge_tag, purge_url
from hendrix.core.under_test import under_test

View = TypeVar("View", bound=Callable[..., Any])
#: What ``purge_on_change`` is given: what to purge for one object.
Meaning = Callable[[Any], "Iterable[str] | str | None"]

FIELD = "Cache-Tag"


def purge(
    *urls: str,
    tags: Iterable[str] = (),
    prefixes: Iterable[str] = (),
    everything: bool = False,
    soft: bool = False,
) -> int:
    """Throw pages away: by path or URL, by tag, by the beginning of a path, or all of them.

    A path without a query means the page with any query; without a host, on all hosts. ``soft``: not thrown away, but
    stale: served while it is renewed. Returns how many pages that were, as far as this process can see; 0 where no
    server runs, and in Django's tests even beside one. Raises ``ValueError`` for what is no URL or tag, and
    ``hendrix.core.errors.HendrixError`` where a server runs and cannot be asked.
    """
    purges = [purge_url(_encoded(url), soft=soft) for url in urls]
    purges += [purge_tag(_encoded_tag(tag), soft=soft) for tag in _listed(tags)]
    purges += [purge_prefix(_encoded(prefix), soft=soft) for prefix in _listed(prefixes)]
    purges += [purge_all(soft=soft)] if everything else []
    return _done(purges)


def purge_on_commit(*urls: str, using: str | None = None, **what: Any) -> None:
    """``purge`` once the transaction is committed, and never where it is rolled back; at once where there is none."""
    from django.db import transaction  # noqa: PLC0415

    transaction.on_commit(functools.partial(purge, *urls, **what), using=using)


def purge_on_change(*models: Any, meaning: Meaning | None = None, soft: bool = False) -> None:
    """Whenever an object of one of ``models`` is saved or deleted, and that is committed, purge what belongs to it.

    That is its ``get_absolute_url()``, if it has one, and its tags: ``shop.article`` and ``shop.article:17`` for an
    Article of the app shop. Or what ``meaning(object)`` says: paths, URLs, and tags as ``tag:name``.
    Call it once, in ``AppConfig.ready``.
    """
    from django.db.models.signals import m2m_changed, post_delete, post_save  # noqa: PLC0415

    said = meaning or _usual
    for model in models:
        key = f"hendrix.cache:{model._meta.label_lower}"

        def changed(sender: Any, instance: Any, using: str | None = None, **_more: Any) -> None:
            _purge_of(said(instance), using, soft=soft)

        post_save.connect(changed, sender=model, weak=False, dispatch_uid=f"{key}:saved")
        post_delete.connect(changed, sender=model, weak=False, dispatch_uid=f"{key}:deleted")
        for field in model._meta.many_to_many:
            m2m_changed.connect(
                _of_relation(said, model, soft=soft),
                sender=field.remote_field.through,
                weak=False,
                dispatch_uid=f"{key}:{field.name}",
            )


def tag_response(response: Any, *tags: Any) -> Any:
    """Have ``response`` purged by each of ``tags``: words, or objects and classes of models. Returns the response."""
    words = [word for tag in tags for word in _words(tag)]
    there = response.headers.get(FIELD, "")
    named = [word.strip() for word in there.split(",") if word.strip()]
    response.headers[FIELD] = ", ".join(dict.fromkeys([*named, *words]))
    return response


def tagged(*tags: Any) -> Callable[[View], View]:
    """A decorator of views, sync and async: what they answer has these tags."""

    def decorate(view: View) -> View:
        if inspect.iscoroutinefunction(view):

            @functools.wraps(view)
            async def async_view(*args: Any, **kwargs: Any) -> Any:
                return tag_response(await view(*args, **kwargs), *tags)

            return async_view  # type: ignore[return-value]

        @functools.wraps(view)
        def sync_view(*args: Any, **kwargs: Any) -> Any:
            return tag_response(view(*args, **kwargs), *tags)

        return sync_view  # type: ignore[return-value]

    return decorate


def tags_of(thing: Any) -> list[str]:
    """The tags of an object or a class of a model: ``shop.article:17`` and ``shop.article``."""
    label = thing._meta.label_lower
    key = None if isinstance(thing, type) else thing.pk
    return [label] if key is None else [f"{label}:{key}", label]


# --- what belongs to an object ---------------------------------------------------------------------------------


def _usual(instance: Any) -> list[str]:
    urls = [str(instance.get_absolute_url())] if hasattr(instance, "get_absolute_url") and instance.pk else []
    return [*urls, *(f"tag:{tag}" for tag in tags_of(instance))]


def _of_relation(said: Meaning, model: Any, *, soft: bool) -> Callable[..., None]:
    def changed(sender: Any, instance: Any, action: str, using: str | None = None, **_more: Any) -> None:
        if action.startswith("post_") and isinstance(instance, model):
            _purge_of(said(instance), using, soft=soft)

    return changed


def _purge_of(said: Iterable[str] | str | None, using: str | None, *, soft: bool) -> None:
    words = [said] if isinstance(said, str) else list(said or ())
    tags = [word.removeprefix("tag:") for word in words if word.startswith("tag:")]
    urls = [word for word in words if not word.startswith("tag:")]
    if urls or tags:
        purge_on_commit(*urls, using=using, tags=tags, soft=soft)


# --- words -----------------------------------------------------------------------------------------------------


def _words(tag: Any) -> list[str]:
    if hasattr(tag, "_meta"):
        return tags_of(tag)[:1]
    word = str(tag)
    _encoded_tag(word)
    return [word]


def _listed(given: Iterable[str]) -> list[str]:
    return [given] if isinstance(given, str) else list(given)


def _encoded(url: str) -> bytes:
    from django.utils.encoding import iri_to_uri  # noqa: PLC0415

    return str(iri_to_uri(str(url))).encode("ascii", "replace")


def _encoded_tag(tag: str) -> bytes:
    found = tag.encode("latin-1", "replace")
    purge_tag(found)
    return found


def _done(purges: list[Purge]) -> int:
    store = here.store()
    if store is not None:
        return sum(store.purge(purge) for purge in purges)
    if not purges or under_test():
        return 0
    from hendrix.cli.purging import ask_server  # noqa: PLC0415 - a worker does without

    return ask_server(purges)
