"""``HENDRIX_CHILD_RESOURCES`` of a real project: named right and wrong, reloaded, in several workers."""

import json
import time

import pytest

from tests.kit.live import until
from tests.process.hx import actions

RESOURCES = """
import os

from twisted.web.resource import Resource

WORD = "first"


class Word(Resource):
    isLeaf = True
    namespace = "words/one"
    asked = 0

    def render_GET(self, request):
        self.asked += 1
        return f"{WORD} {os.getpid()} {self.asked}".encode()


class Nameless(Resource):
    isLeaf = True

    def render_GET(self, request):
        return b"nameless"


class Failing(Resource):
    namespace = "failing"

    def __init__(self):
        raise RuntimeError("it is not to be had")


word = Word()
number = 3
bare = Nameless()
wide = Nameless()
wide.namespace = "/"
odd = Nameless()
odd.namespace = 5
"""


@pytest.fixture
def served(project):
    project.write("resources.py", RESOURCES)
    return project


@pytest.fixture
def hx(served):
    with actions(served) as found:
        yield found


def names(project, text):
    project.add("settings.py", f"HENDRIX_CHILD_RESOURCES = {text}")


def get(server, path):
    with server.client() as client:
        return client.get(path)


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("['site1.resources.Word']", "/words/one"),
        ("['site1.resources:word']", "/words/one"),
        ("'site1.resources.word'", "/words/one"),
        ("('site1.resources.word', ('api', 'site1.resources.bare'))", "/api"),
        ("{'deep/er': 'site1.resources.Word'}", "/deep/er/below"),
        ("[]\nfrom site1.resources import Word\nHENDRIX_CHILD_RESOURCES.append(Word())", "/words/one"),
        ("[]\nHENDRIX = {'resources': ['site1.resources.word']}", "/words/one"),
    ],
)
def test_ways_to_name_them(served, text, path):
    names(served, text)
    with served.serve() as server:
        assert get(server, path).status == 200
        assert get(server, "/hello").body == b"hello"
        assert get(server, "/words").status == 404, "Django's"


def test_the_flag_and_the_file(served):
    (served.folder / "hendrix.toml").write_text('resources = ["site1.resources.word"]\n')
    with served.serve() as server:
        assert get(server, "/words/one").status == 200
    with served.serve("--resources", "api=site1.resources.bare") as server:
        assert get(server, "/api").body == b"nameless"
        assert get(server, "/words/one").status == 404


@pytest.mark.parametrize(
    ("text", "status", "words"),
    [
        ("['site1.resources.missing']", 3, "HENDRIX_CHILD_RESOURCES: site1.resources.missing does not import: Attr"),
        ("['site1.nowhere.missing']", 3, "HENDRIX_CHILD_RESOURCES: site1.nowhere.missing does not import: ModuleNot"),
        ("['site1.resources.Failing']", 3, "site1.resources.Failing does not give its resources: RuntimeError: it is"),
        ("['site1.resources.number']", 3, "HENDRIX_CHILD_RESOURCES: site1.resources.number is int, and must be a res"),
        ("['site1.resources.bare']", 3, "HENDRIX_CHILD_RESOURCES: site1.resources.bare has no namespace; give it one"),
        ("['site1.resources.wide']", 3, "the namespace of the resource site1.resources.wide is '/', which is no pla"),
        ("['site1.resources.odd']", 3, "the namespace of the resource site1.resources.odd is int, and must be str o"),
        ("[3]", 3, "HENDRIX_CHILD_RESOURCES.0 is int, and must be a resource of twisted.web, a class or function tha"),
        ("['nowhere']", 1, "setting HENDRIX_CHILD_RESOURCES: 'nowhere' names no attribute of a module; give (namesp"),
    ],
)
def test_what_is_wrong_is_one_line(served, text, status, words):
    names(served, text)
    ended, said = served.fails()
    lines = said.splitlines()
    assert ended == status, said
    assert lines[-1].startswith("hx: ") and words in lines[-1], said


def test_two_at_one_place(served, hx):
    names(served, "['site1.resources.Word', 'site1.resources.word']")
    done = hx("check")
    assert "resource: /words/one is site1.resources.word" in done.stdout
    assert "warning: site1.resources.Word is not served: site1.resources.word is at /words/one, too" in done.stdout
    assert json.loads(hx("check", "--json").stdout)["resources"] == {"/words/one": "site1.resources.word"}
    with served.serve() as server:
        assert "resource.overridden path=/words/one by=site1.resources.word was=site1.resources.Word" in server.log()


def test_each_worker_has_its_own_tree(served):
    names(served, "['site1.resources.word']")
    with served.serve("-w", "4") as server:
        until(lambda: len(server.workers()) == 4, "the workers")
        seen: dict[str, list[int]] = {}
        deadline = time.monotonic() + 20
        while len(seen) < 2:
            assert time.monotonic() < deadline
            clients = [server.client() for _ in range(16)]
            for client in clients:
                _word, pid, asked = client.get("/words/one").text.split()
                seen.setdefault(pid, []).append(int(asked))
            for client in clients:
                client.close()
    for counts in seen.values():
        assert counts == list(range(1, len(counts) + 1))


