"""Commands that make a call of a resolver, or one for each of several names."""

import argparse
from collections.abc import Callable
from functools import partial
from typing import Any

from k8sresolve.cli.failing import data_of, tell
from k8sresolve.cli.forms import add_forms, asked
from k8sresolve.cli.opening import open_resolver
from k8sresolve.cli.options import Commands, Parser
from k8sresolve.cli.output import FORMS, Shown, rendered, write
from k8sresolve.cli.progress import Waiting
from k8sresolve.cli.screen import Screen
from k8sresolve.errors import Error, InvalidName
from k8sresolve.resolver import Resolver

Ask = Callable[[Resolver, argparse.Namespace], Shown]
AskEach = Callable[[Resolver, argparse.Namespace, str], Shown]


def add_ask(commands: Commands, name: str, summary: str, ask: Ask, details: str = "", **how: Any) -> Parser:
    """Add a subcommand that makes one call of a resolver; `how` is that of `Commands.add`."""
    parser = commands.add(name, summary, partial(_ask, ask), details, **how)
    add_forms(parser, FORMS)
    return parser


def add_ask_each(commands: Commands, name: str, summary: str, ask: AskEach, details: str = "", **how: Any) -> Parser:
    """Add a subcommand that makes one call of a resolver for each of the names given: see `add_names`."""
    parser = commands.add(name, summary, partial(ask_each, ask), details, **how)
    add_forms(parser, FORMS)
    return parser


def add_names(parser: argparse.ArgumentParser, called: str, text: str, nargs: str = "+") -> None:
    """Add the argument that names what is asked about, once or several times."""
    parser.add_argument("names", metavar=called, nargs=nargs, help=f"{text}; several may be given")


def _ask(ask: Ask, args: argparse.Namespace) -> int:
    with open_resolver(args) as resolver, Waiting("asking"):
        shown = ask(resolver, args)
    write(shown, args)
    return shown.status


def ask_each(ask: AskEach, args: argparse.Namespace) -> int:
    """Make a call of a resolver for each of the names given; returns the exit status."""
    with open_resolver(args) as resolver:
        return show_each(args, partial(ask, resolver, args))


def show_each(args: argparse.Namespace, show: Callable[[str], Shown]) -> int:
    """Show what comes of each of the names given, below it where there are several; returns the greatest exit status.

    What fails is told in its place, and the others are shown. Text for standard output is written as it comes, all else
    at last.
    """
    names: list[str] = list(dict.fromkeys(args.names))
    if len(names) == 1:
        with Waiting(f"asking about {names[0]}"):
            shown = show(names[0])
        write(shown, args)
        return shown.status
    at_once = asked(args) == [("text", "")]
    found: dict[str, Shown] = {}
    data: dict[str, Any] = {}
    status = 0
    for name in names:
        try:
            with Waiting(f"asking about {name}"):
                shown = show(name)
        except Error as error:
            status = max(status, tell(error, args))
            key = error.name if isinstance(error, InvalidName) and "@" in name else name  # which tells no password
            data[key] = {"error": data_of(error, args)}
            continue
        status, data[name] = max(status, shown.status), shown.data
        if at_once:
            write(Shown(partial(_below, {name: shown.text}, "\n" if found else ""), {}), args)
        found[name] = shown
    if not at_once:
        texts = {name: shown.text for name, shown in found.items()}
        wide = {name: shown.wide or shown.text for name, shown in found.items()}
        told = [line for shown in found.values() for line in shown.names]
        write(Shown(partial(_below, texts, ""), {"names": data}, wide=partial(_below, wide, ""), names=told), args)
    return status


def _below(texts: dict[str, Any], gap: str, on: Screen) -> str:
    """Write each text below its name."""
    return gap + "\n\n".join(f"{on.line(f'{name}:', 'bold')}\n{rendered(text, on)}" for name, text in texts.items())
