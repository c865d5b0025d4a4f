"""Django, for the tests of what handles its requests."""

import atexit
import shutil
import tempfile

import django
from django.conf import settings

#: Django does not close databases that are in memory only.
_folder = tempfile.mkdtemp(prefix="hx-")
atexit.register(shutil.rmtree, _folder, ignore_errors=True)

if not settings.configured:
    settings.configure(
        SECRET_KEY="tests",
        ALLOWED_HOSTS=["*"],
        ROOT_URLCONF="tests.answer.stacks",
        DATABASES={
            "default": {"ENGINE": "django.db.backends.sqlite3", "NAME": f"{_folder}/default", "CONN_MAX_AGE": 60},
            "other": {"ENGINE": "django.db.backends.sqlite3", "NAME": f"{_folder}/other", "CONN_MAX_AGE": 60},
        },
        LOGGING_CONFIG=None,
        TEMPLATES=[{"BACKEND": "django.template.backends.django.DjangoTemplates"}],
    )
    django.setup()
