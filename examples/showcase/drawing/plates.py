"""Draws the pictures and the film of sand on sounding plates: `python drawing/plates.py`, from `examples/showcase`.

What it makes is kept beside the style sheet, so nobody has to run this. The pictures need nothing but Python, the film
needs ffmpeg (Debian: apt-get install ffmpeg).

A plate that sounds has lines on which it stands still, and sand comes to rest there: Chladni's figures. A square plate
is close to cos(n pi x) cos(m pi y) + s cos(m pi x) cos(n pi y), a round one to J_n(k r) cos(n t). Sand lies where the
distance to such a line, |f| / |gradient of f|, is small.
"""

import math
import random
import struct
import subprocess
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path

PLACE = Path(__file__).resolve().parent.parent / "workshop" / "static" / "workshop" / "plates"
SIZE = 640  # pixels of a picture
SHADES = 32
WOOD, SAND = (43, 26, 19), (244, 214, 158)

FILM_SIZE, RATE = 384, 24  # pixels, pictures a second
# Of each figure in the film: n, m, s, and the tone in Hz that it sounds with.
FIGURES = ((2, 1, -1, 196), (3, 1, 1, 262), (3, 2, -1, 330), (4, 1, 1, 392), (4, 3, -1, 494), (5, 2, 1, 587))
HELD, TURNING = 1.4, 0.9  # seconds

Field = Callable[[float, float], float]  # both from -1 to 1


def square(n: float, m: float, sign: float) -> Field:
    """The motion of a square plate."""

    def field(x: float, y: float) -> float:
        return math.cos(n * math.pi * x) * math.cos(m * math.pi * y) + sign * math.cos(m * math.pi * x) * math.cos(
            n * math.pi * y
        )

    return field


def bessel(order: int, x: float, steps: int = 60) -> float:
    """J of a whole order, by Bessel's own integral."""
    angles = ((index + 0.5) * math.pi / steps for index in range(steps))
    return sum(math.cos(order * angle - x * math.sin(angle)) for angle in angles) / steps


def round_plate(order: int, wave: float) -> Field:
    """The motion of a round plate, as of a banjo's head; `wave`: radians from the middle to the edge."""
    table = [bessel(order, wave * step / 500) for step in range(730)]

    def field(x: float, y: float) -> float:
        step, part = divmod(math.hypot(x, y) * 500, 1)
        wide = table[int(step)] * (1 - part) + table[int(step) + 1] * part
        return wide * math.cos(order * math.atan2(y, x))

    return field


def sand(field: Field, x: float, y: float, width: float) -> float:
    """How much sand lies there, 0 to 1."""
    here, step = field(x, y), 0.002
    slope = math.hypot(field(x + step, y) - here, field(x, y + step) - here) / step
    return math.exp(-((abs(here) / (slope + 0.35) / width) ** 2))


def picture(field: Field, is_round: bool) -> bytes:
    """A plate with grains on it, as a PNG with a palette of wood to sand; transparent around a round one."""
    noise = random.Random(1787)  # the year of Chladni's book
    rows = []
    for row in range(SIZE):
        y, line = 2 * (row + 0.5) / SIZE - 1, bytearray([0])
        for column in range(SIZE):
            x = 2 * (column + 0.5) / SIZE - 1
            grain = noise.random()
            if is_round and math.hypot(x, y) > 0.985:
                line.append(SHADES)
                continue
            lies = sand(field, x, y, 0.021)
            shade = lies * (0.55 + 0.45 * grain) if lies > 0.25 * grain + 0.08 else 0.05
            line.append(round(shade * (SHADES - 1)))
        rows.append(bytes(line))
    return png(b"".join(rows))


def png(lines: bytes) -> bytes:
    """A PNG of one byte a pixel, with our palette; the last colour is transparent."""
    mixed = [
        tuple(round(w + (s - w) * n / (SHADES - 1)) for w, s in zip(WOOD, SAND, strict=True)) for n in range(SHADES)
    ]
    palette = b"".join(map(bytes, [*mixed, (0, 0, 0)]))

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    return b"".join(
        (
            b"\x89PNG\r\n\x1a\n",
            chunk(b"IHDR", struct.pack(">2I5B", SIZE, SIZE, 8, 3, 0, 0, 0)),
            chunk(b"PLTE", palette),
            chunk(b"tRNS", b"\xff" * SHADES + b"\0"),
            chunk(b"IDAT", zlib.compress(lines, 9)),
            chunk(b"IEND", b""),
        )
    )


