"""Django, configured as little as it can be. Tests elsewhere in the same process do not look at its settings."""

from __future__ import annotations

import django
from django.conf import settings

if not settings.configured:
    settings.configure(
        ALLOWED_HOSTS=["*"],
        DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}},
        CACHES={"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}},
        ROOT_URLCONF=__name__,
        SECRET_KEY="of these tests",
        USE_TZ=True,
    )
    django.setup()

urlpatterns: list[object] = []
