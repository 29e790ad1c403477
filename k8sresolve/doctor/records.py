"""What an examination comes to: values, for whoever prints or compares them."""

from __future__ import annotations

from typing import Literal, TypeAlias

import attrs

from k8sresolve._escaping import escaped
from k8sresolve._value import Value
from k8sresolve.findings import Finding

State: TypeAlias = Literal["sound", "to mend", "unanswered"]
"""Whether nothing is to mend, something is, or no nameserver answers."""

Place: TypeAlias = Literal["pod", "host-network pod", "node", "elsewhere"]
"""Where the examination was made."""

Mark: TypeAlias = Literal["sound", "wrong", "noted", "unknown"]
"""What a check came to: `noted` is neither good nor bad, and `unknown` was not or could not be tried."""


@attrs.frozen(eq=False, repr=False)
class Check(Value):
    """One thing that was looked at: what was `seen`, in words, and what that comes to.

    `id` names it in the same words each time; a check of one nameserver names that, too.
    """

    id: str
    mark: Mark
    seen: str
    nameserver: str = ""


@attrs.frozen(eq=False, repr=False)
class ResponseTimes(Value):
    """How long replies took, in milliseconds, and how many of the questions `asked` one by one had none: `lost`.

    `median` and `slowest` are None where no reply came.
    """

    nameserver: str = ""
    median: float | None = None
    slowest: float | None = None
    lost: int = 0
    asked: int = 0


@attrs.frozen(eq=False, repr=False)
class Diagnosis(Value):
    """What there is to say of this machine's DNS.

    `state` and `verdict`, a line, sum it up; `checks` are all that was looked at; `findings` what is odd, the worst
    first, with what to do. Errors and warnings are to be mended, remarks are good to know. `namespace_from` and
    `cluster_domain_from` say how these were found: `"search list"`, `"service account"`, `"environment"`, `"given"`,
    `"answered"` (not stated anywhere, but a nameserver knows it), or `""` where they are not known. `questions` is how
    many were asked, and `seconds` how long that took.
    """

    state: State
    verdict: str
    place: Place
    namespace: str | None
    namespace_from: str
    cluster_domain: str | None
    cluster_domain_from: str
    checks: tuple[Check, ...]
    findings: tuple[Finding, ...]
    times: ResponseTimes
    questions: int
    seconds: float

    def __str__(self) -> str:
        return escaped(self.verdict)
