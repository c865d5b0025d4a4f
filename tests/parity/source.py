"""Django's source distribution from PyPI, and a virtual environment to run its tests in."""

from __future__ import annotations

import subprocess
import tarfile
from pathlib import Path

ROOT = Path(__file__).parents[2]
#: Kept from run to run.
PLACE = ROOT / ".django-tests"
#: What Django's tests can use. Those that miss something else skip themselves.
_USED = ("jinja2", "tblib", "argon2-cffi", "docutils")


def unpacked(python: Path, version: str) -> Path:
    """The directory of the sources of Django ``version``; downloaded by a Python that can run it."""
    found = list(PLACE.glob(f"[dD]jango-{version}"))
    if found:
        return found[0]
    PLACE.mkdir(exist_ok=True)
    pip = [python, "-m", "pip", "download", "--quiet", "--no-deps", "--no-binary", ":all:"]
    subprocess.run([*pip, "--dest", str(PLACE), f"Django=={version}"], check=True)
    (archive,) = PLACE.glob(f"[dD]jango-{version}.tar.gz")
    with tarfile.open(archive) as tar:
        tar.extractall(PLACE, filter="data")
    archive.unlink()
    return unpacked(python, version)


def interpreter(python: str, version: str) -> Path:
    """The Python of an environment with Django ``version`` and this Hendrix."""
    label = subprocess.run(
        [python, "-c", "import sys; print('%d.%d' % sys.version_info[:2])"], check=True, capture_output=True, text=True
    ).stdout.strip()
    place = PLACE / f"python{label}-django{version}"
    made = place / "made"
    if not made.exists():
        subprocess.run([ROOT / "scripts" / "make-venv", python, place], check=True)
        pip = [place / "bin" / "python", "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        subprocess.run([*pip, "--editable", ROOT, f"Django=={version}", *_USED], check=True)
        made.touch()
    return place / "bin" / "python"
