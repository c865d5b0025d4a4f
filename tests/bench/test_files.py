"""What is asked of servers of files, and how nginx is told of it."""

from pathlib import Path

import pytest

from bench import nginx
from bench.places import HERE
from bench.workloads import BROWSER, WORKLOADS, Answer

SEEN = Answer(200, 10_000, {"etag": '"abc"', "last-modified": "Tue, 24 Nov 2026 20:00:00 GMT"})


def test_a_browser_asks_again_with_the_validators_it_was_given() -> None:
    """RFC 9110 section 13.1."""
    asked = WORKLOADS["static_304"].headers(SEEN)
    assert asked[: len(BROWSER)] == BROWSER
    assert dict(asked[len(BROWSER) :]) == {
        "If-None-Match": '"abc"', "If-Modified-Since": "Tue, 24 Nov 2026 20:00:00 GMT",
    }  # fmt: skip


def test_many_files_have_a_number_in_their_path() -> None:
    many, one = WORKLOADS["static_set"], WORKLOADS["static_10k"]
    assert (many.pattern, many.path) == ("/static/bench/set/{file}.png", "/static/bench/set/0.png")
    assert (one.pattern, one.files, one.visitors) == (one.path, 1, 1)
    assert "{visitor}" in dict(BROWSER)["Cookie"]


def test_a_server_without_validators_is_asked_without_them() -> None:
    assert WORKLOADS["static_304"].headers(Answer(200, 10_000)) == BROWSER


def test_other_workloads_know_nothing_from_before() -> None:
    assert WORKLOADS["static_10k"].headers(SEEN) == ()
    assert WORKLOADS["static_encoded"].headers(SEEN) == BROWSER


@pytest.mark.parametrize(
    ("workload", "answer", "complaint"),
    [
        ("static_10k", SEEN, ""),
        ("static_10k", Answer(200, 9_999), "wrong answer (9999 bytes, not encoded)"),
        ("static_10k", Answer(404, 10_000), "wrong answer (status 404, 10000 bytes)"),
        ("static_304", Answer(304, 0), ""),
        ("static_304", SEEN, "wrong answer (status 200, 10000 bytes)"),
        ("static_304", Answer(304, 5), "wrong answer (5 bytes, not encoded)"),
        ("static_encoded", Answer(200, 8_000, {"content-encoding": "br"}), ""),
        ("static_encoded", Answer(200, 50_000), "wrong answer (50000 bytes, not encoded)"),
        ("json", Answer(200, 1), ""),
        ("json", Answer(200, 0), "wrong answer (0 bytes, not encoded)"),
    ],
)
def test_wrong_answers_are_told(workload: str, answer: Answer, complaint: str) -> None:
    assert WORKLOADS[workload].complaint(answer) == complaint


def test_nginx_is_configured_for_a_port_and_a_folder() -> None:
    text = nginx.configuration((HERE / "nginx.conf").read_text(), 18123, Path("/srv/site"), Path("/srv/scratch"))
    assert "listen 127.0.0.1:18123" in text and "root /srv/site;" in text and "pid /srv/scratch/18123.pid;" in text
    assert "@" not in text
    for setting in ("sendfile on", "open_file_cache max", "access_log off", "worker_processes 1"):
        assert setting in text
