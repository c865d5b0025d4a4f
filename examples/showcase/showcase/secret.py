"""A SECRET_KEY for a project that must run straight from a checkout, without one in the repository."""

import os
import tempfile
from pathlib import Path

from django.core.management.utils import get_random_secret_key


def read_or_make(path: Path) -> str:
    """The key kept in `path`; made on the first call, readable by its owner only.

    Several processes may start at once, so the file appears complete or not at all: it is written under
    another name (mode 0600 by `tempfile`) and then linked. Whoever links second reads the first one's key.
    """
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile("w", dir=path.parent, prefix=f".{path.name}-") as draft:
            draft.write(get_random_secret_key())
            draft.flush()
            try:
                os.link(draft.name, path)
            except FileExistsError:
                pass
    return path.read_text().strip()
