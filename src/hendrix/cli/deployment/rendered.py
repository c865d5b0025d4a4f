"""A file that was rendered and is not written yet, and the templates that it may come from."""

from __future__ import annotations

import json
import re
from importlib import resources

from hendrix.core.record import record

_WORD = re.compile(r"@([a-z_]+)@")


@record(frozen=True)
class Rendered:
    """``path`` is below the directory that it is written to."""

    path: str
    content: str
    mode: int = 0o644
    #: The user's own from then on: written where nothing is, and never again.
    yours: bool = False


def template(name: str, /, **words: str) -> str:
    """The file ``name`` of the package's templates, with each ``@word@`` replaced. Other tools' own templates are full
    of braces, dollars and per cent signs. An unknown word is an error of ours."""
    text = resources.files("hendrix.cli.deployment").joinpath("templates", *name.split("/")).read_text("utf-8")
    return _WORD.sub(lambda found: words[found[1]], text)


def yaml_text(value: str) -> str:
    """``value`` as YAML and JSON both read it."""
    return json.dumps(value, ensure_ascii=False)
