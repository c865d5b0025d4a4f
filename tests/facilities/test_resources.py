"""``hendrix.facilities.resources`` under Twisted itself, as projects of the old Hendrix used it."""

from __future__ import annotations

import importlib
from types import SimpleNamespace
from typing import Any

import pytest
from twisted.web.resource import Resource, getChildForRequest
from twisted.web.static import Data
from twisted.web.test.requesthelper import DummyRequest

from hendrix.contrib.resources.static import Uploads
from hendrix.core.errors import ProjectError
from hendrix.facilities.gather import get_additional_resources
from hendrix.facilities.resources import (
    DevWSGIResource,
    DjangoStaticResource,
    HendrixResource,
    HendrixWSGIResource,
    MediaResource,
    NamedResource,
)

data = Data(b"data", "text/plain")
data.namespace = "data"


class Two:
    def get_resources(self) -> list[Any]:
        return [NamedResource("one"), NamedResource(b"two")]


def asked(path: str) -> DummyRequest:
    return DummyRequest([segment.encode() for segment in path.split("/")])


def found(root: Resource, path: str) -> Any:
    return getChildForRequest(root, asked(path))


def code(resource: Any, path: str) -> int:
    request = asked(path)
    resource.render(request)
    return request.responseCode or 200


def render(resource: Any, request: DummyRequest) -> dict[str, str]:
    """What it says of the content."""
    resource.render(request)
    assert request.responseCode in (None, 200)
    told = {name.decode().lower(): values[0].decode() for name, values in request.responseHeaders.getAllRawHeaders()}
    return {name: value for name, value in told.items() if name.startswith(("content-type", "content-sec", "x-"))}


@pytest.fixture
def root() -> HendrixResource:
    return HendrixResource(None, None, None)


def test_named_children(root) -> None:
    place = NamedResource("/path/to/child/")
    root.putNamedChild(place)
    assert found(root, "path/to/child") is place
    assert isinstance(found(root, "very/wrong"), HendrixWSGIResource)
    assert code(found(root, "path/to/child/unknown"), "x") == 403
    assert code(found(root, "path/to/wrong"), "x") == 404


def test_the_application_gets_the_whole_path(root) -> None:
    request = asked("a/b/c")
    assert getChildForRequest(root, request) is root.wsgi_resource
    assert (request.prepath, request.postpath) == ([], [b"a", b"b", b"c"])


def test_the_later_one_overrides(root) -> None:
    first, second = NamedResource("a/b"), NamedResource(b"a/b")
    root.putNamedChild(first)
    root.putNamedChild(second)
    assert found(root, "a/b") is second


def test_one_below_another(root) -> None:
    above, below = NamedResource("a"), NamedResource("a/b")
    root.putNamedChild(above)
    root.putNamedChild(below)
    assert (found(root, "a"), found(root, "a/b")) == (above, below)


def test_no_namespace(root) -> None:
    with pytest.raises(AttributeError, match="namespace"):
        root.putNamedChild(Resource())


def test_loud(root) -> None:
    assert isinstance(HendrixResource(None, None, None, loud=True).wsgi_resource, DevWSGIResource)
    assert not isinstance(root.wsgi_resource, DevWSGIResource)


def test_children_of_a_named_resource_may_be_named_by_text() -> None:
    place = NamedResource("a")
    place.putChild("child", data)
    assert found(place, "child") is data


def test_media(tmp_path) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "file.txt").write_text("text")
    media = MediaResource(str(tmp_path), namespace=b"statics")
    assert media.namespace == b"statics"
    file = found(media, "sub/file.txt")
    assert isinstance(file, MediaResource) and file.getContent() == b"text"
    assert code(found(media, "sub/"), "sub/") == 403
    assert code(media.directoryListing(), "") == 403
    assert found(media, "none") is media.childNotFound


def test_hidden_files_are_not_there(tmp_path) -> None:
    for name in (".env", ".git/config", ".well-known/security.txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("text")
    media = MediaResource(tmp_path)
    for name in (".env", ".git/config", "..", ".well-known/../.env"):
        assert found(media, name) is media.childNotFound
    assert found(media, ".well-known/security.txt").getContent() == b"text"


def test_nobody_guesses_that_a_file_is_a_page(tmp_path) -> None:
    """Twisted calls what it does not know text/html."""
    (tmp_path / "unheard-of").write_text("<script>alert(1)</script>")
    for method in (b"GET", b"HEAD"):
        request = asked("unheard-of")
        request.method = method
        assert render(found(MediaResource(tmp_path), "unheard-of"), request) == {
            "content-type": "application/octet-stream",
            "x-content-type-options": "nosniff",
        }


def test_uploads_run_nothing_and_no_link_among_them_is_followed(tmp_path) -> None:
    uploads = tmp_path / "uploads"
    (uploads / "sub").mkdir(parents=True)
    (tmp_path / "secret.txt").write_text("secret")
    (uploads / "sub" / "link.txt").symlink_to(tmp_path / "secret.txt")
    (uploads / "up").symlink_to(tmp_path)
    for name in ("sub/page.html", "sub/photo.png"):
        (uploads / name).write_text("uploaded")
    media = Uploads(uploads)
    for name in ("sub/link.txt", "up/secret.txt", "up"):
        assert found(media, name) is media.childNotFound
    page, photo = (asked(name) for name in ("sub/page.html", "sub/photo.png"))
    told = render(found(media, "sub/page.html"), page)
    assert told["content-type"] == "text/html; charset=utf-8" and "sandbox" in told["content-security-policy"]
    assert render(found(media, "sub/photo.png"), photo).keys() == {"content-type", "x-content-type-options"}


def test_the_first_directory_that_has_a_file(root, tmp_path) -> None:
    for name, files in (("override", ["form.css"]), ("base", ["form.css", "main.css"])):
        (tmp_path / name).mkdir()
        for file in files:
            (tmp_path / name / file).write_text(name)
        root.putNamedChild(DjangoStaticResource(tmp_path / name, "/static/css/"))
    assert found(root, "static/css/form.css").getContent() == b"override"
    assert found(root, "static/css/main.css").getContent() == b"base"


def test_django_static_resource(tmp_path) -> None:
    assert DjangoStaticResource(str(tmp_path)).namespace == "static"
    assert DjangoStaticResource(tmp_path, "/my/files/").namespace == "my/files"


def test_gather() -> None:
    own = NamedResource("own")
    settings = SimpleNamespace(HENDRIX_CHILD_RESOURCES=[f"{__name__}.data", f"{__name__}.Two", own])
    resources = get_additional_resources(settings)
    assert [resource.namespace for resource in resources] == ["data", "one", b"two", "own"]
    assert (resources[0], resources[3]) == (data, own)
    assert get_additional_resources(SimpleNamespace()) == []
    with pytest.raises(ProjectError, match="nothing does not import"):
        get_additional_resources(SimpleNamespace(HENDRIX_CHILD_RESOURCES=[f"{__name__}.nothing"]))


@pytest.mark.parametrize("name", ["hendrix.resources", "hendrix.facilities.resources"])
def test_both_names(name) -> None:
    module = importlib.import_module(name)
    assert module.NamedResource is NamedResource
    assert module.DjangoStaticResource is DjangoStaticResource
    assert module.HendrixResource is HendrixResource
    assert module.DevWSGIResource is DevWSGIResource
    assert module.MediaResource is MediaResource
