"""Files before the application: what is served, what it says of itself, and how it follows the disk."""

from __future__ import annotations

import os
import time

import pytest

from hendrix.core.clock import http_date
from tests.answer.files.conftest import WRITTEN

BIG = bytes(i % 253 for i in range(200_000))


def header(exchange, name: str) -> str | None:
    found = [value for key, value in exchange.headers if key.lower() == name.lower()]
    assert len(found) < 2, f"{name} stands twice"
    return found[0] if found else None


# --- what is served, and by whom ------------------------------------------------------------------------------


def test_a_file(stage) -> None:
    stage.write("static/css/a.css", "a { }")
    answer = stage.ask("/static/css/a.css?v=1")
    assert answer.status == "200 OK" and answer.body == b"a { }" and answer.finished
    assert header(answer, "Content-Type") == "text/css; charset=utf-8"
    assert header(answer, "Content-Length") == "5"
    assert header(answer, "Last-Modified") == http_date(WRITTEN).decode()
    assert header(answer, "Cache-Control") == "public, max-age=60"
    assert header(answer, "Accept-Ranges") == "bytes"
    assert header(answer, "X-Content-Type-Options") == "nosniff"
    assert header(answer, "Vary") == "Accept-Encoding"
    assert (header(answer, "ETag") or "").startswith('"')
    assert not stage.asked


@pytest.mark.parametrize(
    "target", ["/", "/static", "/static/", "/static/none.css", "/static/css", "/staticx/a.css", "/a"]
)
def test_all_else_is_the_applications(stage, target) -> None:
    stage.write("static/css/a.css")
    assert stage.ask(target).body == b"application"


@pytest.mark.parametrize("size", [0, 1, 65_536, 65_537, 200_000])
def test_files_of_all_sizes(stage, size) -> None:
    stage.write("static/a.bin", BIG[:size])
    for _ in range(2):
        answer = stage.ask("/static/a.bin")
        assert answer.body == BIG[:size] and header(answer, "Content-Length") == str(size)


def test_another_content_of_the_same_size_and_time_has_another_tag(stage) -> None:
    """RFC 9110 section 8.8.1. Builds that can be repeated give all their files one time."""
    for name, color in (("a.css", "red "), ("b.css", "blue"), ("same.css", "red ")):
        stage.write(f"static/{name}", f"a {{ color: {color} }}" * 50)
        stage.write(f"static/{name}.gz", f"coded {color}")
    for accepts in ("identity", "gzip"):
        tags = [header(stage.ask(f"/static/{name}.css", f"Accept-Encoding: {accepts}"), "ETag") for name in "ab"]
        same = header(stage.ask("/static/same.css", f"Accept-Encoding: {accepts}"), "ETag")
        assert tags[0] == same != tags[1]


def test_what_is_coded_as_it_is_stored_says_so(stage) -> None:
    """RFC 9110 section 8.4. Nor is it coded again, whatever is beside it."""
    for name in ("static/a.svgz", "static/a.svgz.br", "media/a.svgz"):
        stage.write(name, b"coded already" if name.endswith("z") else b"again")
    for target in ("/static/a.svgz", "/media/a.svgz"):
        answer = stage.ask(target, "Accept-Encoding: br, gzip")
        assert answer.body == b"coded already" and header(answer, "Content-Encoding") == "gzip"
        assert header(answer, "Content-Type") == "image/svg+xml" and header(answer, "Vary") is None
    assert not stage.disk.squeezed


def test_names_in_other_scripts_and_spellings(stage) -> None:
    stage.write("static/фото (1).jpg", b"photo")
    spelled = "/static/%D1%84%D0%BE%D1%82%D0%BE%20(1).jpg"
    for target in (spelled, spelled.replace("(", "%28"), spelled.replace("%D1", "%d1")):
        assert stage.ask(target).body == b"photo"


def test_one_spelling_is_kept_and_serves_for_all(stage, clock) -> None:
    stage.write("static/a&b.css", "once")
    for target in ("/static/%61%26b.css", "/static/a&b.css", "/static/a%26b.css", "/static/a%26%62.css"):
        assert stage.ask(target).body == b"once"
    assert stage.disk.runs == 1
    stage.write("static/a&b.css", "again")
    clock(2)
    assert stage.ask("/static/%61%26b.css").body == b"again"


@pytest.mark.parametrize(
    "path",
    ["../secret", "..%2fsecret", "%2e%2e/secret", "css/../../secret", "%c0%ae%c0%ae/secret", ".env", "%00", "a\\b"],
)
def test_what_names_no_file_is_the_applications(stage, path) -> None:
    stage.write("secret")
    stage.write("static/.env")
    assert stage.ask(f"/static/{path}").body == b"application"


