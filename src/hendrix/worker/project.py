"""The project: imported once, in the template, before any worker is forked."""

from __future__ import annotations

import contextlib
import importlib
import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, cast

from hendrix.answer.asgi_scope import AsgiApplication
from hendrix.answer.compress.coders import missing
from hendrix.answer.failure import use_page
from hendrix.answer.wsgi import Application
from hendrix.core.config import OPTIONS, Config, set_by_django
from hendrix.core.control import SettingsLoaded
from hendrix.core.errors import ProjectError
from hendrix.core.references import described
from hendrix.worker import development, script
from hendrix.worker.fault import projects_fault
from hendrix.worker.interface import Named, choose
from hendrix.worker.places import find_places
from hendrix.worker.served import Served

#: Statuses that the server itself answers with; a template of the project named like one replaces its page.
_PAGES = (400, 408, 413, 414, 421, 431, 500, 503, 504)


def load_settings(config: Config) -> SettingsLoaded:
    """Import the settings; say what they mean for the server. Raises ``ProjectError``."""
    given = script.execute(config.script).options if config.script else {}
    name = os.environ.get("DJANGO_SETTINGS_MODULE", "")
    if not _has_settings():
        return SettingsLoaded(settings="", debug=False, script=given)
    with projects_fault(f"the settings {name} do not import"):
        from django.conf import settings  # noqa: PLC0415

        debug = bool(settings.DEBUG)
        options = set_by_django(settings)
    return SettingsLoaded(settings=name, debug=debug, options=options, script=given)


def _has_settings() -> bool:
    """Is there a module of settings, or did a script configure them?"""
    if os.environ.get("DJANGO_SETTINGS_MODULE"):
        return True
    return "django.conf" in sys.modules and bool(sys.modules["django.conf"].settings.configured)


def load_application(config: Config) -> Served:
    """Import and set up what is to be served. Raises ``ProjectError``."""
    missing(config.codings)  # the others are imported by this, for all workers
    served = _load(config)
    if config.dev:
        development.tell_exceptions()
    return _with_files_and_resources(served, config)


def load_set_up(config: Config) -> Served:
    """What is to be served of a Django project that this process has set up, for tests. Raises ``ProjectError``."""
    from django.conf import settings  # noqa: PLC0415

    return _with_files_and_resources(_of_django(config, settings), config)


def _with_files_and_resources(served: Served, config: Config) -> Served:
    launched = script.registered()
    names, things = _resources(config), launched.resources if launched else ()
    if names or things:
        from hendrix.worker.resources import load_mounts  # noqa: PLC0415 - imports Twisted's web server

        served = replace(served, mounts=load_mounts(names, things))
    if _has_settings() and not (config.wsgi or config.asgi):
        with projects_fault("the routes of WebSockets do not load"):
            served = _with_sockets(served)
    return replace(served, places=find_places(config, served.mounts))


def _resources(config: Config) -> Sequence[str]:
    """What is to be mounted: what settings say of it is not in the configuration before the project is loaded."""
    if config.resources or not _has_settings():
        return config.resources
    from django.conf import settings  # noqa: PLC0415

    options = set_by_django(settings)
    own = options.get("HENDRIX")
    named = own.get("resources") if isinstance(own, dict) else None
    named = options.get(*OPTIONS["resources"].old_settings) if named is None else named
    return [named] if isinstance(named, str) else list(dict.fromkeys(named or ()))


def add_services(served: Served, config: Config) -> Served:
    """``served`` and the services that the final options name. Raises ``ProjectError``."""
    launched = script.registered()
    if launched is not None:
        served = replace(served, hooks=(launched.hook, launched.hook_once))
    if not config.services and not (launched and launched.services):
        return served
    from hendrix.worker import wanted  # noqa: PLC0415 - most projects have none

    services = wanted.load(config.services, _who_says(config.services))
    if launched:
        services += wanted.load(described(launched.services, ""), "options['services']", launched.services)
    return replace(served, services=services)


def check_tasks(config: Config) -> None:
    """Where there are to be task workers: can they work? Raises ``ProjectError``."""
    if not config.task_workers:
        return
    if not _has_settings() or "django.apps" not in sys.modules or not sys.modules["django.apps"].apps.ready:
        raise ProjectError("--task-workers needs a Django project: give its settings, or --task-workers 0")
    from hendrix.tasks.readiness import fault  # noqa: PLC0415 - imports Django's tasks

    try:
        if wrong := fault():
            raise ProjectError(f"--task-workers {config.task_workers}: {wrong}")
    finally:
        _close_connections()


def _who_says(services: tuple[str, ...]) -> str:
    """The old setting's name, where it is that."""
    if _has_settings():
        from django.conf import settings  # noqa: PLC0415

        if set_by_django(settings).get("HENDRIX_SERVICES") == list(services):
            return "HENDRIX_SERVICES"
    return OPTIONS["services"].flag


def _load(config: Config) -> Served:
    launched = script.registered()
    if launched and (launched.wsgi or launched.asgi):
        return Served(launched.wsgi, launched.asgi)
    if _has_settings() and not (config.wsgi or config.asgi):
        return _load_django(config)
    if not (config.wsgi or config.asgi):
        raise ProjectError(f"{config.script} gives nothing to serve: neither options['settings'] nor options['wsgi']")
    wsgi = _load_dotted(config.wsgi, "WSGI") if config.wsgi else None
    return Served(wsgi, load_asgi(config.asgi) if config.asgi else None)


def load_asgi(name: str) -> AsgiApplication:
    """The ASGI application ``name`` (``module:attr`` or ``module.attr``). Raises ``ProjectError``."""
    return cast("AsgiApplication", _load_dotted(name, "ASGI"))


