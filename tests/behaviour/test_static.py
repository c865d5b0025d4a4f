"""Static files and uploads of a Django project, over a real connection."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

import pytest

from tests.kit.client import Truncated
from tests.kit.live import Server, serve, serve_django, until

LONG_AGO = 1_700_000_000
BIG = hashlib.shake_256(b"big").digest(3_000_000)
SETTINGS = """
import pathlib
HERE = pathlib.Path(__file__).parent
SECRET_KEY = "x"
ALLOWED_HOSTS = ["*"]
ROOT_URLCONF = "myurls"
INSTALLED_APPS = ["django.contrib.staticfiles", "shop"]
MIDDLEWARE = ["myurls.mark"]
STATIC_URL = "static/"
STATIC_ROOT = HERE / "collected"
STATICFILES_DIRS = [HERE / "assets", ("pre", HERE / "prefixed")]
MEDIA_URL = "uploads/"
MEDIA_ROOT = HERE / "uploads"
"""
URLS = """
from django.http import HttpResponse
from django.urls import path, re_path
def view(request, **kwargs):
    return HttpResponse(f"view of {request.path}")
def private(request, name):
    return HttpResponse("private")
def mark(get_response):
    def middleware(request):
        response = get_response(request)
        response["X-Mark"] = "seen"
        return response
    return middleware
