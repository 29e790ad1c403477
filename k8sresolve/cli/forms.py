"""`-o FORM[=FILE]`: in which forms something is told, and where to."""

import argparse
import contextlib
import errno
import json
import os
import re
import sys
from collections.abc import Mapping, Sequence
from typing import Any

import attrs

from k8sresolve.cli.files import write_whole
from k8sresolve.cli.screen import Screen
from k8sresolve.errors import ConfigError

SCHEMA_VERSION = 1
"""Of all that is written in JSON: raised where a field goes, or changes its meaning."""
DATA = ("json", "yaml")
"""The forms in which errors are told, too."""


def add_forms(parser: argparse.ArgumentParser | argparse._ArgumentGroup, forms: Sequence[str]) -> None:
    """Add `-o`, with the forms that something can be told in, of which the first is the default."""
    parser.add_argument(
        "-o",
        "--output",
        metavar="FORM[=FILE]",
        type=_Output(forms),
        action="append",
        default=[],
        help=f"print it as {', '.join(forms)} (default: {forms[0]}), to standard output or to a file; may be repeated",
    )


@attrs.frozen
class _Output:
    """Reads a form, one of these words, and its file."""

    words: Sequence[str]

    def __call__(self, given: str) -> tuple[str, str]:
        form, stated, path = given.partition("=")
        if form not in self.words or (stated and not path):
            raise argparse.ArgumentTypeError(f"{given!r} is no FORM[=FILE], with a form of {', '.join(self.words)}")
        return form, path


def told_in(args: argparse.Namespace) -> list[tuple[str, str]]:
    """List the forms asked for, and the file of each."""
    return list(dict.fromkeys([*args.output, *([("json", "")] if args.json else [])])) or [("text", "")]


def data_forms_in(given: Sequence[str]) -> list[tuple[str, str]]:
    """List those of `DATA` that a command line asks for which cannot be read, and the file of each."""
    found = [("json", "")] if "--json" in given else []
    for word, following in zip(given, [*given[1:], ""], strict=True):
        stated = re.fullmatch("(?:-o=?|--output=)(.+)", word)
        with contextlib.suppress(argparse.ArgumentTypeError):
            found.append(_Output(DATA)(stated[1] if stated else following if word in {"-o", "--output"} else ""))
    return list(dict.fromkeys(found))


def asked(args: argparse.Namespace) -> list[tuple[str, str]]:
    """Do as `told_in`. Raises `ConfigError` where two go to one place."""
    outputs = told_in(args)
    places = [path for _, path in outputs]
    for path in places:
        if places.count(path) > 1:
            told = f"the file {path!r}" if path else "standard output"
            raise ConfigError(f"two forms go to {told}", advice="give -o FORM=FILE, each with a file of its own")
    return outputs


def screen(args: argparse.Namespace, path: str = "") -> Screen:
    """Take the screen that a text goes to, or what stands for it in a file."""
    return Screen(0, args.color == "always") if path else Screen.of(sys.stdout, args.color)


def send(text: str, path: str = "") -> None:
    """Write a text that is escaped already to standard output, all of it at once, or to a file."""
    if path:
        write_whole(path, f"{text}\n" if text else "")
    elif sys.stdout is None:  # it was closed before this program began
        raise OSError(errno.EBADF, os.strerror(errno.EBADF))
    else:
        print(text, flush=True)


def data_text(form: str, data: Mapping[str, Any]) -> str:
    """Write a JSON object, or the same in YAML. Raises `ConfigError` where PyYAML is not installed."""
    data = {"schema_version": SCHEMA_VERSION, **data}
    if form == "json":
        return json.dumps(data, indent=2)
    try:
        import yaml
    except ModuleNotFoundError:
        raise ConfigError("-o yaml needs PyYAML", advice="pip install 'k8sresolve[yaml]', or -o json") from None
    return str(yaml.safe_dump(data, sort_keys=False, allow_unicode=True)).rstrip("\n")  # pyright: ignore[reportUnknownMemberType]
