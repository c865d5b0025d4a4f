"""What wrk says, read."""

import pytest

from bench.load import Load, Reading, Report, Sent, milliseconds, parse

GOOD = """\
Running 3s test @ http://127.0.0.1:18101/hello
  1 threads and 64 connections
  Thread Stats   Avg      Stdev     Max   +/- Stdev
    Latency    22.30ms    1.10ms  31.28ms   88.24%
    Req/Sec     2.87k    81.17     3.01k    72.41%
  Latency Distribution
     50%   22.15ms
     75%   22.71ms
     90%   23.39ms
     99%    1.02s
  8590 requests in 3.00s, 2.35MB read
Requests/sec:   2862.17
Transfer/sec:    801.24KB
sent 1000 64 0 10 20
"""
BAD = GOOD.replace(
    "Requests/sec:",
    "  Socket errors: connect 0, read 7, write 0, timeout 64\n  Non-2xx or 3xx responses: 12\nRequests/sec:",
)


@pytest.mark.parametrize(
    ("text", "expected"), [("381.00us", 0.381), ("1.23ms", 1.23), ("2.01s", 2010.0), ("1.00m", 60_000.0)]
)
def test_durations_are_read_in_milliseconds(text: str, expected: float) -> None:
    assert milliseconds(text) == pytest.approx(expected)


@pytest.mark.parametrize("text", ["", "12", "12 ms", "ms", "3parsecs"])
def test_what_is_no_duration_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not a duration"):
        milliseconds(text)


def test_a_report_without_errors() -> None:
    assert parse(GOOD) == Report(8590, 22.15, 1020.0, "", Sent(10.0, (64, 0, 10, 20)))


def test_errors_are_named_and_counted() -> None:
    assert parse(BAD).errors == "12 answers not 2xx or 3xx, 7 read errors, 64 timeout errors"


def test_a_load_that_completed_nothing_is_an_error() -> None:
    text = "  0 requests in 1.00s, 0.00B read\nRequests/sec:      0.00\nsent 1000 64\n"
    assert parse(text).errors == "no request completed"


def test_another_text_is_refused() -> None:
    with pytest.raises(ValueError, match="not a report of wrk"):
        parse("unable to connect to 127.0.0.1:1 Connection refused")


@pytest.mark.parametrize(
    ("at", "count"), [(9.0, 0), (10.0, 0), (10.005, 32), (10.01, 64), (10.03, 74), (10.035, 84), (10.04, 94), (99, 94)]
)
def test_requests_are_counted_up_to_a_moment(at: float, count: float) -> None:
    assert Sent(10.0, (64, 0, 10, 20)).until(at) == pytest.approx(count)


def load(begin: float, end: float, after: dict[int, int], errors: str = "") -> Load:
    report = Report(94, 1.0, 1.0, errors, Sent(10.0, (64, 0, 10, 20)))
    return Load(report, Reading(begin, {1: 5}), Reading(end, after))


def test_only_requests_of_the_window_count() -> None:
    one = load(10.02, 10.04, {1: 9})
    assert one.requests == pytest.approx(30)
    assert one.seconds == pytest.approx(0.02)
    assert one.errors == ""


def test_a_load_that_is_shorter_than_its_window_does_not_count() -> None:
    assert load(10.02, 10.05, {1: 9}).errors == "the load did not last"
    assert load(9.99, 10.03, {1: 9}).errors == "the load did not last"


def test_a_server_that_lost_a_process_does_not_count() -> None:
    assert load(10.02, 10.04, {2: 9}, "1 read errors").errors == "1 read errors, a process of the server ended"
