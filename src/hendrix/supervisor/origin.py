"""How this process was started, so that it can be started so again: words, environment, directory."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass

HANDOVER = "_HENDRIX_HANDOVER"
"""The descriptor of what a supervisor leaves to its successor in the same process."""
REHEARSAL = "_HENDRIX_REHEARSAL"
"""Set: only find out whether the command would start."""


@dataclass(frozen=True, slots=True)
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
        return cls((sys.executable, *sys.orig_argv[1:]), environ, _directory())

    def come_home(self) -> None:
        """Go to where the link points now. Where it points nowhere, stay."""
        with contextlib.suppress(OSError):
            os.chdir(self.directory)


def _directory() -> str:
    here, spelled = os.getcwd(), os.environ.get("PWD", "")
    with contextlib.suppress(OSError):
        if os.path.isabs(spelled) and os.path.samefile(spelled, here):
            return spelled
    return here
