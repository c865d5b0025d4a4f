"""An authority that signs certificates (RFC 8555): what we say to it and what it shows, in the words of ``order``."""

from __future__ import annotations

import contextlib
import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from acme.client import ClientV2
from acme.errors import ConflictError
from acme.messages import Directory, ExternalAccountBinding, NewRegistration, Registration, RegistrationResource
from cryptography.hazmat.primitives.asymmetric import ec
from josepy.b64 import b64encode
from josepy.errors import Error as JoseError
from josepy.interfaces import JSONDeSerializable
from josepy.jwk import JWKEC

from hendrix.tls.network import AuthorityError, Network, problem_text, translated
from hendrix.tls.order import Authorization, Challenge, Order

_MOST_AUTHORIZATIONS = 100
_MOST_CHALLENGES = 20


@dataclass(frozen=True, slots=True)
class Binding:
    """An account that the authority knows from elsewhere (RFC 8555 section 7.3.4): id, and key in base64url."""

    kid: str
    key: str


@dataclass(frozen=True, slots=True)
class Account:
    """Ours at one authority. ``key`` is a JWK as JSON has it, ``url`` what the authority calls the account."""

    key: dict[str, Any]
    url: str = ""

    def dump(self) -> bytes:
        """As the vault keeps it."""
        return json.dumps({"key": self.key, "url": self.url}).encode()

    @classmethod
    def load(cls, data: bytes) -> Account:
        """The reverse; a new account, which no authority knows yet, where there is nothing to load."""
        try:
            told = json.loads(data)
            _key(told["key"])
            return cls(told["key"], str(told["url"]))
        except (ValueError, KeyError, TypeError, JoseError):
            key = JWKEC(key=ec.generate_private_key(ec.SECP256R1()))
            return cls(key.to_json())


def _key(plain: dict[str, Any]) -> JWKEC:
    key = JWKEC.from_json(plain)
    if not isinstance(key, JWKEC):
        raise ValueError("another kind of key")
    return key


def id_of(server: str) -> str:
    """What files about ``server`` are called."""
    return hashlib.sha256(server.encode()).hexdigest()[:16]


class _Body(JSONDeSerializable):
    """Something to be signed and sent as it is."""

    def __init__(self, plain: dict[str, Any]) -> None:
        self._plain = plain

    def to_partial_json(self) -> dict[str, Any]:
        return self._plain

    @classmethod
    def from_json(cls, jobj: Any) -> _Body:
        return cls(jobj)


