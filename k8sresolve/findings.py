"""What a look at configurations and manifests finds: a value that says where, what is wrong there, and what to do."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal, TypeAlias, get_args

import attrs

from k8sresolve._escaping import escaped
from k8sresolve._value import Value

Severity: TypeAlias = Literal["error", "warning", "remark"]

SEVERITIES: tuple[Severity, ...] = get_args(Severity)
"""What a finding may weigh, the worst first."""


@attrs.frozen(kw_only=True, eq=False, repr=False)
class Finding(Value):
    """One thing that is odd, or that is good to know: in a resolv.conf, or among the objects of manifests.

    `severity` is `"error"` where a lookup or a connection fails as things stand, where a nameserver or search domain is
    stated and not used, and where the API server refuses an object; `"warning"` where one may fail or lead elsewhere
    than meant, where something else is not as stated, or costs; `"remark"` where it is good to know. `problem` says
    what is wrong and what comes of that, and `advice` what to do.

    Where it is: `source` is the file or variable (empty: what was given as text or objects), `line`
    counts from 1 (None: the whole) and `text` is what stands there; `object` is kind and name, as
    `Service shop/payments`, and `field` the path in it, as `spec.ports[0].targetPort`. `reference` is the manual page,
    the program's source file or the standard behind it. `rule` is the id by which it is known, which stays as it is.

    >>> unknown = "'edns' is unknown to glibc and is ignored"
    >>> print(Finding(severity="warning", problem=unknown, advice="write 'edns0'", line=3))
    resolv.conf:3: 'edns' is unknown to glibc and is ignored; write 'edns0'
    >>> service = "Service shop/payments"
    >>> print(Finding(severity="error", problem="lists no port", advice="list one", object=service, field="spec.ports"))
    Service shop/payments spec.ports: lists no port; list one
    """

    severity: Severity
    problem: str
    advice: str = ""
    source: str = ""
    line: int | None = None
    text: str = ""
    object: str = ""
    field: str = ""
    reference: str = ""
    rule: str = ""

    def __str__(self) -> str:
        # A resolv.conf may come as text of which no file is known; what is said of an object needs none.
        file = self.source or ("" if self.object else "resolv.conf")
        place = f"{file}:{self.line}" if file and self.line is not None else file
        about = " ".join(filter(None, (self.object, self.field)))
        told = ": ".join(filter(None, (place, about, self.problem)))
        return escaped(f"{told}; {self.advice}" if self.advice else told)


def worst_first(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Sort findings by severity, those of one severity by line; what is alike in both keeps its order."""
    return tuple(sorted(findings, key=lambda finding: (SEVERITIES.index(finding.severity), finding.line or 0)))
