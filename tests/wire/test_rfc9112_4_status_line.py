"""RFC 9112 section 4: the status line of an answer."""

from __future__ import annotations

import pytest

from hendrix.core.errors import AnswerError
from tests.kit.wire import Peer, common, get


def _line(status: str, version: bytes = b"HTTP/1.1") -> bytes:
    peer = Peer(answers=False).send(get(version=version))
    return peer.machine.whole(status, [], b"", common(), "").split(b"\r\n")[0]


class Test_4_StatusLine:
    @pytest.mark.parametrize("status", ["200 OK", "404 Not Found", "299 Own Words", "599 x", "200 Sch\xf6n"])
    def test_version_code_and_reason(self, status: str) -> None:
        assert _line(status) == b"HTTP/1.1 " + status.encode("latin-1")

    def test_an_empty_reason_keeps_its_space(self) -> None:
        assert _line("200 ") == b"HTTP/1.1 200 "

    def test_the_version_is_the_servers_own(self) -> None:
        # RFC 9110 section 6.2: the highest to which the server conforms, whatever the request's was.
        assert _line("200 OK", b"HTTP/1.0") == b"HTTP/1.1 200 OK"

    @pytest.mark.parametrize(
        "status",
        [
            "",
            "200",
            "20 OK",
            "2000 OK",
            "OK 200",
            " 200 OK",
            "-20 OK",
            "2\u0660\u0660 OK",
            "200\tOK",
            "0200 OK",
            "099 X",
        ],
    )
    def test_malformed(self, status: str) -> None:
        with pytest.raises(AnswerError):
            _line(status)

    @pytest.mark.parametrize("status", ["200 O\rK", "200 O\nK", "200 OK\r\n", "200 OK\n", "200 OK\r\nX: 1", "200 \0"])
    def test_no_line_break_in_it(self, status: str) -> None:
        with pytest.raises(AnswerError):
            _line(status)

    @pytest.mark.parametrize("status", ["100 Continue", "101 Switching Protocols", "103 Early Hints", "199 x"])
    def test_an_answer_is_final(self, status: str) -> None:
        with pytest.raises(AnswerError):
            _line(status)

    @pytest.mark.parametrize("status", [None, 200, b"200 OK", ("200", "OK")])
    def test_a_status_is_a_string(self, status: object) -> None:
        with pytest.raises(AnswerError):
            _line(status)  # type: ignore[arg-type]
