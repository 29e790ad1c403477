"""Reports to write: one of each severity, and one of hostile texts."""

from operator import attrgetter

import attrs

from k8sresolve.cli.formats.report import Report
from k8sresolve.findings import Finding

HOSTILE = "x%,: <&\"']]>\n::error file=x,line=1::forged\r\x1b[2K\x9b\u202e\u2028\0\ud800\ufffe"

ERROR = Finding(
    severity="error",
    problem="is an address",
    advice="make it a name",
    source="shop/a b.yaml",
    line=12,
    object="Service shop/db",
    field="spec.externalName",
    rule="alias-to-address",
)
WARNING = attrs.evolve(ERROR, severity="warning", rule="selector-no-pods", field="spec.selector", advice="", line=None)
REMARK = attrs.evolve(ERROR, severity="remark", rule="port-unnamed", field="spec.ports[0].name", source="", line=None)
FORGED = Finding(
    severity="error",
    problem=HOSTILE,
    advice=HOSTILE,
    source=HOSTILE,
    line=3,
    text=HOSTILE,
    object=HOSTILE,
    field=HOSTILE,
    reference=HOSTILE,
    rule="a-rule",
)
FIELDS = ("rule", "severity", "source", "line", "object", "field", "problem", "advice")


def report(*findings, **how):
    columns = {"RULE": attrgetter("rule"), "FINDING": attrgetter("problem")}
    return Report("check", how.pop("what", "all Services"), findings, columns, FIELDS, **how)


def clean(text):
    """That no line begins an order, and nothing moves a cursor or turns the writing around."""
    for line in text.split("\n"):
        assert line.isprintable(), ascii(line)
        assert not line.startswith("::"), line
    return text
