"""`doctor`: whether this machine's DNS is sound, and what to mend."""

import argparse
from typing import TYPE_CHECKING, Any

import attrs

from k8sresolve.cli.formats.report import OF_SETTINGS, fields_of
from k8sresolve.cli.forms import add_forms
from k8sresolve.cli.opening import require_file
from k8sresolve.cli.options import TOLD, Commands
from k8sresolve.cli.output import FORMS, Shown, write
from k8sresolve.cli.progress import Progress
from k8sresolve.cli.screen import Cell, Screen, Style

if TYPE_CHECKING:
    from k8sresolve.doctor import Check, Diagnosis, Mark, State
    from k8sresolve.findings import Finding, Severity

_DETAILS = """\
Asks each nameserver by itself, at most 100 questions in all, writes nothing, and needs no privilege. In a pod, on a
node, or on a laptop, where it says so. Exit status: 0 sound, 1 something is to mend, 2 wrong usage, 3 no nameserver
answers.
"""
_STATUS: "dict[State, int]" = {"sound": 0, "to mend": 1, "unanswered": 3}
_STYLES: "dict[State, Style]" = {"sound": "good", "to mend": "bad", "unanswered": "bad"}
_MARKS: "dict[Mark, Cell]" = {
    "sound": Cell("ok", "good"),
    "wrong": Cell("wrong", "bad"),
    "noted": Cell(""),
    "unknown": Cell("?", "dim"),
}
_SEVERITIES: "dict[Severity, Style]" = {"error": "bad", "warning": "warning", "remark": "dim"}


def register(commands: Commands) -> None:
    """Add the subcommand."""
    takes = ("namespace", "cluster_domain", "nameserver", "resolv_conf", *TOLD)
    doctor = commands.add("doctor", "tell whether DNS is sound here, and what to mend", _doctor, _DETAILS, takes=takes)
    add_forms(doctor, FORMS)
    doctor.add_argument(
        "--external",
        metavar="NAME",
        help="a name outside that must be found (default: example.com, which may be missing where no way leads out)",
    )


def _doctor(args: argparse.Namespace) -> int:
    from k8sresolve.doctor import examine

    how: dict[str, Any] = {}
    if args.resolv_conf is not None:
        require_file(args.resolv_conf)
        how["resolv_conf"] = args.resolv_conf
    with Progress("asking") as progress:
        diagnosis = examine(
            nameserver=args.nameserver,
            namespace=args.namespace,
            cluster_domain=args.cluster_domain,
            external=args.external,
            progress=progress.reach,
            **how,
        )
    shown = _shown(diagnosis)
    write(shown, args)
    return shown.status


def _shown(diagnosis: "Diagnosis") -> Shown:
    return Shown(
        lambda on: _text(diagnosis, on, remarks=False),
        _data(diagnosis),
        _STATUS[diagnosis.state],
        wide=lambda on: _text(diagnosis, on, remarks=True),
        names=[finding.rule for finding in diagnosis.findings if finding.severity != "remark"],
    )


def _text(diagnosis: "Diagnosis", on: Screen, *, remarks: bool) -> str:
    rows = [(_called(check), _MARKS[check.mark], check.seen) for check in diagnosis.checks]
    parts = [
        on.wrapped(diagnosis.verdict, style=_STYLES[diagnosis.state]),
        on.table(("CHECK", "STATE", "SEEN"), rows),
    ]
    mended = [finding for finding in diagnosis.findings if finding.severity != "remark"]
    if mended:
        parts.append("\n".join([on.line("what to do:", "bold"), *_listed(mended, on)]))
    left = [finding for finding in diagnosis.findings if finding.severity == "remark"]
    if left and remarks:
        parts.append("\n".join([on.line("remarks:", "bold"), *_listed(left, on)]))
    elif left:
        count = f"{len(left)} remark{'s' if len(left) > 1 else ''}"
        parts.append(on.line(f"{count}, shown by `k8sresolve doctor -o wide`", "dim"))
    return "\n\n".join(parts)


def _listed(findings: "list[Finding]", on: Screen) -> list[str]:
    lines: list[str] = []
    for number, finding in enumerate(findings, 1):
        place = f"{finding.source}:{finding.line}: " if finding.line is not None else ""
        style = _SEVERITIES[finding.severity]
        lines.append(on.wrapped(place + finding.problem, indent=3, first=f"{number}.", style=style))
        lines.append(on.wrapped(finding.advice, indent=3))
    return lines


def _called(check: "Check") -> str:
    return f"{check.id} {check.nameserver}" if check.id in ("UDP", "TCP", "EDNS") else check.id


def _data(diagnosis: "Diagnosis") -> dict[str, Any]:
    data = {field.name: getattr(diagnosis, field.name) for field in attrs.fields(type(diagnosis))}
    data["checks"] = [attrs.asdict(check) for check in diagnosis.checks]
    data["findings"] = [fields_of(finding, OF_SETTINGS) for finding in diagnosis.findings]
    data["times"] = attrs.asdict(diagnosis.times)
    return data
