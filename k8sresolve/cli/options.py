"""The parser: the options that subcommands share, each of which takes those that mean something to it."""

import argparse
import math
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any, NoReturn, get_args

import attrs

from k8sresolve.cli.screen import Color
from k8sresolve.config import Family, Policy
from k8sresolve.errors import Error

Run = Callable[[argparse.Namespace], int]


@attrs.frozen
class _Option:
    """An option of several commands. One that may be repeated adds up, before and after the command."""

    dest: str
    flags: Sequence[str]
    help: str
    default: Any = None
    how: Mapping[str, Any] = {}

    def add_to(self, group: argparse._ArgumentGroup, *, after_command: bool) -> None:
        """Add it to the command's own parser, or to a subcommand's.

        A subcommand's parser sets only what is given there, so that it does not undo what was given before it.
        """
        more = "more_" if after_command and self.is_repeated else ""
        default = argparse.SUPPRESS if after_command else self.default
        group.add_argument(*self.flags, help=self.help, dest=f"{more}{self.dest}", default=default, **self.how)

    @property
    def is_repeated(self) -> bool:
        return self.how.get("action") == "append"


def seconds(text: str) -> float:
    """Read a number of seconds above 0, for argparse."""
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not 0 < number < math.inf:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of seconds above 0")
    return number


_FLAG = {"action": "store_true"}
_OPTIONS = (
    _Option(
        "manifests",
        ("-f", "--manifests"),
        "answer from manifests, as CoreDNS would: a file, a directory of them, or `-` for standard input; may be "
        "repeated",
        [],
        {"metavar": "PATH", "action": "append"},
    ),
    _Option("recursive", ("-R", "--recursive"), "read what is below the directories of -f, too", False, _FLAG),
    _Option(
        "kustomize",
        ("-k", "--kustomize"),
        "answer from what `kubectl kustomize DIR`, or else kustomize, prints; may be repeated",
        [],
        # That an empty one is no directory is told where it is read.
        {"metavar": "DIR", "type": str, "action": "append"},
    ),
    _Option(
        "env",
        ("--env",),
        "give a Corefile's variable {$NAME} a value, or that of this command's own environment; may be repeated",
        [],
        {"metavar": "NAME[=VALUE]", "action": "append"},
    ),
    _Option(
        "namespace",
        ("-n", "--namespace"),
        "the namespace of objects in manifests that state none, as with kubectl apply, and the one to ask from "
        "(default: with manifests `default`, and else the pod's)",
        how={"metavar": "NAME"},
    ),
    _Option("asking_from", ("--from",), "the namespace to ask from, where that is another", how={"metavar": "NAME"}),
    _Option(
        "coredns",
        ("--coredns",),
        "answer from manifests as this version of CoreDNS would (default: 1.14.7)",
        how={"metavar": "VERSION"},
    ),
    _Option(
        "kubernetes",
        ("--kubernetes",),
        "the cluster's version of Kubernetes (default: 1.37)",
        how={"metavar": "VERSION"},
    ),
    _Option(
        "cluster_domain",
        ("--cluster-domain",),
        "the cluster domain (default: the pod's, or else cluster.local)",
        how={"metavar": "DOMAIN"},
    ),
    _Option(
        "nameserver",
        ("--nameserver",),
        "ask this one: IP, IP:PORT or [IPv6]:PORT, such as a CoreDNS pod's",
        how={"metavar": "ADDRESS"},
    ),
    _Option(
        "resolv_conf",
        ("--resolv-conf",),
        "read this resolv.conf(5) in place of /etc/resolv.conf",
        how={"metavar": "FILE"},
    ),
    _Option(
        "policy",
        ("--policy",),
        "how hosts are searched: %(choices)s (default: kubernetes)",
        "kubernetes",
        {"metavar": "POLICY", "choices": get_args(Policy)},
    ),
    _Option(
        "family",
        ("--family",),
        "addresses to ask for: %(choices)s (default: auto)",
        "auto",
        {"metavar": "FAMILY", "choices": get_args(Family)},
    ),
    _Option(
        "timeout",
        ("--timeout",),
        "bound a whole lookup, in seconds (default: 5)",
        how={"metavar": "SECONDS", "type": seconds},
    ),
    _Option("json", ("--json",), "the same as -o json: one JSON object, of an error, too", False, _FLAG),
    _Option(
        "color",
        ("--color",),
        "show colours: %(choices)s (default: auto, where a terminal shows them; see NO_COLOR and FORCE_COLOR)",
        "auto",
        {"metavar": "WHEN", "choices": get_args(Color)},
    ),
)
TOLD = ("json", "color")
"""The options of all that is told in several forms."""
MANIFESTS = (
    *("manifests", "recursive", "kustomize", "env", "namespace", "coredns", "kubernetes", "cluster_domain"),
    *TOLD,
)
"""The options of the offline cluster."""
ASKING = (*MANIFESTS, "asking_from", "nameserver", "resolv_conf", "timeout")
"""The options of a resolver, real or offline."""


