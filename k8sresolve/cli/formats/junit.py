"""JUnit's XML, as CI systems take it: a test case for each finding. Source: junit-10.xsd of Jenkins' xUnit plugin."""

from k8sresolve._escaping import escaped
from k8sresolve.cli.formats.report import Report, about, message_of, path_of
from k8sresolve.findings import Finding


def write(report: Report) -> str:
    """Write a test suite. What does not make the command fail has passed, with its words as output."""
    cases = [_case(report, finding) for finding in report.findings] or [_nothing(report)]
    failures = sum(map(report.fails, report.findings))
    counts = f'tests="{len(cases)}" failures="{failures}" errors="0"'
    name = _attribute(f"k8sresolve {report.command}")
    return "\n".join(
        [
            '<?xml version="1.0" encoding="UTF-8"?>',
            f"<testsuites name={name} {counts}>",
            f'  <testsuite name={name} {counts} skipped="0" time="0">',
            *cases,
            "  </testsuite>",
            "</testsuites>",
        ]
    )


def _attribute(text: str) -> str:
    from xml.sax.saxutils import quoteattr  # loads urllib and http, which nothing else here needs

    return quoteattr(_ascii(escaped(text)))


def _ascii(text: str) -> str:
    """Write text so that it is the same in whatever encoding the output has."""
    return text.encode("ascii", "backslashreplace").decode()


def _case(report: Report, finding: Finding) -> str:
    from xml.sax.saxutils import escape

    place = path_of(finding) or report.what
    where = place if finding.line is None else f"{place}:{finding.line}"
    name = ": ".join(filter(None, (finding.rule, about(finding) or where)))
    said = f"{where}: {finding.severity}: {message_of(finding)}"
    words = escape(_ascii(escaped(said)))
    if report.fails(finding):
        told = f"<failure message={_attribute(message_of(finding))} type={_attribute(finding.rule)}>{words}</failure>"
    else:
        told = f"<system-out>{words}</system-out>"
    return f'    <testcase classname={_attribute(place)} name={_attribute(name)} time="0">{told}</testcase>'


def _nothing(report: Report) -> str:
    return f'    <testcase classname={_attribute(report.what)} name="nothing to improve" time="0"/>'
