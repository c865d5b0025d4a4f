"""Errands to the authority: get a certificate, or advice on one.

This is imported in the process of an errand alone: its libraries take 40 MB, and whatever they or the authority do, is
over with that process.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from hendrix.tls import keys
from hendrix.tls import order as steps
from hendrix.tls.authority import Account, Authority, Binding, id_of
from hendrix.tls.errand import Outcome, Terms
from hendrix.tls.hook import HookError
from hendrix.tls.network import AuthorityError
from hendrix.tls.order import Order
from hendrix.tls.proofs import Proofs
from hendrix.tls.record import Record
from hendrix.tls.vault import Vault

PATIENCE = 300.0
"""Seconds for the authority to decide."""
_FIRST_LOOK, _LONGEST_LOOK = 0.25, 5.0
_LONGEST_RETRY = 60.0
_UNKNOWN_ACCOUNT = "accountDoesNotExist"


def obtain(vault: Vault, terms: Terms, record: Record) -> Outcome:
    """Get a certificate for the name of ``record``, and put it into the vault."""
    return _outcome(vault, lambda: _obtained(vault, terms, record))


def advice(vault: Vault, terms: Terms, record: Record) -> Outcome:
    """Ask when the certificate of ``record`` should be renewed."""
    return _outcome(vault, lambda: _advised(vault, terms, record))


def _outcome(vault: Vault, errand: Callable[[], Outcome]) -> Outcome:
    try:
        return errand()
    except AuthorityError as error:
        return Outcome(str(error), error.retry_after)
    except (HookError, ValueError) as error:
        return Outcome(str(error))
    except OSError as error:
        return Outcome(f"{error.filename or vault.path}: {(error.strerror or str(error)).lower()}")


def _advised(vault: Vault, terms: Terms, record: Record) -> Outcome:
    authority = Authority(terms.server, _account(vault, terms), terms.ca_file)
    window = authority.advice(record.identity)
    return Outcome(window=window, retry_after=authority.retry_after)


def _obtained(vault: Vault, terms: Terms, record: Record) -> Outcome:
    known = bool(_account(vault, terms).url)
    authority, order = _ordered(vault, terms, record)
    key = keys.new_key(terms.key)
    proofs = Proofs(vault, terms.hook, terms.spread, time.sleep)
    try:
        kinds = frozenset((steps.DNS if terms.hook else steps.HTTP,))
        chain = _followed(authority, order, proofs, keys.request_for(record.name, key), kinds)
    finally:
        proofs.withdraw()
    vault.write_certificate(record.name, keys.together(record.name, key, chain, time.time()))
    return Outcome(facts=keys.facts(chain), agreed="" if known else authority.terms)


# --- the account ------------------------------------------------------------------------------------------


def _account(vault: Vault, terms: Terms) -> Account:
    return Account.load(vault.read_account(id_of(terms.server)))


def _signed_in(vault: Vault, terms: Terms, *, anew: bool = False) -> Authority:
    """``anew``: the authority has forgotten our account."""
    server = id_of(terms.server)
    with vault.account_lock(server):  # two processes would make two accounts
        account = _account(vault, terms)
        authority = Authority(terms.server, Account(account.key) if anew else account, terms.ca_file)
        signed_in = authority.sign_in(terms.email, Binding(*terms.binding) if terms.binding else None)
        if signed_in != account:
            vault.write_account(server, signed_in.dump())
    return authority


# --- the order --------------------------------------------------------------------------------------------


def _ordered(vault: Vault, terms: Terms, record: Record) -> tuple[Authority, Order]:
    authority = _signed_in(vault, terms)
    replaces = record.identity if record.server == terms.server else ""
    try:
        return authority, _order(authority, record.name, replaces)
    except AuthorityError as error:
        if error.code != _UNKNOWN_ACCOUNT:
            raise
    authority = _signed_in(vault, terms, anew=True)
    return authority, _order(authority, record.name, replaces)


def _order(authority: Authority, name: str, replaces: str) -> Order:
    try:
        return authority.order(name, replaces)
    except AuthorityError as error:
        # RFC 9773 section 5: it was replaced before, or is not known. A new one is wanted all the same.
        if not replaces or error.code in ("rateLimited", _UNKNOWN_ACCOUNT):
            raise
    return authority.order(name)


def _followed(authority: Authority, order: Order, proofs: Proofs, request: bytes, kinds: frozenset[str]) -> bytes:
    """Step by step to the certificate."""
    presented: set[str] = set()
    answered: set[str] = set()
    pause = _pauses(time.monotonic)
    while True:
        match steps.next_step(order, kinds, presented, answered):
            case steps.Present(authorization, challenge):
                proofs.present(authorization, challenge, authority.proof(challenge))
                presented.add(challenge.url)
            case steps.Answer(challenge):
                proofs.settle()
                authority.answer(challenge)
                answered.add(challenge.url)
            case steps.Finalize():
                order = authority.finalize(order, request)
            case steps.Download(url):
                return authority.download(url)
            case steps.Fail(why):
                raise AuthorityError(why)
            case steps.Look():
                pause(authority.retry_after)
                order = authority.look(order)


def _pauses(clock: Callable[[], float]) -> Callable[[float], None]:
    """Sleep between looks: as long as the authority says, or longer each time, until its time is over."""
    usual, deadline = [_FIRST_LOOK], [0.0]

    def pause(retry_after: float) -> None:
        now = clock()
        deadline[0] = deadline[0] or now + PATIENCE
        if now >= deadline[0]:
            raise AuthorityError(f"the authority has not decided within {PATIENCE:g} s")
        time.sleep(min(retry_after or usual[0], _LONGEST_RETRY, deadline[0] - now))
        usual[0] = min(usual[0] * 2, _LONGEST_LOOK)

    return pause
