"""Where datagrams come from, on their way between workers; and the mailboxes that they go to."""

from __future__ import annotations

import asyncio
import os

import pytest

from hendrix.worker.http3_place import SIZE, place, unpack
from hendrix.worker.http3_post import Post

BOUND = [("0.0.0.0", 443), ("::", 443, 0, 0), ("192.0.2.1", 443)]


@pytest.mark.parametrize(
    ("address", "door", "local"),
    [
        (("198.51.100.7", 1234), 0, bytes((192, 0, 2, 9))),
        (("2001:db8::1", 65535, 7, 0), 1, bytes(15) + b"\1"),
        (("fe80::1%eth0", 1, 0, 3), 1, bytes(15) + b"\1"),
        (("198.51.100.7", 1234), 2, b""),
    ],
)
def test_a_place_that_goes_to_another_worker(address, door: int, local: bytes) -> None:
    found = place(address, door, local, BOUND[door])
    assert len(found.packed()) == SIZE
    assert unpack(found.packed() + b"data", BOUND) == found
    assert found.address[:2] == (address[0].partition("%")[0], address[1])
    assert found.origin(None).scheme == "https"


@pytest.mark.parametrize("data", [b"", b"x" * (SIZE - 1), b"\xff" * SIZE, bytes(SIZE)])
def test_what_is_no_place(data: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        unpack(data, BOUND)


def test_mailboxes() -> None:
    async def run() -> None:
        loop = asyncio.get_running_loop()
        came: list[bytes] = []
        realm = os.getpid()
        one, two = Post(loop, realm, came.append), Post(loop, realm, came.append)
        elsewhere = Post(loop, realm + 1, came.append)
        sent = [b"%d" % number for number in range(200)]
        # The kernel holds ten; the others wait, and keep their order.
        assert all(one.send(two.number, data) for data in sent)
        async with asyncio.timeout(20):
            while len(came) < len(sent):
                await asyncio.sleep(0.001)
        assert came == sent
        assert not one.send(elsewhere.number, b"x")
        two.close()
        assert not one.send(two.number, b"x")
        one.close()
        elsewhere.close()

    asyncio.run(run())
