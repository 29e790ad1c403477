"""What a look at configurations and manifests finds: a value that says where, what is wrong there, and what to do."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal, TypeAlias, get_args

import attrs

from k8sresolve._escaping import escaped
from k8sresolve._value import Value

Severity: TypeAlias = Literal["error", "warning", "remark"]
"""What a finding weighs.

>>> from typing import get_args
>>> from k8sresolve.findings import Severity
>>> get_args(Severity)
('error', 'warning', 'remark')
"""

SEVERITIES: tuple[Severity, ...] = get_args(Severity)
"""What a finding may weigh, the worst first."""


@attrs.frozen(kw_only=True, eq=False, repr=False)
class Finding(Value):
    r"""One thing that is odd, or that is good to know: in a resolv.conf, or among the objects of manifests.

    >>> from k8sresolve import lint_resolv_conf
    >>> for finding in lint_resolv_conf(b"nameserver 10.96.0.10\noptions edns\n"):
    ...     print(finding)
    resolv.conf:2: the option 'edns' is unknown to glibc and is ignored; remove it
    """

    severity: Severity
    """`"error"`: a lookup or a connection fails as things stand, a nameserver or search domain is stated and not used,
    or the API server refuses the object. `"warning"`: one may fail or lead elsewhere than meant, or something else is
    not as stated, or costs. `"remark"`: good to know.
    """
    problem: str
    """What is wrong, and what comes of that."""
    advice: str = ""
    """What to do."""
    source: str = ""
    """The file or variable. Empty: what was given as text or objects."""
    line: int | None = None
    """The line, from 1. None: the whole."""
    text: str = ""
    """What stands there."""
    object: str = ""
    """Kind and name, as `Service shop/payments`."""
    field: str = ""
    """The path in the object, as `spec.ports[0].targetPort`."""
    reference: str = ""
    """The manual page, the program's source file or the standard behind it."""
    rule: str = ""
    """The id by which it is known, which stays as it is."""

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
