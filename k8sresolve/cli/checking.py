"""`check`: whether ports, selectors, pods and names in manifests fit together."""

import argparse
from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

import attrs

from k8sresolve.cli.options import Commands, manifests, open_cluster
from k8sresolve.cli.output import Shown, table, write
from k8sresolve.errors import ConfigError
from k8sresolve.names import check_namespace

if TYPE_CHECKING:
    from k8sresolve.testing import Finding

_DETAILS = """\
Looks at what people look at by hand before they blame DNS: Service port, targetPort, containerPort, selector,
readiness, and names. Takes --manifests (needed), --namespace, --cluster-domain and --json of the common options. Exit
status: 0 nothing worse than a remark, 1 warnings or errors, or no such Service, 2 a manifest or name cannot be used.
"""


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
        raise ConfigError("check has nothing to look at", advice="give --manifests PATH")
    findings = open_cluster(args).check(args.name, check_namespace(args.namespace or "default"))
    shown = Shown(
        _text(args.name or "all Services", findings),
        {"check": [attrs.asdict(finding) for finding in findings]},
        int(any(finding.severity != "remark" for finding in findings)),
    )
    write(shown, as_json=args.json)
    return shown.status


def _text(what: str, findings: "Sequence[Finding]") -> str:
    if not findings:
        return f"{what}: nothing to improve"
    rows = [(found.severity, found.object, found.field, f"{found.problem}; {found.advice}") for found in findings]
    counts = Counter(finding.severity for finding in findings)
    told = ", ".join(f"{count} {severity}{'' if count == 1 else 's'}" for severity, count in counts.items())
    return f"{table(('SEVERITY', 'OBJECT', 'FIELD', 'FINDING'), rows)}\n\n{what}: {told}"
