"""Configurations of other servers become options that ours accepts; what has no match is named, with its line."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

import pytest

from hendrix.cli import sources
from hendrix.cli.main import main
from hendrix.cli.migrate.migration import Migration
from hendrix.cli.migrate.reading import read_any
from hendrix.core.errors import UsageError


def read(tmp_path: Path, name: str, text: str) -> Migration:
    path = tmp_path / name
    path.write_text(text)
    return read_any([str(path)])


def options(migration: Migration) -> dict[str, object]:
    return {each.option: each.value for each in migration.found.values()}


def left(migration: Migration) -> str:
    return "\n".join(f"{each.what} -> {each.advice}" for each in migration.left)


GUNICORN = """
import multiprocessing, os
bind = ["0.0.0.0:8001", "unix:/run/shop.sock"]
workers = multiprocessing.cpu_count() * 2 + 1
threads = 8
timeout = 120
keepalive = 5
worker_class = "gthread"
accesslog = "-"
errorlog = "/var/log/shop.log"
max_requests = int(os.environ.get("MAX", 100))
umask = 0o027
raw_env = ["A=b"]
proxy_protocol = True
wsgi_app = "shop.wsgi:application"
unknown_to_all = 3
def post_fork(server, worker):
    raise SystemExit("this is read, not executed")
