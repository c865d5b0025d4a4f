"""PEP 3333, section "environ Variables": what an application is told of a request."""

from __future__ import annotations

import json
import socket

import pytest

from tests.behaviour.conftest import APPS
from tests.kit.client import Answer, Client
from tests.kit.live import serve


def plain(answer: Answer) -> dict[str, object]:
    assert answer.status == 200, answer.text
    return json.loads(answer.body)["plain"]


def environ(client: Client, target: str, *lines: str) -> dict[str, object]:
    return plain(client.get(target, *lines))


def test_every_required_key_is_there_with_its_type(client) -> None:
    told = json.loads(client.get("/environ?a=1").body)
    kinds = told["kinds"]
    strings = ["REQUEST_METHOD", "SCRIPT_NAME", "PATH_INFO", "QUERY_STRING", "SERVER_NAME", "SERVER_PORT"]
    strings += ["SERVER_PROTOCOL", "REMOTE_ADDR", "REMOTE_PORT", "SERVER_SOFTWARE", "wsgi.url_scheme"]
    assert told["exact"], "environ is a builtin dict, no subclass"
    assert {kinds[name] for name in strings} == {"str"}
    assert told["plain"]["wsgi.version"] == [1, 0]
    assert told["plain"]["wsgi.multithread"] is True
    assert told["plain"]["wsgi.multiprocess"] is False
    assert told["plain"]["wsgi.run_once"] is False
    assert told["plain"]["wsgi.url_scheme"] == "http"
    assert {"wsgi.input", "wsgi.errors", "wsgi.file_wrapper"} <= kinds.keys()


def test_addresses_are_those_of_the_socket(client) -> None:
    host, port = client.sock.getsockname()
    found = environ(client, "/environ")
    assert (found["REMOTE_ADDR"], found["REMOTE_PORT"]) == (host, str(port))
    assert (found["SERVER_NAME"], found["SERVER_PORT"]) == ("127.0.0.1", str(client.sock.getpeername()[1]))


@pytest.mark.parametrize(
    ("target", "path", "query"),
    [
        ("/environ", "/environ", ""),
        ("/environ?", "/environ", ""),
        ("/environ/a%2Fb", "/environ/a/b", ""),
        ("/environ/%00x", "/environ/\0x", ""),
        ("/environ/%E2%98%83", "/environ/\xe2\x98\x83", ""),
        ("/environ/%zz%4", "/environ/%zz%4", ""),
        ("/environ/%252F", "/environ/%2F", ""),
        ("/environ//b/../c/.", "/environ//b/../c/.", ""),
        ("/environ/a+b;c=d", "/environ/a+b;c=d", ""),
        ("/environ?a=%2F&b=+&c=%E2%98%83", "/environ", "a=%2F&b=+&c=%E2%98%83"),
        ("/environ?a?b", "/environ", "a?b"),
    ],
)
def test_path_is_decoded_and_query_is_not(client, target, path, query) -> None:
    found = environ(client, target)
    assert (found["PATH_INFO"], found["QUERY_STRING"], found["SCRIPT_NAME"]) == (path, query, "")
    assert found["RAW_URI"] == found["REQUEST_URI"] == target


def test_absolute_form_is_a_path_and_a_host(client) -> None:
    client.send(b"GET http://other.example:81/environ?q HTTP/1.1\r\nHost: test.example\r\n\r\n")
    found = plain(client.answer())
    assert (found["PATH_INFO"], found["QUERY_STRING"], found["HTTP_HOST"]) == ("/environ", "q", "other.example:81")


def test_protocol_and_method(stage, client) -> None:
    found = plain(client.request("PATCH", "/environ"))
    assert (found["SERVER_PROTOCOL"], found["REQUEST_METHOD"]) == (stage.server.protocol, "PATCH")


def test_protocol_1_0(client) -> None:
    found = plain(client.request("PATCH", "/environ", version="1.0"))
    assert (found["SERVER_PROTOCOL"], found["REQUEST_METHOD"]) == ("HTTP/1.0", "PATCH")


def test_repeated_headers_are_joined_in_order(client) -> None:
    found = environ(client, "/environ", "X-One: a", "Cookie: a=1", "X-One: b, c", "Cookie: b=2")
    assert found["HTTP_X_ONE"] == "a, b, c"
    assert found["HTTP_COOKIE"] == "a=1; b=2"


def test_values_are_latin_1_without_their_surroundings(client) -> None:
    assert environ(client, "/environ", "X-Name: \t caf\xe9 au\tlait  ")["HTTP_X_NAME"] == "caf\xe9 au\tlait"
    assert environ(client, "/environ", "X-Name:")["HTTP_X_NAME"] == ""


