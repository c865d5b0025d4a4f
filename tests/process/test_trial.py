"""``trial hendrix``, as the old README has it; pytest and unittest run the same class."""

import os
import re
import subprocess
import sys

import pytest

RUNNERS = {
    "trial": (["-m", "twisted.trial", "hendrix"], r"PASSED \(successes=(\d+)\)"),
    "pytest": (["-m", "pytest", "-q", "-p", "no:cacheprovider", "--pyargs", "hendrix.test"], r"(\d+) passed"),
    "unittest": (["-m", "unittest", "-q", "hendrix.test.test_deploy.TestHendrixDeploy"], r"Ran (\d+) tests.*\n\nOK"),
}


@pytest.mark.parametrize("runner", RUNNERS)
def test_it_finds_and_passes_the_tests_of_the_package(tmp_path, runner):
    words, expected = RUNNERS[runner]
    environ = {name: value for name, value in os.environ.items() if not name.startswith(("HX_", "PYTEST", "DJANGO"))}
    done = subprocess.run([sys.executable, *words], cwd=tmp_path, env=environ, capture_output=True, text=True)
    said = done.stdout + done.stderr
    assert done.returncode == 0, said
    found = re.search(expected, said)
    assert found, said
    assert int(found[1]) >= (2 if runner == "unittest" else 8)
