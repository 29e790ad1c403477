"""`completion`: a script for the shell, which asks the hidden `__complete` what the word at the cursor may be."""

import argparse
import os
import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from k8sresolve._escaping import escaped
from k8sresolve.cli.forms import send
from k8sresolve.cli.lines import Line, commands_of, takes_value
from k8sresolve.cli.options import Commands, Parser
from k8sresolve.errors import Error

HIDDEN = "__complete"
"""What the scripts ask, before anything else is read."""
_SHELLS = Path(__file__).parent / "shells"
SCRIPTS = {"bash": "k8sresolve.bash", "zsh": "_k8sresolve", "fish": "k8sresolve.fish"}
_DETAILS = """\
For this shell: source <(k8sresolve completion bash), or zsh; with fish: k8sresolve completion fish | source. For each
new one, write that into ~/.bashrc, ~/.zshrc (behind compinit), or ~/.config/fish/config.fish.
"""
_NAMES = ("NAME", "HOST")
_PLAIN = re.compile(r"[a-z0-9.-]+")  # what no shell takes for anything else
_PATHS = {"PATH": "files", "FILE": "files", "DIR": "directories"}  # by what the help calls a value


class Offer(NamedTuple):
    """What a word may become: words, each with what it means; or `paths`, "files" or "directories", behind `prefix`."""

    words: Sequence[tuple[str, str]] = ()
    paths: str = ""
    prefix: str = ""


def register(commands: Commands) -> None:
    """Add the subcommand."""
    completion = commands.add(
        "completion",
        "print a script by which a shell completes commands, options and names",
        _print,
        _DETAILS,
        takes=(),
    )
    completion.add_argument("shell", metavar="SHELL", choices=tuple(SCRIPTS), help="the shell: %(choices)s")


def _print(args: argparse.Namespace) -> int:
    send((_SHELLS / SCRIPTS[args.shell]).read_text(encoding="utf-8").rstrip("\n"))
    return 0


def answer(parser: Parser, asked: Sequence[str]) -> str:
    """Answer a script, which gives its shell and the words up to the cursor.

    The first line has the kind of paths and their prefix, each other a word and what it means.
    """
    shell, *words = asked or ["bash"]
    *before, word = (_joined(words) if shell == "bash" else words) or [""]
    offer = complete(parser, before, word)
    told = [(value, meaning) for value, meaning in offer.words if shell != "bash" or value.startswith(word)]
    kept = len(word) - len(re.split("[=:]", word)[-1]) if shell == "bash" else 0  # bash replaces what is behind it
    return "\n".join([f"{offer.paths}\t{offer.prefix}", *(f"{value[kept:]}\t{meaning}" for value, meaning in told)])


def _joined(words: Iterable[str]) -> list[str]:
    """Put together what bash takes apart, as `--policy` `=` `glibc`."""
    joined: list[str] = []
    sign = False
    for word in words:
        glued, sign = sign, word in ("=", ":")
        if joined and (glued or sign):
            joined[-1] += word
        else:
            joined.append(word)
    return joined


def complete(parser: Parser, before: Iterable[str], word: str) -> Offer:
    """Tell what `word` may become behind the words before it."""
    line = Line(parser)
    for one in before:
        line.read(one)
    if line.awaited is not None:
        return _values(line, line.awaited, word)
    if line.options_ended or not word.startswith("-"):
        return _values(line, line.arguments[0], word) if line.arguments else Offer()
    flag, stated, value = word.partition("=")
    if not stated:
        return Offer([(flag, _meaning(option)) for flag, option in line.options.items()])
    option = line.options.get(flag)
    if option is None or not takes_value(option):
        return Offer()
    words, paths, prefix = _values(line, option, value)
    return Offer([(f"{flag}={one}", meaning) for one, meaning in words], paths, f"{flag}={prefix}")


def _values(line: Line, action: argparse.Action, word: str) -> Offer:
    commands = commands_of(action)
    if commands is not None:
        return Offer([(name, parser.summary) for name, parser in commands.items()])
    metavar = str(action.metavar)
    before, stated, _ = word.rpartition("=")
    if metavar.endswith("[=FILE]") and stated:
        return Offer(paths="files", prefix=f"{before}=")
    if metavar in _NAMES:
        return Offer([(name, "") for name in _named(line, action)])
    begun = word[: word.rfind(",") + 1]
    choices = getattr(action.type, "words", ()) if action.choices is None else action.choices
    return Offer([(f"{begun}{choice}", "") for choice in choices], _PATHS.get(metavar, ""))


def _named(line: Line, action: argparse.Action) -> list[str]:
    """List what the manifests given on the line have: namespaces, or Services by the names by which they are found."""
    here = (line.given.get("--namespace") or ["default"])[-1]
    services = _services(line, here)
    if action.dest in ("namespace", "asking_from"):
        return sorted({namespace for _, namespace in services})
    return sorted(name if namespace == here else f"{name}.{namespace}" for name, namespace in services)


def _services(line: Line, namespace: str) -> list[tuple[str, str]]:
    paths = [os.path.expanduser(path) for path in line.given.get("--manifests", ()) if path != "-"]  # noqa: PTH111
    if not paths:
        return []
    from k8sresolve.testing import Cluster

    how: dict[str, Any] = {"recursive": "--recursive" in line.given, "apply_namespace": namespace}
    try:
        cluster = Cluster.from_manifests(*paths, refused=lambda _error: None, **how)
    except Error:
        return []
    names = [(service.name, service.namespace) for service in cluster.store.all("Service")]
    return [pair for pair in names if all(map(_PLAIN.fullmatch, pair))]


def _meaning(option: argparse.Action) -> str:
    """Shorten its help to what stands before the first particular."""
    return escaped(re.split(r"[;:(]|, or ", option.help or "")[0].strip())
