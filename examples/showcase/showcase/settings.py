"""Settings of the showcase: production-like by default, no setup but `manage.py migrate`.

Environment:
    SHOWCASE_DEBUG           1 turns on DEBUG (default: off)
    SHOWCASE_SECRET_KEY      the secret key (default: made once, kept in the data directory)
    SHOWCASE_ALLOWED_HOSTS   comma-separated host names (default: any)
    SHOWCASE_DATA_DIR        where the database, the key, uploads and collected files live (default: beside manage.py)
    SHOWCASE_COUNTER_PORT    port of the telnet service on 127.0.0.1; 0: none (default: 8023)
    SHOWCASE_TASK_WORKERS    processes that hear recordings; 0: none (default: 1)
    SHOWCASE_EAR_PAUSE       seconds that the ear rests after each piece, so that it can be watched (default: 0.05)
    SHOWCASE_ADMIN_PASSWORD  password that `manage.py demo_user` sets (default: a random one)
"""

import os
import sys
from pathlib import Path

from django import VERSION

from .secret import read_or_make

BASE_DIR = Path(__file__).resolve().parent.parent
DATA_DIR = Path(os.environ.get("SHOWCASE_DATA_DIR") or BASE_DIR)

DEBUG = os.environ.get("SHOWCASE_DEBUG", "").lower() in {"1", "true", "yes", "on"}
SECRET_KEY = os.environ.get("SHOWCASE_SECRET_KEY") or read_or_make(DATA_DIR / "secret-key")

# Any host: the demo is opened as localhost, by address, by a machine's name or through a tunnel, and it sends
# no mail and builds no absolute link from the Host header. A real site lists its own names here.
ALLOWED_HOSTS = os.environ.get("SHOWCASE_ALLOWED_HOSTS", "*").split(",")

INSTALLED_APPS = [
    "workshop",
    "hendrix",
    "hendrix.tasks",
    "django_tasks_db",
    *(["django_tasks"] if VERSION < (6, 0) else []),
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]

ROOT_URLCONF = "showcase.urls"
WSGI_APPLICATION = "showcase.wsgi.application"
ASGI_APPLICATION = "showcase.asgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]

DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": DATA_DIR / "showcase.sqlite3",
        "OPTIONS": {
            # Many threads and processes share the file: readers do not wait for the writer (WAL), and writers
            # queue at the start of a transaction rather than fail in the middle of it.
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL",
            "transaction_mode": "IMMEDIATE",
            "timeout": 20,
        },
    },
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator"},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]

LANGUAGE_CODE = "en-gb"
TIME_ZONE = "UTC"
USE_TZ = True

STATIC_URL = "static/"
STATIC_ROOT = DATA_DIR / "static-root"
# Once `manage.py collectstatic` has run, files have a digest of their content in their names: browsers keep them for
# ever. Until then they have their plain names, and `hx start --dev` finds them where they are.
COLLECTED = (STATIC_ROOT / "staticfiles.json").exists() or "collectstatic" in sys.argv
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage."
        + ("ManifestStaticFilesStorage" if COLLECTED and not DEBUG else "StaticFilesStorage")
    },
}
MEDIA_URL = "media/"
MEDIA_ROOT = DATA_DIR / "media"  # what visitors hang on the wall, for everybody
CABINET_ROOT = DATA_DIR / "cabinet"  # what they attach to a repair, for the shop only
CABINET_ROOT.mkdir(parents=True, exist_ok=True)
HENDRIX = {
    "sendfile_root": [f"/cabinet/={CABINET_ROOT}"],  # views name a file there, and the server sends it
    "cache": True,  # pages that say how long they are fresh are kept: see /cached/
    "task_workers": int(os.environ.get("SHOWCASE_TASK_WORKERS") or 1),  # see /ear/
}

# What takes long is done by a process of its own, from a queue in the database: see workshop/tasks.py.
TASKS = {"default": {"BACKEND": "hendrix.tasks.backend.TaskBackend"}}
EAR_PAUSE = float(os.environ.get("SHOWCASE_EAR_PAUSE") or 0.05)

LOGIN_URL = "admin:login"

# Beside Django, in the same process: what is heard under /tones/ is a resource of twisted.web,
# and whoever telnets to the counter's port is told what goes on.
HENDRIX_CHILD_RESOURCES = ["workshop.tones.tones"]
COUNTER_PORT = int(os.environ.get("SHOWCASE_COUNTER_PORT") or 8023)
HENDRIX_SERVICES = [("counter", "workshop.counter.service")] if COUNTER_PORT else []

# Django's own default shows errors on the console only with DEBUG; a server's log should have them always.
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "handlers": {"console": {"class": "logging.StreamHandler"}},
    "loggers": {"django": {"handlers": ["console"], "level": "INFO" if DEBUG else "WARNING"}},
}
