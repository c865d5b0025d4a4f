"""See ``SITE`` in ``project/__init__.py``."""

import json
import os

SECRET_KEY = "project"
DEBUG = False
ALLOWED_HOSTS = ["*"]
ROOT_URLCONF = "project.urls"
MIDDLEWARE = ["project.middleware.Marks", "project.middleware.Inner"]
INSTALLED_APPS = ["django.contrib.contenttypes", "django.contrib.auth", "django.contrib.sessions", "project"]
DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": os.environ.get("SITE_DATABASE", ":memory:")}}
DEFAULT_AUTO_FIELD = "django.db.models.AutoField"
USE_I18N = USE_TZ = True
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "OPTIONS": {
            "loaders": [
                (
                    "django.template.loaders.locmem.Loader",
                    {"said.html": "{{ said }}", "broken.html": "{% load i18n %}{{ said.explode }}"},
                )
            ]
        },
    }
]
SESSION_ENGINE = "django.contrib.sessions.backends.cache"
FILE_UPLOAD_MAX_MEMORY_SIZE = 100_000
LOGGING = {"version": 1, "disable_existing_loggers": False, "loggers": {"django": {"level": "CRITICAL"}}}
globals().update(json.loads(os.environ.get("SITE", "{}")))