class Authority:
    """Talks to it and waits for its answers. Everything raises ``AuthorityError``."""

    def __init__(self, server: str, account: Account, ca_file: str = "") -> None:
        self.server = server
        self.account = account
        self._key = _key(account.key)
        self._network = Network(self._key, ca_file)
        #: Where the terms of service are, that were agreed to by making an account just now.
        self.agreed = ""
        with self._errors():
            self._client = ClientV2(ClientV2.get_directory(server, self._network), self._network)

    @property
    def advises(self) -> bool:
        """Whether it says when certificates should be renewed (RFC 9773)."""
        return "renewalInfo" in self._directory

    @property
    def retry_after(self) -> float:
        """Seconds that its last answer asked us to wait; 0: it did not."""
        return self._network.retry_after

    @property
    def _directory(self) -> Any:
        return self._client.directory.to_partial_json()

    # --- the account --------------------------------------------------------------------------------------

    def sign_in(self, email: str = "", binding: Binding | None = None) -> Account:
        """Use our account; make it where the authority does not know it (RFC 8555 section 7.3)."""
        with self._errors():
            if self.account.url:
                self._be(self.account.url)
            else:
                self._be(self._registered(email, binding))
        return self.account

    def _be(self, url: str) -> None:
        self._network.account = RegistrationResource(body=Registration(), uri=url)
        self.account = Account(self.account.key, url)

    def _registered(self, email: str, binding: Binding | None) -> str:
        if self._client.external_account_required() and binding is None:
            raise AuthorityError(f"{self.server} wants an account that it knows from elsewhere; give --acme-eab FILE")
        contact = (f"mailto:{email}",) if email else ()
        bound = self._bound(binding) if binding else None
        wish = NewRegistration(contact=contact, terms_of_service_agreed=True, external_account_binding=bound)
        try:
            url = str(self._client.new_account(wish).uri)
        except ConflictError as found:  # this key has an account already
            return str(found.location)
        self.agreed = str(self._client.directory["meta"].terms_of_service or "")
        return url

    def _bound(self, binding: Binding) -> dict[str, Any]:
        directory: Directory = self._client.directory
        try:
            return ExternalAccountBinding.from_data(self._key.public_key(), binding.kid, binding.key, directory)
        except ValueError:
            raise AuthorityError(
                "the key in the file of --acme-eab is not base64url; copy it as it was given"
            ) from None

    # --- orders -------------------------------------------------------------------------------------------

    def order(self, name: str, replaces: str = "") -> Order:
        """Ask for a certificate (section 7.4). ``replaces`` is the ``identity`` of the one it is a renewal of."""
        wish: dict[str, Any] = {"identifiers": [{"type": "dns", "value": name}]}
        if replaces and self.advises:
            wish["replaces"] = replaces
        with self._errors():
            response = self._client._post(self._directory["newOrder"], _Body(wish))
            return self._order(response.headers.get("Location", ""), response.json())

    def look(self, order: Order) -> Order:
        """The order as it is now."""
        with self._errors():
            return self._order(order.url, self._get(order.url).json())

    def answer(self, challenge: Challenge) -> None:
        """Have it look for our answer to the challenge (section 7.5.1)."""
        with self._errors():
            self._client._post(challenge.url, _Body({}))

    def finalize(self, order: Order, request: bytes) -> Order:
        """Hand in what is to be signed, in DER."""
        with self._errors():
            wish = {"csr": b64encode(request).decode()}
            url = self._get(order.url).json()["finalize"]
            return self._order(order.url, self._client._post(url, _Body(wish)).json())

    def download(self, url: str) -> bytes:
        """The certificate with its chain, in PEM."""
        with self._errors():
            return bytes(self._get(url).content)

    def proof(self, challenge: Challenge) -> str:
        """The key authorization (section 8.1): what proves that whoever shows it has our account."""
        return f"{challenge.token}.{b64encode(self._key.thumbprint()).decode()}"

    # --- advice -------------------------------------------------------------------------------------------

    def advice(self, identity: str) -> tuple[float, float] | None:
        """When it wants the certificate renewed, as Unix time (RFC 9773 section 4.2). ``None``: it has no opinion."""
        if not self.advises:
            return None
        with self._errors():
            url = f"{self._directory['renewalInfo'].rstrip('/')}/{identity}"
            window = self._network.get(url).json()["suggestedWindow"]
            return _moment(window["start"]), _moment(window["end"])

    # --- reading ------------------------------------------------------------------------------------------

    def _get(self, url: str) -> Any:
        return self._client._post_as_get(url)

    def _order(self, url: str, plain: dict[str, Any]) -> Order:
        addresses = plain["authorizations"][:_MOST_AUTHORIZATIONS]
        # What has been authorized matters only while there is something to do about it.
        known = tuple(self._authorization(one) for one in addresses) if plain["status"] in _OPEN else ()
        error = problem_text(plain.get("error"))
        return Order(url, str(plain["status"]), known, str(plain.get("certificate") or ""), error)

    def _authorization(self, url: str) -> Authorization:
        plain = self._get(url).json()
        challenges = tuple(_challenge(one) for one in plain["challenges"][:_MOST_CHALLENGES])
        name, wildcard = str(plain["identifier"]["value"]), bool(plain.get("wildcard"))
        return Authorization(url, name, str(plain["status"]), challenges, wildcard)

    @contextlib.contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            yield
        except Exception as error:  # the libraries raise whatever theirs do, on bytes of a stranger
            raise translated(error, self.server, self._network.retry_after) from error


_OPEN = ("pending", "invalid")


def _challenge(plain: dict[str, Any]) -> Challenge:
    kind, url, token = str(plain["type"]), str(plain["url"]), str(plain.get("token", ""))
    return Challenge(kind, url, token, str(plain.get("status", "pending")), problem_text(plain.get("error")))


def _moment(text: str) -> float:
    """RFC 3339."""
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError("a moment without a time zone")
    return moment.timestamp()
