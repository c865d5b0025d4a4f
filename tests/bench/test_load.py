"""What wrk says, read."""

import pytest
from bench.load import Load, milliseconds, parse

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
    assert parse(GOOD) == Load(requests=8590, rate=2862.17, p50=22.15, p99=1020.0, errors="")


def test_errors_are_named_and_counted() -> None:
    assert parse(BAD).errors == "12 answers not 2xx or 3xx, 7 read errors, 64 timeout errors"


def test_a_load_that_completed_nothing_is_an_error() -> None:
    text = "  0 requests in 1.00s, 0.00B read\nRequests/sec:      0.00\n"
    assert parse(text) == Load(0, 0.0, 0.0, 0.0, "no request completed")


def test_another_text_is_refused() -> None:
    with pytest.raises(ValueError, match="not a report of wrk"):
        parse("unable to connect to 127.0.0.1:1 Connection refused")
