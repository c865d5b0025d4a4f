"""`python3 -m bench.flood PORT SECONDS`: messages of 64 bytes over several WebSockets, echoed one by one.

Each socket has a few messages under way all the time, so the server is never idle and this program, which sends and
counts whole batches of ready-made frames, costs a small part of what the server does. Prints `sent FIRST COUNTS`, as
`count.lua` does: echoes by bins of ten milliseconds.
"""

import base64
import os
import select
import socket
import sys
import time

SOCKETS, UNDER_WAY, SIZE = 16, 8, 64
_BIN = 0.01
_TEXT = (b"All along the line they play " * 3)[:SIZE]
_MASK = b"\x37\xfa\x21\x3d"
#: RFC 6455 section 5.2, from a client and from a server.
SENT = bytes((0x81, 0x80 | SIZE)) + _MASK + bytes(sign ^ _MASK[at % 4] for at, sign in enumerate(_TEXT))
ECHOED = bytes((0x81, SIZE)) + _TEXT


def _open(port: int) -> socket.socket:
    one = socket.create_connection(("127.0.0.1", port), 10)
    one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    key = base64.b64encode(os.urandom(16)).decode()
    one.sendall(
        f"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        f"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {key}\r\n\r\n".encode()
    )
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        piece = one.recv(1)
        if not piece:
            break
        head += piece
    if not head.startswith(b"HTTP/1.1 101"):
        raise SystemExit(f"no WebSocket: {head[:60]!r}")
    one.setblocking(False)
    return one


def flood(port: int, seconds: float) -> tuple[float, list[int]]:
    """When it began (monotonic seconds), and the echoes in each bin."""
    sockets = {one.fileno(): one for one in (_open(port) for _ in range(SOCKETS))}
    rests = dict.fromkeys(sockets, b"")
    poll = select.epoll()
    frames = SENT * UNDER_WAY
    for fd, one in sockets.items():
        poll.register(fd, select.EPOLLIN)
        one.sendall(frames)
    begun = time.monotonic()
    counts = [0] * (int(seconds / _BIN) + 1)
    while (at := time.monotonic() - begun) < seconds:
        for fd, _ in poll.poll(1):
            data = rests[fd] + sockets[fd].recv(65536)
            count, left = divmod(len(data), len(ECHOED))
            if count:
                if not data.startswith(ECHOED):
                    raise SystemExit(f"not an echo: {data[:80]!r}")
                counts[int(at / _BIN)] += count
                sockets[fd].sendall(frames[: count * len(SENT)])
            elif not data:
                raise SystemExit("the server closed a WebSocket")
            rests[fd] = data[-left:] if left else b""
    return begun, counts


def main() -> None:
    """See the head of this file."""
    begun, counts = flood(int(sys.argv[1]), float(sys.argv[2]))
    first = int(begun / _BIN)
    print(f"sent {first}", *counts, flush=True)
    os._exit(0)


if __name__ == "__main__":
    main()
