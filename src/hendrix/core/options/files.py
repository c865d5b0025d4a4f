"""Static files and uploads."""

from __future__ import annotations

from hendrix.core import values
from hendrix.core.option import option
from hendrix.core.record import record


@record(frozen=True)
class Files:
    """Static files and uploads."""

    static: bool = option(True, values.switch, "serve static files: STATIC_ROOT, or the apps' own, at STATIC_URL")
    media: bool = option(True, values.switch, "serve uploads: MEDIA_ROOT at MEDIA_URL, to everybody")
    static_max_age: float = option(
        60.0,
        values.duration,
        "time that browsers keep a file before they ask again, unless its name has a hash; 0: none",
        metavar="TIME",
    )
    static_immutable: str = option(
        "",
        values.pattern,
        "regular expression of names that never change their content",
        metavar="PATTERN",
    )
    static_memory: int = option(32 * 1024**2, values.size, "memory for small files, per worker", metavar="SIZE")
    static_compress: bool = option(True, values.switch, "compress static files in the background, each once")
    media_links: bool = option(False, values.switch, "follow symbolic links in MEDIA_ROOT, wherever they lead")
