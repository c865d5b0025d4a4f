"""Who may ask for what at the admin listener. Pure.

At a unix socket the mode of its file has decided that already; no browser comes there by itself. A port of this
machine is reached by every user of it, so a secret must be told, and by every page that a browser here has open, also
by a name that its owner lets point to this machine (DNS rebinding): so names, origins and what changes anything are
looked at too.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import ipaddress
from dataclasses import dataclass
from urllib.parse import urlsplit

from hendrix.observe.admin.request import Refused, Request

_ASK = {"WWW-Authenticate": 'Basic realm="hendrix", charset="UTF-8", Bearer realm="hendrix"'}
CSRF_FIELD = "x-csrf-token"


@dataclass(frozen=True, slots=True)
class Guard:
    """``token`` is the secret, empty at a unix socket. ``csrf`` is in the pages that this process gives out."""

    token: str
    csrf: str

    def check(self, request: Request, *, is_open: bool, changes: bool) -> None:
        """Raises ``Refused``. ``is_open``: no secret is asked for; ``changes``: it does something."""
        _check_origin(request)
        if not self.token:
            self._check_page(request, changes=changes and _is_of_browser(request))
            return
        bearer = self._bears(request)
        if not bearer:
            _check_host(request)
            if not (is_open or self._knows(request)):
                raise Refused(401, "tell the admin token, as Bearer or as a password", _ASK)
        self._check_page(request, changes=changes and not bearer)

    def _bears(self, request: Request) -> bool:
        scheme, _, told = request.fields.get("authorization", "").partition(" ")
        return scheme.lower() == "bearer" and _same(told.strip(), self.token)

    def _knows(self, request: Request) -> bool:
        """As browsers tell passwords (RFC 7617)."""
        scheme, _, told = request.fields.get("authorization", "").partition(" ")
        if scheme.lower() != "basic":
            return False
        try:
            pair = base64.b64decode(told.strip(), validate=True).decode()
        except (binascii.Error, UnicodeDecodeError):
            return False
        return _same(pair.partition(":")[2], self.token)

    def _check_page(self, request: Request, *, changes: bool) -> None:
        """A browser tells a password by itself, whoever's page asks: what changes anything needs more than that."""
        if changes and not _same(request.fields.get(CSRF_FIELD, ""), self.csrf):
            raise Refused(403, f"{CSRF_FIELD} is not that of the page; load it anew")


def _same(told: str, wanted: str) -> bool:
    return hmac.compare_digest(told.encode("utf-8", "surrogateescape"), wanted.encode())


def _is_of_browser(request: Request) -> bool:
    return "origin" in request.fields or "sec-fetch-site" in request.fields


def _check_origin(request: Request) -> None:
    """Pages of others neither read nor do anything here. A link may lead here."""
    fields = request.fields
    origin = fields.get("origin")
    if origin is not None and urlsplit(origin).netloc.lower() != fields.get("host", "").lower():
        raise Refused(403, "this is for pages of its own")
    follows = request.method == "GET" and fields.get("sec-fetch-mode") == "navigate"
    if fields.get("sec-fetch-site", "none") not in ("none", "same-origin") and not follows:
        raise Refused(403, "this is for pages of its own")


def _check_host(request: Request) -> None:
    """A name that anybody can let point to this machine is none of ours; a number cannot be."""
    host = request.fields.get("host", "")
    try:
        name = urlsplit(f"//{host}").hostname or ""
        if name != "localhost":
            ipaddress.ip_address(name)
    except ValueError:
        raise Refused(421, "this host is not known here; use the IP address") from None
