"""What is remembered of a URLconf must be what Django would find in it."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from django.conf.urls.i18n import i18n_patterns
from django.urls import Resolver404, URLResolver, include, path, re_path, register_converter
from django.urls.resolvers import RegexPattern
from django.utils import translation
from django.utils.translation import gettext_lazy

from hendrix.answer.django_handler import has_async_views
from hendrix.answer.routes import Routes


class EvenConverter:
    """Depends on more than the path, for all that anybody knows."""

    regex = "[0-9]+"

    def to_python(self, value: str) -> int:
        if int(value) % 2:
            raise ValueError
        return int(value)

    def to_url(self, value: int) -> str:
        return str(value)


register_converter(EvenConverter, "even")


def view(request: object, **kwargs: object) -> None: ...


def other(request: object) -> None: ...


def resolver(*patterns: object) -> URLResolver:
    return URLResolver(RegexPattern(r"^/"), SimpleNamespace(urlpatterns=list(patterns)))


class Counting(URLResolver):
    """Tells how often it was asked; itself the root, which is not looked at."""

    asked = 0

    def resolve(self, path: str) -> object:
        self.asked += 1
        return super().resolve(path)


def counting(*patterns: object) -> Counting:
    return Counting(RegexPattern(r"^/"), SimpleNamespace(urlpatterns=list(patterns)))


PLAIN = (
    path("", view, name="home"),
    path("a/", view, {"extra": 1}),
    path("b/<int:number>/", view),
    path("shop/", include(([path("all/", view, name="all"), re_path(r"^x$", other)], "shop"), namespace="shop")),
    re_path(r"^old/(\d+)$", view),
    re_path(r"^any", other, name="any"),
)


@pytest.mark.parametrize("target", ["/", "/a/", "/b/7/", "/shop/all/", "/shop/x", "/old/12", "/any", "/anything"])
def test_it_is_what_django_finds_every_time(target) -> None:
    urls, routes = resolver(*PLAIN), Routes()
    expected = urls.resolve(target)
    for _ in range(3):
        found = routes.resolve(urls, target)
        assert (found.func, found.args, found.kwargs) == (expected.func, expected.args, expected.kwargs)
        assert (found.view_name, found.route, found.namespaces) == (
            expected.view_name,
            expected.route,
            expected.namespaces,
        )


@pytest.mark.parametrize("target", ["/nothing", "/b/x/", "/shop/"])
def test_what_is_not_found_is_looked_for_each_time(target) -> None:
    urls, routes = counting(*PLAIN), Routes()
    for count in (1, 2):
        with pytest.raises(Resolver404):
            routes.resolve(urls, target)
        assert urls.asked == count


def test_the_second_time_nobody_is_asked() -> None:
    urls, routes = counting(*PLAIN), Routes()
    for _ in range(5):
        routes.resolve(urls, "/shop/all/")
    assert urls.asked == 1


def test_what_captures_is_asked_for_each_time() -> None:
    urls, routes = counting(*PLAIN), Routes()
    for _ in range(3):
        assert routes.resolve(urls, "/b/7/").kwargs == {"number": 7}
    assert urls.asked == 3


def test_what_a_request_does_to_its_match_is_not_seen_by_the_next() -> None:
    urls, routes = resolver(*PLAIN), Routes()
    for _ in range(2):
        match = routes.resolve(urls, "/")
        assert match.kwargs == {} and not hasattr(match, "mark")
        match.kwargs["tenant"] = 1
        match.mark = True


@pytest.mark.parametrize(
    "pattern",
    [
        path("c/<even:number>/", view),
        path(gettext_lazy("about/"), view),
        re_path(gettext_lazy("^about$"), view),
        *i18n_patterns(path("d/", view)),
        path("e/", include([path("<even:number>/", view)])),
    ],
    ids=["own converter", "translated route", "translated regex", "language prefix", "within"],
)
def test_nothing_is_remembered_where_more_than_the_path_may_count(pattern) -> None:
    urls, routes = counting(pattern, *PLAIN), Routes()
    with translation.override("en"):
        for _ in range(3):
            routes.resolve(urls, "/")
    assert urls.asked == 3


def test_another_urlconf_is_another_matter() -> None:
    routes = Routes()
    assert routes.resolve(resolver(path("", view)), "/").func is view
    assert routes.resolve(resolver(path("", other)), "/").func is other


def test_memory_is_bounded() -> None:
    urls, routes = counting(re_path("^any", view)), Routes()
    for number in range(3000):
        routes.resolve(urls, f"/any{number}")
    assert len(routes._found) == 2000


def test_a_urlconf_that_includes_itself() -> None:
    patterns: list[object] = [path("here", view)]
    patterns.append(path("again/", include((patterns, "self"))))
    root = resolver(*patterns)
    routes = Routes()
    for _ in range(2):
        assert routes.resolve(root, "/again/again/here").func is view
    assert not has_async_views(root)
