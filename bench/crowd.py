"""`python3 -m bench.crowd PORT COUNT [tls]`: a crowd of clients that each ask once and then keep their connection.

Prints how many connections are open once all have been answered; then, for each line on stdin, how many
still are. Ends with its stdin. Four source addresses, so that the ports of one do not run out.
"""

import asyncio
import json
import re
import ssl
import sys
import time

from bench.process import raise_file_limit
from bench.tls_client import context

_AT_ONCE = 100
_PATIENCE = 45  # seconds until whoever has no answer gives up
_SOURCES = 4
_REQUEST = b"GET /hello HTTP/1.1\r\nHost: 127.0.0.1\r\nUser-Agent: crowd\r\nAccept: */*\r\n\r\n"

Pair = tuple[asyncio.StreamReader, asyncio.StreamWriter]


async def _answer(reader: asyncio.StreamReader) -> bool:
    """Read one response with a Content-Length; whether it was a 200 that leaves the connection open."""
    head = (await reader.readuntil(b"\r\n\r\n")).lower()
    length = re.search(rb"\r\ncontent-length: *(\d+)", head)
    await reader.readexactly(int(length[1]) if length else 0)
    return head.startswith(b"http/1.1 200") and b"connection: close" not in head


async def _join(
    port: int, number: int, gate: asyncio.Semaphore, deadline: float, security: ssl.SSLContext | None
) -> Pair | None:
    async with gate:
        try:
            source = (f"127.0.0.{number % _SOURCES + 1}", 0)
            async with asyncio.timeout_at(deadline):
                reader, writer = await asyncio.open_connection(
                    "127.0.0.1", port, local_addr=source, limit=4096, ssl=security
                )
                writer.write(_REQUEST)
                return (reader, writer) if await _answer(reader) else None
        except (OSError, EOFError, TimeoutError, asyncio.IncompleteReadError):
            return None


async def _crowd(port: int, count: int, security: ssl.SSLContext | None) -> None:
    gate, begun = asyncio.Semaphore(_AT_ONCE), time.monotonic()
    deadline = asyncio.get_running_loop().time() + _PATIENCE
    pairs = [
        pair
        for pair in await asyncio.gather(*(_join(port, n, gate, deadline, security) for n in range(count)))
        if pair
    ]
    print(json.dumps({"open": len(pairs), "seconds": time.monotonic() - begun}), flush=True)
    loop = asyncio.get_running_loop()
    while await loop.run_in_executor(None, sys.stdin.readline):
        alive = sum(not reader.at_eof() for reader, _ in pairs)
        print(json.dumps({"open": alive}), flush=True)
    for _, writer in pairs:
        writer.transport.abort()


if __name__ == "__main__":
    raise_file_limit()
    asyncio.run(_crowd(int(sys.argv[1]), int(sys.argv[2]), context() if sys.argv[3:] == ["tls"] else None))
