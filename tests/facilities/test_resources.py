"""``hendrix.facilities.resources`` under Twisted itself, as projects of the old Hendrix used it."""

from __future__ import annotations

import importlib
from types import SimpleNamespace
from typing import Any

import pytest
from twisted.web.resource import Resource, getChildForRequest
from twisted.web.static import Data
from twisted.web.test.requesthelper import DummyRequest

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
