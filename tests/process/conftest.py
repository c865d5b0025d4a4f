"""Real projects in real processes and real time."""

import pytest

from tests.process.project import Project


@pytest.fixture
def project(tmp_path):
    return Project(tmp_path)
