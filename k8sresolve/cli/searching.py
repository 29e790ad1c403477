"""`candidates`: which names a host name stands for."""

import argparse

from k8sresolve.cli.asking import add_ask_each, add_names
from k8sresolve.cli.options import ASKING, Commands
from k8sresolve.cli.output import Shown, plain
from k8sresolve.cli.screen import Screen
from k8sresolve.resolver import Resolver


def register(commands: Commands) -> None:
    """Add the subcommand."""
    candidates = add_ask_each(
        commands,
        "candidates",
        "list the absolute names that a host name may stand for, and ask nothing",
        _candidates,
        takes=(*(option for option in ASKING if option != "timeout"), "policy"),
    )
    add_names(candidates, "NAME", "a host name, as given to `addresses`")


def _candidates(resolver: Resolver, _args: argparse.Namespace, name: str) -> Shown:
    candidates = resolver.candidates(name)
    rows = [(candidate.name, "yes" if candidate.asked else "skipped", candidate.rule) for candidate in candidates]
    notes = dict.fromkeys(f"note: {finding}" for finding in resolver.config.diagnostics)

    def text(on: Screen) -> str:
        return "\n".join([on.table(("CANDIDATE", "ASKED", "WHY"), rows), *map(on.wrapped, notes)])

    names = [candidate.name for candidate in candidates if candidate.asked]
    return Shown(text, {"candidates": plain(candidates)}, names=names)
