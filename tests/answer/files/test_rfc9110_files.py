"""RFC 9110, sections 12 to 15, as a file obeys them."""

from __future__ import annotations

import email
import email.policy
import os

import pytest

from hendrix.answer.files.place import SIBLINGS
from hendrix.answer.files.squeeze import coders
from hendrix.core.clock import http_date
from tests.answer.files.conftest import WRITTEN
from tests.answer.files.test_static import BIG, header

SMALL_FILE = BIG[:1000]
IN_BOTH = pytest.mark.parametrize("content", [SMALL_FILE, BIG], ids=["from memory", "from the disk"])


def put_after(stage, name: str, content: bytes, other: str) -> None:
    """Write the file ``name`` so that its inode changed after that of ``other``, and its content long before."""
    stage.write(name, content, when=WRITTEN - 100)
    base = stage.static.parent
    while (base / name).stat().st_ctime_ns <= (base / other).stat().st_ctime_ns:
        stage.touch(base / name, WRITTEN - 100)


class Test_12_5_3_AcceptEncoding:
    @pytest.fixture(autouse=True)
    def files(self, stage) -> None:
        stage.write("static/a.css", b"plain" * 100)
        stage.write("static/a.css.gz", b"gzip", when=WRITTEN + 1)
        stage.write("static/a.css.br", b"br", when=WRITTEN + 1)
        stage.write("static/a.css.zst", b"zstd", when=WRITTEN + 1)
        os.utime(stage.static, (WRITTEN, WRITTEN))

    @pytest.mark.parametrize(
        ("accept", "coding"),
        [
            ("gzip, deflate, br, zstd", "br"),
            ("gzip, deflate", "gzip"),
            ("zstd", "zstd"),
            ("gzip;q=1, br;q=0.5", "gzip"),
            ("br;q=0, gzip", "gzip"),
            ("br;q=0, gzip;q=0, zstd;q=0", None),
            ("*", "br"),
            ("identity", None),
            ("identity;q=0", None),
            ("GZIP", "gzip"),
            ("x-gzip", "gzip"),
            ("gzip;q=0.000", None),
            ("notgzip", None),
            ("", None),
        ],
    )
    def test_what_is_sent(self, stage, accept, coding) -> None:
        answer = stage.ask("/static/a.css", f"Accept-Encoding: {accept}")
        assert header(answer, "Content-Encoding") == coding
        assert answer.body == (coding.encode() if coding else b"plain" * 100)
        assert header(answer, "Vary") == "Accept-Encoding"
        assert header(answer, "Content-Type") == "text/css; charset=utf-8"

    def test_nothing_is_said_of_codings(self, stage) -> None:
        assert header(stage.ask("/static/a.css"), "Content-Encoding") is None

    def test_each_coding_has_a_tag_of_its_own(self, stage) -> None:
        tags = {
            header(stage.ask("/static/a.css", f"Accept-Encoding: {coding}"), "ETag")
            for coding in ("identity", "gzip", "br", "zstd")
        }
        assert len(tags) == 4

    def test_a_tag_is_compared_with_that_of_the_coding_that_would_be_sent(self, stage) -> None:
        tag = header(stage.ask("/static/a.css", "Accept-Encoding: br"), "ETag")
        same = stage.ask("/static/a.css", "Accept-Encoding: br", f"If-None-Match: {tag}")
        assert same.status == "304 Not Modified" and header(same, "Vary") == "Accept-Encoding"
        assert stage.ask("/static/a.css", "Accept-Encoding: gzip", f"If-None-Match: {tag}").status == "200 OK"

    def test_an_older_sibling_is_of_something_else(self, stage, clock) -> None:
        stage.write("static/a.css", b"newer" * 100, when=WRITTEN + 10)
        answer = stage.ask("/static/a.css", "Accept-Encoding: gzip, br")
        assert answer.body == b"newer" * 100 and header(answer, "Vary") == "Accept-Encoding"

    def test_nor_is_a_newer_one_of_an_older_file_that_came_back(self, stage, clock) -> None:
        """As by ``rsync -a``, which keeps its time."""
        assert stage.ask("/static/a.css", "Accept-Encoding: br").body == b"br"
        put_after(stage, "static/a.css", b"older" * 100, "static/a.css.br")
        clock(1)
        answer = stage.ask("/static/a.css", "Accept-Encoding: gzip, br, zstd")
        assert answer.body == b"older" * 100 and header(answer, "Content-Encoding") is None

    @pytest.mark.parametrize("coding", ["gzip", "br", "zstd"])
    def test_one_that_was_put_there_before_its_file_is_looked_into(self, stage, coding) -> None:
        """Trees are copied in any order."""
        content = b"the same " * 100
        end = SIBLINGS[coding]
        sibling = stage.write(f"static/c.css{end}", coders()[coding](content), when=WRITTEN)
        put_after(stage, "static/c.css", content, f"static/c.css{end}")
        answer = stage.ask("/static/c.css", f"Accept-Encoding: {coding}")
        assert header(answer, "Content-Encoding") == coding and answer.body == sibling.read_bytes()

    def test_a_sibling_that_comes_or_goes_is_seen(self, stage, clock) -> None:
        assert stage.ask("/static/a.css", "Accept-Encoding: br").body == b"br"
        (stage.static / "a.css.br").unlink()
        clock(1)
        assert stage.ask("/static/a.css", "Accept-Encoding: br, gzip").body == b"gzip"
        stage.write("static/a.css.br", b"br2", when=WRITTEN + 3)
        clock(1)
        assert stage.ask("/static/a.css", "Accept-Encoding: br, gzip").body == b"br2"

    def test_a_sibling_that_is_larger_helps_nobody(self, stage) -> None:
        stage.write("static/b.css", b"x")
        stage.write("static/b.css.gz", b"larger", when=WRITTEN + 1)
        assert stage.ask("/static/b.css", "Accept-Encoding: gzip").body == b"x"

    def test_a_range_is_of_the_coding_that_is_sent(self, stage) -> None:
        answer = stage.ask("/static/a.css", "Accept-Encoding: zstd", "Range: bytes=1-2")
        assert answer.body == b"st" and header(answer, "Content-Range") == "bytes 1-2/4"
        assert header(answer, "Content-Encoding") == "zstd"

    def test_a_sibling_is_a_file_too(self, stage) -> None:
        answer = stage.ask("/static/a.css.gz", "Accept-Encoding: gzip")
        assert header(answer, "Content-Type") == "application/gzip" and header(answer, "Content-Encoding") is None

    def test_without_siblings_they_are_asked_for_once(self, stage) -> None:
        stage.write("static/b.css", b"x" * 5000)
        for _ in range(3):
            stage.ask("/static/b.css", "Accept-Encoding: gzip")
        assert stage.disk.squeezed == ["b.css"]


