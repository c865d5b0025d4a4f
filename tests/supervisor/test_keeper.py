"""Who is presented which keys and certificates, and when: without processes, and time is an argument."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest

from hendrix.core.config import Config
from hendrix.core.control import Credentialed, Presented
from hendrix.core.credentials import Credentials, decode
from hendrix.core.errors import UsageError
from hendrix.core.events import forget, listen
from hendrix.supervisor.keeper import LOOK, Keeper

TAKEN = Credentialed("", True, [{"names": ["x.example"]}])
HALF_A_DAY = 12 * 3600.0


class FakeCrew:
    """Members are their names; what they are sent is read at once, as descriptors are closed behind it."""

    def __init__(self) -> None:
        self.templates: dict[int, str] = {1: "template 1"}
        self.workers: dict[int, str] = {1: "worker 1", 2: "worker 2"}
        self.sent: list[tuple[str, Credentials]] = []

    def send(self, member: str, message: object, fds: tuple[int, ...]) -> None:
        assert message == Presented()
        (fd,) = fds
        self.sent.append((member, decode(os.pread(fd, 1 << 20, 0))))

    def take(self) -> list[tuple[str, Credentials]]:
        sent, self.sent = self.sent, []
        return sent


class Case:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.config = Config(key=(str(folder / "key"),), cert=(str(folder / "cert"),))
        self.crew = FakeCrew()
        self.keeper = Keeper(["typed"], self.crew)  # type: ignore[arg-type]
        self.events: list[str] = []
        self.write("1")

    def write(self, text: str) -> None:
        """New files; nobody here understands them."""
        (self.folder / "key").write_text(f"-----BEGIN PRIVATE KEY-----\n{text}\n")
        (self.folder / "cert").write_text(f"-----BEGIN CERTIFICATE-----\n{text}\n")

    def started(self) -> list[str]:
        """A server whose first template has taken what it was offered. The secrets of tickets."""
        self.keeper.offer(1, self.config, 0.0)
        ((_, offered),) = self.crew.take()
        self.keeper.answered(1, TAKEN, 0)
        self.crew.take()
        return offered.tickets

    def shown(self) -> list[tuple[str, str]]:
        """To whom something was presented, and what."""
        return [(member, found.certificates[0].text.split("\n")[1]) for member, found in self.crew.take()]


@pytest.fixture
def case(tmp_path: Path):
    made = Case(tmp_path)

    def heard(name: str, _level: int, _facts: dict[str, object]) -> None:
        made.events.append(name)

    listen(heard)
    yield made
    forget(heard)


def test_a_template_is_offered_what_the_files_hold(case: Case) -> None:
    case.keeper.offer(1, case.config, 0.0)
    ((member, found),) = case.crew.take()
    assert member == "template 1"
    assert (found.keys[0].text, found.passwords) == ("-----BEGIN PRIVATE KEY-----\n1\n", ["typed"])
    assert [len(secret) for secret in found.tickets] == [160]


def test_without_https_nobody_is_offered_anything(case: Case) -> None:
    case.keeper.offer(1, Config(), 0.0)
    assert case.crew.take() == []
    assert case.keeper.deadline() is None


def test_what_is_refused_at_first_stops_the_start(case: Case) -> None:
    case.keeper.offer(1, case.config, 0.0)
    with pytest.raises(UsageError, match="expired"):
        case.keeper.answered(1, Credentialed("cert expired"), 0)


def test_so_does_what_cannot_be_read(case: Case) -> None:
    (case.folder / "key").unlink()
    with pytest.raises(UsageError, match="key cannot be read: no such file or directory"):
        case.keeper.offer(1, case.config, 0.0)


def test_changed_files_are_offered_when_they_have_settled(case: Case) -> None:
    case.started()
    case.write("2 and more")
    case.keeper.tick(1, LOOK)
    assert case.shown() == [], "perhaps only the one of two is written yet"
    case.keeper.tick(1, 2 * LOOK)
    assert case.shown() == [("template 1", "2 and more")]
    case.keeper.answered(1, TAKEN, 1)
    assert case.shown() == [("worker 1", "2 and more"), ("worker 2", "2 and more")]
    assert case.events == ["certificate.renewed"]


def test_files_that_are_still_written_are_waited_for(case: Case) -> None:
    case.started()
    for number in range(3):
        case.write("x" * (number + 2))
        case.keeper.tick(1, LOOK * (number + 1))
    assert case.shown() == []
    case.keeper.tick(1, LOOK * 4)
    assert case.shown() == [("template 1", "xxxx")]


def test_what_is_refused_later_reaches_no_worker(case: Case) -> None:
    case.started()
    case.write("bad one")
    case.keeper.tick(1, LOOK)
    case.keeper.tick(1, 2 * LOOK)
    case.crew.take()
    case.keeper.answered(1, Credentialed("cert expired", True), 1)
    assert case.shown() == []
    case.keeper.tick(1, 3 * LOOK)
    assert case.shown() == [], "nor is it offered again before it changes"
    assert case.events == ["certificate.refused"]


def test_a_new_template_that_refuses_gets_what_is_good(case: Case) -> None:
    case.started()
    case.write("bad one")
    case.crew.templates[2] = "template 2"
    case.keeper.offer(2, case.config, 1.0)
    assert case.shown() == [("template 2", "bad one")]
    case.keeper.answered(2, Credentialed("cert expired"), 1)
    assert case.shown() == [("template 2", "1")]
    assert case.events == ["certificate.refused"]


def test_what_a_new_template_takes_is_for_those_who_serve_meanwhile_too(case: Case) -> None:
    """Its code may not load, and nobody looks at the files again for that."""
    case.started()
    case.write("2 and more")
    case.crew.templates[2] = "template 2"
    case.keeper.offer(2, case.config, 1.0)
    case.crew.take()
    case.keeper.answered(2, TAKEN, 1)
    assert case.shown() == [("template 1", "2 and more")]
    case.keeper.answered(1, TAKEN, 1)
    assert [member for member, _ in case.shown()] == ["worker 1", "worker 2"]


def test_secrets_of_tickets_change_and_the_last_one_stays(case: Case) -> None:
    (first,) = case.started()
    case.keeper.tick(1, HALF_A_DAY - 1)
    assert case.crew.take() == []
    case.keeper.tick(1, HALF_A_DAY + LOOK)
    ((_, found),) = case.crew.take()
    second, before = found.tickets
    assert before == first != second
    case.keeper.tick(1, 2 * HALF_A_DAY + 2 * LOOK)
    ((_, found),) = case.crew.take()
    assert found.tickets[1:] == [second]
    assert "certificate.renewed" not in case.events


def test_a_successor_goes_on_with_all_of_it(case: Case) -> None:
    secrets = case.started()
    row = case.keeper.bequeath()
    assert row
    (case.folder / "cert").unlink()
    heir = Keeper([], case.crew)  # type: ignore[arg-type]
    heir.inherit({"fds": [os.dup(row["fds"][0])]}, case.config, 50.0)
    heir.offer(1, case.config, 60.0)
    ((_, found),) = case.crew.take()
    assert (found.tickets, found.passwords) == (secrets, ["typed"])
    assert case.events == ["certificate.refused"], "the file is gone, what it held is not"


def test_nothing_to_leave(case: Case) -> None:
    assert case.keeper.bequeath() is None
    case.keeper.inherit(None, case.config, 0.0)
    case.keeper.offer(1, replace(case.config, https_port=1), 0.0)
    assert len(case.crew.take()) == 1
