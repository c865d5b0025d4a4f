"""Times, sizes and counts, as short as people want to read them."""

from __future__ import annotations

_UNITS = (("d", 86400), ("h", 3600), ("m", 60), ("s", 1))


def duration(seconds: float) -> str:
    """``1.2 s``, ``45s``, ``2h 13m``: two units at the most."""
    if seconds < 10:
        return f"{max(seconds, 0):.1f} s"
    left = int(seconds)
    words: list[str] = []
    for unit, length in _UNITS:
        if left >= length or words:
            words.append(f"{left // length}{unit}")
            left %= length
        if len(words) == 2:
            break
    return " ".join(word for word in words if not word.startswith("0"))


def size(count: int | None) -> str:
    """``45.2M``, ``812K``; ``-`` where it is not known."""
    if count is None:
        return "-"
    if count < 1 << 20:
        return f"{count >> 10}K"
    for unit, shift in (("M", 20), ("G", 30), ("T", 40)):
        if count < 1000 << shift or unit == "T":
            break
    return f"{count / (1 << shift):.1f}{unit}"


def count(number: int) -> str:
    """``1234567``, ``12.3M``: seven signs at the most, up to many billions."""
    for unit, factor in (("", 1), ("M", 10**6), ("G", 10**9)):
        if number < 10_000 * factor or (not unit and number < 10_000_000):
            break
    return f"{number / factor:.1f}{unit}" if unit else str(number)
