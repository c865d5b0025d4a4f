"""Errands to the authority: get a certificate, or advice on one.

This is imported in the process of an errand alone: its libraries take 40 MB, and whatever they or the authority do, is
over with that process.
"""

from __future__ import annotations

import contextlib
import json
import signal
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, replace

from hendrix.tls import keys, record
from hendrix.tls import order as steps
from hendrix.tls.authority import Account, Authority, Binding, id_of
from hendrix.tls.errand import Outcome, Terms, dump
from hendrix.tls.hook import HookError
from hendrix.tls.network import AuthorityError
from hendrix.tls.order import Order
from hendrix.tls.proofs import Proofs, remove_leftovers
from hendrix.tls.record import Record
from hendrix.tls.vault import Vault

PATIENCE = 300.0
"""Seconds for the authority to decide."""
_FIRST_LOOK, _LONGEST_LOOK = 0.25, 5.0
_LONGEST_RETRY = 60.0
_UNKNOWN_ACCOUNT = "accountDoesNotExist"


def obtain(vault: Vault, terms: Terms, known: Record) -> Outcome:
    """Get a certificate for the name of ``known``, and put it into the vault."""
    return _outcome(vault, lambda: _obtained(vault, terms, known))


def advice(vault: Vault, terms: Terms, known: Record) -> Outcome:
    """Ask when the certificate of ``known`` should be renewed."""
    return _outcome(vault, lambda: _advised(vault, terms, known))


def _outcome(vault: Vault, errand: Callable[[], Outcome]) -> Outcome:
    try:
        return errand()
    except AuthorityError as error:
        return Outcome(str(error), error.retry_after)
    except (HookError, ValueError) as error:
        return Outcome(str(error))
    except OSError as error:
        return Outcome(f"{error.filename or vault.path}: {(error.strerror or str(error)).lower()}")


def _advised(vault: Vault, terms: Terms, known: Record) -> Outcome:
    authority = Authority(terms.server, _account(vault, terms), terms.ca_file)
    window = authority.advice(known.identity)
    return Outcome(window=window, retry_after=authority.retry_after)


def _obtained(vault: Vault, terms: Terms, known: Record) -> Outcome:
    remove_leftovers(vault, terms.hook, known.name)
    authority, order = _ordered(vault, terms, known)
    key = keys.new_key(terms.key)
    proofs = Proofs(vault, known.name, terms.hook, terms.spread, time.sleep)
    try:
        kinds = frozenset((steps.DNS if terms.hook else steps.HTTP,))
        chain = _followed(authority, order, proofs, keys.request_for(known.name, key), kinds)
    finally:
        proofs.withdraw()
    facts = keys.facts(chain)
    vault.write_certificate(known.name, keys.together(known.name, key, chain, time.time()))
    # At once: should nobody hear of it any more, the next to care for it knows what it has.
    vault.write_record(replace(known, server=terms.server, **asdict(facts)))
    return Outcome(facts=facts, agreed=authority.agreed)


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


def _ordered(vault: Vault, terms: Terms, known: Record) -> tuple[Authority, Order]:
    authority = _signed_in(vault, terms)
    replaces = known.identity if known.server == terms.server else ""
    try:
        return authority, _order(authority, known.name, replaces)
    except AuthorityError as error:
        if error.code != _UNKNOWN_ACCOUNT:
            raise
    authority = _signed_in(vault, terms, anew=True)
    return authority, _order(authority, known.name, replaces)


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


# --- as a process -----------------------------------------------------------------------------------------


def main() -> None:
    """Do the errand that is told on standard input; say on standard output what came of it."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # and so remove what was put in place
    for signum in (signal.SIGINT, signal.SIGHUP, signal.SIGQUIT, signal.SIGUSR1, signal.SIGUSR2):
        signal.signal(signum, lambda *_: None)  # what a terminal says is for others
    wish = json.loads(sys.stdin.buffer.read())
    plain = wish["terms"]
    binding = tuple(plain["binding"]) if plain["binding"] else None
    terms = Terms(**{**plain, "hook": tuple(plain["hook"]), "binding": binding})
    vault, known = Vault(wish["vault"]), record.load(wish["record"]["name"], json.dumps(wish["record"]).encode())
    outcome = (obtain if wish["what"] == "obtain" else advice)(vault, terms, known)
    with contextlib.suppress(BrokenPipeError):  # nobody waits for it; what it brought is in the vault
        sys.stdout.buffer.write(dump(outcome))
        sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()