class Test_13_ConditionalRequests:
    @pytest.fixture
    def tag(self, stage) -> str:
        stage.write("static/a.png", SMALL_FILE)
        return header(stage.ask("/static/a.png"), "ETag") or ""

    def status(self, stage, *lines: str, method: str = "GET") -> str:
        return stage.ask("/static/a.png", *lines, method=method).status[:3]

    def test_13_1_2_if_none_match(self, stage, tag) -> None:
        for value in (tag, f'"x", {tag}', f"W/{tag}", f'"x",W/{tag} , "y"', "*"):
            assert self.status(stage, f"If-None-Match: {value}") == "304"
            assert self.status(stage, f"If-None-Match: {value}", method="HEAD") == "304"
        for value in ('"x"', tag.strip('"'), 'W/"x", "y"'):
            assert self.status(stage, f"If-None-Match: {value}") == "200"

    def test_15_4_5_what_a_304_says(self, stage, tag) -> None:
        answer = stage.ask("/static/a.png", f"If-None-Match: {tag}")
        assert answer.body == b"" and header(answer, "ETag") == tag
        assert header(answer, "Cache-Control") == "public, max-age=60"
        assert header(answer, "Content-Length") is None and header(answer, "Content-Type") is None

    def test_13_1_3_if_modified_since(self, stage, tag) -> None:
        assert self.status(stage, f"If-Modified-Since: {http_date(WRITTEN).decode()}") == "304"
        assert self.status(stage, f"If-Modified-Since: {http_date(WRITTEN - 1).decode()}") == "200"
        assert self.status(stage, f"If-Modified-Since: {http_date(WRITTEN).decode()}", 'If-None-Match: "x"') == "200"

    def test_13_1_1_if_match(self, stage, tag) -> None:
        assert self.status(stage, f"If-Match: {tag}") == "200"
        assert self.status(stage, 'If-Match: "x"') == "412"
        assert self.status(stage, f"If-Match: W/{tag}") == "412"
        assert self.status(stage, "If-Match: *") == "200"

    def test_13_1_4_if_unmodified_since(self, stage, tag) -> None:
        assert self.status(stage, f"If-Unmodified-Since: {http_date(WRITTEN).decode()}") == "200"
        assert self.status(stage, f"If-Unmodified-Since: {http_date(WRITTEN - 1).decode()}") == "412"

    def test_13_2_1_not_for_what_would_fail_anyhow(self, stage, tag) -> None:
        assert self.status(stage, "If-None-Match: *", method="POST") == "405"


