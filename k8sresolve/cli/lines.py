"""A command line word by word, as far as it is typed: which parser reads on, what it awaits, and what is unknown."""

import argparse
from collections.abc import Mapping
from typing import cast

from k8sresolve.cli.options import Parser


class Line:
    """A command line as far as it is read.

    `parser` reads on, that of the command called `command`; `options` and `arguments` are what it may be given yet,
    `awaited` is the option whose value comes next, `given` has the values by option, and `unknown` is the first word
    that is no command, or option.
    """

    options: dict[str, argparse.Action]
    arguments: list[argparse.Action]

    def __init__(self, parser: Parser) -> None:
        self.command: str = ""
        self.awaited: argparse.Action | None = None
        self.given: dict[str, list[str]] = {}
        self.unknown: str = ""
        self.options_ended: bool = False
        self._begin(parser)

    def _begin(self, parser: Parser) -> None:
        self.parser = parser
        shown = [action for action in parser.arguments if action.help != argparse.SUPPRESS]
        self.options = {flag: action for action in shown for flag in action.option_strings}
        self.arguments = [action for action in shown if not action.option_strings]

    def read(self, word: str) -> None:
        """Read the next word."""
        if self.awaited is not None:
            self._take(self.awaited, word)
            self.awaited = None
        elif word == "--" and not self.options_ended:
            self.options_ended = True
        elif word.startswith("-") and word != "-" and not self.options_ended:
            self._read_option(word)
        elif self.arguments:
            self._read_argument(self.arguments[0], word)

    def _take(self, option: argparse.Action, value: str) -> None:
        self.given.setdefault(option.option_strings[-1], []).append(value)

    def _read_option(self, word: str) -> None:
        if word.startswith("--"):
            flag, stated, value = word.partition("=")
            self._read_flag(flag, value if stated else None)
            return
        for place, letter in enumerate(word[1:], 2):
            if not self._read_flag(f"-{letter}", word[place:] or None):
                return

    def _read_flag(self, flag: str, value: str | None) -> bool:
        """Read an option with the value that stands behind it; returns whether that may be another option."""
        option = self._option(flag)
        if option is None:
            return False
        if not takes_value(option):
            self._take(option, "")
            return True
        if value is None:
            self.awaited = option
        else:
            self._take(option, value)
        return False

    def _option(self, flag: str) -> argparse.Action | None:
        option = self.options.get(flag)
        if option is None:
            self.unknown = self.unknown or flag
        return option

    def _read_argument(self, argument: argparse.Action, word: str) -> None:
        commands = commands_of(argument)
        if commands is None:
            if argument.nargs not in ("*", "+"):
                self.arguments.pop(0)
        elif word in commands:
            self.command = word
            self._begin(commands[word])
        else:
            self.unknown = self.unknown or word
            self.options, self.arguments = {}, []


def takes_value(option: argparse.Action) -> bool:
    """Whether a value belongs to an option."""
    return option.nargs != 0


def commands_of(argument: argparse.Action) -> Mapping[str, Parser] | None:
    """Tell the commands that an argument may be, None where it is another."""
    return cast("Mapping[str, Parser]", argument.choices) if argument.nargs == argparse.PARSER else None
