"""Bodies past --client-max-body-size: the peer is told, also where it sends on before it listens."""

import pytest

from tests.hostile.vitals import entered, unharmed

LIMIT = 1024 * 1024
FIXED = "POST /large HTTP/1.1\r\nHost: a\r\nContent-Length: {}\r\n\r\n"
CHUNKED = b"POST /large HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"


@pytest.mark.parametrize("size", [LIMIT + 1, 3 * LIMIT, 40 * LIMIT])
@pytest.mark.parametrize("chunked", [False, True], ids=["fixed", "chunked"])
def test_a_peer_that_sends_before_it_listens(server, size, chunked):
    with unharmed(server), server.client() as client:
        try:
            client.send(CHUNKED + b"%x\r\n" % size if chunked else FIXED.format(size).encode())
            for sent in range(0, size, 65536):
                client.send(b"x" * min(65536, size - sent))
        except (ConnectionResetError, BrokenPipeError):
            pass  # past what a server can be asked to take in vain
        assert client.rest()[9:12] == b"413"
    assert entered(server) == []


def test_a_peer_that_asks_first(server):
    with unharmed(server), server.client() as client:
        answer = client.request("POST", "/large", f"Content-Length: {LIMIT + 1}", "Expect: 100-continue")
        assert answer.status == 413
        assert client.closed()
    assert entered(server) == []


def test_a_body_of_just_the_limit(server):
    with unharmed(server), server.client() as client:
        assert client.request("POST", "/sent", body=b"x" * LIMIT).body == str(LIMIT).encode()
    assert entered(server) == ["POST /sent"]
