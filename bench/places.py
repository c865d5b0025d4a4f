"""Where things are: the checkout, the bench's own state and its Django project."""

import os
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
STATE = ROOT / ".bench"
VENV = STATE / "venv"
BIN = VENV / "bin"
PYTHON = BIN / "python"
LOGS = STATE / "logs"
SITE = STATE / "site"  # what servers of files have as their root
STATIC = SITE / "static"  # STATIC_ROOT, by the very path of STATIC_URL
HERE = ROOT / "bench"
PROJECT = HERE / "project"
SHOWCASE = ROOT / "examples" / "showcase"


def server_environment(*import_first: Path) -> dict[str, str]:
    """A small, equal environment for every server: nothing of the caller's shell changes a figure."""
    kept = {name: os.environ[name] for name in ("HOME", "LANG", "TMPDIR") if name in os.environ}
    paths = [str(path) for path in (*import_first, PROJECT)]
    return kept | {
        "PATH": os.pathsep.join((str(BIN), os.environ.get("PATH", os.defpath))),
        "PYTHONPATH": os.pathsep.join(paths),
        "DJANGO_SETTINGS_MODULE": "project.settings",
    }
