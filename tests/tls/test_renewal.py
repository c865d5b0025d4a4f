"""When certificates are renewed: RFC 9773 section 4, and what is ours to decide."""

from dataclasses import replace

import pytest

from hendrix.tls import renewal
from hendrix.tls.record import Record
from hendrix.tls.renewal import AskAdvice, Obtain, Wait, decide

CA = "https://ca.example/dir"
DAY = 86400.0
NOW = 1_000_000_000.0
MONTHS = Record("a.example", server=CA, issued=NOW, expires=NOW + 90 * DAY, identity="k.s")
LOW, MIDDLE, HIGH = (lambda: 0.0), (lambda: 0.5), (lambda: 1.0)


def fresh(dice=LOW, **facts):
    return renewal.obtained(replace(MONTHS, **facts), dice)


# --- what there is ----------------------------------------------------------------------------------------


def test_a_name_without_a_certificate_is_asked_for_at_once():
    assert decide(Record("a.example"), CA, NOW) == Obtain("there is none yet")


def test_a_certificate_of_another_authority_is_replaced_at_once():
    assert decide(fresh(), "https://other.example/dir", NOW) == Obtain("it is from another authority")


def test_without_advice_two_thirds_of_the_lifetime_pass():
    known = fresh()
    due = NOW + 60 * DAY
    assert decide(known, CA, due - 1, advises=False) == Wait(due)
    assert decide(known, CA, due, advises=False) == Obtain("it is due")


@pytest.mark.parametrize("days", [1 / 24, 1, 6, 45, 90, 398])
def test_not_all_renew_at_the_same_moment_and_none_after_two_thirds(days):
    planned = [fresh(dice, expires=NOW + days * DAY).planned - NOW for dice in (LOW, MIDDLE, HIGH)]
    assert planned[0] == pytest.approx(days * DAY * 2 / 3)
    assert planned[0] > planned[1] > planned[2] > days * DAY * 0.6


def test_what_has_expired_is_renewed_and_not_asked_about():
    """RFC 9773 section 4.3: clients MUST NOT check RenewalInfo after the certificate has expired."""
    known = replace(fresh(), not_before=NOW + 100 * DAY)
    assert decide(known, CA, NOW + 91 * DAY) == Wait(NOW + 100 * DAY)
    assert decide(fresh(), CA, NOW + 91 * DAY) == Obtain("it is due")


def test_forced():
    known = renewal.failed(fresh(), "wrong", 0, NOW, LOW)
    assert decide(renewal.forced(known), CA, NOW) == Obtain("it is due")


# --- RFC 9773 section 4.2 ---------------------------------------------------------------------------------

WINDOW = (NOW + 10 * DAY, NOW + 12 * DAY)


def advised(known, window=WINDOW, again_in=3600.0, now=NOW, dice=MIDDLE):
    return renewal.advised(known, window, again_in, now, dice)


def test_the_authority_is_asked_before_anything_else():
    assert decide(fresh(), CA, NOW) == AskAdvice()
    assert decide(fresh(), CA, NOW, advises=False) == Wait(NOW + 60 * DAY)
    assert decide(replace(fresh(), identity=""), CA, NOW) == Wait(NOW + 60 * DAY)


@pytest.mark.parametrize(("dice", "days"), [(LOW, 10), (MIDDLE, 11), (HIGH, 12)])
def test_any_moment_of_the_window_may_be_chosen(dice, days):
    assert advised(fresh(), dice=dice).planned == NOW + days * DAY


def test_a_window_in_the_past_means_at_once():
    """Such as when the authority is about to revoke the certificate."""
    known = advised(fresh(), (NOW - 2 * DAY, NOW - DAY))
    assert decide(known, CA, NOW) == Obtain("it is due")


def test_the_moment_stays_while_it_fits_the_window():
    known = advised(fresh(), dice=HIGH)
    later = advised(known, (NOW + 9 * DAY, NOW + 13 * DAY), dice=LOW)
    assert later.planned == known.planned
    moved = advised(known, (NOW + 1 * DAY, NOW + 2 * DAY), dice=LOW)
    assert moved.planned == NOW + 1 * DAY


