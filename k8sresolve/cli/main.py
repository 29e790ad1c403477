"""The command line: its parser, and what becomes of errors. Each group of subcommands has a module of its own."""

import argparse
import contextlib
import io
import os
import re
import sys
from collections.abc import Sequence
from functools import cache
from typing import NoReturn, cast

from k8sresolve import __version__
from k8sresolve.cli import (
    checking,
    completing,
    describing,
    differing,
    examining,
    explaining,
    hosts,
    inventory,
    linting,
    probing,
    searching,
    services,
    serving,
    watching,
)
from k8sresolve.cli.failing import WRONG, complain, data_of, tell
from k8sresolve.cli.forms import DATA, data_forms_in, data_text, send, told_in
from k8sresolve.cli.mistyped import unknown_in
from k8sresolve.cli.options import Commands, Parser, UsageError, add_common, refused
from k8sresolve.cli.profiling import command as profiling
from k8sresolve.errors import ConfigError, Error

_DESCRIPTION = """\
Look up Services, their ports and any other host in Kubernetes DNS, and see
why a name fails.

In a pod no option is needed. From a node or a laptop give --nameserver with
the address of a CoreDNS pod; without any cluster give manifests (-f, -k), and
what CoreDNS would answer is worked out from them.

Services are named `svc`, `svc.ns`, `ns/svc`, `svc.ns.svc` or by their full
name.
"""
_EPILOG = """\
examples:
  k8sresolve service payments.shop --port http
  k8sresolve --nameserver 10.244.0.2 explain payments.shop
  k8sresolve -f deploy/ -n shop endpoints cassandra.data cql
  helm template . | k8sresolve -n shop check -

exit status, of several names the greatest:
  0  found
  1  no such name, or no data for it; lint, check: errors (--fail-on); diff:
     something changes; doctor: something is to mend
  2  wrong usage, name, configuration or manifest, or a question that does not
     fit the Service, such as the endpoints of one that is not headless
  3  no usable answer for now: timeout, nameserver out of reach, SERVFAIL,
     REFUSED, a bad reply; wait: in vain; doctor: no nameserver answers
  4  probe: the name is found, and some connection fails
"""

# What shells give for a program that a signal ended: 128 and the signal's number.
_INTERRUPTED, _BROKEN_PIPE = 130, 141


@cache
def _parser() -> Parser:
    parser = Parser(
        prog="k8sresolve",
        description=_DESCRIPTION,
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"k8sresolve {__version__}")
    commands = Commands(parser)
    add_common(parser)
    for group in (
        services,
        watching,
        hosts,
        searching,
        explaining,
        probing,
        linting,
        checking,
        inventory,
        differing,
        examining,
        profiling,
        serving,
        describing,
        completing,
    ):
        group.register(commands)
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command with `argv` (default: this process's) and return its exit status."""
    given = sys.argv[1:] if argv is None else argv
    args = argparse.Namespace(command="", output=[], json=False)
    try:
        try:
            if [*given[:1]] == [completing.HIDDEN]:
                send(completing.answer(_parser(), given[1:]))
                return 0
            args = _parsed(given)
            status: int = args.run(args)
        except SystemExit:  # argparse, after --help or --version
            return 0
        except UsageError as error:
            return _failed(error, args, data_forms_in(given))
        except Error as error:
            return _failed(error, args)
    except KeyboardInterrupt:
        return _INTERRUPTED
    except BrokenPipeError:
        _discard_output()
        return _BROKEN_PIPE
    except OSError as error:
        _discard_output()
        complain(f"cannot write: {error.strerror or error}")
        return WRONG
    return status


def _parsed(given: Sequence[str]) -> argparse.Namespace:
    """Read the command line. Raises `UsageError`."""
    parser = _parser()
    if [*given[:1]] == ["help"]:
        given = [*given[1:], "--help"]
    for text in given:
        # argparse makes an empty list of such a value.
        if option := re.fullmatch("(--.+(?==)|-[a-zA-Z])=?--", text):
            parser.error(f"argument {option[1]}: cannot be '--'")
    if [*given].count("--") > 1:  # nor does it keep a second one
        parser.error("an argument cannot be '--'")
    try:
        args = parser.parse_args(given)
    except UsageError:
        if (unknown := unknown_in(parser, given)) is not None:
            raise unknown from None
        raise
    if flag := refused(args):
        parser.error(f"{args.command} takes no {flag}")
    return args


def _failed(error: Error, args: argparse.Namespace, forms: Sequence[tuple[str, str]] | None = None) -> int:
    """Tell what ended the command, in JSON, too, where that was asked for; returns the exit status."""
    status = tell(error, args)
    for form, path in told_in(args) if forms is None else forms:
        if form not in DATA:
            continue
        with contextlib.suppress(ConfigError):  # a second one, of where the first could be written
            send(data_text(form, {"error": data_of(error, args)}), path)
    return status


def entry() -> NoReturn:
    """Run the command as a program."""
    if isinstance(output := cast(object, sys.stdout), io.TextIOWrapper):
        output.reconfigure(errors="backslashreplace")  # what this terminal has no letter for
    sys.exit(main())


def _discard_output() -> None:
    """Keep the interpreter from writing the rest at its exit, which would fail again."""
    if sys.stdout is None:
        return
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)
