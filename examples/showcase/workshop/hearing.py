"""The ear: what a recording holds, piece by piece. It knows nothing of Django, tasks or topics."""

import array
import math
import sys
import wave
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from operator import mul
from typing import Any, BinaryIO, NamedTuple

MOST_PIECES = 160
SHORTEST, LONGEST = 0.2, 180.0  # seconds of a recording
PIECE = 0.05  # seconds of a piece, of a short one
NAMES = ("C", "C♯", "D", "D♯", "E", "F", "F♯", "G", "G♯", "A", "A♯", "B")

_RATE = 11_025  # what is listened to, in samples a second; about
_WINDOW = 800  # samples that are looked at for a tone: a fourteenth of a second
_LOWEST, _HIGHEST = 60.0, 700.0  # Hz
_QUIET = 0.01  # of full scale
_CLEAR = 0.75  # how much a tone is like itself one wave later; noise is not


class NoRecording(ValueError):
    """What cannot be heard, said for whoever sent it."""


class Piece(NamedTuple):
    """How loud it is (0 to 1), and its tone: a number of MIDI with cents behind the point; None: none, or many."""

    loud: float
    tone: float | None


@dataclass(frozen=True)
class Recording:
    """A WAV file that can be heard."""

    file: wave.Wave_read
    channels: int
    rate: int
    frames: int

    @property
    def seconds(self) -> float:
        return self.frames / self.rate

    @property
    def pieces(self) -> int:
        return min(MOST_PIECES, max(1, int(self.seconds / PIECE)))

    def hear(self) -> Iterator[Piece]:
        """Each piece in its turn. Raises `NoRecording` where the file ends too early."""
        stride = max(1, round(self.rate / _RATE))
        for number in range(self.pieces):
            begin, end = (self.frames * at // self.pieces for at in (number, number + 1))
            self.file.setpos(begin)
            window = max(end - begin, _WINDOW * stride)
            data = self.file.readframes(min(window, self.frames - begin))
            if len(data) < (end - begin) * 2 * self.channels:
                raise NoRecording("The recording ends before it says that it does.")
            samples = _samples(data)[:: self.channels]
            piece = samples[: end - begin]
            loud = max(map(abs, piece)) / 32768
            yield Piece(round(loud, 3), _tone(_slower(samples, stride), self.rate / stride) if loud > _QUIET else None)


def open_recording(file: BinaryIO) -> Recording:
    """Raises `NoRecording` unless it is a WAV file of 16-bit PCM, of a length that we have the patience for."""
    try:
        opened = wave.open(file, "rb")  # noqa: SIM115 - the file is the caller's; and whatever it says of itself
        found = Recording(opened, opened.getnchannels(), opened.getframerate(), opened.getnframes())
        width = opened.getsampwidth()
    except (wave.Error, EOFError, RuntimeError) as error:  # what `wave` raises, `chunk` below it included
        raise NoRecording("That is not a WAV file of plain samples (PCM).") from error
    if width != 2 or found.channels not in (1, 2) or not 8000 <= found.rate <= 96_000:
        raise NoRecording("Please: 16 bits, one channel or two, 8 to 96 kHz.")
    if not SHORTEST <= found.seconds <= LONGEST:
        raise NoRecording(f"Between {SHORTEST:g} and {LONGEST:g} seconds, please.")
    return found


def name(tone: float) -> str:
    """`A2`, of the nearest tone of the piano."""
    nearest = round(tone)
    return f"{NAMES[nearest % 12]}{nearest // 12 - 1}"


def cents(tone: float) -> int:
    """Hundredths of a semitone above the nearest tone of the piano, -50 to 50."""
    return round(100 * (tone - round(tone)))


def verdict(pieces: Sequence[Piece]) -> dict[str, Any]:
    """What it was: the tones, the most frequent first, each with its share of what sounded and its cents."""
    found: dict[int, list[float]] = defaultdict(list)
    for piece in pieces:
        if piece.tone is not None:
            found[round(piece.tone)].append(piece.tone)
    sounding = sum(map(len, found.values()))
    tones = [
        {"name": name(nearest), "share": len(these) / sounding, "cents": cents(sorted(these)[len(these) // 2])}
        for nearest, these in sorted(found.items(), key=lambda item: (-len(item[1]), item[0]))
    ]
    return {"title": _title(tones), "tones": tones[:8]}


def _title(tones: list[dict[str, Any]]) -> str:
    if not tones:
        return "Noise, or silence"
    first = tones[0]
    if first["share"] < 0.6:
        return "A tune: " + ", ".join(tone["name"] for tone in tones[:5])
    off = first["cents"]
    if abs(off) <= 3:
        return f"{first['name']}, in tune"
    return f"{first['name']}, {abs(off)} cents {'sharp' if off > 0 else 'flat'}"


def _samples(data: bytes) -> "array.array[int]":
    samples = array.array("h")
    samples.frombytes(data[: len(data) // 2 * 2])
    if sys.byteorder == "big":
        samples.byteswap()  # WAV is little-endian
    return samples


def _slower(samples: Sequence[int], stride: int) -> list[int]:
    """A window of it at about `_RATE`: sums of neighbours, so that what is too high for it goes."""
    return list(map(sum, zip(*[iter(samples[: _WINDOW * stride])] * stride, strict=False)))


def _tone(window: Sequence[int], rate: float) -> float | None:
    """By McLeod's method: how much the window is like itself, shifted by each wave length; the first high peak."""
    longest = min(int(rate / _LOWEST), len(window) // 2)
    shortest = int(rate / _HIGHEST)
    if longest <= shortest + 2:
        return None
    likeness = _likeness(window, shortest, longest)
    peaks = [
        at
        for at in range(1, len(likeness) - 1)
        if likeness[at - 1] < likeness[at] >= likeness[at + 1] and likeness[at] > _CLEAR
    ]
    if not peaks:
        return None
    enough = 0.93 * max(likeness[at] for at in peaks)
    at = next(at for at in peaks if likeness[at] >= enough)
    before, here, after = likeness[at - 1 : at + 2]
    bend = before - 2 * here + after
    length = shortest + at + (0.5 * (before - after) / bend if bend else 0.0)
    return round(69 + 12 * math.log2(rate / length / 440), 2)


def _likeness(window: Sequence[int], shortest: int, longest: int) -> list[float]:
    """For each shift from `shortest` to `longest`: from -1 to 1."""
    squares = list(map(mul, window, window))
    power = 2 * sum(squares)
    power -= sum(squares[:shortest]) + sum(squares[len(window) - shortest :])
    found = []
    for shift in range(shortest, longest + 1):
        found.append(2 * sum(map(mul, window, window[shift:])) / power if power > 0 else 0.0)
        power -= squares[shift] + squares[len(window) - 1 - shift]
    return found
