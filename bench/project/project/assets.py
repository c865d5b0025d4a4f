"""The static files of the workloads: the same bytes on every machine, and nothing that a server could compress but the
style sheet."""

import gzip
import random
import shutil
from pathlib import Path

from django.core.management import call_command

_SIZES = {"10k.png": 10_000, "1m.webp": 1_000_000, "100m.mp4": 100_000_000}
_SET = 100  # files of one size, in a folder of their own
_STYLE_SIZE = 50_000
_PAGE_SIZE = 10_000
_PROPERTIES = ("margin", "padding", "color", "background", "border", "width", "height", "font-size", "line-height")


def make(root: Path) -> None:
    """Collect the project's own static files into `root`, and those of the workloads beside them."""
    shutil.rmtree(root, ignore_errors=True)
    call_command("collectstatic", interactive=False, verbosity=0)
    folder = root / "bench"
    folder.mkdir()
    noise = random.Random(1970)
    for name, size in _SIZES.items():
        (folder / name).write_bytes(noise.randbytes(size))
    (folder / "set").mkdir()
    for number in range(_SET):
        (folder / "set" / f"{number}.png").write_bytes(noise.randbytes(_SIZES["10k.png"]))
    (folder / "page.html").write_bytes(page())
    style = _style(noise)
    (folder / "site.css").write_bytes(style)
    (folder / "site.css.gz").write_bytes(gzip.compress(style, 9, mtime=0))


def page() -> bytes:
    """A page of 10 kB with about as much in it that repeats as pages have."""
    noise = random.Random(1972)
    rows, size = ["<!doctype html><title>A page</title><table>\n"], 0
    while size < _PAGE_SIZE:
        cells = "".join(f"<td>{noise.randrange(100_000)}</td>" for _ in range(4))
        rows.append(f'<tr class="row">{cells}</tr>\n')
        size += len(rows[-1])
    return "".join(rows).encode()[:_PAGE_SIZE]


def many(root: Path, folders: int, each: int) -> None:
    """Small files with hashed names in `folders` folders; what is there already is kept."""
    for number in range(folders):
        folder = root / f"part-{number:03}"
        if folder.exists():
            continue
        draft = root / f".part-{number:03}"
        shutil.rmtree(draft, ignore_errors=True)
        draft.mkdir(parents=True)
        for name in range(each):
            (draft / f"module-{name:03}.{random.Random(name).getrandbits(48):012x}.js").write_text(
                f"export const name = {name};\n"
            )
        draft.rename(folder)


def _style(noise: random.Random) -> bytes:
    rules, size = [], 0
    while size < _STYLE_SIZE:
        lines = "".join(f"  {name}: {noise.randrange(1000)}px;\n" for name in noise.sample(_PROPERTIES, 3))
        rules.append(f".part-{noise.getrandbits(20):x} {{\n{lines}}}\n")
        size += len(rules[-1])
    return "".join(rules).encode()[:_STYLE_SIZE]
