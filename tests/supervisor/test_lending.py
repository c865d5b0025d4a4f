"""Sockets of services: one for all who ask, kept a while without users, closed then."""

import errno
import os
import socket

import pytest

from hendrix.supervisor.lending import KEPT, MOST, Lending, Place


@pytest.fixture
def lending():
    lending = Lending()
    yield lending
    lending.close()


def place(kind="tcp", host="127.0.0.1"):
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM if kind == "tcp" else socket.SOCK_DGRAM) as sock:
        sock.bind((host, 0))
        return Place(kind, host, sock.getsockname()[1])


def borrow(lending, where, borrower=1, privileged=True):
    return lending.borrow(where, 50, borrower, privileged=privileged)


def open_at(where):
    try:
        socket.create_connection((where.host, where.port), 1).close()
    except ConnectionRefusedError:
        return False
    return True


@pytest.mark.parametrize("kind", ["tcp", "udp"])
def test_all_have_the_same(lending, kind) -> None:
    where = place(kind)
    sock = borrow(lending, where)
    assert borrow(lending, where, 2) is sock
    assert sock.getsockname() == (where.host, where.port)
    assert not sock.getblocking()


def test_given_back_by_the_last_it_is_closed(lending) -> None:
    where = place()
    for borrower in (1, 2):
        borrow(lending, where, borrower)
    lending.give_back(where, 1)
    lending.give_back(where, 3)
    assert open_at(where)
    lending.give_back(where, 2)
    assert not open_at(where)


def test_without_users_it_is_kept_a_while(lending) -> None:
    where = place()
    borrow(lending, where)
    lending.look(10.0, lambda _borrower: False)
    assert lending.deadline() == 10.0 + KEPT
    lending.look(10.0 + KEPT - 0.1, lambda _borrower: False)
    assert open_at(where)
    borrow(lending, where, 2)
    assert lending.deadline() is None
    lending.look(100.0, lambda borrower: borrower == 2)
    assert open_at(where)
    lending.look(101.0, lambda _borrower: False)
    lending.look(101.0 + KEPT, lambda _borrower: False)
    assert not open_at(where)


def test_what_cannot_be_had(lending) -> None:
    where = place()
    with socket.create_server((where.host, where.port)), pytest.raises(OSError) as refused:
        borrow(lending, where)
    assert refused.value.errno == errno.EADDRINUSE
    with pytest.raises(PermissionError):
        borrow(lending, Place("udp", "127.0.0.1", 53), privileged=False)
    with pytest.raises(OSError):
        borrow(lending, Place("tcp", "127.0.0.1", 70000))
    lending.close()
    with pytest.raises(OSError, match="stopping"):
        borrow(lending, where)


def test_not_without_end(lending, monkeypatch) -> None:
    monkeypatch.setattr("hendrix.supervisor.lending._bound", lambda _place, _backlog: socket.socket())
    for port in range(2000, 2000 + MOST):
        borrow(lending, Place("tcp", "127.0.0.1", port))
    with pytest.raises(OSError) as refused:
        borrow(lending, Place("tcp", "127.0.0.1", 9999))
    assert refused.value.errno == errno.EMFILE


def test_a_successor_goes_on(lending) -> None:
    where = place()
    borrow(lending, where, -3)
    (row,) = lending.rows()
    heir = Lending()
    heir.adopt([{**row, "fds": [os.dup(row["fds"][0])]}])
    assert borrow(heir, where, 4).getsockname() == (where.host, where.port)
    heir.look(0.0, lambda borrower: borrower == -3)
    assert heir.deadline() is None
    heir.close()
