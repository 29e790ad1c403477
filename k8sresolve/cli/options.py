"""The options that all subcommands share, and the resolver that they ask for."""

import argparse
import math
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any, NoReturn, get_args

import attrs

from k8sresolve._escaping import escaped
from k8sresolve.cli.failing import tell, text_of
from k8sresolve.cli.formats.files import read_bounded
from k8sresolve.cli.manifests import manifests, sources, standard_input
from k8sresolve.cli.output import Shown, write
from k8sresolve.config import Family, Nameserver, Policy, ResolverConfig, dialect_of
from k8sresolve.errors import ConfigError, Error
from k8sresolve.names import check_domain, check_namespace
from k8sresolve.resolver import Resolver

if TYPE_CHECKING:
    from k8sresolve.testing import Cluster

Run = Callable[[argparse.Namespace], int]
Ask = Callable[[Resolver, argparse.Namespace], Shown]
AskEach = Callable[[Resolver, argparse.Namespace, str], Shown]

_REVERSE_ZONES = ("in-addr.arpa", "ip6.arpa")


def add_common(parser: argparse.ArgumentParser, *, after_command: bool = False) -> None:
    """Add the shared options to the command's own parser, or to a subcommand's.

    A subcommand's parser sets only what is given there, so that it does not undo what was given before it.
    """
    group = parser.add_argument_group("common options, before or after the command")

    def add(flag: str, text: str, default: Any = None, *, long: str = "", **how: Any) -> None:
        flags = (flag, long) if long else (flag,)
        group.add_argument(*flags, help=text, default=argparse.SUPPRESS if after_command else default, **how)

    add(
        "-f",
        "answer from manifests, as CoreDNS would: a file, a directory of them, or `-` for standard input; may be "
        "repeated",
        [],
        long="--manifests",
        metavar="PATH",
        action="append",
        # What is given after the command is added to what is given before it.
        dest="more_manifests" if after_command else "manifests",
    )
    add("-R", "read what is below the directories of -f, too", False, long="--recursive", action="store_true")
    add(
        "-k",
        "answer from what `kubectl kustomize DIR`, or else kustomize, prints; may be repeated",
        [],
        long="--kustomize",
        metavar="DIR",
        type=str,  # that an empty one is no directory is told where it is read
        action="append",
        dest="more_kustomize" if after_command else "kustomize",
    )
    add(
        "--env",
        "give a Corefile's variable {$NAME} a value, or that of this command's own environment; may be repeated",
        [],
        metavar="NAME[=VALUE]",
        action="append",
        dest="more_env" if after_command else "env",
    )
    add(
        "-n",
        "the namespace of objects in manifests that state none, as with kubectl apply, and the one to ask from "
        "(default: the pod's, or else `default`)",
        long="--namespace",
        metavar="NAME",
    )
    add("--from", "the namespace to ask from, where that is another", metavar="NAME", dest="asking_from")
    add("--coredns", "answer from manifests as this version of CoreDNS would (default: 1.14.7)", metavar="VERSION")
    add("--kubernetes", "the cluster's version of Kubernetes (default: 1.37)", metavar="VERSION")
    add("--cluster-domain", "the cluster domain (default: the pod's, or else cluster.local)", metavar="DOMAIN")
    add("--nameserver", "ask this one: IP, IP:PORT or [IPv6]:PORT, such as a CoreDNS pod's", metavar="ADDRESS")
    add("--resolv-conf", "read this resolv.conf(5) in place of /etc/resolv.conf", metavar="FILE")
    add(
        "--policy",
        "how hosts are searched: %(choices)s (default: kubernetes)",
        "kubernetes",
        metavar="POLICY",
        choices=get_args(Policy),
    )
    add(
        "--family",
        "addresses to ask for: %(choices)s (default: auto)",
        "auto",
        metavar="FAMILY",
        choices=get_args(Family),
    )
    add("--timeout", "bound a whole lookup, in seconds (default: 5)", metavar="SECONDS", type=_seconds)
    add(
        "--json",
        "print one JSON object: a record's fields, or, where the answer is a list, one key named after the command; of "
        "several names a key for each, with such an object",
        False,
        action="store_true",
    )


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = math.nan
    if not 0 < seconds < math.inf:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of seconds above 0")
    return seconds


