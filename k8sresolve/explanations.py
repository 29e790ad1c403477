"""How a name is searched for, as users are told of it. Loaded when somebody asks: no lookup needs it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import attrs

from k8sresolve._escaping import escaped, few
from k8sresolve._value import Value
from k8sresolve.attempts import remembered
from k8sresolve.config import Policy
from k8sresolve.errors import Outcome
from k8sresolve.names import IPAddress

OUTCOMES: Mapping[str, str] = {
    "found": "found",
    "nodata": "NODATA",
    "nxdomain": "NXDOMAIN",
    "dangling": "alias of nothing",
    "overtaken": "not needed",
    "timeout": "timeout",
    "network": "unreachable",
    "servfail": "SERVFAIL",
    "refused": "REFUSED",
    "notimp": "NOTIMP",
    "formerr": "FORMERR",
    "bad": "bad reply",
    "unsendable": "cannot be sent",
    "closed": "CLOSED",
    "internal": "INTERNAL",
    "malformed": "MALFORMED",
}
"""What people are told of an outcome, beside each `Outcome`."""
_ENDS: Mapping[str, str] = {
    "nodata": "the name exists, but has no address",
    "nxdomain": "no such name",
    "unsendable": "no packet can carry this name",
}


@attrs.frozen(eq=False, repr=False)
class Candidate(Value):
    """One absolute name tried for a user's name, or left out.

    >>> from k8sresolve.testing import Cluster
    >>> cluster = Cluster.from_manifests("docs/examples/shop.yaml")
    >>> resolver = cluster.resolver(namespace="shop")
    >>> print(resolver.explain("payments").candidates[0])
    payments.shop.svc.cluster.local. A/AAAA found from 10.96.0.10 in 0.5 ms
    """

    name: str
    """The absolute name."""
    rule: str
    """Why it is asked or left out, in words."""
    asked: bool = True
    """Whether it is asked."""
    questions: tuple[str, ...] = ()
    """The types asked for. Empty before."""
    outcome: Outcome | Literal["", "not asked"] = ""
    """What it came to; `"not asked"` where an earlier one decided. Empty before."""
    nameserver: str = ""
    """The nameserver that answered. Empty before."""
    milliseconds: float | None = None
    """The time that the answer took. None before, and where it was remembered."""
    age: float | None = None
    """Seconds since the answer came, where it was remembered; else None."""
    stale: bool = False
    """Whether what was remembered had expired, and no answer came in its place."""

    def __str__(self) -> str:
        if not self.nameserver:
            return escaped(f"{self.name} {self.outcome or self.rule}")
        when = f"in {self.milliseconds:.1f} ms" if self.age is None else remembered(self.age, self.stale)
        return escaped(f"{self.name} {'/'.join(self.questions)} {self.outcome} from {self.nameserver} {when}")


@attrs.frozen(eq=False, repr=False)
class Explanation(Value):
    """How a host name was looked up: every candidate, and what came of it.

    >>> from k8sresolve.testing import Cluster
    >>> cluster = Cluster.from_manifests("docs/examples/shop.yaml")
    >>> resolver = cluster.resolver(namespace="shop")
    >>> print(resolver.explain("payments"))
    payments: found 10.96.20.1; 2 questions asked, policy kubernetes
    """

    name: str
    """The name as it was asked for."""
    policy: Policy
    """The search policy that it tells of."""
    candidates: tuple[Candidate, ...]
    """Every candidate, in order."""
    outcome: Outcome
    """What the lookup came to."""
    addresses: tuple[IPAddress, ...]
    """What was found."""
    questions: int
    """How many questions were asked of nameservers or the cache."""
    remark: str = ""
    """Points out a temporary failure that this policy's resolver, or another libc in its place, reports as no such
    name, or that a search domain outside the cluster answered for a name that was complete. Empty where there is
    neither.
    """
    advice: str = ""
    """How to ask for a host outside at less cost, where it was found behind the search list; or which cluster domain is
    right, where nothing was found below another one. Empty where there is neither.
    """
    full_name: str = ""
    """What to write for fewer questions, with a dot at its end where that saves more. Empty where nothing does."""
    full_name_questions: int | None = None
    """How many questions that takes. None where nothing saves any."""

    def __str__(self) -> str:
        return escaped(summary(self, few(self.addresses)))


def summary(explanation: Explanation, addresses: str) -> str:
    """Say what came of a lookup, with the addresses that it found."""
    outcome, count = explanation.outcome, explanation.questions
    end = f"found {addresses}" if outcome == "found" else _ENDS.get(outcome, f"no usable answer ({OUTCOMES[outcome]})")
    return f"{explanation.name}: {end}; {count} question{'' if count == 1 else 's'} asked, policy {explanation.policy}"