@IN_BOTH
class Test_14_RangeRequests:
    @pytest.fixture(autouse=True)
    def file(self, stage, content) -> None:
        stage.write("static/a.mp4", content)

    @pytest.mark.parametrize(("spec", "at", "count"), [("0-0", 0, 1), ("10-19", 10, 10), ("5-5", 5, 1)])
    def test_14_1_2_a_part(self, stage, content, spec, at, count) -> None:
        answer = stage.ask("/static/a.mp4", f"Range: bytes={spec}")
        assert answer.status == "206 Partial Content" and answer.body == content[at : at + count]
        assert header(answer, "Content-Range") == f"bytes {at}-{at + count - 1}/{len(content)}"
        assert header(answer, "Content-Length") == str(count)
        assert header(answer, "Content-Type") == "video/mp4" and header(answer, "ETag")

    def test_14_1_2_the_last_bytes(self, stage, content) -> None:
        assert stage.ask("/static/a.mp4", "Range: bytes=-1").body == content[-1:]
        assert stage.ask("/static/a.mp4", "Range: bytes=-7").body == content[-7:]
        assert stage.ask("/static/a.mp4", f"Range: bytes=-{10**9}").body == content
        assert stage.ask("/static/a.mp4", f"Range: bytes={len(content) - 2}-").body == content[-2:]

    def test_15_5_17_nothing_of_it_is_there(self, stage, content) -> None:
        answer = stage.ask("/static/a.mp4", f"Range: bytes={len(content)}-")
        assert answer.status.startswith("416 ") and header(answer, "Content-Range") == f"bytes */{len(content)}"

    @pytest.mark.parametrize("value", ["bytes=1-0", "bytes=x", "lines=0-1", "bytes=" + "0-0," * 100 + "1-1"])
    def test_14_2_what_is_ignored(self, stage, content, value) -> None:
        answer = stage.ask("/static/a.mp4", f"Range: {value}")
        assert answer.status == "200 OK" and answer.body == content

    def test_14_2_only_for_get(self, stage, content) -> None:
        answer = stage.ask("/static/a.mp4", "Range: bytes=0-0", method="HEAD")
        assert answer.status == "200 OK" and header(answer, "Content-Length") == str(len(content))

    def test_14_6_several_parts(self, stage, content) -> None:
        answer = stage.ask("/static/a.mp4", "Range: bytes=-2,0-0,300-309")
        assert answer.status == "206 Partial Content" and header(answer, "Content-Range") is None
        assert header(answer, "Content-Length") == str(len(answer.body)) and answer.finished
        head = f"Content-Type: {header(answer, 'Content-Type')}\r\n\r\n".encode()
        message = email.message_from_bytes(head + answer.body, policy=email.policy.HTTP)
        size = len(content)
        assert message.get_content_type() == "multipart/byteranges"
        assert [part["Content-Range"] for part in message.iter_parts()] == [
            f"bytes {size - 2}-{size - 1}/{size}",
            f"bytes 0-0/{size}",
            f"bytes 300-309/{size}",
        ]
        assert all(part["Content-Type"] == "video/mp4" for part in message.iter_parts())
        for piece in (content[-2:], content[:1], content[300:310]):
            assert b"\r\n\r\n" + piece + b"\r\n--" in answer.body

    def test_13_1_5_if_range(self, stage, content) -> None:
        tag = header(stage.ask("/static/a.mp4"), "ETag")
        for value, status in ((tag, "206"), ('"x"', "200"), (f"W/{tag}", "200"), (http_date(WRITTEN).decode(), "206")):
            assert stage.ask("/static/a.mp4", "Range: bytes=0-0", f"If-Range: {value}").status[:3] == status
        later = http_date(WRITTEN + 1).decode()
        assert stage.ask("/static/a.mp4", "Range: bytes=0-0", f"If-Range: {later}").status[:3] == "200"

    def test_13_2_2_a_precondition_comes_before_the_range(self, stage, content) -> None:
        tag = header(stage.ask("/static/a.mp4"), "ETag")
        assert stage.ask("/static/a.mp4", "Range: bytes=0-0", f"If-None-Match: {tag}").status[:3] == "304"
        assert stage.ask("/static/a.mp4", "Range: bytes=0-0", 'If-Match: "x"').status[:3] == "412"


class Test_8_8_Validators:
    def test_8_8_2_1_never_later_than_now(self, stage) -> None:
        stage.write("static/a.css", when=4_000_000_000)
        told = header(stage.ask("/static/a.css"), "Last-Modified")
        assert told and told.split()[3] < "2090"

    def test_a_time_that_no_date_can_tell(self, stage) -> None:
        stage.write("static/a.css", when=-1000)
        assert header(stage.ask("/static/a.css"), "Last-Modified") == "Thu, 01 Jan 1970 00:00:00 GMT"


class Test_8_8_1_StrongValidators:
    """ "A strong validator is representation metadata that changes value whenever a change occurs" """

    @pytest.mark.parametrize("place", ["static", "media"])
    @pytest.mark.parametrize("content", [BIG[:100_000], b"y" * len(BIG)], ids=["shorter", "of the same length"])
    def test_a_file_that_is_written_to_in_place(self, stage, clock, place, content) -> None:
        """Whoever asks next is not told the old length and tag, also not before the next look at the directories."""
        path = stage.write(f"{place}/a.bin", BIG)
        before = stage.ask(f"/{place}/a.bin")
        with path.open("r+b") as file:
            file.write(content)
            file.truncate()
        stage.touch(path, WRITTEN + 5)
        parts = stage.ask(f"/{place}/a.bin", "Range: bytes=0-9", f"If-Range: {header(before, 'ETag')}")
        assert (parts.status, parts.body) == ("200 OK", content)
        assert header(parts, "ETag") != header(before, "ETag")
        assert header(parts, "Content-Length") == str(len(content))
