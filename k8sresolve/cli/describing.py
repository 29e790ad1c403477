"""`schema`: what the JSON of a command has, as JSON Schema."""

import argparse
import json
import re
from pathlib import Path
from typing import Any, cast

from k8sresolve.cli.forms import send
from k8sresolve.cli.options import Commands

SCHEMAS = Path(__file__).parent / "schemas"
_COMMON = "common.json"
_REFERENCE = re.compile(r'"#/\$defs/(\w+)"')
_DETAILS = """\
It is JSON Schema 2020-12, and has errors and what comes of several names, too.
"""


def register(commands: Commands) -> None:
    """Add the subcommand."""
    names = sorted(file.name.removesuffix(".json") for file in SCHEMAS.iterdir() if file.name != _COMMON)
    schema = commands.add(
        "schema", "print the JSON Schema of what a command prints with --json", _print, _DETAILS, takes=()
    )
    schema.add_argument("of", metavar="COMMAND", choices=tuple(names), help="the command: %(choices)s")


def _print(args: argparse.Namespace) -> int:
    send(json.dumps(schema(args.of), indent=2))
    return 0


def schema(command: str) -> dict[str, Any]:
    """Read a command's schema, with what it has in common with others among its own definitions."""
    found, common = _read(f"{command}.json"), _read(_COMMON)["$defs"]
    own: dict[str, Any] = found.setdefault("$defs", {})
    left: list[Any] = [found]
    while left:
        referred = set(_REFERENCE.findall(json.dumps(left.pop()))) - own.keys()
        own |= {name: common[name] for name in sorted(referred)}
        left += [common[name] for name in referred]
    return found


def _read(name: str) -> dict[str, Any]:
    text = (SCHEMAS / name).read_text(encoding="utf-8")
    return cast("dict[str, Any]", json.loads(text.replace(f'"{_COMMON}#', '"#')))
