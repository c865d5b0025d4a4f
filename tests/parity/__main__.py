"""Django's own tests against Hendrix's handler, beside the same run on Django's.

    python -m tests.parity [--django VERSION] [--python PYTHON] [MODULE ...]

What fails with us and passes without is unexpected, unless ``inapplicable.txt`` says why it cannot apply. The exit
status is 1 where something is unexpected, or where a test of that list passes.
"""

from __future__ import annotations

import argparse
import fnmatch
import json
import os
import subprocess
import sys
import tempfile
from importlib.metadata import version
from pathlib import Path

from tests.parity.source import interpreter, unpacked

HERE = Path(__file__).parent
MODULES = (HERE / "modules.txt").read_text().split()
#: Seconds for one module.
_DEADLINE = 600.0

Outcomes = dict[str, str]


def main() -> int:
    """See the top of this file."""
    arguments = _arguments()
    python = interpreter(arguments.python, arguments.django)
    source = unpacked(python, arguments.django)
    print(f"Django {arguments.django}, {python}")
    excused = _excused()
    unexpected = 0
    totals = [0, 0, 0, 0]
    for module in arguments.modules or MODULES:
        if not (source / "tests" / module.split(".")[0]).exists():
            continue
        plain = _run(python, source, module, "django")
        ours = _run(python, source, module, "hendrix")
        surprises, figures = _compare(module, plain, ours, excused, verbose=arguments.verbose)
        unexpected += surprises
        totals = [total + figure for total, figure in zip(totals, figures, strict=True)]
    _line("all", totals)
    return 1 if unexpected else 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.parity", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--django", default=version("django"), help="its version (default: the installed one)")
    parser.add_argument("--python", default=sys.executable, help="the interpreter to make an environment from")
    parser.add_argument("--verbose", action="store_true", help="show the traceback of what is unexpected")
    parser.add_argument("modules", nargs="*", help="of Django's tests (default: those that meet a handler)")
    return parser.parse_args()


def _run(python: Path, source: Path, module: str, handler: str) -> Outcomes:
    """What became of the tests of ``module``."""
    with tempfile.TemporaryDirectory() as folder:
        result = Path(folder) / "result"
        environ = {
            **{name: value for name, value in os.environ.items() if not name.startswith(("DJANGO_", "HX_"))},
            "PYTHONPATH": os.pathsep.join(map(str, (HERE, source))),
            "PARITY_HANDLER": handler,
            "PARITY_RESULT": str(result),
        }
        command = [python, "runtests.py", "--settings=parity_settings", "--parallel=1", "--noinput", module]
        try:
            done = subprocess.run(
                command, cwd=source / "tests", env=environ, capture_output=True, text=True, timeout=_DEADLINE
            )
            said = done.stdout + done.stderr
        except subprocess.TimeoutExpired as expired:
            said = f"no end within {expired.timeout} s\n{(expired.stderr or b'').decode()[-3000:]}"
        return json.loads(result.read_text()) if result.exists() else {f"{module} as a whole": said}


def _compare(
    module: str, plain: Outcomes, ours: Outcomes, excused: list[str], *, verbose: bool
) -> tuple[int, list[int]]:
    failed = {test for test, outcome in ours.items() if _is_bad(outcome)}
    missing = set(plain) - set(ours)
    worse = {test for test in failed | missing if not _is_bad(plain.get(test, "passed"))}
    listed = {test for test in worse if any(fnmatch.fnmatchcase(test, pattern) for pattern in excused)}
    _line(module, [len(ours), sum(map(_is_bad, plain.values())), len(failed), len(listed)])
    for test in sorted(worse - listed):
        outcome = ours.get(test, "was not run")
        print(f"    unexpected: {test}\n{outcome if verbose else '        ' + outcome.strip().splitlines()[-1][:200]}")
    return len(worse - listed), [len(ours), sum(map(_is_bad, plain.values())), len(failed), len(listed)]


def _is_bad(outcome: str) -> bool:
    return outcome not in ("passed", "skipped")


def _line(name: str, figures: list[int]) -> None:
    run, without, with_us, listed = figures
    text = f"{name:28} {run:5} run  {without:3} failed on Django  {with_us:3} failed on Hendrix"
    print(text + (f" ({listed} cannot apply)" if listed else ""), flush=True)


def _excused() -> list[str]:
    lines = (HERE / "inapplicable.txt").read_text().splitlines()
    return [line.strip() for line in lines if line.strip() and not line.startswith("#")]


if __name__ == "__main__":
    sys.exit(main())
