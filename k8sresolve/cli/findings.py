"""How `lint` and `check` tell what they find: in which forms, where to, and from which severity on they fail."""

import argparse
from collections.abc import Callable, Mapping

import attrs

from k8sresolve.cli.formats import baseline, github, gitlab, json_, junit, sarif, text
from k8sresolve.cli.formats.report import Report, path_of
from k8sresolve.cli.forms import add_forms, asked, screen, send
from k8sresolve.cli.settings import settings
from k8sresolve.findings import Finding

_WRITTEN: Mapping[str, Callable[[Report], str]] = {
    "json": json_.write,
    "sarif": sarif.write,
    "junit": junit.write,
    "github": github.write,
    "gitlab": gitlab.write,
    "baseline": baseline.write,
}
FORMS = ("text", *_WRITTEN)
STATUS = """\
Exit status: 0 where nothing is found that --fail-on names, 1 where something is"""


def add_reporting(parser: argparse.ArgumentParser) -> None:
    """Add the options of what is told, and how."""
    group = parser.add_argument_group("what is told, and how")
    add_forms(group, FORMS)
    group.add_argument(
        "--fail-on",
        metavar="SEVERITY",
        choices=("error", "warning", "never"),
        default="error",
        help="exit with 1 for these and worse: %(choices)s (default: error)",
    )
    group.add_argument("--baseline", metavar="FILE", help="leave out what this file has, of `-o baseline=FILE`")
    group.add_argument(
        "--config",
        metavar="FILE",
        help="settings, as TOML (default: .k8sresolve.toml, or [tool.k8sresolve] in pyproject.toml, here or above)",
    )


def tell(args: argparse.Namespace, report: Report) -> int:
    """Write a report in the forms that are asked for, and return the exit status."""
    outputs = asked(args)
    findings = settings(args.config).apply(report.findings)
    report = attrs.evolve(report, findings=findings, fail_on=args.fail_on)
    if args.baseline is not None:
        report = baseline.without_known(report, args.baseline)
    for form, path in outputs:
        if form == "text":
            send(text.write(report, screen(args, path)), path)
        elif (written := _WRITTEN[form](report)) or path:
            send(written, path)
    return report.status


def place(finding: Finding) -> str:
    """Write file and line."""
    path = path_of(finding)
    return path if finding.line is None else f"{path}:{finding.line}"


def with_advice(finding: Finding) -> str:
    """Write what is wrong, what to do, and where that is written."""
    advice = f"; {finding.advice}" if finding.advice else ""
    reference = f" [{finding.reference}]" if finding.reference else ""
    return f"{finding.problem}{advice}{reference}"
