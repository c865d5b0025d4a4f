"""Real projects in real processes and real time."""

import shutil
import tempfile
from pathlib import Path

import pytest

from tests.kit.machine import Machine
from tests.process.project import Project


@pytest.fixture
def project(tmp_path):
    return Project(tmp_path)


@pytest.fixture
def machine(project):
    """To which ``project`` is deployed."""
    folder = Path(tempfile.mkdtemp(prefix="hx-"))  # short, for unix sockets
    yield Machine(folder, project)
    shutil.rmtree(folder)