def test_the_body_of_head_is_not_sent(stage) -> None:
    """RFC 9110 section 9.3.2."""
    stage.write("static/a.css", "a { }")
    answer = stage.ask("/static/a.css", method="HEAD")
    assert answer.body == b"" and header(answer, "Content-Length") == "5"


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS"])
def test_a_file_can_only_be_read(stage, method) -> None:
    """RFC 9110 section 15.5.6: 405 says what is allowed. What is no file is the application's to judge."""
    stage.write("static/a.css")
    answer = stage.ask("/static/a.css", method=method)
    assert answer.status.startswith("405 ") and header(answer, "Allow") == "GET, HEAD"
    assert stage.ask("/static/none", method=method).body == b"application"


def test_a_hashed_name_never_changes(stage) -> None:
    stage.write("static/a.hash.css")
    answer = stage.ask("/static/a.hash.css")
    assert header(answer, "Cache-Control") == "public, max-age=31536000, immutable"


def test_links_in_static_are_followed(stage, tmp_path) -> None:
    """``collectstatic --link`` makes them."""
    source = stage.write("app/a.css", "linked")
    (stage.static / "a.css").symlink_to(source)
    assert stage.ask("/static/a.css").body == b"linked"


def test_what_is_no_regular_file_is_none(stage) -> None:
    os.mkfifo(stage.static / "pipe.css")
    (stage.static / "null.css").symlink_to("/dev/null")
    (stage.static / "broken.css").symlink_to("nowhere")
    for name in ("pipe.css", "null.css", "broken.css"):
        assert stage.ask(f"/static/{name}").body == b"application"


# --- uploads --------------------------------------------------------------------------------------------------


def test_an_upload(stage) -> None:
    stage.write("media/photo.jpg", b"photo")
    answer = stage.ask("/media/photo.jpg")
    assert answer.body == b"photo" and header(answer, "X-Content-Type-Options") == "nosniff"
    assert header(answer, "Content-Security-Policy") is None and header(answer, "Vary") is None


@pytest.mark.parametrize("name", ["a.html", "a.svg", "a.xhtml", "a.xml", "a.js", "a.unheard-of"])
def test_uploads_run_no_scripts(stage, name) -> None:
    stage.write(f"media/{name}", b"<script>alert(1)</script>")
    assert (header(stage.ask(f"/media/{name}"), "Content-Security-Policy") or "").startswith("sandbox; ")


def test_links_among_uploads_are_not_followed(stage) -> None:
    secret = stage.write("secret", b"secret")
    (stage.media / "a.txt").symlink_to(secret)
    (stage.media / "up").symlink_to(secret.parent)
    assert stage.ask("/media/a.txt").body == b"application"
    assert stage.ask("/media/up/secret").body == b"application"


def test_an_upload_replaced_by_a_link_is_not_followed(stage, clock) -> None:
    secret = stage.write("secret", b"secret")
    path = stage.write("media/a.txt", b"upload")
    assert stage.ask("/media/a.txt").body == b"upload"
    path.unlink()
    path.symlink_to(secret)
    clock(2)
    assert stage.ask("/media/a.txt").body == b"application"


def test_compressed_siblings_of_uploads_are_files_of_their_own(stage) -> None:
    """They may be by somebody else."""
    stage.write("media/a.js", b"mine" * 100)
    stage.write("media/a.js.gz", b"yours")
    answer = stage.ask("/media/a.js", "Accept-Encoding: gzip")
    assert answer.body == b"mine" * 100 and header(answer, "Content-Encoding") is None


def test_the_projects_own_urls_come_first(stage) -> None:
    stage.write("media/private/a.pdf")
    stage.claimed = {"/media/private/a.pdf"}
    for target in ("/media/private/a.pdf", "/media/private/%61.pdf", "/media/%70rivate/a.pdf"):
        assert stage.ask(target).body == b"application"


# --- how it follows the disk ----------------------------------------------------------------------------------


def test_a_file_at_hand_is_not_looked_at_for_a_second(stage, clock, monkeypatch) -> None:
    stage.write("static/a.css", "one")
    stage.ask("/static/a.css")
    clock(0.9)
    monkeypatch.setattr(os, "stat", None)
    assert stage.ask("/static/a.css").body == b"one"


@pytest.mark.parametrize("warm", [1.0, 100.0])
def test_a_changed_file(stage, clock, warm) -> None:
    stage.write("static/a.css", "one")
    first = stage.ask("/static/a.css")
    stage.write("static/a.css", "two and more", when=WRITTEN + 5)
    clock(warm)
    second = stage.ask("/static/a.css")
    assert second.body == b"two and more" and header(first, "ETag") != header(second, "ETag")


