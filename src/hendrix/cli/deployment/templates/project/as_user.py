"""as_user.py USER FILE WORD...: execute a command as USER, with the variables of FILE.

Command lines are everybody's to read, and sudo writes them to a log: so variables with passwords are in none.
"""

from __future__ import annotations

import contextlib
import os
import pwd
import re
import shutil
import sys
from collections.abc import Iterator, Sequence

#: As environment.j2 writes them.
VARIABLE = re.compile(r'^([A-Za-z_][A-Za-z0-9_]*)="((?:[^"\\]|\\.)*)"$', re.MULTILINE | re.DOTALL)


def main(user: str, file: str, words: Sequence[str]) -> None:
    os.environ.update(variables(file))
    program = shutil.which(words[0]) or words[0]
    if os.geteuid() == 0:
        become(user)  # who may not be able to read this Python
    os.execv(program, list(words))  # noqa: S606 - no shell is the point of it


def variables(file: str) -> Iterator[tuple[str, str]]:
    with contextlib.suppress(FileNotFoundError), open(file, encoding="utf-8") as opened:
        for name, value in VARIABLE.findall(opened.read()):
            yield name, re.sub(r"\\(.)", r"\1", value, flags=re.DOTALL)


def become(user: str) -> None:
    found = pwd.getpwnam(user)
    os.initgroups(user, found.pw_gid)
    os.setgid(found.pw_gid)
    os.setuid(found.pw_uid)
    os.environ.update(HOME=found.pw_dir, USER=user, LOGNAME=user)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], sys.argv[3:])
