"""`check`: whether ports, selectors, pods and names in manifests fit together."""

import argparse
from collections.abc import Iterable
from operator import attrgetter

from k8sresolve.cli import failing
from k8sresolve.cli.findings import STATUS, add_reporting, place, tell, with_advice
from k8sresolve.cli.formats.report import OF_MANIFESTS, FindingColumns, Report
from k8sresolve.cli.inventory import read_inventory
from k8sresolve.cli.manifests import in_command, manifests
from k8sresolve.cli.opening import asking_from, open_cluster
from k8sresolve.cli.options import MANIFESTS, Commands
from k8sresolve.cli.progress import Waiting
from k8sresolve.cli.settings import settings
from k8sresolve.errors import ConfigError, ManifestError
from k8sresolve.findings import Finding
from k8sresolve.names import check_namespace

_DETAILS = f"""\
Looks at what people look at by hand before they blame DNS: Service port, targetPort, containerPort, selector,
readiness, and the names that containers are told.
{STATUS}, or no such Service; 2 no manifest can be read, which each form
of -o tells, too, or a name cannot be used.
"""
_COLUMNS: FindingColumns = {
    "SEVERITY": attrgetter("severity"),
    "RULE": attrgetter("rule"),
    "PLACE": place,
    "OBJECT": attrgetter("object"),
    "FIELD": attrgetter("field"),
    "FINDING": with_advice,
}


def register(commands: Commands) -> None:
    """Add the subcommand."""
    check = commands.add(
        "check",
        "find what does not fit together in manifests",
        _check,
        _DETAILS,
        takes=(*MANIFESTS, "asking_from"),
    )
    check.add_argument(
        "paths",
        metavar="PATH",
        nargs="*",
        help="manifests, as for -f: a file, a directory of them, or `-` for standard input",
    )
    check.add_argument(
        "--service", metavar="NAME", help="check one: ns/svc, svc, svc.ns, svc.ns.svc or its full name (default: all)"
    )
    check.add_argument(
        "--inventory",
        metavar="FILE",
        help="what the cluster has, of `k8sresolve inventory`, or `-` for standard input: a name that is not there, "
        "either, is an error",
    )
    check.add_argument("--secrets", action="store_true", help="look up the hosts in Secrets, too; no value is shown")
    add_reporting(check)


def _check(args: argparse.Namespace) -> int:
    args.more_manifests = [*args.more_manifests, *args.paths]
    if not manifests(args):
        raise ConfigError("check has nothing to look at", advice="give PATH, as `k8sresolve check deploy/`, or -k DIR")
    path = args.inventory or settings(args.config).inventory
    inventory = read_inventory(args, path) if path else None
    refused: list[ManifestError] = []
    try:
        with Waiting("reading manifests"):
            cluster = open_cluster(args, secrets=args.secrets, refused=refused.append)
    except ManifestError as error:
        if args.output or args.json:  # what is told in a form of its own is told there, too
            _tell(args, dict.fromkeys([*refused, error]))
            return failing.tell(error, args)
        raise
    with Waiting("checking"):
        findings = cluster.check(args.service, check_namespace(asking_from(args) or "default"), inventory=inventory)
    return _tell(args, refused, findings)


def _tell(args: argparse.Namespace, refused: Iterable[ManifestError], findings: Iterable[Finding] = ()) -> int:
    found = (*(_unread(error, args.command) for error in refused), *findings)
    return tell(args, Report("check", args.service or "all Services", found, _COLUMNS, OF_MANIFESTS))


def _unread(error: ManifestError, command: str) -> Finding:
    return Finding(
        severity="error",
        problem=in_command(error.problem, command),
        source=error.file,
        line=error.line,
        object=error.object,
        field=error.field,
        rule="manifest",
    )
