"""How this process was started, so that it can be started so again: words, environment, directory."""

from __future__ import annotations

import contextlib
import json
import os
import sys
from collections.abc import Mapping

from hendrix.core.control import SCRIPT
from hendrix.core.record import record

HANDOVER = "_HENDRIX_HANDOVER"
"""The descriptor of what a supervisor leaves to its successor in the same process."""
REHEARSAL = "_HENDRIX_REHEARSAL"
"""Set: only find out whether the command would start."""
REHEARSED = 77
"""Exit status of a rehearsal that came as far as serving: a script may end by itself, with 0."""


@record(frozen=True)
class Origin:
    """Taken at the very beginning.

    ``directory`` is spelled as the shell spelled it: a deploy may have a link on it point elsewhere.
    """

    words: tuple[str, ...]
    environ: Mapping[str, str]
    directory: str

    @classmethod
    def now(cls) -> Origin:
        """Of this process, as it is."""
        environ = {name: value for name, value in os.environ.items() if name not in (HANDOVER, REHEARSAL)}
        return cls(_words(), environ, _directory())

    def come_home(self) -> None:
        """Go to where the link points now. Where it points nowhere, stay."""
        with contextlib.suppress(OSError):
            os.chdir(self.directory)


def _words() -> tuple[str, ...]:
    """Those of this process; where a script became it, those of the script, which may then give other options."""
    launched = json.loads(os.environ.get(SCRIPT, "{}")).get("words")
    return tuple(launched or (sys.executable, *sys.orig_argv[1:]))


def _directory() -> str:
    here, spelled = os.getcwd(), os.environ.get("PWD", "")
    with contextlib.suppress(OSError):
        if os.path.isabs(spelled) and os.path.samefile(spelled, here):
            return spelled
    return here
