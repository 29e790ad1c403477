"""`lint`: what to improve in a resolv.conf."""

import argparse
import sys
from collections.abc import Sequence
from functools import partial
from operator import attrgetter

from k8sresolve.cli.files import MOST_BYTES
from k8sresolve.cli.findings import STATUS, add_reporting, tell, with_advice
from k8sresolve.cli.formats.report import OF_SETTINGS, FindingColumns, Report
from k8sresolve.cli.opening import require_file
from k8sresolve.cli.options import TOLD, Commands
from k8sresolve.errors import ConfigError
from k8sresolve.findings import Finding

_DETAILS = f"""\
The file is judged as glibc reads it; where musl (Alpine) or Go make something else of it, that is told.
{STATUS}; 2 the file cannot be read.
"""
_RESOLV_CONF = "/etc/resolv.conf"


def register(commands: Commands) -> None:
    """Add the subcommand."""
    lint = commands.add("lint", "find what to improve in a resolv.conf", _lint, _DETAILS, takes=("resolv_conf", *TOLD))
    lint.add_argument(
        "file",
        metavar="FILE",
        nargs="?",
        help="a resolv.conf(5), `-` for standard input (default: --resolv-conf, or else /etc/resolv.conf)",
    )
    add_reporting(lint)


def _lint(args: argparse.Namespace) -> int:
    path = args.file or args.resolv_conf
    source, findings = _of_input() if path == "-" else _of_file(path)
    columns: FindingColumns = {
        "LINE": partial(_where, source),
        "SEVERITY": attrgetter("severity"),
        "RULE": attrgetter("rule"),
        "FINDING": with_advice,
    }
    return tell(args, Report("lint", source, findings, columns, OF_SETTINGS))


def _of_file(path: str | None) -> tuple[str, Sequence[Finding]]:
    from k8sresolve import lint_config

    if path is None:
        return _RESOLV_CONF, lint_config(_RESOLV_CONF)
    require_file(path)
    return path, lint_config(path)


def _of_input() -> tuple[str, Sequence[Finding]]:
    """Read a file of another machine, of which nothing else is known."""
    from k8sresolve import lint_resolv_conf

    data = sys.stdin.buffer.read(MOST_BYTES + 1)
    if len(data) > MOST_BYTES:
        raise ConfigError(f"standard input has more than {MOST_BYTES:,} bytes")
    return "standard input", lint_resolv_conf(data, source="standard input")


def _where(source: str, finding: Finding) -> str:
    if finding.line is not None:
        return str(finding.line)
    return "" if finding.source == source else finding.source
