"""What the text of options about logs may say: see ``values``."""

from __future__ import annotations

import re

_SHARE = re.compile(r"([0-9]{1,9}(?:\.[0-9]{1,12})?|\.[0-9]{1,12})(?:\s*/\s*([0-9]{1,9})|\s*(%))?")
_REDACTED = re.compile(r"[!-%'-+\--:<>-~]{1,100}")


def access_format(value: str) -> str:
    """``off``, ``combined``, ``json``, or a format with at least one atom such as ``%h`` or ``%(h)s``."""
    if value not in ("off", "combined", "json") and "%" not in value:
        raise ValueError("is no format; give off, combined, json or a format with atoms such as %h or %(h)s")
    return value


def share(value: str) -> float:
    """A part of all: ``0.1``, ``10%``, ``1/10``."""
    match = _SHARE.fullmatch(value.strip())
    if match is None or (match[2] and not float(match[2])):
        raise ValueError("is no share; give one from 0 to 1, such as 0.1, 10% or 1/10")
    found = float(match[1]) / (100 if match[3] else float(match[2] or 1))
    if found > 1:
        raise ValueError("is more than all; give a share from 0 to 1, such as 0.1, 10% or 1/10")
    return found


def share_text(value: float) -> str:
    """The reverse of ``share``."""
    return f"{value:.10g}"


def redacted_name(value: str) -> str:
    """The name of a parameter or a header, in which ``*`` stands for anything."""
    if not _REDACTED.fullmatch(value) or not value.strip("*"):
        raise ValueError("is no name of a parameter or header; give one such as card_number or X-Acme-*")
    return value
