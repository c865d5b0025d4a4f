"""A directory that stands for another machine, and what it installs: the wheel of this very Hendrix."""

from __future__ import annotations

import functools
import os
import shlex
import shutil
import subprocess
import sys
import sysconfig
import tempfile
import zipfile
from pathlib import Path

from tests.kit.live import Server
from tests.process.project import Project

_ROOT = Path(__file__).parents[2]
#: ``python -m venv`` as always; and below each environment that of the tests, so that nothing has to be fetched.
_PYTHON = """\
#!/bin/sh
set -e
{python} "$@"
if [ "$1 $2" = "-m venv" ]; then
    echo {packages} > "$({{ "$3/bin/python" -c 'import sysconfig; print(sysconfig.get_path("purelib"))'; }})/below.pth"
fi
"""


class Unavailable(Exception):
    """The tool is not here, with the reason."""


@functools.cache
def wheel() -> Path:
    """Built once for all tests of a process."""
    import atexit

    folder = Path(tempfile.mkdtemp(prefix="hx-wheel-"))
    atexit.register(shutil.rmtree, folder)
    command = [
        sys.executable,
        "-m",
        "pip",
        "wheel",
        "--quiet",
        "--no-deps",
        "--no-build-isolation",
        "-w",
        folder,
        _ROOT,
    ]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return next(folder.glob("hendrix-*.whl"))


def wheel_names() -> set[str]:
    """The files in it."""
    with zipfile.ZipFile(wheel()) as opened:
        return set(opened.namelist())


def find(script: str) -> Path:
    """The directory of a tool that ``scripts/SCRIPT`` finds or installs. Raises ``Unavailable``."""
    found = subprocess.run([_ROOT / "scripts" / script], capture_output=True, text=True, timeout=600)
    if found.returncode:
        raise Unavailable(found.stderr.strip().splitlines()[-1])
    return Path(found.stdout.strip())


class Machine:
    """In ``folder``, for the project: its configuration is ``shop.conf``, and it is deployed to ``srv`` there."""

    def __init__(self, folder: Path, project: Project) -> None:
        self.folder, self.project = folder, project
        self.srv = folder / "srv/shop"
        self.units, self.variables, self.runtime = folder / "units", folder / "variables", folder / "run"
        self.runtime.mkdir(parents=True)
        self.python = folder / "python3"
        text = _PYTHON.format(python=shlex.quote(sys.executable), packages=shlex.quote(sysconfig.get_path("purelib")))
        self.python.write_text(text)
        self.python.chmod(0o755)

    def configure(self, *lines: str) -> None:
        """Write ``shop.conf``."""
        import getpass
        import grp

        mine = [f"user: {getpass.getuser()}", f"group: {grp.getgrgid(os.getegid()).gr_name}"]
        places = [f"project_path: {self.srv}/project", f"virtualenv: {self.srv}/venv"]
        (self.project.folder / "shop.conf").write_text("\n".join([*places, *mine, *lines]) + "\n")

    def render(self, kind: str) -> Path:
        """``hx deploy KIND``, below the project."""
        output = self.project.folder / "deploy" / kind
        command = [sys.executable, "-m", "hendrix", "deploy", kind, "shop.conf", "--output", f"deploy/{kind}"]
        done = subprocess.run(command, cwd=self.project.folder, capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, done.stderr
        return output

    def start(self) -> Server:
        """The server, as the unit there says."""
        unit = (self.units / "shop.service").read_text()
        line = next(line for line in unit.splitlines() if line.startswith("ExecStart="))
        command = f". {shlex.quote(str(self.variables / 'shop.env'))}; exec {line.removeprefix('ExecStart=')}"
        environ = {**self.environ(), "XDG_RUNTIME_DIR": str(self.runtime)}
        server = Server(["sh", "-a", "-c", command], self.srv / "project", environ)
        server.await_listening()
        return server

    def environ(self) -> dict[str, str]:
        """Of a shell that knows nothing of these tests."""
        return {name: value for name, value in os.environ.items() if not name.startswith(("HX_", "PYTHON", "DJANGO_"))}