def test_a_saved_resource_answers(served):
    names(served, "['site1.resources.word']")
    with served.serve("--dev") as server:
        assert get(server, "/words/one").text.startswith("first ")
        served.write("resources.py", RESOURCES.replace("first", "second"))
        until(lambda: get(server, "/words/one").text.startswith("second "), "the new answer")


def test_a_broken_one_does_not_come_into_service(served):
    names(served, "['site1.resources.word']")
    with served.serve("--dev") as server:
        served.write("resources.py", "oops(")
        server.await_log("SyntaxError")
        assert get(server, "/words/one").text.startswith("first ")
        served.write("resources.py", RESOURCES.replace("first", "third"))
        until(lambda: get(server, "/words/one").text.startswith("third "), "the new answer")


def test_without_preload(served):
    names(served, "['site1.resources.word']")
    with served.serve("--no-preload") as server:
        assert get(server, "/words/one").status == 200


def test_the_page_of_one_that_raises_in_development(served):
    served.add("resources.py", "class Raising(Word):\n    def render_GET(self, request):\n        return 1 / 0\n")
    names(served, "['site1.resources.Raising']")
    with served.serve("--dev") as server:
        answer = get(server, "/words/one")
        assert answer.status == 500
        assert "ZeroDivisionError" in answer.text


STATIC = "hendrix.contrib.resources.static"


@pytest.mark.parametrize("debug", [True, False])
def test_the_statics_of_the_old_hendrix(project, debug):
    """At URLs that the server has no files at by itself, so that it is these that answer."""
    project.add(
        "settings.py",
        f"DEBUG = {debug}\nSTATIC_ROOT, STATIC_URL = BASE_DIR / 'collected', '/files/'\n"
        "MEDIA_ROOT, MEDIA_URL = BASE_DIR / 'uploads', 'uploads/'\n"
        "STATICFILES_DIRS = [BASE_DIR / 'assets']\n"
        f"HENDRIX_CHILD_RESOURCES = ['{STATIC}.DjangoStaticsFinder', ('old', '{STATIC}.DefaultDjangoStaticResource'),"
        f" ('admin-files', '{STATIC}.DjangoAdminStaticResource')]",
    )
    for folder, word in (("collected", "collected"), ("uploads", "uploaded"), ("assets", "found")):
        (project.folder / folder).mkdir()
        (project.folder / folder / "file.txt").write_text(word)
    with project.serve("--bind", "127.0.0.1:0", bind="") as server:
        assert get(server, "/old/file.txt").text == "collected"
        assert get(server, "/admin-files/css/base.css").status == 200
        assert get(server, "/files/file.txt").text == ("found" if debug else "collected")
        assert get(server, "/uploads/file.txt").text == "uploaded"
        assert [get(server, path).status for path in ("/old/", "/old", "/admin-files/css/")] == [403, 302, 403]
        assert get(server, "/old/../site1/settings.py").status == 404
        # What the server itself does not serve is not to be had by these either.
        (project.folder / "uploads/link.txt").symlink_to(project.folder / "settings.py")
        for folder in ("collected", "uploads", "assets"):
            (project.folder / folder / "sub").mkdir()
            for name in (".hidden", "sub/.hidden"):
                (project.folder / folder / name).write_text("hidden")
        hidden = ["/uploads/link.txt"]
        hidden += [
            f"/{place}/{name}" for place in ("uploads", "files", "old") for name in (".hidden", "sub%2f.hidden")
        ]
        assert {get(server, path).status for path in hidden} == {404}


def test_a_resource_below_the_uploads_says_who_may_read_there(served):
    served.add("resources.py", "keeper = Nameless()\nkeeper.namespace = 'uploads/kept'")
    served.add(
        "settings.py",
        "MEDIA_ROOT, MEDIA_URL = BASE_DIR / 'uploads', 'uploads/'\n"
        f"HENDRIX_CHILD_RESOURCES = ['site1.resources.keeper', '{STATIC}.DjangoStaticsFinder']",
    )
    (served.folder / "uploads/kept/sub").mkdir(parents=True)
    for name in ("kept/sub/secret.txt", "open.txt", "kept.txt"):
        (served.folder / "uploads" / name).write_text(name)
    with served.serve("--bind", "127.0.0.1:0", bind="") as server:
        for path in ("kept/sub/secret.txt", "%6bept/sub/secret.txt", "kept/sub/none.txt", "kept/"):
            assert get(server, f"/uploads/{path}").text == "nameless"
        for name in ("open.txt", "kept.txt"):
            answer = get(server, f"/uploads/{name}")
            assert (answer.text, "etag" in answer) == (name, True), "the server's own answer"


@pytest.mark.parametrize(
    ("settings", "name", "words"),
    [
        ("STATIC_ROOT = None", "DefaultDjangoStaticResource", "STATIC_ROOT is not set; set it to the directory"),
        ("STATIC_URL = 'https://cdn.example/s/'", "DjangoAdminStaticResource", "STATIC_URL is no path of this server"),
        ("", "Unknown", "has no attribute 'Unknown'"),
    ],
)
def test_statics_that_cannot_be(project, settings, name, words):
    project.add("settings.py", f"{settings}\nHENDRIX_CHILD_RESOURCES = ['{STATIC}.{name}']")
    status, said = project.fails()
    assert (status, words in said.splitlines()[-1]) == (3, True), said