def add_common(parser: argparse.ArgumentParser, taken: Collection[str] | None = None) -> None:
    """Add all common options to the command's own parser, or those that it takes to a subcommand's."""
    title = "common options, before or after the command"
    group = parser.add_argument_group(f"{title}, as far as it takes them" if taken is None else title)
    for option in _OPTIONS:
        if taken is None or option.dest in taken:
            option.add_to(group, after_command=taken is not None)


def refused(args: argparse.Namespace) -> str:
    """Tell an option given before a command to which it means nothing, empty where there is none."""
    return next(
        (
            option.flags[-1]
            for option in _OPTIONS
            if option.dest not in args.taken and getattr(args, option.dest) != option.default
        ),
        "",
    )


def _stated(text: str) -> str:
    """Take what a shell makes of a variable that is set; an empty value would be read as none, or as a directory."""
    if not text:
        raise argparse.ArgumentTypeError("it is empty: give a value, or leave it out")
    return text


class UsageError(Error):
    """What was given is no command line, of which `usage` tells more."""

    def __init__(self, problem: str, usage: str = "") -> None:
        super().__init__(problem)
        self.problem = problem
        self.usage = usage


class Parser(argparse.ArgumentParser):
    """Raises usage errors, for all errors to be told alike.

    `epilogue` gives the help's end where that is worked out only when it is shown; `summary` is a subcommand's.
    """

    epilogue: Callable[[], str] | None = None
    summary: str = ""

    def __init__(self, *args: Any, **how: Any) -> None:
        super().__init__(*args, **how)
        self._positionals.title = "arguments"
        self.register("type", None, _stated)

    @property
    def arguments(self) -> Sequence[argparse.Action]:
        """All that it takes, options too."""
        return self._actions

    def error(self, message: str) -> NoReturn:
        """Raise what is wrong."""
        raise UsageError(message, self.format_usage())

    def format_usage(self) -> str:
        """Write the line of usage, without the options, which are many."""
        self.usage: str | None = " ".join(
            ["%(prog)s [options]", *(_place(action) for action in self._actions if not action.option_strings)]
        )
        return super().format_usage()

    def format_help(self) -> str:
        """Write the help."""
        self.format_usage()
        if self.epilogue is not None:
            self.epilog: str | None = self.epilogue()
        return super().format_help()


def _place(argument: argparse.Action) -> str:
    """Write where an argument stands, and how often."""
    value = str(argument.metavar)
    often = {"?": f"[{value}]", "*": f"[{value} ...]", "+": f"{value} [{value} ...]", argparse.PARSER: f"{value} ..."}
    return often.get(str(argument.nargs), value)


class Commands:
    """The subcommands."""

    def __init__(self, parser: Parser) -> None:
        self._group = parser.add_subparsers(title="commands", metavar="COMMAND", dest="command", required=True)
        self._group.type = str  # all that follows is judged by the subcommand's parser

    def add(
        self,
        name: str,
        summary: str,
        run: Run,
        details: str = "",
        *,
        takes: Collection[str] = ASKING,
        short: Sequence[str] = (),
    ) -> Parser:
        """Add a subcommand, and its short words; returns its parser, for its own arguments.

        It `takes` these of the common options.
        """
        description = f"{summary[0].upper()}{summary[1:]}. {details}"
        parser = self._group.add_parser(name, help=summary, description=description, aliases=short, allow_abbrev=False)
        parser.summary = summary
        add_common(parser, takes)
        more: dict[str, list[str]] = {f"more_{option.dest}": [] for option in _OPTIONS if option.is_repeated}
        parser.set_defaults(command=name, run=run, taken=takes, output=[], **more)
        return parser


def add_corefile(parser: argparse.ArgumentParser) -> None:
    """Add the option that names a Corefile."""
    parser.add_argument(
        "--corefile",
        metavar="FILE",
        help="set the nameserver up as this Corefile says, in place of a ConfigMap's; `-` for standard input",
    )