def _stated(text: str) -> str:
    """Take what a shell makes of a variable that is set; an empty value would be read as none, or as a directory."""
    if not text:
        raise argparse.ArgumentTypeError("it is empty: give a value, or leave it out")
    return text


class Parser(argparse.ArgumentParser):
    """Reports usage errors as all others are reported, below the usage.

    `epilogue` gives the help's end where that is worked out only when it is shown.
    """

    epilogue: Callable[[], str] | None = None

    def __init__(self, *args: Any, **how: Any) -> None:
        super().__init__(*args, **how)
        self.register("type", None, _stated)

    def error(self, message: str) -> NoReturn:
        """Say what is wrong, and exit."""
        self.print_usage(sys.stderr)
        self.exit(2, f"k8sresolve: {escaped(message)}\n")

    def format_help(self) -> str:
        """Write the help."""
        if self.epilogue is not None:
            self.epilog = self.epilogue()
        return super().format_help()


class Commands:
    """The subcommands, each with the common options."""

    def __init__(self, parser: Parser) -> None:
        self._group = parser.add_subparsers(title="commands", metavar="COMMAND", dest="command", required=True)
        self._group.type = str  # all that follows is judged by the subcommand's parser

    def add(self, name: str, summary: str, run: Run, details: str = "") -> Parser:
        """Add a subcommand and return its parser, for its own arguments."""
        description = f"{summary[0].upper()}{summary[1:]}. {details}"
        parser = self._group.add_parser(name, help=summary, description=description, allow_abbrev=False)
        add_common(parser, after_command=True)
        parser.set_defaults(run=run, more_manifests=[], more_kustomize=[], more_env=[])
        return parser

    def ask(self, name: str, summary: str, ask: Ask, details: str = "") -> Parser:
        """Add a subcommand that makes one call of a resolver."""
        return self.add(name, summary, partial(_ask, ask), details)

    def ask_each(self, name: str, summary: str, ask: AskEach, details: str = "") -> Parser:
        """Add a subcommand that makes one call of a resolver for each of the names given: see `add_names`."""
        return self.add(name, summary, partial(_ask_each, ask), details)


def _ask(ask: Ask, args: argparse.Namespace) -> int:
    with open_resolver(args) as resolver:
        shown = ask(resolver, args)
    write(shown, as_json=args.json)
    return shown.status


def _ask_each(ask: AskEach, args: argparse.Namespace) -> int:
    with open_resolver(args) as resolver:
        return show_each(args, partial(ask, resolver, args))


def add_names(parser: argparse.ArgumentParser, called: str, text: str) -> None:
    """Add the argument that names what is asked about, once or several times."""
    parser.add_argument("names", metavar=called, nargs="+", help=f"{text}; several may be given")


def show_each(args: argparse.Namespace, show: Callable[[str], Shown]) -> int:
    """Show what comes of each of the names given, below it where there are several; returns the greatest exit status.

    What fails is told in its place, and the others are shown. Text is written as it comes, JSON as one object at last.
    """
    names: list[str] = list(dict.fromkeys(args.names))
    if len(names) == 1:
        shown = show(names[0])
        write(shown, as_json=args.json)
        return shown.status
    status, gap = 0, ""
    data: dict[str, Any] = {}
    for name in names:
        try:
            shown = show(name)
        except Error as error:
            status = max(status, tell(error, args.command))
            data[name] = {"error": text_of(error, args.command)}
            continue
        status, data[name] = max(status, shown.status), shown.data
        if not args.json:
            write(Shown(f"{gap}{name}:\n{shown.text}", {}), as_json=False)
            gap = "\n"
    if args.json:
        write(Shown("", data), as_json=True)
    return status


def asking_from(args: argparse.Namespace) -> str | None:
    """Tell the namespace to ask from, None where none is given."""
    given: str | None = args.asking_from
    return args.namespace if given is None else given


def open_resolver(args: argparse.Namespace) -> Resolver:
    """Make the resolver that the common options ask for. Raises `ConfigError` or `ManifestError`."""
    return next(open_resolvers(args, [{}]))


def open_resolvers(args: argparse.Namespace, changes: Iterable[Mapping[str, Any]]) -> Iterator[Resolver]:
    """Make a resolver for each set of changes to the common options, all of them on one cluster if it is offline."""
    cluster = open_cluster(args) if manifests(args) else None
    for change in changes:
        yield _opened(argparse.Namespace(**{**vars(args), **change}), cluster)


