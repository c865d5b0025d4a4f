"""The command line: ``hx ACTION [options]``, options anywhere, ``--http_port`` and ``--http-port`` alike.

argparse takes the line apart; values stay text here, so that every source's values are parsed and refused at one
place.
"""

from __future__ import annotations

import argparse
import functools
from collections.abc import Iterable, Sequence
from typing import NoReturn

from hendrix.cli.actions import ACTIONS, NO_SWITCHES, Switches
from hendrix.cli.given import Level, read
from hendrix.cli.nearest import advice
from hendrix.core.config import OPTIONS, Option
from hendrix.core.errors import UsageError
from hendrix.core.record import record

_FLAGS = {flag: option for option in OPTIONS.values() for flag in option.flags}
_SWITCHES = {name: f"--{name}" for action in ACTIONS.values() for name in action.switches}
_WORDS = {name: words for action in ACTIONS.values() for name, words in action.words.items()}
_TEXTS = {name: called for action in ACTIONS.values() for name, called in action.texts.items()}
_REPEATED = frozenset(name for action in ACTIONS.values() for name in action.repeated)
_ABOUT_ITSELF = ("-h", "--help", "--help-all", "--version")


@record(frozen=True)
class Command:
    """One line, understood. ``action`` is empty where none was given."""

    action: str
    flags: Level
    switches: Switches = NO_SWITCHES
    help: bool = False
    help_all: bool = False
    version: bool = False


def parse(words: Sequence[str]) -> Command:
    """Understand the words behind ``hx``. ``UsageError`` says in one line what is wrong with them."""
    try:
        found, rest = _parser().parse_known_args([_hyphenated(word) for word in words])
    except argparse.ArgumentError as error:
        raise _bad_use(error) from None
    asked = vars(found)
    about = {name: asked.pop(name, False) for name in ("help", "help_all", "version")}
    if any(about.values()):
        return Command(next((word for word in rest if word in ACTIONS), ""), {}, **about)
    action, verbs, operands = _action(rest)
    values = {name: _word(name, asked.pop(name)) for name in (*_WORDS, *_TEXTS) if name in asked}
    switches = frozenset(values) | {name for name in _SWITCHES if asked.pop(name, False)}
    _refuse_strange(action, asked, switches)
    flags = {name: read(name, text, OPTIONS[name].flag) for name, text in asked.items()}
    return Command(action, flags, Switches(switches | verbs, operands, values))


def _word(switch: str, given: str | list[str]) -> str:
    if isinstance(given, list):
        return ",".join(_word(switch, each) for each in given)
    if switch in _TEXTS:
        if not given:
            raise UsageError(f"--{switch} is empty; give --{switch} {_TEXTS[switch]}")
        return given
    if given not in _WORDS[switch]:
        raise UsageError(f"--{switch}: {given!r} is not known; give one of: {', '.join(_WORDS[switch])}")
    return given


class _Parser(argparse.ArgumentParser):
    @functools.cache  # noqa: B019 - one parser, which lives as long as the process
    def _get_formatter(self) -> argparse.HelpFormatter:
        """Each option that is added has argparse make one, to see whether it could be shown: half of all the work."""
        return argparse.HelpFormatter(self.prog, width=80)  # help is written elsewhere: see cli/help.py

    def error(self, message: str) -> NoReturn:
        """Not argparse's usage dump and exit status 2."""
        raise UsageError(f"{message}; hx --help shows how")


def _parser() -> _Parser:
    parser = _Parser("hx", add_help=False, allow_abbrev=False, exit_on_error=False, argument_default=argparse.SUPPRESS)
    parser.add_argument("-h", "--help", action="store_true")
    parser.add_argument("--help-all", action="store_true")
    parser.add_argument("--version", action="store_true")
    for name, flag in _SWITCHES.items():
        takes_a_word = "append" if name in _REPEATED else "store"
        parser.add_argument(flag, dest=name, action=takes_a_word if name in _WORDS or name in _TEXTS else "store_true")
    for option in OPTIONS.values():
        _add(parser, option)
    return parser


def _add(parser: _Parser, option: Option) -> None:
    if option.switch:
        parser.add_argument(*option.flags, dest=option.name, action="store_const", const="on")
        parser.add_argument(_off(option), dest=option.name, action="store_const", const="off")
    else:
        parser.add_argument(*option.flags, dest=option.name, action="append" if option.repeat else "store")


def _off(option: Option) -> str:
    """Every switch can be turned off, so that a flag can overrule a file."""
    return "--no-" + option.flag.removeprefix("--")


def _hyphenated(word: str) -> str:
    if not word.startswith("--"):
        return word
    name, equals, value = word.partition("=")
    return name.replace("_", "-") + equals + value


def _bad_use(error: argparse.ArgumentError) -> UsageError:
    flag = (error.argument_name or "").rpartition("/")[2]
    if flag.removeprefix("--") in _WORDS:
        return UsageError(f"{flag} needs a value; give one of: {', '.join(_WORDS[flag.removeprefix('--')])}")
    if flag.removeprefix("--") in _TEXTS:
        return UsageError(f"{flag} needs a value; give {flag} {_TEXTS[flag.removeprefix('--')]}")
    option = _FLAGS.get(flag)
    if option is None or option.switch:
        return UsageError(f"{flag} takes no value; give it alone")
    return UsageError(f"{flag} needs a value; give {flag} {option.metavar}")


def _action(rest: Iterable[str]) -> tuple[str, frozenset[str], tuple[str, ...]]:
    """The action, its verb where it has some, and the words that it is done to."""
    words = list(rest)
    for word in words:
        if word.startswith("-"):
            raise _unknown_option(word)
    if not words:
        raise UsageError(f"no action; give one, as in hx {next(iter(ACTIONS))}")
    if words[0] not in ACTIONS:
        raise UsageError(f"unknown action {words[0]!r}; {advice(words[0], ACTIONS, 'hx --help lists them')}")
    verbs = ACTIONS[words[0]].verbs
    given = words[1:2] if verbs else []
    if verbs and (not given or given[0] not in verbs):
        found = f"{given[0]!r} is nothing that hx {words[0]} does" if given else f"hx {words[0]} needs a word more"
        raise UsageError(f"{found}; give one of: {', '.join(verbs)}")
    operands = tuple(words[1 + len(given) :])
    if operands and not ACTIONS[words[0]].operands:
        raise UsageError(f"{operands[0]!r} is one word too many; options begin with --")
    return words[0], frozenset(given), operands


def _unknown_option(word: str) -> UsageError:
    name = word.partition("=")[0]
    known = (*_FLAGS, *_SWITCHES.values(), *_ABOUT_ITSELF)
    return UsageError(f"unknown option {name}; {advice(name, known, 'hx start --help-all lists the options')}")


def _refuse_strange(action: str, options: Iterable[str], switches: frozenset[str]) -> None:
    """What means nothing to the action was meant otherwise: it is not ignored."""
    known = ACTIONS[action]
    for name in (*options, *sorted(switches)):
        if name not in known.takes and name not in known.switches:
            flag = _SWITCHES.get(name) or OPTIONS[name].flag
            raise UsageError(f"hx {action} does not take {flag}; hx {action} --help shows what it takes")
