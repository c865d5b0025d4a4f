"""No format of the access log writes a secret that a query or a field carries."""

from __future__ import annotations

import pytest

from hendrix.observe.format import compile_format
from tests.observe.entries import make

SECRET = b"hunter2"
FIELDS = {
    b"authorization": b"Bearer " + SECRET,
    b"cookie": b"sessionid=" + SECRET,
    b"referer": b"https://example.org/?token=" + SECRET,
    b"x-api-key": SECRET,
}
FORMATS = [
    "combined",
    "json",
    "%r %q %f %{Referer}i %{Authorization}i %{Cookie}i %{X-Api-Key}i %{Set-Cookie}o",
    "%(r)s %(q)s %(f)s %({authorization}i)s %({cookie}i)s %({set-cookie}o)s %({HTTP_COOKIE}e)s %({RAW_URI}e)s",
    "%({QUERY_STRING}e)s %({REQUEST_URI}e)s %({HTTP_AUTHORIZATION}e)s %({HTTP_REFERER}e)s",
]


@pytest.mark.parametrize("format", FORMATS)
def test_it_is_not_written(format: str) -> None:
    entry = make(target=b"/in?page=2&password=" + SECRET, fields=FIELDS, headers=[("Set-Cookie", "a=hunter2")])
    line = compile_format(format)(entry)
    assert SECRET.decode() not in line
    assert "page=2&password=***" in line


def test_what_was_not_sent_is_not_hidden() -> None:
    assert compile_format("%{Cookie}i %{Set-Cookie}o")(make()).split() == ["-", "-"]