def test_a_file_replaced_by_rename_with_the_same_size_and_time(stage, clock) -> None:
    stage.write("static/a.css", "one")
    stage.ask("/static/a.css")
    stage.write("static/b.css", "two").rename(stage.static / "a.css")
    clock(1)
    assert stage.ask("/static/a.css").body == b"two"


def test_a_new_file_and_one_that_went(stage, clock) -> None:
    stage.write("static/a.css", "one")
    assert stage.ask("/static/new/b.css").body == b"application"
    stage.ask("/static/a.css")
    (stage.static / "a.css").unlink()
    (stage.static / "new").mkdir()
    (stage.static / "new" / "b.css").write_text("new")
    clock(1)
    assert stage.ask("/static/a.css").body == b"application"
    assert stage.ask("/static/new/b.css").body == b"new"


def test_a_file_written_to_a_moment_ago_is_read_each_time(stage, monkeypatch) -> None:
    """It can be written to again in the same tick, and have the same time and size."""
    moment = stage.write("static/a.css", "one").stat().st_mtime_ns + 10**15
    monkeypatch.setattr("time.time_ns", lambda: moment + 1000)
    for content in ("one", "two"):
        (stage.static / "a.css").write_text(content)
        os.utime(stage.static / "a.css", ns=(moment, moment))
        answer = stage.ask("/static/a.css")
        assert answer.body == content.encode()
        assert (header(answer, "ETag") or "").startswith('W/"')
        assert header(answer, "Cache-Control") == "no-cache"


def test_where_files_are_edited_every_change_is_seen(stage) -> None:
    stage.interval = 0.0
    for number in range(5):
        stage.write("static/a.css", f"{number}", when=WRITTEN + number)
        assert stage.ask("/static/a.css").body == b"%d" % number


def test_a_miss_does_not_ask_the_disk_again_at_once(stage, clock) -> None:
    stage.write("static/a.css")
    stage.ask("/static/none.css")
    runs = stage.disk.runs
    for number in range(10):
        stage.ask(f"/static/none{number}.css")
    assert stage.disk.runs == runs


def test_requests_for_a_file_that_is_being_read_wait_for_it(stage) -> None:
    stage.write("static/a.css", "a")
    stage.disk.held = []
    exchanges = [stage.ask("/static/a.css") for _ in range(5)]
    assert not any(each.started for each in exchanges) and stage.disk.runs == 1
    exchanges[2].gone = True
    stage.disk.release()
    assert [each.body for each in exchanges] == [b"a", b"a", b"", b"a", b"a"]


def test_more_than_can_wait_is_shed(stage) -> None:
    stage.write("static/a.css")
    stage.disk.full = True
    assert stage.ask("/static/a.css").status.startswith("503 ")
    stage.disk.full = False
    assert stage.ask("/static/a.css").status == "200 OK"


def test_a_failure_while_reading_is_answered(stage, monkeypatch) -> None:
    stage.write("static/a.css")
    monkeypatch.setattr("hendrix.answer.static.build", lambda *_: 1 / 0)
    assert stage.ask("/static/a.css").status.startswith("500 ")


def test_memory_is_bounded(stage, clock) -> None:
    stage.memory = 100_000
    for number in range(40):
        stage.write(f"static/{number}.bin", BIG[:10_000])
    stage.touch(stage.static / "0.bin", WRITTEN)
    for number in range(40):
        assert stage.ask(f"/static/{number}.bin").body == BIG[:10_000]
    runs = stage.disk.runs
    stage.ask("/static/39.bin")
    assert stage.disk.runs == runs
    stage.ask("/static/0.bin")
    assert stage.disk.runs == runs + 1


def test_what_nobody_asked_for_in_a_minute_is_let_go(stage, clock) -> None:
    """A deleted file takes its room on the disk for as long as it is open."""
    stage.write("static/a.bin", BIG)
    before = len(os.listdir("/proc/self/fd"))
    stage.ask("/static/a.bin")
    assert len(os.listdir("/proc/self/fd")) == before + 1
    clock(59)
    stage.disk.tick(time.monotonic())
    assert len(os.listdir("/proc/self/fd")) == before + 1
    clock(2)
    stage.disk.tick(time.monotonic())
    assert len(os.listdir("/proc/self/fd")) == before


def test_no_memory_at_all(stage) -> None:
    stage.memory = 0
    stage.write("static/a.css", "a")
    assert [stage.ask("/static/a.css").body for _ in range(3)] == [b"a"] * 3


def test_open_files_are_bounded(stage) -> None:
    stage.memory = 1 << 30
    for number in range(300):
        stage.write(f"static/{number}.bin", BIG[:70_000])
    before = len(os.listdir("/proc/self/fd"))
    for number in range(300):
        exchange = stage.ask(f"/static/{number}.bin")
        del exchange
    assert len(os.listdir("/proc/self/fd")) - before <= 129
