"""`check`: whether ports, selectors, pods and names in manifests fit together."""

import argparse
from operator import attrgetter

from k8sresolve.cli.findings import FindingColumns, show, with_advice
from k8sresolve.cli.manifests import manifests
from k8sresolve.cli.options import Commands, asking_from, open_cluster
from k8sresolve.cli.output import write
from k8sresolve.errors import ConfigError
from k8sresolve.names import check_namespace

_DETAILS = """\
Looks at what people look at by hand before they blame DNS: Service port, targetPort, containerPort, selector,
readiness, and names. Takes --manifests (needed), --namespace, --cluster-domain and --json of the common options. Exit
status: 0 nothing worse than a remark, 1 warnings or errors, or no such Service, 2 a manifest or name cannot be used.
"""
_FIELDS = ("severity", "object", "field", "problem", "advice")
_COLUMNS: FindingColumns = {
    "SEVERITY": attrgetter("severity"),
    "OBJECT": attrgetter("object"),
    "FIELD": attrgetter("field"),
    "FINDING": with_advice,
}


def register(commands: Commands) -> None:
    """Add the subcommand."""
    check = commands.add("check", "tell what does not fit in a Service's manifests", _check, _DETAILS)
    check.add_argument(
        "name",
        metavar="NAME",
        nargs="?",
        help="the Service: ns/svc, svc, svc.ns, svc.ns.svc or its full name (default: all)",
    )


def _check(args: argparse.Namespace) -> int:
    if not manifests(args):
        raise ConfigError("check has nothing to look at", advice="give -f PATH, or -k DIR")
    findings = open_cluster(args).check(args.name, check_namespace(asking_from(args) or "default"))
    shown = show("check", args.name or "all Services", findings, _COLUMNS, _FIELDS)
    write(shown, as_json=args.json)
    return shown.status