@pytest.mark.parametrize("line", ["Proxy: evil.example:80", "PROXY: evil.example:80"])
def test_proxy_does_not_become_configuration(client, line) -> None:
    assert "HTTP_PROXY" not in environ(client, "/environ", line)


def test_underscores_do_not_pass_for_hyphens(client) -> None:
    found = environ(client, "/environ", "X_Remote_User: root", "X-Remote_User: root", "Content_Length: 5")
    assert not {"HTTP_X_REMOTE_USER", "HTTP_CONTENT_LENGTH", "CONTENT_LENGTH"} & found.keys()
    assert environ(client, "/environ", "X_Name: bad", "X-Name: good")["HTTP_X_NAME"] == "good"


def test_the_content_is_described_without_prefix(client) -> None:
    found = plain(client.request("POST", "/environ", "Content-Type: text/x; a=b", body=b"12345"))
    assert (found["CONTENT_TYPE"], found["CONTENT_LENGTH"]) == ("text/x; a=b", "5")
    assert not {"HTTP_CONTENT_TYPE", "HTTP_CONTENT_LENGTH"} & found.keys()
    assert not {"CONTENT_TYPE", "CONTENT_LENGTH"} & environ(client, "/environ").keys()


def test_a_chunked_body_has_its_length(client) -> None:
    client.send(
        b"POST /environ HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n4\r\ndefg\r\n0\r\n\r\n"
    )
    found = plain(client.answer())
    assert found["CONTENT_LENGTH"] == "7"
    assert "HTTP_TRANSFER_ENCODING" not in found


def test_trailers_are_no_headers(client) -> None:
    client.send(b"POST /environ HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nX-Trailer: 1\r\n\r\n")
    found = plain(client.answer())
    assert found["CONTENT_LENGTH"] == "0"
    assert "HTTP_X_TRAILER" not in found


def test_the_request_id_is_told_to_both_sides(client) -> None:
    answer = client.get("/environ")
    assert plain(answer)["HTTP_X_REQUEST_ID"] == answer["X-Request-ID"]
    answer = client.get("/environ", "X-Request-ID: given/1")
    assert plain(answer)["HTTP_X_REQUEST_ID"] == answer["X-Request-ID"] == "given/1"
    answer = client.get("/environ", 'X-Request-ID: "quoted" and spaced')
    assert plain(answer)["HTTP_X_REQUEST_ID"] == answer["X-Request-ID"] != '"quoted" and spaced'


def test_a_trusted_proxy_speaks_for_the_client(client) -> None:
    found = environ(client, "/environ", "X-Forwarded-For: 203.0.113.9", "X-Forwarded-Proto: https")
    assert (found["REMOTE_ADDR"], found["wsgi.url_scheme"]) == ("203.0.113.9", "https")


def test_options_of_the_server_itself(client) -> None:
    answer = client.request("OPTIONS", "*")
    assert (answer.status, "GET" in answer["Allow"]) == (204, True)


def test_https_is_not_to_be_had_in_the_clear(client) -> None:
    client.send(b"GET https://test.example/environ HTTP/1.1\r\nHost: test.example\r\n\r\n")
    assert client.answer().status == 421


def test_unix_socket() -> None:
    with serve("suite:app", directory=APPS, bind="unix:{home}/hx.sock") as server:
        assert server.path
        found = environ(server.client(), "/environ")
        assert (found["REMOTE_ADDR"], found["SERVER_NAME"], found["SERVER_PORT"]) == ("", "localhost", "80")


@pytest.mark.skipif(not socket.has_ipv6, reason="no IPv6 here")
def test_other_options() -> None:
    options = ("-w", "2", "--request-id", "X-Trace", "--server-header", "", "--forwarded-allow-ips", "192.0.2.1")
    with serve("suite:app", *options, directory=APPS, bind="[::1]:0") as server:
        answer = server.client().get("/environ", "X-Forwarded-For: 203.0.113.9", "X-Trace: t1")
        found = plain(answer)
        assert found["wsgi.multiprocess"] is True
        assert found["REMOTE_ADDR"] == found["SERVER_NAME"] == "::1"
        assert "HTTP_X_FORWARDED_FOR" not in found, "it came from nobody who is trusted"
        assert found["HTTP_X_TRACE"] == answer["X-Trace"] == "t1"
        assert "Server" not in answer and "X-Request-ID" not in answer
        assert "HTTP_X_REQUEST_ID" not in found
