"""nginx as a peer: found or unpacked, and configured for one port and one folder of files."""

import grp
import os
import pwd
import re
import shutil
import subprocess
from pathlib import Path

from bench.places import HERE, LOGS, STATE
from bench.progress import BenchError

PROGRAM = STATE / "nginx" / "usr" / "sbin" / "nginx"
_PATH = os.pathsep.join((os.environ.get("PATH", os.defpath), "/usr/sbin", "/usr/local/sbin"))


def program() -> Path | None:
    """The machine's own nginx, else the one that was unpacked for the bench; None where there is neither."""
    if found := shutil.which("nginx", path=_PATH):
        return Path(found)
    return PROGRAM if PROGRAM.exists() else None


def version() -> str:
    """As it says itself; `?` where there is none."""
    if not (found := program()):
        return "?"
    said = subprocess.run([found, "-v"], capture_output=True, text=True, check=False).stderr
    number = re.search(r"nginx/(\S+)", said)
    return number[1] if number else "?"


def configuration(template: str, port: int, root: Path, scratch: Path, **more: str) -> str:
    """`nginx.conf` with the names in it replaced. Its worker keeps the rights of whoever starts it."""
    user = f"{pwd.getpwuid(os.geteuid()).pw_name} {grp.getgrgid(os.getegid()).gr_name}"
    values = {"PORT": str(port), "ROOT": str(root), "SCRATCH": str(scratch), "USER": user, **more}
    return re.sub(r"@(\w+)@", lambda name: values[name[1]], template)


def command(port: int, root: Path, template: str = "nginx.conf", **more: str) -> list[str]:
    """The command line of an nginx that serves `root` by `template`; its configuration is written beside the logs.

    `more` are further names in the template.
    """
    if not (found := program()):
        raise BenchError("nginx is missing: install it (Debian: apt-get install nginx) and run this again")
    scratch = STATE / "nginx" / "scratch"
    scratch.mkdir(parents=True, exist_ok=True)
    LOGS.mkdir(parents=True, exist_ok=True)
    file = LOGS / f"{template.removesuffix('.conf')}-{port}.conf"
    file.write_text(configuration((HERE / template).read_text(), port, root, scratch, **more))
    return [str(found), "-e", "stderr", "-c", str(file)]
