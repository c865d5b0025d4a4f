"""One idea per file, and functions that fit the eye (rules 6 and 7 of the house)."""

from __future__ import annotations

import statistics

from tests.house.source import functions_of, modules, name_of

#: Modules past 400 lines, each with its reason. At most three, none past 650.
LONG_MODULES: dict[str, str] = {
    "supervisor/fleet.py": "the whole table of states on one page",
    "worker/connection.py": "the only writer to a transport, in one place",
    "core/control.py": "all that parent and children say to each other, on one page",
}
#: Names that projects import since the old Hendrix.
OLD_NAMES = {"deploy/base.py"}
FORBIDDEN_NAMES = {"utils", "util", "helpers", "common", "base", "misc", "tools"}


def lengths() -> dict[str, int]:
    return dict(pair for path in modules() for pair in functions_of(path))


def test_no_function_is_longer_than_sixty_lines() -> None:
    assert {name: length for name, length in lengths().items() if length > 60} == {}


def test_half_of_the_functions_have_at_most_eight_lines() -> None:
    assert statistics.median(lengths().values()) <= 8


def test_nine_in_ten_functions_have_at_most_twenty_five_lines() -> None:
    assert statistics.quantiles(lengths().values(), n=10)[-1] <= 25


def test_modules_are_short() -> None:
    sizes = {name_of(path): len(path.read_text().splitlines()) for path in modules()}
    assert {name: size for name, size in sizes.items() if size > 400 and name not in LONG_MODULES} == {}
    assert all(sizes[name] <= 650 for name in LONG_MODULES)
    assert len(LONG_MODULES) <= 3


def test_no_module_is_a_catch_all() -> None:
    assert [
        name for path in modules() if path.stem in FORBIDDEN_NAMES and (name := name_of(path)) not in OLD_NAMES
    ] == []


def test_every_room_says_what_it_is() -> None:
    silent = [name_of(path) for path in modules() if not path.read_text().lstrip().startswith(('"""', "'''"))]
    assert silent == []
