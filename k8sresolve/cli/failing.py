"""What becomes of errors: told in terms of the command's options, and an exit status."""

import argparse
import re
import shlex
import sys
from typing import Any

import attrs

from k8sresolve._escaping import escaped
from k8sresolve.cli.manifests import in_command, manifests
from k8sresolve.cli.screen import Screen
from k8sresolve.errors import (
    BadResponse,
    Error,
    InternalError,
    LookupTimeout,
    NetworkError,
    NoSuchName,
    NotFound,
    Refused,
    ServerFailure,
    TemporaryFailure,
)

DOCTOR = "`k8sresolve doctor` tells whether DNS itself is at fault"
NOT_FOUND, WRONG, TEMPORARY = 1, 2, 3


def complain(message: str, usage: str = "") -> None:
    """Write an error to standard error, below what the usage is."""
    if usage:
        print(usage, end="", file=sys.stderr)
    print(Screen.of(sys.stderr).wrapped(f"k8sresolve: {message}"), file=sys.stderr)


def text_of(error: Error, args: argparse.Namespace) -> str:
    """Write an error of a command, with its advice in terms of the command's options, and which command shows more."""
    advice = getattr(error, "advice", "")
    text = str(error).removesuffix(escaped(advice)) + in_options(advice) if advice else str(error)
    return in_command("; ".join(filter(None, (text, _more(error, args)))), args.command)


def _more(error: Error, args: argparse.Namespace) -> str:
    """Name the command that shows more, where the error leaves open what is wrong."""
    is_offline = bool(args.command and manifests(args))
    if isinstance(error, LookupTimeout | NetworkError | ServerFailure | Refused) and error.attempts:
        return "" if is_offline else "`k8sresolve doctor` looks at the nameservers"
    if not isinstance(error, NotFound):
        return ""
    namespace, slash, service = error.name.partition("/")
    name = shlex.quote(f"{service}.{namespace}" if slash else error.name)
    if args.command == "addresses" and not error.advice:
        return f"`k8sresolve explain {name}` shows every candidate"
    if error.problem.startswith("the Service has no port") and isinstance(error, NoSuchName):
        return f"`k8sresolve ports {name}` lists the numbers that it has"
    if is_offline and error.advice.startswith("there is no Service"):
        return f"`k8sresolve explain {name}` says what the manifests have"
    if not is_offline and error.attempts and isinstance(error, NoSuchName):
        return DOCTOR
    return ""


def data_of(error: Error, args: argparse.Namespace) -> dict[str, Any]:
    """Turn an error of a command into what JSON has: its kind, its whole text, and those of its fields that it has."""
    told = {"kind": type(error).__name__, "message": text_of(error, args)}
    fields = {name: getattr(error, name, None) for name in ("name", "problem")}
    fields["advice"] = in_command(in_options(getattr(error, "advice", "")), args.command)
    attempts = [attrs.asdict(attempt) for attempt in getattr(error, "attempts", ())]
    places = {name: getattr(error, name, None) for name in ("file", "line", "object", "field")}
    more = {name: value for name, value in {**fields, "attempts": attempts, **places}.items() if value}
    return {**told, **more}


def tell(error: Error, args: argparse.Namespace) -> int:
    """Tell an error of a command; returns the exit status that it stands for."""
    complain(text_of(error, args), getattr(error, "usage", ""))
    return status_of(error)


def status_of(error: Error) -> int:
    """Return the exit status that an error stands for."""
    if isinstance(error, NotFound):
        return NOT_FOUND
    return TEMPORARY if isinstance(error, TemporaryFailure | BadResponse | InternalError) else WRONG


def in_options(advice: str) -> str:
    """Write advice in terms of the command's options, where it speaks of arguments in Python."""
    told = re.sub(r"(?:use|give a) ResolverConfig(?:\.for_cluster\(\))?", "give --nameserver", advice)
    told = re.sub(r"\b(namespace|cluster_domain|family)=(?:'(\w+)')?", _option, told)
    told = told.replace("open=True", "--open")
    told = re.sub(r"\b(\w+)\(\)\.(\w+)", r"the \2 of `k8sresolve \1`", told)
    return re.sub(r"\b(\w+)\(\)", r"`k8sresolve \1`", told)


def _option(argument: re.Match[str]) -> str:
    name, value = argument.groups()
    return f"--{name.replace('_', '-')}" + (f" {value}" if value else "")
