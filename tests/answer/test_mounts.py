"""Where resources are: the longest place that a path is below."""

from __future__ import annotations

import pytest

from hendrix.answer.mounts import Mount, Mounts, segments_of
from hendrix.core.errors import ProjectError


def mounts(*places: str) -> Mounts:
    return Mounts(Mount(segments_of(place, place), object(), place) for place in places)


def found(mounted: Mounts, path: bytes) -> str | None:
    mount = mounted.find(path)
    return mount and mount.name


@pytest.mark.parametrize(
    ("path", "place"),
    [
        (b"/a", "a"),
        (b"/a/", "a"),
        (b"/a/x", "a"),
        (b"/a/b", "a"),
        (b"/a/b/c", "a/b/c"),
        (b"/a/b/c/", "a/b/c"),
        (b"/a/b/c/d", "a/b/c"),
        (b"/a/b/cd", "a"),
        (b"/%61/%62/c", "a/b/c"),
        (b"/a%2fb/c", None),
        (b"/x/y/z", "x/y/z"),
        (b"/x/y", None),
        (b"/x", None),
        (b"/x/y/other", None),
        (b"/", None),
        (b"//a", None),
        (b"*", None),
        (b"/ab", None),
    ],
)
def test_the_longest_place_has_a_path(path, place) -> None:
    assert found(mounts("a", "a/b/c", "x/y/z"), path) == place


def test_the_later_one_has_a_place() -> None:
    first, second = (Mount((b"a",), object(), name) for name in ("first", "second"))
    mounted = Mounts([first, second])
    assert found(mounted, b"/a") == "second"
    assert mounted.all == [second]
    assert mounted.overridden == [(first, second)]


def test_one_that_takes_delegates_keeps_its_place() -> None:
    class Files:
        def __init__(self) -> None:
            self.delegates: list[object] = []

        def putDelegate(self, other: object) -> None:
            self.delegates.append(other)

    first, second = Mount((b"a",), Files(), "first"), Mount((b"a",), Files(), "second")
    mounted = Mounts([first, second])
    assert found(mounted, b"/a") == "first"
    assert first.resource.delegates == [second.resource]
    assert mounted.overridden == []


def test_they_are_in_order() -> None:
    assert [mount.path for mount in mounts("b", "a/b", "a").all] == ["/a", "/a/b", "/b"]


@pytest.mark.parametrize("namespace", ["a/b", b"a/b", "/a/b/", b"/a/b"])
def test_namespaces_are_text_or_bytes(namespace) -> None:
    assert segments_of(namespace, "x") == (b"a", b"b")


def test_a_namespace_may_be_any_text() -> None:
    assert segments_of("ä b", "x") == ("ä b".encode(),)


@pytest.mark.parametrize("namespace", ["", "/", b"", "a//b", " ", None, 3])
def test_no_place(namespace) -> None:
    with pytest.raises(ProjectError, match=r"the namespace of the resource project\.feed is"):
        segments_of(namespace, "project.feed")
