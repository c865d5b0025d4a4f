"""A recording to download: a short riff on plucked strings, looped to about 10 MB."""

import array
import itertools
import random
import sys
import tempfile
import wave
from collections.abc import Iterator
from pathlib import Path

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
            with wave.open(str(draft), "wb") as recording:
                recording.setparams((1, 2, RATE, 0, "NONE", ""))
                recording.writeframes(_riff() * LOOPS)
            draft.replace(path)  # whole or not at all, whoever comes last
    return path


def _riff() -> bytes:
    length = int(RATE * NOTE)
    samples = array.array("h")
    for frequency in RIFF:
        samples.extend(int(24_000 * sample) for sample in itertools.islice(_pluck(frequency), length))
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