@pytest.mark.parametrize("window", [None, (NOW + 2 * DAY, NOW + 2 * DAY), (NOW + 3 * DAY, NOW + 2 * DAY)])
def test_a_window_without_sense_is_as_none(window):
    """RFC 9773 section 4.2: an end that is not after the start is invalid."""
    known = advised(fresh(), window)
    assert known.planned == NOW + 60 * DAY and known.window is None
    assert decide(known, CA, NOW) == Wait(NOW + 6 * 3600)


def test_advice_to_wait_until_it_is_too_late_is_not_taken():
    known = advised(fresh(), (NOW + 200 * DAY, NOW + 201 * DAY))
    assert known.planned == NOW + 81 * DAY


@pytest.mark.parametrize(
    ("told", "kept"), [(0.0, 6 * 3600.0), (1.0, 60.0), (7200.0, 7200.0), (90 * DAY, DAY)], ids=str
)
def test_the_interval_of_questions_is_bounded(told, kept):
    """RFC 9773 section 4.3.2: under a minute is a minute, over a day is a day."""
    assert decide(advised(fresh(), again_in=told), CA, NOW) == Wait(NOW + kept)


def test_an_authority_that_cannot_be_asked_is_asked_later_each_time():
    known, waits = fresh(), []
    for _ in range(12):
        known = renewal.not_advised(known, NOW)
        waits.append(known.ask_at - NOW)
    assert waits[:4] == [60, 120, 240, 480] and waits[-1] == 6 * 3600
    assert known.planned == NOW + 60 * DAY, "and what was planned stays"
    assert advised(known).ask_failures == 0


def test_a_new_certificate_has_a_window_of_its_own():
    assert renewal.obtained(advised(fresh()), LOW).window is None
    assert decide(renewal.obtained(advised(fresh()), LOW), CA, NOW) == AskAdvice()


# --- failures ---------------------------------------------------------------------------------------------


def fail(known, times, dice=LOW, retry_after=0.0):
    waits = []
    for _ in range(times):
        known = renewal.failed(known, "refused", retry_after, NOW, dice)
        waits.append(known.not_before - NOW)
    return known, waits


def test_attempts_are_made_later_each_time():
    known, waits = fail(fresh(), 8)
    assert waits == [60, 240, 960, 3840, 15360, 21600, 21600, 21600]
    assert known.error == "refused" and known.error_at == NOW and known.failures == 8


def test_fewer_than_five_in_an_hour():
    """Let's Encrypt allows five failed validations for a name in an hour."""
    _, waits = fail(Record("a.example"), 8)
    moments, now = [], 0.0
    for wait in [0.0, *waits]:
        now += wait
        moments.append(now)
    assert all(sum(begin <= moment < begin + 3600 for moment in moments) < 5 for begin in moments)


def test_without_any_certificate_there_is_an_attempt_every_hour():
    _, waits = fail(Record("a.example"), 8)
    assert waits[-1] == 3600


def test_a_certificate_of_an_hour_is_not_given_six_of_them():
    _, waits = fail(fresh(expires=NOW + 3600), 8)
    assert max(waits) <= 3600 / 24 + 1


def test_failures_of_many_servers_spread():
    assert fail(fresh(), 3, HIGH)[1] == [75, 300, 1200]


@pytest.mark.parametrize(("told", "kept"), [(1.0, 60.0), (7200.0, 7200.0), (DAY, DAY), (10**9, 8 * DAY)])
def test_the_authority_may_want_a_longer_wait(told, kept):
    """RFC 8555 section 6.6: Retry-After of a rate limit. Not for ever: it is a stranger's number."""
    known, waits = fail(fresh(), 1, retry_after=told)
    assert waits == [kept]
    due = known.planned
    assert decide(replace(known, planned=NOW), CA, NOW, advises=False) == Wait(NOW + kept)
    assert due == NOW + 60 * DAY


def test_success_forgets_failures():
    known = renewal.obtained(fail(fresh(), 3)[0], LOW)
    assert (known.failures, known.not_before, known.error, known.error_at) == (0, 0, "", 0)


def test_what_is_told_of_the_next_renewal():
    assert renewal.next_renewal(fresh(), CA) == NOW + 60 * DAY
    assert renewal.next_renewal(Record("a.example"), CA) == 0
    assert renewal.next_renewal(fail(Record("a.example"), 1)[0], CA) == NOW + 60
