"""Things in settings told as text, and found again by it."""

from typing import ClassVar

import pytest

from hendrix.core.config import set_by_django
from hendrix.core.references import described, found
from hendrix.core.values import service


class Thing:
    pass


THING = Thing()


@pytest.mark.parametrize(
    ("value", "texts"),
    [
        ("app.One", ["app.One"]),
        (["app.One", "app.Two"], ["app.One", "app.Two"]),
        ((("one", "app.One"), ["two", "app:Two"]), ["one=app.One", "two=app:Two"]),
        ({"one": "app.One"}, ["one=app.One"]),
        (THING, ["s:P"]),
        ([THING, ("two", THING), ("three", Thing)], ["s:P.0", "two=s:P.1.1", "three=s:P.2.1"]),
        ({"one": THING}, ["one=s:P.one"]),
        ([], []),
    ],
)
def test_entries(value, texts) -> None:
    assert described(value, "s:P") == texts


@pytest.mark.parametrize("value", [[THING], [("a", THING)], {"a": THING}, {"a": [("b", THING)]}])
def test_what_is_told_is_found(value) -> None:
    class Settings:
        P = value

    def last(texts):
        return texts[-1].partition("=")[2] or texts[-1]

    if value == {"a": [("b", THING)]}:
        assert found(Settings, "P.a.0.1") is THING
    else:
        assert found(Settings, last(described(value, "P"))) is THING


def test_in_both_places_of_the_settings() -> None:
    class Settings:
        HENDRIX_SERVICES = (("a", "app.A"), THING)
        HENDRIX: ClassVar = {"services": {"b": THING}, "threads": 3}

    assert set_by_django(Settings) == {
        "HENDRIX_SERVICES": ["a=app.A", "django.conf:settings.HENDRIX_SERVICES.1"],
        "HENDRIX": {"services": ["b=django.conf:settings.HENDRIX.services.b"], "threads": 3},
    }


@pytest.mark.parametrize("text", ["app.One", "app:One", "one=app.One", "one=app.deep:One.two"])
def test_names_of_services(text) -> None:
    assert service(text) == text


@pytest.mark.parametrize("text", ["", "one", "=app.One", "one=", "a b.C", "one=app", "app.py"])
def test_what_names_no_service(text) -> None:
    with pytest.raises(ValueError, match=r"app\.services\.Chat"):
        service(text)
