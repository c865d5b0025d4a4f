"""`python3 -m bench.audience PORT COUNT`: WebSockets in one hall, of which the first speaks and all hear.

Prints how many there are. Then, for each line `MESSAGES WINDOW` on stdin: has so many messages of 100 bytes said, or
as many as a slow server takes in some seconds, at most `WINDOW` of them under way at once (one is not any more once
all have heard it), and prints how many receipts there were, seconds in all, and milliseconds from the speaking to a
receipt, and to the last receipt of a message: median, 99 of 100, longest; and what went wrong, if anything did. Ends
with its stdin.
"""

import gc
import json
import os
import sys
import time

from bench.listeners import HALL, Crowd
from bench.process import raise_file_limit

SIZE = 100
PATIENCE = 30.0  # seconds after which what was asked for is given up
_SAYING = 3.0  # seconds after which nothing more is said: a server that is slow is asked for less
_SILENCE = 10.0  # seconds without a receipt: messages were lost
_MARK, _DIGITS = b"hall@", 6


def spoken(number: int) -> bytes:
    """The frame of a message, masked with zeros (RFC 6455 section 5.2). It is found by its mark."""
    text = _MARK + b"%0*d" % (_DIGITS, number)
    return bytes((0x81, 0x80 | SIZE)) + bytes(4) + text + b"x" * (SIZE - len(text))


def numbers(data: bytes) -> tuple[list[int], bytes]:
    """Which messages are in what was received, and what of it is not complete yet."""
    found, length, start = [], len(_MARK) + _DIGITS, 0
    at = data.find(_MARK)
    while at >= 0 and at + length <= len(data):
        found.append(int(data[at + len(_MARK) : at + length]))
        start = at + length
        at = data.find(_MARK, start)
    return found, data[at:] if at >= 0 else data[max(start, len(data) - len(_MARK) + 1) :]


def spread(values: list[float]) -> list[float]:
    """Median, 99 of 100, longest; in milliseconds."""
    ordered = sorted(values) or [0.0]
    return [round(1000 * ordered[int((len(ordered) - 1) * part)], 3) for part in (0.5, 0.99, 1.0)]


class Hall:
    """The crowd, once all have come."""

    def __init__(self, crowd: Crowd) -> None:
        self.crowd = crowd
        self._speaker = next(iter(crowd.sockets.values()))
        self._said = 0
        self._halves: dict[int, bytes] = {}

    def hold(self, messages: int, window: int) -> dict[str, object]:
        """See the head of this file."""
        begun = last = time.monotonic()
        until, all_of_them = self._said + messages, len(self.crowd.sockets)
        reason = ""
        spoke: dict[int, float] = {}
        missing: dict[int, int] = {}
        took: list[float] = []
        longest: list[float] = []
        while missing or self._said < until:
            # Who was thrown out hears nothing more.
            if reason := self._hopeless(begun, last, all_of_them):
                break
            if last > begun + _SAYING:
                until = self._said
            while self._said < until and len(missing) < window:
                self._said += 1
                spoke[self._said], missing[self._said] = time.monotonic(), all_of_them
                try:
                    self._speaker.sendall(spoken(self._said))
                except OSError:
                    return _report(took, longest, 0.0, "the speaker was thrown out")
            for fd, _ in self.crowd.poll.poll(1.0, 4096):
                found = self._heard(fd)
                last = time.monotonic()
                for number in found:
                    if number not in missing:
                        continue
                    took.append(last - spoke[number])
                    missing[number] -= 1
                    if not missing[number]:
                        del missing[number]
                        longest.append(last - spoke[number])
        return _report(took, longest, last - begun, reason)

    def _hopeless(self, begun: float, last: float, all_of_them: int) -> str:
        """Why it is no use to wait any longer, or nothing."""
        now, there = time.monotonic(), len(self.crowd.sockets)
        if there < all_of_them:
            return f"{all_of_them - there} were thrown out"
        if now > begun + PATIENCE:
            return f"not through after {PATIENCE:.0f} s"
        return f"messages were lost: none came for {_SILENCE:.0f} s" if now > last + _SILENCE else ""

    def _heard(self, fd: int) -> list[int]:
        sock = self.crowd.sockets.get(fd)
        if sock is None:
            return []
        try:
            data = sock.recv(65536)
        except BlockingIOError:
            return []
        except OSError:
            data = b""
        if not data:
            self.crowd.poll.unregister(fd)
            self.crowd.sockets.pop(fd).close()
            return []
        found, rest = numbers(self._halves.pop(fd, b"") + data)
        if rest:
            self._halves[fd] = rest
        return found


def _report(took: list[float], longest: list[float], seconds: float, reason: str) -> dict[str, object]:
    return {
        "heard": len(took),
        "seconds": seconds,
        "whole": not reason,
        "reason": reason,
        "each": spread(took),
        "last": spread(longest),
    }


def main() -> None:
    """See the head of this file."""
    raise_file_limit()
    crowd = Crowd(int(sys.argv[1]), HALL)
    came = crowd.gather(int(sys.argv[2]))
    crowd.leave_out_late()
    gc.disable()
    print(json.dumps({"open": came}), flush=True)
    hall = Hall(crowd) if came else None
    for line in sys.stdin:
        messages, window = map(int, line.split())
        print(json.dumps(hall.hold(messages, window) if hall else {}), flush=True)
    os._exit(0)


if __name__ == "__main__":
    main()
