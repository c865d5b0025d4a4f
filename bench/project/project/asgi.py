"""The ASGI application. Django's handler runs each request's sync code in a thread of its own, where a
persistent database connection could never be used again; so there is none, as its documentation advises."""

import os

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "project.settings")
os.environ.setdefault("BENCH_CONN_MAX_AGE", "0")
application = get_asgi_application()