def load_django_asgi() -> AsgiApplication:
    """The ASGI application of a Django project that was set up: its own, or Django's. Raises ``ProjectError``."""
    from django.conf import settings  # noqa: PLC0415

    name = getattr(settings, "ASGI_APPLICATION", None)
    if name:
        return load_asgi(name)
    from django.core.asgi import get_asgi_application  # noqa: PLC0415

    return cast("AsgiApplication", get_asgi_application())


def _load_django(config: Config) -> Served:
    with projects_fault("the project does not load"):
        import django  # noqa: PLC0415
        from django.conf import settings  # noqa: PLC0415
        from django.urls import get_resolver  # noqa: PLC0415

        django.setup(set_prefix=False)
        served = _of_django(config, settings)
        # Import the views now: what is loaded before the fork is shared by all workers, and a broken urls.py
        # shows at the start, not at the first request.
        cast("Any", get_resolver()).url_patterns  # noqa: B018
        _use_own_pages()
        _warm_up()
        _check()
        _close_connections()
    return served


def _of_django(config: Config, settings: Any) -> Served:
    from django.core.wsgi import get_wsgi_application  # noqa: PLC0415

    wsgi_name, asgi_name = (getattr(settings, f"{kind}_APPLICATION", None) for kind in ("WSGI", "ASGI"))
    wsgi = _load_dotted(wsgi_name, "WSGI") if wsgi_name else None
    asgi = load_asgi(asgi_name) if asgi_name else None
    chosen = choose(config.interface, Named(wsgi_name or "", wsgi), Named(asgi_name or "", asgi))
    if chosen.name == "asgi":
        return Served(asgi=asgi or load_django_asgi(), interface=chosen)
    sockets = asgi if chosen.websockets else None
    if chosen.name == "wsgi":
        return Served(wsgi=wsgi or get_wsgi_application(), asgi=sockets, interface=chosen)
    from hendrix.answer.django_handler import Handler  # noqa: PLC0415 - imports Django

    return Served(django=Handler(), asgi=sockets, interface=chosen)


def _with_sockets(served: Served) -> Served:
    """The routes of its WebSockets, and those that its resources bring."""
    from django.conf import settings  # noqa: PLC0415

    named = getattr(settings, "HENDRIX_WEBSOCKETS", None)
    module = str(named or getattr(settings, "ROOT_URLCONF", None) or "")
    found = bool(module) and hasattr(importlib.import_module(module), "websocket_urlpatterns")
    if named and not found:
        raise ProjectError(f"HENDRIX_WEBSOCKETS names {named}, which has no websocket_urlpatterns")
    mounts = served.mounts.all if served.mounts else []
    brought = [pair for mount in mounts for pair in getattr(mount.resource, "websockets", ())]
    if not found and not brought:
        return served
    from hendrix.answer.sockets import admission, host  # noqa: F401, PLC0415 - most projects have none
    from hendrix.answer.sockets.routes import routes_of  # noqa: PLC0415

    # What does not load of it is said now, and what does is shared by all workers.
    admission.middleware()
    return replace(served, routes=routes_of(module if found else "", brought))


def _load_dotted(name: str, kind: str) -> Application:
    """``module:attr`` or ``module.attr``."""
    module_name, colon, attribute = name.partition(":")
    if not colon:
        module_name, _, attribute = name.rpartition(".")
    with projects_fault(f"the {kind} application {name} does not import"):
        found: Any = importlib.import_module(module_name)
        for part in (attribute or "application").split("."):
            found = getattr(found, part)
    if not callable(found):
        raise ProjectError(f"the {kind} application {name} is {type(found).__name__}, which cannot be called")
    return cast("Application", found)


def _check() -> None:
    """Django's system checks, as ``runserver`` runs them: those of the database are for ``migrate``."""
    from django.core import checks  # noqa: PLC0415

    failed = [found for found in checks.run_checks() if found.is_serious() and not found.is_silenced()]
    if failed:
        more = f" (and {len(failed) - 1} more)" if len(failed) > 1 else ""
        summary = f"a system check failed: {failed[0].id or 'no id'}: {failed[0].msg}{more}"
        raise ProjectError(summary.splitlines()[0], "\n".join(str(found) for found in failed))


def _use_own_pages() -> None:
    from django.template import TemplateDoesNotExist, loader  # noqa: PLC0415

    for code in _PAGES:
        try:
            page = loader.get_template(f"{code}.html").render({})
        except TemplateDoesNotExist:
            continue
        except Exception:  # noqa: S112 - a page that needs a request cannot be one of the server's
            continue
        use_page(code, page.encode())


def _warm_up() -> None:
    """Make what Django would make at the first request: made before the fork, it is shared by all workers.

    What fails here will fail, and be told, when it is used.
    """
    from django.conf import settings  # noqa: PLC0415
    from django.db import connections  # noqa: PLC0415
    from django.template import engines  # noqa: PLC0415
    from django.urls import get_resolver  # noqa: PLC0415
    from django.utils import translation  # noqa: PLC0415

    with contextlib.suppress(Exception):
        for engine in engines.all():
            getattr(engine, "engine", engine).template_loaders  # noqa: B018
    with contextlib.suppress(Exception):
        connections.all()
    with contextlib.suppress(Exception), translation.override(settings.LANGUAGE_CODE):
        translation.gettext("")
    with contextlib.suppress(Exception):
        cast("Any", get_resolver()).reverse_dict  # noqa: B018


def _close_connections() -> None:
    from django.db import connections  # noqa: PLC0415

    if _has_settings():  # a library may have imported it all the same
        connections.close_all()


def thread_exit() -> Callable[[], None]:
    """What a thread must do before it ends: close its database connections."""
    return _close_connections if "django.db" in sys.modules else lambda: None
