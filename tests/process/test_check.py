"""``hx check`` on projects as ``startproject`` makes them, as nobody should deploy them, and as one should."""

import json
import os
import stat

import pytest

from tests.kit.certificates import authority
from tests.process.hx import actions

ILL = """
DEBUG = False
ALLOWED_HOSTS = []
SESSION_ENGINE = "django.contrib.sessions.backends.cache"
CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
SECURE_PROXY_SSL_HEADER = ("HTTP_X_HOME_MADE", "yes")
STATIC_ROOT = BASE_DIR / "collected"
"""
ILL_VIEWS = """
import threading

from django.core.checks import register

threading.Thread(target=threading.Event().wait, name="poller", daemon=True).start()


@register("security", deploy=True)
def broken(app_configs, **kwargs):
    raise LookupError("a check that fails")
"""
WELL = """
DEBUG = False
ALLOWED_HOSTS = ["example.org"]
SECRET_KEY = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = True
SECURE_HSTS_SECONDS = 31536000
SECURE_SSL_REDIRECT = True
STATIC_ROOT = BASE_DIR / "collected"
STATICFILES_DIRS = [BASE_DIR / "assets"]
STORAGES = {"staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.ManifestStaticFilesStorage"}}
"""
#: These depend on the machine that the tests run on.
OF_THE_MACHINE = {"clock.not-kept", "descriptors.few"}


@pytest.fixture
def hx(project):
    with actions(project) as found:
        yield found


def found(done):
    """Id -> level."""
    return {each["id"]: each["level"] for each in json.loads(done.stdout)["findings"]}


def test_what_startproject_makes_is_no_error_here(project, hx):
    done = hx("check", "--json")
    assert done.returncode == 0
    assert {"debug": "warning", "secret_key": "warning", "django.security.W012": "warning"}.items() <= found(
        done
    ).items()
    assert found(done)["database.absent"] == "warning"
    assert not (project.folder / "db.sqlite3").exists()
    done = hx("check", "--bind", "0.0.0.0:0")
    assert done.returncode == 1
    assert "error: DEBUG is on, and other machines can connect [debug]\n    why: error pages show code" in done.stdout
    assert hx("check", "--dev", "--fail-level", "error").returncode == 0
    done = hx("check", "--bind", "0.0.0.0:0", "-q")
    assert done.returncode == 1
    assert done.stdout.startswith("error: DEBUG is on"), "the findings alone"


def test_what_nobody_should_deploy(project, hx):
    project.add("settings.py", ILL)
    project.add("views.py", ILL_VIEWS)
    done = hx("check", "--json", "-w", "3", "--bind", "0.0.0.0:0")
    assert done.returncode == 1 and "Traceback" not in done.stderr
    expected = {
        "hosts.none": "error",
        "secret_key": "error",
        "sessions": "error",
        "proxy.header": "error",
        "database.absent": "error",
        "static.not-collected": "warning",
        "caches": "warning",
        "sqlite": "warning",
        "threads": "warning",
        "look.checks": "warning",
    }
    assert {name: level for name, level in found(done).items() if name not in OF_THE_MACHINE} == expected
    assert "LookupError: a check that fails" in done.stdout and "django-insecure-" not in done.stdout


def test_what_one_should_deploy_after_a_fix(project, hx):
    project.add("settings.py", WELL)
    (project.folder / "assets").mkdir()
    style = project.folder / "assets" / "style.css"
    style.write_text("a {}")
    authority().issue("localhost").write(project.folder, "site")
    secret = project.folder / "site.key"
    secret.chmod(0o646)
    assert hx("migrate", through=("manage.py",)).returncode == 0
    words = ("check", "--forwarded-allow-ips", "10.0.0.7", "--key", str(secret), "--cert", "site.crt", "--json")
    assert {"key.mode": "warning", "static.not-collected": "error"}.items() <= found(hx(*words)).items()
    assert stat.S_IMODE(secret.stat().st_mode) == 0o646
    done = hx(*words, "--fix")
    assert (done.returncode, done.stderr) == (0, "")
    assert set(found(done)) - OF_THE_MACHINE == set()
    collected, modes = sorted(json.loads(done.stdout)["fixed"], key=lambda line: "collectstatic" not in line)
    assert modes == f"fixed: {secret} has the mode 0640" and stat.S_IMODE(secret.stat().st_mode) == 0o640
    assert "static files copied" in collected and (project.folder / "collected" / "style.css").exists()
    style.write_text("b {}")
    later = (project.folder / "collected" / "style.css").stat().st_mtime + 10
    os.utime(style, (later, later))
    (project.folder / "assets" / "new.css").write_text("c {}")
    (stale,) = [each for each in json.loads(hx(*words).stdout)["findings"] if each["id"] == "static.stale"]
    assert "2 static files" in stale["what"] and "new.css, style.css" in stale["what"]
