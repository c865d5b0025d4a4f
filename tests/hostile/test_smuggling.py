"""Messages whose end could be read in two ways. Whatever the answer is, what follows is never run as a request."""

import pytest

from tests.hostile.vitals import entered

SMUGGLED = b"GET /smuggled HTTP/1.1\r\nHost: evil\r\n\r\n"


def post(*lines, body=b"", version=b"1.1"):
    return b"\r\n".join([b"POST /outer HTTP/" + version, b"Host: a", *lines, b"", b""]) + body


CL0 = b"Content-Length: 0"
TE = b"Transfer-Encoding: chunked"
END = b"0\r\n\r\n"
AMBIGUOUS = {
    "CL and TE": post(b"Content-Length: 5", TE, body=END),
    "TE and CL": post(TE, CL0, body=END),
    "two CL": post(CL0, b"Content-Length: 40"),
    "two equal CL in one list": post(b"Content-Length: 0, 0"),
    "different CL in a list": post(b"Content-Length: 0, 40"),
    "CL with sign": post(b"Content-Length: +0"),
    "negative CL": post(b"Content-Length: -1"),
    "CL in hex": post(b"Content-Length: 0x0"),
    "CL with underscore": post(b"Content-Length: 4_0"),
    "CL with space": post(b"Content-Length: 4 0"),
    "empty CL": post(b"Content-Length: "),
    "CL overflow": post(b"Content-Length: 18446744073709551616"),
    "CL in other digits": post("Content-Length: ٤".encode()),
    "space before colon": post(b"Content-Length : 0"),
    "tab before colon": post(b"Transfer-Encoding\t: chunked", body=END),
    "folded TE": post(b"Transfer-Encoding:\r\n chunked", body=END),
    "folded before CL": post(b"X: y\r\n Content-Length: 5", body=b""),
    "TE identity": post(b"Transfer-Encoding: identity", body=b""),
    "TE chunked twice": post(b"Transfer-Encoding: chunked, chunked", body=END),
    "TE chunked first": post(b"Transfer-Encoding: chunked, identity", body=END),
    "two TE lines": post(TE, b"Transfer-Encoding: identity", body=END),
    "TE xchunked": post(b"Transfer-Encoding: xchunked", body=END),
    "TE with vertical tab": post(b"Transfer-Encoding: \x0bchunked", body=END),
    "TE quoted": post(b'Transfer-Encoding: "chunked"', body=END),
    "TE with parameter": post(b"Transfer-Encoding: chunked;q=1", body=END),
    "TE with NUL": post(b"Transfer-Encoding: chunked\x00", body=END),
    "TE in 1.0": post(TE, version=b"1.0", body=END),
    "bare LF in head": post(b"X: y\nContent-Length: 40"),
    "bare CR in head": post(b"X: y\rContent-Length: 40"),
    "NUL in a field": post(b"X: y\x00z"),
    "LF line ends": b"POST /outer HTTP/1.1\nHost: a\nContent-Length: 0\n\n",
    "chunk with LF": post(TE, body=b"1\nx\r\n" + END),
    "chunk ends with LF": post(TE, body=b"1\r\nx\n" + END),
    "chunk too long": post(TE, body=b"1\r\nxyz\r\n" + END),
    "chunk size with sign": post(TE, body=b"+0\r\n\r\n"),
    "chunk size 0x": post(TE, body=b"0x0\r\n\r\n"),
    "chunk size overflow": post(TE, body=b"10000000000000000\r\n" + END),
    "chunk size with underscore": post(TE, body=b"0_0\r\n\r\n"),
    "chunk size with space": post(TE, body=b"1 \r\nx\r\n" + END),
    "chunk extension with LF": post(TE, body=b"0;a\n\r\n\r\n"),
    "chunk extension with CR": post(TE, body=b"0;a\rb\r\n\r\n"),
    "empty chunk size": post(TE, body=b"\r\n\r\n"),
    "trailer with LF": post(TE, body=b"0\r\nX: y\n\r\n"),
    "trailer with a space before the colon": post(TE, body=b"0\r\nX : y\r\n\r\n"),
    "no Host": b"POST /outer HTTP/1.1\r\nContent-Length: 0\r\n\r\n",
    "two Hosts": post(b"Host: b", CL0),
    "bad Host": b"POST /outer HTTP/1.1\r\nHost: a b\r\nContent-Length: 0\r\n\r\n",
    "version 1.2": post(CL0, version=b"1.2"),
    "version 0.9": b"GET /outer\r\n",
    "space in target": b"GET /outer /x HTTP/1.1\r\nHost: a\r\n\r\n",
    "tab in request line": b"GET\t/outer\tHTTP/1.1\r\nHost: a\r\n\r\n",
    "leading space": b" GET /outer HTTP/1.1\r\nHost: a\r\n\r\n",
}


@pytest.mark.parametrize("split", [False, True], ids=["at once", "in two"])
def test_what_follows_an_ambiguous_message_is_not_run(server, split):
    entered(server)
    for name, message in AMBIGUOUS.items():
        with server.client() as client:
            client.send(message if split else message + SMUGGLED)
            if split:
                try:
                    client.send(SMUGGLED)
                except (ConnectionResetError, BrokenPipeError):
                    pass
            said = client.rest()  # until it closes
        assert said[9:12] in (b"400", b"501", b"505"), f"{name}: {said[:60]!r}"
        assert said.count(b"HTTP/1.1 ") == 1, f"{name}: {said!r}"
        assert entered(server) == [], name


#: These have one meaning, and the second request is a request.
CLEAR = {
    "equal to nothing": post(CL0),
    "a chunked body": post(TE, body=b"3;x=y\r\nabc\r\n" + END),
    "TE in capitals": post(b"TRANSFER-ENCODING: CHUNKED", body=END),
    "a request as body": post(b"Content-Length: %d" % len(SMUGGLED), body=SMUGGLED),
    "a request as chunk": post(TE, body=b"%x\r\n%b\r\n" % (len(SMUGGLED), SMUGGLED) + END),
    "framing in a trailer": post(TE, body=b"0\r\nContent-Length: 50\r\nTransfer-Encoding: chunked\r\n\r\n"),
    "underscore is another field": post(b"Content_Length: 40", CL0),
}


@pytest.mark.parametrize("name", CLEAR)
def test_what_follows_a_clear_message_is_run_once(server, name):
    entered(server)
    with server.client() as client:
        client.send(CLEAR[name] + b"GET /second HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
        assert client.rest().count(b"HTTP/1.1 200 OK") == 2
    assert entered(server) == ["POST /outer", "GET /second"]


@pytest.mark.parametrize("connection", ["close", "keep-alive, close"])
def test_nothing_is_run_after_close(server, connection):
    entered(server)
    with server.client() as client:
        client.send(post(CL0, b"Connection: " + connection.encode()) + SMUGGLED)
        assert client.rest().count(b"HTTP/1.1 ") == 1
    assert entered(server) == ["POST /outer"]


@pytest.mark.parametrize("early", [b"POST /early HTTP/1.1\r\nHost: a\r\nContent-Length: 2000000\r\n\r\n"])
def test_a_refused_body_is_never_read_as_a_request(server, early):
    """413 is said before the body; what follows is the body, whatever it looks like."""
    with server.client() as client:
        client.send(early + SMUGGLED)
        assert client.rest()[9:12] == b"413"
    assert entered(server) == []
