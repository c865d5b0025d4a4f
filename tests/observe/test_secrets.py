"""No format of the access log writes a secret that a query or a field carries."""

from __future__ import annotations

import pytest

from hendrix.core import redact
from hendrix.observe.brief import brief_line
from hendrix.observe.format import compile_format
from tests.observe.entries import make

SECRET = b"hunter2"
FIELDS = {
    b"authorization": b"Bearer " + SECRET,
    b"cookie": b"sessionid=" + SECRET,
    b"referer": b"https://example.org/?token=" + SECRET,
    b"x-api-key": SECRET,
    b"x-acme-pin": SECRET,
}
FORMATS = [
    "combined",
    "json",
    "%r %q %f %{Referer}i %{Authorization}i %{Cookie}i %{X-Api-Key}i %{Set-Cookie}o",
    "%(r)s %(q)s %(f)s %({authorization}i)s %({cookie}i)s %({set-cookie}o)s %({HTTP_COOKIE}e)s %({RAW_URI}e)s",
    "%q %{Location}o %{X-Acme-Pin}i %{X-Vault-Token}o %{HTTP_X_ACME_PIN}e",
    "%({QUERY_STRING}e)s %({REQUEST_URI}e)s %({HTTP_AUTHORIZATION}e)s %({HTTP_REFERER}e)s",
]


@pytest.mark.parametrize("format", FORMATS)
def test_it_is_not_written(format: str) -> None:
    redact.learn(["X-Acme-*"])
    headers = [("Set-Cookie", "a=hunter2"), ("Location", "/?code=hunter2"), ("X-Vault-Token", "hunter2")]
    entry = make(target=b"/in?page=2&password=" + SECRET, fields=FIELDS, headers=headers)
    line = compile_format(format)(entry)
    redact.learn([])
    assert SECRET.decode() not in line
    assert "page=2&password=***" in line


def test_nor_does_the_line_for_who_develops() -> None:
    line = brief_line(coloured=False)(make(target=b"/in?page=2&password=" + SECRET))
    assert "/in?page=2&password=***" in line


def test_what_was_not_sent_is_not_hidden() -> None:
    assert compile_format("%{Cookie}i %{Set-Cookie}o")(make()).split() == ["-", "-"]