"""
NGINX = """
user www-data;
events { worker_connections 1024; }
http {
  gzip on; # and more
  upstream app { server 127.0.0.1:8000; }
  server {
    listen 8080; server_name example.org "www.example.org";
    client_max_body_size 20m;
    keepalive_timeout 1m;
    location /static/ { alias /srv/static/; expires 1y; }
    location /protected/ { internal; alias /srv/files/; }
    location / { proxy_pass http://app; proxy_set_header Host $host; proxy_read_timeout 90s; limit_req zone=${a}b; }
  }
}
"""
SUPERVISORD = """
[supervisord]
nodaemon=true
[program:web]
command=/srv/venv/bin/daphne -b 0.0.0.0 -p 8001 shop.asgi:application
directory=/srv/shop
user=shop ; who
autorestart=true
stopwaitsecs=20
stdout_logfile=/var/log/shop.log
environment=A="b"
[program:celery]
command=celery worker
"""


def test_gunicorns_file_is_read_and_not_executed(tmp_path: Path) -> None:
    migration = read(tmp_path, "gunicorn.conf.py", GUNICORN)
    assert options(migration) == {
        "bind": ["0.0.0.0:8001", "unix:/run/shop.sock"],
        "workers": "auto",
        "threads": 8,
        "timeout": "120s",
        "keep_alive": "5s",
        "access_log": "combined",
        "access_logfile": "-",
        "log": "/var/log/shop.log",
        "umask": "027",
        "proxy_protocol": "on",
    }
    said = left(migration)
    assert "line 11: max_requests = int(os.environ" in said and "is computed" in said
    assert "shop.wsgi:application" in said and "--wsgi shop.wsgi:application" in said
    assert "raw_env" in said and "HENDRIX_SERVICES" in said and "unknown_to_all" not in said


@pytest.mark.parametrize(
    ("line", "wanted"),
    [
        (
            "gunicorn shop.wsgi -w 4 --threads=2 -b 127.0.0.1:9000 --preload -t 30 --access-logfile -",
            {"workers": 4, "threads": 2, "bind": ["127.0.0.1:9000"], "preload": True, "timeout": "30s",
             "access_log": "combined", "access_logfile": "-"},
        ),
        (
            "exec env A=1 gunicorn main:app --bind unix:/run/a.sock --max-requests 100 --max-requests-jitter 10",
            {"wsgi": "main:app", "bind": ["unix:/run/a.sock"], "max_requests": 100, "max_requests_jitter": 10},
        ),
        (
            "uvicorn main:app --host 0.0.0.0 --port 80 --workers 4 --forwarded-allow-ips='*' --timeout-keep-alive 30",
            {"asgi": "main:app", "bind": ["0.0.0.0:80"], "workers": 4, "forwarded_allow_ips": "*",
             "keep_alive": "30s"},
        ),
        ("uvicorn shop.asgi:application --uds /run/u.sock --reload", {"bind": ["unix:/run/u.sock"], "reload": True}),
        ("hypercorn main:app --bind [::1]:8000 -w 2", {"asgi": "main:app", "bind": ["[::1]:8000"], "workers": 2}),
        ("daphne -b :: -p 8001 shop.asgi:application", {"bind": ["[::]:8001"]}),
        ("daphne -e tcp:port=8001:interface=127.0.0.1 shop.asgi:application", {"bind": ["127.0.0.1:8001"]}),
        (r"daphne -e 'ssl:443:privateKey=/k\:1.pem:certKey=/c.pem' shop.asgi:application",
         {"https_port": 443, "key": "/k:1.pem", "cert": "/c.pem"}),
        ("waitress-serve --port=9000 main:app", {"wsgi": "main:app", "bind": ["0.0.0.0:9000"]}),
        ("granian --interface wsgi main:app --port 8002 --workers 2",
         {"wsgi": "main:app", "bind": ["127.0.0.1:8002"], "workers": 2}),
        ("waitress-serve --host=127.0.0.1 --threads=8 main:app",
         {"wsgi": "main:app", "bind": ["127.0.0.1:8080"], "threads": 8}),
        ("cd /srv && python3 -m gunicorn shop.wsgi --workers 3", {"workers": 3}),
        ("python manage.py runserver 0.0.0.0:8000 --settings shop.dev",
         {"dev": True, "bind": ["0.0.0.0:8000"], "settings": "shop.dev"}),
    ],
)  # fmt: skip
def test_command_lines(line: str, wanted: dict[str, object]) -> None:
    found = options(read_any([line]))
    assert {
        name: [value] if name == "bind" and isinstance(value, str) else value for name, value in found.items()
    } == wanted


def test_a_port_of_the_platform() -> None:
    migration = read_any(["gunicorn shop.wsgi --bind 0.0.0.0:$PORT"])
    assert not options(migration) and "PORT in the environment" in left(migration)


def test_a_procfile(tmp_path: Path) -> None:
    text = "# all\nrelease: manage.py migrate\nweb: gunicorn shop.wsgi --workers 3\nworker: celery -A shop worker\n"
    migration = read(tmp_path, "Procfile", text)
    assert options(migration) == {"workers": 3}
    assert "line 2: release" in left(migration) and "line 4: worker" in left(migration)


def test_supervisord(tmp_path: Path) -> None:
    migration = read(tmp_path, "supervisord.conf", SUPERVISORD)
    assert options(migration) == {
        "bind": "0.0.0.0:8001",
        "chdir": "/srv/shop",
        "user": "shop",
        "graceful_timeout": "20s",
        "log": "/var/log/shop.log",
    }
    assert "[program:celery]" in left(migration) and "environment (A)" in left(migration)


def test_nginx(tmp_path: Path) -> None:
    migration = read(tmp_path, "shop.conf", NGINX)
    assert options(migration) == {
        "user": "www-data",
        "compress": "on",
        "http_port": 8080,
        "client_max_body_size": "20MB",
        "keep_alive": "1m",
        "sendfile_root": ["/protected/=/srv/files"],
        "timeout": "90s",
    }
    said = left(migration)
    assert "ALLOWED_HOSTS = ['example.org', 'www.example.org']" in said
    assert "/srv/static/" in said and "limit_req zone=${a}b" in said


@pytest.mark.parametrize(("name", "text"), [
    ("gunicorn.conf.py", GUNICORN), ("shop.conf", NGINX), ("supervisord.conf", SUPERVISORD),
])  # fmt: skip
def test_what_is_printed_is_a_hendrix_toml(tmp_path: Path, name: str, text: str) -> None:
    migration = read(tmp_path, name, text)
    (tmp_path / "hendrix.toml").write_text(migration.toml())
    assert tomllib.loads(migration.toml()) == options(migration)
    assert set(sources.file(tmp_path)) == set(options(migration))


@pytest.mark.parametrize(
    ("name", "text", "sign"),
    [
        ("gunicorn.conf.py", "bind = (\n", "line 1 is not Python"),
        ("a.conf", "server { listen 80 }", "line 1: listen does not end with ;"),
        ("a.conf", "server { listen 80;", "line 1: the block of server is not closed"),
        ("a.conf", "server { } }", "a } closes nothing"),
        ("a.conf", "http { server_tokens off; }", "no server block"),
        ("a.conf", "http " + "{ a " * 50 + "}" * 50, "blocks within more than"),
        ("Procfile", "worker: celery", "no process of it is a server"),
        ("supervisord.conf", "[program:a]\ncommand=celery", "no program of it is a server"),
        ("notes.txt", "Dear diary,\n", "is nothing that can be read"),
    ],
)
def test_what_cannot_be_read(tmp_path: Path, name: str, text: str, sign: str) -> None:
    with pytest.raises(UsageError) as error:
        read(tmp_path, name, text)
    assert sign in str(error.value) and "\n" not in str(error.value)


@pytest.mark.parametrize(
    "redirect",
    [
        "return 301 https://$host$request_uri;",
        "location / { return 301 https://$host$request_uri; }",
        "if ($host = shop.example) { return 301 https://$host$request_uri; } return 404;",  # as certbot writes it
        "rewrite ^ https://$host$request_uri permanent;",
    ],
)
def test_nginx_that_sends_everybody_to_https(tmp_path: Path, redirect: str) -> None:
    """Whoever comes to port 80 must still find somebody there."""
    secure = "server { listen 443 ssl; ssl_certificate /c.pem; ssl_certificate_key /k.pem; }"
    found = read(tmp_path, "nginx.conf", f"server {{ listen 80; {redirect} }}\n{secure}")
    assert options(found) == {
        "http_port": 80, "https_redirect": "on", "https_port": 443, "cert": "/c.pem", "key": "/k.pem",
    }  # fmt: skip


def test_nginx_that_believes_several_proxies(tmp_path: Path) -> None:
    lines = "set_real_ip_from 10.0.0.0/8; set_real_ip_from 192.168.1.1; set_real_ip_from unix:;"
    found = read(tmp_path, "nginx.conf", f"server {{ listen 80; {lines} }}")
    assert options(found)["forwarded_allow_ips"] == "10.0.0.0/8,192.168.1.1,unix"
    assert "forwarded_allow_ips" not in left(found)


def test_a_value_that_is_none_of_ours_is_left_with_its_reason(tmp_path: Path) -> None:
    migration = read(tmp_path, "gunicorn.conf.py", "workers = -3\nthreads = 4\nthreads = 5\n")
    assert options(migration) == {"threads": 5}
    assert "workers = -3" in left(migration) and "line 2: threads = 4" in left(migration)


def test_the_action(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("Procfile").write_text("web: gunicorn shop.wsgi --workers 3\n")
    assert main(["migrate-from", "Procfile"]) == 0
    assert "\nworkers = 3  # line 1: --workers 3\n" in capsys.readouterr().out
    assert main(["migrate-from", "Procfile", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["options"] == {"workers": 3}
    assert main(["migrate-from"]) == 1
    assert main(["migrate-from", "none.conf"]) == 1
    assert capsys.readouterr().err.count("\n") == 2


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("gunicorn.conf.py", 'workers = 2\nraw_env = ["ONE=s3cret",\n  "TWO=s3cret, x=s3cret"]\n'),
        (
            "supervisord.conf",
            '[program:a]\ncommand=gunicorn -e ONE=s3cret\nenvironment=ONE="s3cret",TWO=s3cret\n',
        ),
        ("Procfile", "web: ONE=s3cret gunicorn a.wsgi --env=ONE=s3cret -eTWO=s3cret\n"),
    ],
)
def test_values_of_variables_are_not_for_the_new_file(tmp_path: Path, name: str, text: str) -> None:
    """They may be passwords, and hendrix.toml lies in the repository."""
    migration = read(tmp_path, name, text)
    assert "s3cret" not in migration.toml() + str(migration.facts())
    assert "ONE" in migration.toml() and "TWO" in migration.toml()