urlpatterns = [path("uploads/private/<path:name>", private), re_path("^(?P<rest>.*)$", view)]
"""


class Project:
    def __init__(self, folder: Path, more: str = "") -> None:
        self.folder = folder
        self.write("mysettings.py", SETTINGS + more)
        self.write("myurls.py", URLS)
        self.write("shop/__init__.py", "")
        self.write("shop/static/shop/app.css", "app { }\n" * 100)
        self.write("shop/static/both.css", "of the app")
        self.write("assets/both.css", "of the project")
        self.write("prefixed/a.css", "prefixed")
        self.write("uploads/photo.jpg", "photo")
        self.write("uploads/private/secret.txt", "secret")
        self.write("uploads/page.html", "<script>alert(1)</script>")

    def write(self, name: str, content: str | bytes) -> Path:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        os.utime(path, (LONG_AGO, LONG_AGO))
        return path

    def collect(self, *words: str) -> None:
        command = [sys.executable, "-m", "django", "collectstatic", "--noinput", "--verbosity", "0", *words]
        environ = {**os.environ, "DJANGO_SETTINGS_MODULE": "mysettings", "PYTHONPATH": str(self.folder)}
        subprocess.run(command, cwd=self.folder, env=environ, check=True)

    def serve(self, *options: str) -> Any:
        return serve_django("mysettings", *options, directory=self.folder)


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    made = Project(tmp_path_factory.mktemp("project"))
    made.collect()
    made.write("collected/big.bin", BIG)
    made.write("collected/small.bin", BIG[:10_000])
    made.write("collected/empty.css", "")
    made.write("collected/often.css", "one")
    cut = made.write("collected/cut.bin", "")
    os.truncate(cut, 64_000_000)  # more than any socket buffers
    os.utime(cut, (LONG_AGO, LONG_AGO))
    return made


@pytest.fixture(scope="module")
def server(project: Project) -> Iterator[Server]:
    with project.serve("--no-static-compress") as started:
        yield started


@pytest.fixture
def client(server: Server) -> Iterator[Any]:
    with server.client() as connected:
        yield connected


# --- one connection -------------------------------------------------------------------------------------------


def test_files_and_views_share_a_connection(client) -> None:
    """RFC 9112 section 9.3: whatever the answer is made of, the next one follows it."""
    for _ in range(3):
        assert client.get("/static/both.css").text == "of the project"
        assert client.get("/static/big.bin").body == BIG
        assert client.get("/view").text == "view of /view"
        assert client.request("HEAD", "/static/big.bin")["content-length"] == str(len(BIG))
        assert client.get("/static/empty.css").body == b""
        assert client.get("/static/small.bin", "Range: bytes=-1").body == BIG[9_999:10_000]
        assert client.get("/static/big.bin", "Range: bytes=1000000-2999998").body == BIG[1_000_000:2_999_999]


def test_pipelined_requests_are_answered_in_order(client) -> None:
    """RFC 9112 section 9.3.2."""
    targets = ["/static/small.bin", "/static/big.bin", "/view", "/static/none", "/static/both.css"] * 3
    for target in targets:
        client.begin("GET", target)
    answers = [client.answer() for _ in targets]
    assert [answer.status for answer in answers] == [200] * len(targets)
    assert [len(answer.body) for answer in answers[:2]] == [10_000, len(BIG)]
    assert answers[2].text == "view of /view" and answers[3].text == "view of /static/none"


def test_http_1_0(client) -> None:
    answer = client.request("GET", "/static/both.css", version="1.0")
    assert answer.text == "of the project" and answer["connection"] == "close"
    assert client.closed()


def test_close_is_obeyed_after_a_large_file(client) -> None:
    answer = client.get("/static/big.bin", "Connection: close")
    assert answer.body == BIG and answer["connection"] == "close"
    assert client.closed()


def test_a_post_to_a_file(client) -> None:
    answer = client.request("POST", "/static/both.css", body=b"x" * 1000)
    assert answer.status == 405 and answer["allow"] == "GET, HEAD"


def test_a_slow_reader_gets_all_of_it(server) -> None:
    with server.client(receive_buffer=65536) as slow, server.client() as other:
        slow.begin("GET", "/static/big.bin")
        slow.head()
        assert other.get("/static/both.css").status == 200
        assert slow.exactly(len(BIG)) == BIG


def test_a_peer_that_leaves_in_the_middle(server) -> None:
    for _ in range(5):
        leaving = server.client(receive_buffer=4096)
        leaving.begin("GET", "/static/big.bin")
        leaving.head()
        leaving.close()
    with server.client() as client:
        assert client.get("/static/big.bin").body == BIG


def test_several_parts_of_a_large_file(client) -> None:
    answer = client.get("/static/big.bin", "Range: bytes=0-0,1000000-1999999,-1")
    assert answer.status == 206 and len(answer.body) == int(answer["content-length"])
    assert BIG[1_000_000:2_000_000] in answer.body
    assert client.get("/static/both.css").status == 200


def test_a_file_cut_short_while_it_is_sent_breaks_off(project, server) -> None:
    """RFC 9112 section 8: the peer must not take it for whole."""
    path = project.folder / "collected" / "cut.bin"
    with server.client(receive_buffer=65536) as client:
        client.begin("GET", "/static/cut.bin")
        client.head()
        os.truncate(path, 1000)
        with pytest.raises(Truncated):
            client.exactly(64_000_000)


def test_the_same_head_again_and_again(server, project) -> None:
    """What is answered without asking follows the disk as everything does."""
    with server.client() as client:
        assert len({client.get("/static/often.css").text for _ in range(50)}) == 1
        path = project.write("collected/often.css", "two and more")
        os.utime(path, (LONG_AGO + 9, LONG_AGO + 9))
        until(lambda: client.get("/static/often.css").text == "two and more", "the change to be seen", 5)
        path.unlink()
        until(lambda: client.get("/static/often.css").text.startswith("view of"), "the end to be seen", 5)


# --- what is served -------------------------------------------------------------------------------------------


def test_no_middleware_sees_files(client) -> None:
    assert "x-mark" not in client.get("/static/shop/app.css")
    assert "x-mark" in client.get("/static/none.css")


def test_uploads_and_the_projects_own_urls(client) -> None:
    """A view that takes what is left over is not meant, one for this path is."""
    assert client.get("/uploads/photo.jpg").text == "photo"
    assert client.get("/uploads/private/secret.txt").text == "private"
    assert client.get("/uploads/private/../private/secret.txt").text != "secret"
    assert client.get("/uploads/page.html")["content-security-policy"].startswith("sandbox;")


def test_a_link_among_uploads(project, client) -> None:
    (project.folder / "uploads" / "link").symlink_to(project.folder / "mysettings.py")
    assert client.get("/uploads/link").text == "view of /uploads/link"


def test_a_file_that_was_uploaded_just_now(project, client) -> None:
    (project.folder / "uploads" / "new.txt").write_text("new")
    assert client.get("/uploads/new.txt").text == "new"


# --- where from -----------------------------------------------------------------------------------------------


def test_no_file_is_from_later_than_its_answer(project, client) -> None:
    """RFC 9110 section 8.8.2.1, Last-Modified and Date; a machine that is busy may miss the moment."""

    def told_in_order() -> bool:
        time.sleep(1.03 - time.time() % 1)  # the clock's second has just begun
        (project.folder / "uploads/now.txt").write_text("now")
        answer = client.get("/uploads/now.txt")
        return parsedate_to_datetime(answer["last-modified"]) <= parsedate_to_datetime(answer["date"])

    until(told_in_order)


def test_finders_in_their_order_until_it_is_collected(tmp_path) -> None:
    with Project(tmp_path).serve() as server, server.client() as client:
        assert client.get("/static/both.css").text == "of the project"
        assert client.get("/static/shop/app.css").status == 200
        assert client.get("/static/pre/a.css").text == "prefixed"
        server.await_log("static.not_collected")
        assert not list(tmp_path.rglob("*.br")), "nothing is written among the sources"


def test_with_debug_what_one_edits_is_there_at_once(tmp_path) -> None:
    project = Project(tmp_path, "DEBUG = True")
    with project.serve() as server, server.client() as client:
        for content in ("one", "two"):
            (tmp_path / "assets" / "both.css").write_text(content)
            answer = client.get("/static/both.css")
            assert answer.text == content and answer["cache-control"] == "no-cache"
        (tmp_path / "assets" / "both.css").unlink()
        assert client.get("/static/both.css").text == "of the app"


def test_the_view_that_development_adds_for_uploads_is_not_meant(tmp_path) -> None:
    """``django.conf.urls.static`` serves the same files, without ranges."""
    project = Project(tmp_path, "DEBUG = True")
    added = "from django.conf.urls.static import static\nfrom django.conf import settings\n"
    added += "urlpatterns = static(settings.MEDIA_URL, document_root=settings.MEDIA_ROOT) + urlpatterns\n"
    project.write("myurls.py", URLS + added)
    with project.serve() as server, server.client() as client:
        assert client.get("/uploads/photo.jpg", "Range: bytes=0-1").body == b"ph"


def test_a_django_project_by_its_wsgi_application(tmp_path) -> None:
    project = Project(tmp_path)
    project.write(
        "mywsgi.py",
        "import os\nos.environ['DJANGO_SETTINGS_MODULE'] = 'mysettings'\n"
        "from django.core.wsgi import get_wsgi_application\napplication = get_wsgi_application()\n",
    )
    with serve("mywsgi:application", directory=tmp_path) as server, server.client() as client:
        assert client.get("/static/both.css").text == "of the project"
        assert client.get("/uploads/private/secret.txt").text == "private"


def test_collectstatic_with_links(tmp_path) -> None:
    project = Project(tmp_path)
    project.collect("--link")
    assert (tmp_path / "collected" / "both.css").is_symlink()
    with project.serve() as server, server.client() as client:
        assert client.get("/static/both.css").text == "of the project"


def test_the_manifest_storage(tmp_path) -> None:
    storage = "django.contrib.staticfiles.storage.ManifestStaticFilesStorage"
    project = Project(tmp_path, f"STORAGES = {{'staticfiles': {{'BACKEND': '{storage}'}}}}")
    project.collect()
    (hashed,) = (tmp_path / "collected").glob("both.*.css")
    with project.serve() as server, server.client() as client:
        assert client.get(f"/static/{hashed.name}")["cache-control"] == "public, max-age=31536000, immutable"
        assert client.get("/static/both.css")["cache-control"] == "public, max-age=60"


@pytest.mark.parametrize(
    ("options", "more", "static", "media"),
    [
        (("--no-static",), "", False, True),
        (("--no-media",), "", True, False),
        ((), "STATIC_URL = 'https://cdn.example/static/'", False, True),
        ((), "MEDIA_URL = ''", True, False),
        ((), "MEDIA_ROOT = HERE", True, False),
        ((), "STATIC_ROOT = HERE", True, True),
        (
            (),
            "DATABASES = {'default': {'ENGINE': 'django.db.backends.sqlite3', 'NAME': MEDIA_ROOT / 'db'}}",
            True,
            False,
        ),
        (("--root-path", "/shop"), "", True, True),
        ((), "FORCE_SCRIPT_NAME = '/shop'", True, True),
    ],
)
def test_what_the_settings_say(tmp_path, options, more, static, media) -> None:
    with Project(tmp_path, more).serve(*options) as server, server.client() as client:
        assert (client.get("/static/both.css").text == "of the project") is static
        assert (client.get("/uploads/photo.jpg").text == "photo") is media
        assert "SECRET_KEY" not in client.get("/static/mysettings.py").text
        assert "SECRET_KEY" not in client.get("/uploads/mysettings.py").text


def test_uploads_among_static_files_are_no_static_files(tmp_path) -> None:
    """What is refused of them, or is for a view to decide, must not be had by the other name."""
    project = Project(tmp_path, "MEDIA_URL, MEDIA_ROOT = 'static/up/', STATIC_ROOT / 'up'")
    project.write("myurls.py", URLS.replace("uploads/private", "static/up/private"))
    project.collect()
    for name in ("page.html", "private/secret.txt", "upper.txt"):
        project.write(f"collected/up/{name}", name)
    project.write("collected/upper.txt", "static")
    (tmp_path / "collected/up/link.txt").symlink_to(tmp_path / "mysettings.py")
    with project.serve() as server, server.client() as client:
        assert "sandbox" in client.get("/static/up/page.html")["content-security-policy"]
        assert client.get("/static/up/private/secret.txt").text == "private"
        assert client.get("/static/up/link.txt").text == "view of /static/up/link.txt"
        assert client.get("/static/upper.txt").text == "static"
        assert "static.holds_media" in server.log()


def test_compressed_in_the_background(tmp_path) -> None:
    project = Project(tmp_path)
    project.collect()
    for name in (tmp_path / "collected").rglob("*.css"):
        os.utime(name, (LONG_AGO, LONG_AGO))
    with project.serve() as server, server.client() as client:
        plain = client.get("/static/shop/app.css", "Accept-Encoding: br")

        def coded() -> bool:
            return client.get("/static/shop/app.css", "Accept-Encoding: br").all("content-encoding") == ["br"]

        until(coded, "the file to be compressed")
        assert plain.text == "app { }\n" * 100
        assert (tmp_path / "collected" / "shop" / "app.css.zst").exists()


@pytest.mark.parametrize("collected", [True, False])
def test_hx_check_says_where_files_are_from(tmp_path, collected) -> None:
    project = Project(tmp_path)
    if collected:
        project.collect()
    command = [sys.executable, "-m", "hendrix", "check", "--settings", "mysettings", "--pythonpath", ".", "--json"]
    files = json.loads(subprocess.run(command, cwd=tmp_path, capture_output=True).stdout)["files"]
    assert files["/uploads/"].startswith(f"{tmp_path}/uploads ")
    said = f"{tmp_path}/collected (3 files)" if collected else "the apps and STATICFILES_DIRS, as there is nothing in"
    assert files["/static/"].startswith(said)