def frames() -> Iterator[bytes]:
    """The pictures of the film, as grey bytes. A figure is the same in all four quarters, so one is enough."""
    half = FILM_SIZE // 2
    places = [(index + 0.5) / half for index in range(half)]
    for one, two, turned in _moments():
        motions = [
            ([math.cos(n * math.pi * at) for at in places], [math.cos(m * math.pi * at) for at in places], s)
            for n, m, s, _ in (one, two)
        ]
        quarter = _quarter(motions, turned, half)
        lower = [bytes(reversed(row)) + row for row in quarter]
        yield b"".join([*reversed(lower), *lower])


def _moments() -> Iterator[tuple[tuple[int, ...], tuple[int, ...], float]]:
    """For each picture: this figure, the next one, how far it has turned into that (0 to 1)."""
    for one, two in zip(FIGURES, (*FIGURES[1:], FIGURES[0]), strict=True):
        for _ in range(round(HELD * RATE)):
            yield one, two, 0.0
        steps = round(TURNING * RATE)
        for step in range(steps):
            yield one, two, (1 - math.cos(math.pi * step / steps)) / 2


def _quarter(motions: list[tuple[list[float], list[float], int]], turned: float, half: int) -> list[bytes]:
    (an, am, s), (bn, bm, t) = motions
    keep = 1 - turned
    field = [
        [
            keep * (an[x] * am[y] + s * am[x] * an[y]) + turned * (bn[x] * bm[y] + t * bm[x] * bn[y])
            for x in range(half)
        ]
        for y in range(half)
    ]
    rows = []
    for y in range(half):
        here, below = field[y], field[min(y + 1, half - 1)]
        rows.append(bytes(_grey(here[x], here[min(x + 1, half - 1)], below[x], half) for x in range(half)))
    return rows


def _grey(here: float, right: float, below: float, half: int) -> int:
    slope = (abs(right - here) + abs(below - here)) * half * 0.8
    return round(255 * math.exp(-((abs(here) / (slope + 0.35) / 0.024) ** 2)))


def sound() -> str:
    """ffmpeg's expression of the tone: one pitch after the other, each faded in and out."""
    length = HELD + TURNING
    parts = [
        f"between(t,{n * length:g},{(n + 1) * length:g})*sin(2*PI*{tone}*t)*sin(PI*(t-{n * length:g})/{length:g})"
        for n, (*_, tone) in enumerate(FIGURES)
    ]
    return "0.22*(" + "+".join(parts) + ")"


def film(path: Path) -> None:
    """VP9 and Opus in WebM, with its index in front and a whole picture every second, so that it seeks well."""
    length = len(FIGURES) * (HELD + TURNING)
    tint = ":".join(f"{name}='{a}+{b - a}*val/255'" for name, a, b in zip("rgb", WOOD, SAND, strict=True))
    command = [
        "ffmpeg", "-y", "-loglevel", "error",
        "-f", "rawvideo", "-pix_fmt", "gray", "-s", f"{FILM_SIZE}x{FILM_SIZE}", "-r", str(RATE), "-i", "-",
        "-f", "lavfi", "-i", f"aevalsrc='{sound()}':s=48000:d={length:g}",
        "-vf", f"format=gbrp,lutrgb={tint},format=yuv420p",
        "-c:v", "libvpx-vp9", "-crf", "40", "-b:v", "0", "-g", str(RATE), "-deadline", "good", "-cpu-used", "2",
        "-c:a", "libopus", "-b:a", "32k", "-cues_to_front", "1", "-fflags", "+bitexact", "-shortest", str(path),
    ]  # fmt: skip
    with subprocess.Popen(command, stdin=subprocess.PIPE) as made:
        assert made.stdin is not None
        for frame in frames():
            made.stdin.write(frame)
        made.stdin.close()
        if made.wait():
            raise SystemExit(f"ffmpeg ended with {made.returncode}")


PICTURES: dict[str, tuple[Field, bool]] = {
    "lattice": (square(2, 1, -1), False),
    "cathedral": (square(4, 1, 1), False),
    "lace": (square(5, 2, 1), False),
    "clover": (round_plate(2, 11.6), True),
    "star": (round_plate(5, 12.4), True),
    "daisy": (round_plate(8, 16.2), True),
}


def main() -> None:
    PLACE.mkdir(parents=True, exist_ok=True)
    for name, (field, is_round) in PICTURES.items():
        (PLACE / f"{name}.png").write_bytes(picture(field, is_round))
    film(PLACE / "plates.webm")


if __name__ == "__main__":
    main()
