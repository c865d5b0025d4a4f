"""Plucked strings: a single one, and a recording to download, a short riff that is looped to about 10 MB."""

import array
import itertools
import random
import sys
import tempfile
import wave
from collections.abc import Iterable, Iterator
from io import BytesIO
from pathlib import Path
from typing import BinaryIO

STRINGS = {"E2": 82.41, "A2": 110.0, "D3": 146.83, "G3": 196.0, "B3": 246.94, "E4": 329.63}  # Hz, of a guitar
RATE = 44_100  # samples a second
NOTE = 0.3  # seconds
LOOPS = 47  # 8 notes x 0.3 s x 47 is 113 s: 9.95 MB of 16-bit mono
RIFF = (82.41, 98.0, 110.0, 82.41, 123.47, 110.0, 98.0, 146.83)  # Hz, E minor pentatonic


def record(path: Path) -> Path:
    """Make the recording unless it is there; several threads and processes may ask at once."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=path.parent) as studio:
            draft = Path(studio) / path.name
            with draft.open("wb") as file:
                _write(file, _samples((frequency, NOTE) for frequency in RIFF) * LOOPS)
            draft.replace(path)  # whole or not at all, whoever comes last
    return path


def one_string(frequency: float, seconds: float) -> bytes:
    """A WAV file of one string, plucked once."""
    file = BytesIO()
    _write(file, _samples([(frequency, seconds)]))
    return file.getvalue()


def _write(file: BinaryIO, samples: bytes) -> None:
    with wave.open(file, "wb") as recording:
        recording.setparams((1, 2, RATE, 0, "NONE", ""))
        recording.writeframes(samples)


def _samples(notes: Iterable[tuple[float, float]]) -> bytes:
    """Notes of so many Hz and seconds, one after the other."""
    samples = array.array("h")
    for frequency, seconds in notes:
        samples.extend(int(24_000 * one) for one in itertools.islice(_pluck(frequency), int(RATE * seconds)))
    if sys.byteorder == "big":
        samples.byteswap()  # WAV is little-endian
    return samples.tobytes()


def _pluck(frequency: float) -> Iterator[float]:
    """Karplus and Strong's string: a burst of noise runs round a delay line and is smoothed on each lap."""
    noise = random.Random(1942)
    line = [noise.uniform(-1, 1) for _ in range(round(RATE / frequency))]
    previous = 0.0
    for position in itertools.cycle(range(len(line))):
        yield line[position]
        line[position], previous = 0.498 * (line[position] + previous), line[position]