def _opened(args: argparse.Namespace, cluster: "Cluster | None") -> Resolver:
    how: dict[str, Any] = {name: getattr(args, name) for name in ("cluster_domain", "policy", "family")}
    if args.timeout is not None:
        how["timeout"] = args.timeout
    if cluster is None:
        return Resolver(_config(args), namespace=asking_from(args), **how)
    if args.nameserver is not None:
        raise ConfigError("--manifests answers offline, and --nameserver asks a nameserver", advice="give one of them")
    namespace = check_namespace(asking_from(args) or "default")
    if args.resolv_conf is None:
        return cluster.resolver(namespace=namespace, **how)
    config = _read(args)
    if asking_from(args) is not None:
        config = attrs.evolve(config, namespace=namespace)
    return cluster.resolver(config=config, **how)


def environment(args: argparse.Namespace) -> dict[str, str]:
    """Read the variables given for a Corefile. Raises `ConfigError` for one that this environment has not."""
    found: dict[str, str] = {}
    for given in [*args.env, *args.more_env]:
        name, stated, value = given.partition("=")
        held = value if stated else dict(os.environ).get(name)
        if not name or held is None:
            raise ConfigError(f"--env {given}: there is no such variable", advice="give --env NAME=VALUE")
        found[name] = held
    return found


def add_corefile(parser: argparse.ArgumentParser) -> None:
    """Add the option that names a Corefile."""
    parser.add_argument(
        "--corefile",
        metavar="FILE",
        help="set the nameserver up as this Corefile says, in place of a ConfigMap's; `-` for standard input",
    )


def _read_corefile(args: argparse.Namespace) -> str | None:
    path: str | None = vars(args).get("corefile")
    if path is None:
        return None
    if args.cluster_domain is not None:
        raise ConfigError("--cluster-domain and --corefile exclude each other", advice="the Corefile has the domain")
    data = read_bounded(path, called="the Corefile", stream=standard_input(args) if path == "-" else None)
    try:
        return data.decode()
    except UnicodeDecodeError:
        raise ConfigError(f"the Corefile {path!r} is no text in UTF-8") from None


def open_cluster(args: argparse.Namespace, **how: Any) -> "Cluster":
    """Make the offline cluster of the manifests given; `how` are other arguments of `Cluster.from_manifests`."""
    from k8sresolve.testing import Cluster, KubernetesOptions

    corefile = _read_corefile(args)
    given = {name: getattr(args, name) for name in ("coredns", "kubernetes") if getattr(args, name) is not None}
    options = None
    if args.cluster_domain is not None:
        options = KubernetesOptions(zones=(check_domain(args.cluster_domain), *_REVERSE_ZONES))
    return Cluster.from_manifests(
        *sources(args),
        recursive=args.recursive,
        apply_namespace=check_namespace(args.namespace or "default"),
        options=options,
        corefile=corefile,
        environment=environment(args),
        **{**given, **how},
    )


def _config(args: argparse.Namespace) -> ResolverConfig | None:
    """Return the configuration asked for; None for this machine's."""
    nameserver = None if args.nameserver is None else Nameserver.parse(args.nameserver)
    if args.resolv_conf is not None:
        config = _read(args)
        return config if nameserver is None else attrs.evolve(config, nameservers=(nameserver,))
    if nameserver is None:
        return None
    return ResolverConfig.for_cluster(
        nameserver,
        namespace=check_namespace(asking_from(args) or "default"),
        cluster_domain=check_domain(args.cluster_domain or "cluster.local"),
    )


def require_file(path: str) -> None:
    """Raise `ConfigError` where there is no such file; a libc takes a missing one for an empty one.

    That a file is named here says that there should be one.
    """
    try:
        there = os.access(path, os.R_OK)
    except ValueError:  # what no path can be
        there = False
    if not there:
        raise ConfigError(f"there is no file {path!r}, or it may not be read")


def _read(args: argparse.Namespace) -> ResolverConfig:
    """Read the resolv.conf that is named, as the resolver does that the policy bears the name of."""
    from k8sresolve import load_config

    path = args.resolv_conf
    require_file(path)
    return load_config(path, dialect=dialect_of(args.policy))
