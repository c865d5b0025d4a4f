"""The door and the supervisor load none of the heavy libraries: they belong to the template and its workers."""

import subprocess
import sys

import pytest

HEAVY = ("django", "twisted", "uvloop", "asyncio")


@pytest.mark.parametrize(
    "modules", ["hendrix.cli.main", "hendrix.cli.main, hendrix.cli.start, hendrix.supervisor.main"]
)
def test_nothing_heavy_is_imported(modules: str) -> None:
    code = f"import sys, {modules}; print([name for name in {HEAVY} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (done.stdout, done.stderr) == ("[]\n", "")


def test_help_loads_no_room_but_the_door() -> None:
    code = (
        "import sys, hendrix.cli.main as door; door.main(['--help']);"
        "print([name for name in sys.modules if name.startswith(('hendrix.supervisor', 'hendrix.worker'))])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout.splitlines()[-1] == "[]"


#: Of what a template begins with, before it has seen the project: TLS is imported by those who speak it.
WANTED_BY_SOME = ("OpenSSL", "cryptography", "django", "service_identity", "twisted.internet.ssl", "twisted.web")


@pytest.mark.parametrize(
    ("modules", "wanted"),
    [("hendrix.cli.status", (*HEAVY, "ssl", "yaml")), ("hendrix.worker.template", WANTED_BY_SOME)],
)
def test_what_not_all_need_is_not_imported(modules: str, wanted: tuple[str, ...]) -> None:
    code = f"import sys, hendrix.cli.main, {modules}; print([name for name in {wanted} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (done.stdout, done.stderr) == ("[]\n", "")
