"""The reference page of actions and options: ``python -m hendrix.cli.reference > docs/reference/options.md``."""

from __future__ import annotations

import sys
from collections.abc import Iterator

from hendrix.cli.actions import ACTIONS, WHICH
from hendrix.cli.sources import ALIASES, BEFORE_LOADING
from hendrix.core.config import GROUPS, OPTIONS, Option

_ACTIONS = """\
# Actions and options

<!-- Written by `python -m hendrix.cli.reference`; the options are declared in src/hendrix/core/options. -->

## Actions

`hx ACTION [options]`, and `manage.py hx ACTION [options]` with `"hendrix"` in `INSTALLED_APPS`. `hx ACTION --help`
shows what an action takes.

"""
_OPTIONS = """
## Options

Every option can be given in four places. The first of these that speaks counts:

1. a flag of `hx start`: `--threads 8` (`--http_port` and `--http-port` are the same);
2. an environment variable: `HX_THREADS=8`; several addresses are separated by commas;
3. `hendrix.toml` in the current directory: `threads = 8`;
4. Django's settings: `HENDRIX = {"threads": 8}`. The options under *What to serve* cannot be given there, as they
   find the settings, nor those that say in what kind of process it is loaded:
   {late}.

A name or a value that Hendrix does not know stops the start, with one line that names the place.

Sizes are bytes, or a number with `KB`, `MB`, `GB` (powers of 1024). Durations are seconds, or a number with `ms`,
`s`, `m`, `h`, `d`. Switches are `true` or `false` in files, `on` or `off` in the environment; a flag turns them on,
and off with `no` before the name: `--no-quiet`.

`--bind` wins over `--http-port` where both come from the same place; else the higher place decides. Without
either, Hendrix listens at port 8000 of all interfaces, and only of the loopback interface where the project has
`DEBUG = True`.
"""


def render() -> str:
    """The whole page."""
    late = ", ".join(f"`{name}`" for name in OPTIONS if name in BEFORE_LOADING)
    options = _OPTIONS.replace("{late}", late)
    groups = (line for group, title in GROUPS.items() for line in _group(group, title))
    return _ACTIONS + "\n".join((*_actions(), options, *groups, *_variables())) + "\n"


def _in_table(text: str) -> str:
    return text.replace("|", "\\|")


def _actions() -> Iterator[str]:
    yield "| action | what it does | its own switches |"
    yield "|---|---|---|"
    for action in ACTIONS.values():
        switches = ", ".join(f"`{_in_table(action.spelled(name))}`: {text}" for name, text in action.switches.items())
        notes = f" {action.notes}" if action.notes else ""
        yield f"| `hx {action.name}` | {action.help[0].upper()}{action.help[1:]}.{notes} | {switches} |"
    yield f"\n{WHICH}"


def _group(group: str, title: str) -> Iterator[str]:
    yield f"### {title}\n"
    yield "| flag | default | environment | what it is |"
    yield "|---|---|---|---|"
    for option in OPTIONS.values():
        if option.group == group:
            yield _row(option)
    yield ""


def _row(option: Option) -> str:
    flags = ", ".join(f"`{flag}`" for flag in option.flags) + (f" {option.metavar}" if option.metavar else "")
    shown = option.spelled(option.default)
    default = f"`{shown}`" if shown else ""
    text = option.help + "".join(f". Old setting: `{name}`" for name in option.old_settings)
    return f"| {flags} | {default} | `{option.environ}` | {text.replace('|', chr(92) + '|')} |"


def _variables() -> Iterator[str]:
    yield "## Environment variables of other tools\n"
    yield "The `HX_` variable of the same option wins over them. Blank, they say nothing.\n"
    yield "| variable | what it does |"
    yield "|---|---|"
    yield "| `PORT` | listens at this port of all interfaces |"
    for variable, name in ALIASES.items():
        yield f"| `{variable}` | `{OPTIONS[name].flag}` |"
    yield "| `NO_COLOR` | no colours on the terminal |"


if __name__ == "__main__":
    sys.stdout.write(render())
