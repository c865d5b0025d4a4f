"""What to serve."""

from __future__ import annotations

from hendrix.core import values
from hendrix.core.option import option
from hendrix.core.record import record


@record(frozen=True)
class Project:
    """What to serve."""

    settings: str = option(
        "",
        values.module,
        "settings module; else DJANGO_SETTINGS_MODULE, else what manage.py sets",
        metavar="MODULE",
    )
    pythonpath: str = option("", values.text, "directory to import the project from", metavar="DIR")
    chdir: str = option("", values.text, "go to this directory first", metavar="DIR", reloadable=False)
    wsgi: str = option(
        "",
        values.application,
        "serve this WSGI application: module:attr or module.attr",
        metavar="APP",
    )
    asgi: str = option(
        "",
        values.application,
        "serve this ASGI application: module:attr or module.attr",
        metavar="APP",
    )
    script: str = option(
        "",
        values.text,
        "what a Python script or module serves by HendrixDeploy(...).run(); running it does the same",
        metavar="FILE",
        reloadable=False,
    )
    interface: str = option(
        "auto",
        values.choice("auto", "django", "wsgi", "asgi"),
        "how a Django project is called: django (sync and async views), its wsgi or asgi application, or auto",
        metavar="NAME",
    )
    lifespan: str = option(
        "auto",
        values.choice("auto", "on", "off"),
        "tell an ASGI application of start and end: on, off, or auto: if it understands",
        metavar="WHEN",
    )
    root_path: str = option(
        "",
        values.url_prefix,
        "prefix that a proxy took off the path: ASGI's root_path, WSGI's SCRIPT_NAME",
        metavar="PATH",
    )
