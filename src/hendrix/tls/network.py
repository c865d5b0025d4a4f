"""HTTPS to an authority: certbot's ``acme`` library signs, counts nonces and reads errors; answers are bounded here.

What an authority sends is a stranger's: it is read up to a limit of bytes and of time, and asked for by HTTPS only.
"""

from __future__ import annotations

import ssl
import time
from typing import Any

import requests
from acme.client import ClientNetwork
from acme.errors import Error as AcmeError
from acme.messages import Error as Problem
from josepy.jwa import ES256
from josepy.jwk import JWK

from hendrix import __version__
from hendrix.core.dates import parse_http_date

_LARGEST = 1 << 20
_TIMEOUT = 20
"""Seconds that the authority may be silent ..."""
_PATIENCE = 60.0
"""... and that a whole answer may take."""
_CHUNK = 1 << 14
_ATTEMPTS = 10
"""A nonce may be refused for no fault of ours (RFC 8555 section 6.5)."""
_LONGEST_ERROR = 400


class AuthorityError(Exception):
    """One line for a person. ``retry_after``: seconds that the authority wants us to wait, 0 where it does not say.

    ``code`` is the last word of the error's type (RFC 8555 section 6.7), or empty.
    """

    def __init__(self, message: str, retry_after: float = 0.0, code: str = "") -> None:
        super().__init__(" ".join(message.split())[:_LONGEST_ERROR])
        self.retry_after = retry_after
        self.code = code


class Network(ClientNetwork):
    """``retry_after`` is what the last answer said, in seconds; 0: nothing."""

    def __init__(self, key: JWK, ca_file: str = "") -> None:
        # A path may stand for True: requests takes both.
        verify: Any = ca_file or True
        agent = f"hendrix/{__version__}"
        super().__init__(key, alg=ES256, verify_ssl=verify, user_agent=agent, timeout=_TIMEOUT)
        self.session.max_redirects = 3
        self.retry_after = 0.0

    def _send_request(self, method: str, url: str, *args: Any, **kwargs: Any) -> requests.Response:
        if not url.startswith("https://"):  # RFC 8555 section 6.1
            raise AuthorityError(f"the authority names {url[:100]!a}, which is not https; give another --acme-server")
        deadline = time.monotonic() + _PATIENCE
        kwargs |= {"verify": self.verify_ssl, "timeout": self._default_timeout, "stream": True}
        kwargs["headers"] = {"User-Agent": self.user_agent, **kwargs.get("headers", {})}
        # The library reads what is in ``content``, and would read all of it.
        with self.session.request(method, url, *args, **kwargs) as response:
            response._content = _body(response, deadline)
        response.encoding = "utf-8"
        self.retry_after = seconds(response.headers.get("Retry-After", ""), time.time())
        return response

    def post(self, *args: Any, **kwargs: Any) -> requests.Response:
        """Sign and send; a nonce that was refused is replaced."""
        for _ in range(_ATTEMPTS - 1):
            try:
                return self._post_once(*args, **kwargs)
            except Problem as problem:
                if problem.code != "badNonce":
                    raise
        return self._post_once(*args, **kwargs)


def _body(response: requests.Response, deadline: float) -> bytes:
    body = b""
    for piece in response.iter_content(_CHUNK):
        body += piece
        if len(body) > _LARGEST:
            raise AuthorityError(f"the authority sent more than {_LARGEST} bytes")
        if time.monotonic() > deadline:
            raise AuthorityError(f"the authority took more than {_PATIENCE:g} s for an answer")
    return body


def seconds(retry_after: str, now: float) -> float:
    """A ``Retry-After`` (RFC 9110 section 10.2.3) as seconds from ``now``, 0 where it says nothing."""
    if retry_after.isascii() and retry_after.isdigit():
        return float(min(int(retry_after[:12]), 10**9))
    date = parse_http_date(retry_after.encode("latin-1", "replace"), now)
    return max(0.0, date - now) if date is not None else 0.0


# --- what went wrong --------------------------------------------------------------------------------------


def translated(error: Exception, server: str, retry_after: float) -> AuthorityError:
    """An exception of the libraries as one line."""
    if isinstance(error, AuthorityError):
        return error
    if isinstance(error, Problem):
        return AuthorityError(problem_text(error.to_partial_json()), retry_after, error.code or "")
    if isinstance(error, requests.exceptions.SSLError):
        return AuthorityError(f"{server} is not trusted: {_innermost(error)}; give its root by --acme-ca FILE")
    if isinstance(error, requests.exceptions.RequestException):
        return AuthorityError(f"{server} cannot be reached: {_innermost(error)}", retry_after)
    if isinstance(error, AcmeError) and error.args and isinstance(error.args[0], requests.Response):
        return AuthorityError(f"{server} answers {error.args[0].status_code}", retry_after)
    name = type(error).__name__
    return AuthorityError(f"{server} gave an answer that is not ACME ({name}: {str(error)[:200]})", retry_after)


def problem_text(problem: Any) -> str:
    """A problem document (RFC 7807) as one line; empty where it says nothing."""
    if not isinstance(problem, dict):
        return ""
    kind = str(problem.get("type", "")).rpartition(":")[2]
    parts = [str(problem.get("detail") or problem.get("title") or "")]
    nested = problem.get("subproblems")
    if isinstance(nested, list | tuple):
        parts += [_subproblem(one) for one in nested[:5]]
    text = "; ".join(part for part in parts if part)
    return f"{text} ({kind})" if text and kind not in ("", "about") else text or kind


def _subproblem(problem: Any) -> str:
    if not isinstance(problem, dict):
        return ""
    identifier = problem.get("identifier")
    name = str(identifier.get("value", "")) if isinstance(identifier, dict) else ""
    return f"{name}: {problem.get('detail', '')}" if name else str(problem.get("detail", ""))


def _innermost(error: BaseException) -> str:
    """What the system said, at the bottom of what libraries have made of it."""
    seen = error
    while True:
        reason = getattr(seen, "reason", None)
        inner = next((arg for arg in (reason, *seen.args) if isinstance(arg, BaseException)), seen.__cause__)
        if inner is None or inner is seen:
            break
        seen = inner
    if isinstance(seen, ssl.SSLCertVerificationError):
        return seen.verify_message
    if isinstance(seen, OSError) and seen.strerror:
        return seen.strerror.lower()
    text = str(seen) or type(seen).__name__
    return text.rpartition(">: ")[2]
