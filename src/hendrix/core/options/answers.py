"""Answers."""

from __future__ import annotations

from hendrix.core import values
from hendrix.core.option import option
from hendrix.core.record import record


@record(frozen=True)
class Answers:
    """Answers."""

    health_path: str = option(
        "/up",
        values.path_or_off,
        "path that balancers ask: 200 while the server takes work, 503 once it leaves; off: the project's own",
        metavar="PATH",
    )
    compress: str = option(
        "off",
        values.codings,
        "compress what the project answers: on, off, or codings in order of preference: zstd,br,gzip",
        metavar="CODINGS",
    )
    compress_private: bool = option(
        False,
        values.switch,
        "also answers that set or vary on cookies; only where BREACH is no danger",
    )
    compress_jitter: int = option(
        32,
        values.number(0, 255),
        "random bytes at the most that hide how much an answer shrank; 0: none",
        metavar="N",
    )
    sendfile_root: tuple[str, ...] = option(
        (),
        values.sendfile_root,
        "directory that views may have files sent from: /dir (X-Sendfile) or /prefix/=/dir (X-Accel-Redirect, too)",
        metavar="DIR",
        repeat=True,
    )
