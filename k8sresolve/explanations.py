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

    `rule` says why it is asked or left out, `asked` which. The rest tells, once it was asked, the types asked for, the
    `outcome`, the nameserver that gave it and the time it took, or, where it was remembered, its `age` in seconds, and
    whether that is `stale`: it had expired, and no answer came in its place. They are empty before.
    """

    name: str
    rule: str
    asked: bool = True
    questions: tuple[str, ...] = ()
    outcome: Outcome | Literal["", "not asked"] = ""
    nameserver: str = ""
    milliseconds: float | None = None
    age: float | None = None
    stale: bool = False

    def __str__(self) -> str:
        if not self.nameserver:
            return escaped(f"{self.name} {self.outcome or self.rule}")
        when = f"in {self.milliseconds:.1f} ms" if self.age is None else remembered(self.age, self.stale)
        return escaped(f"{self.name} {'/'.join(self.questions)} {self.outcome} from {self.nameserver} {when}")


@attrs.frozen(eq=False, repr=False)
class Explanation(Value):
    """How a host name was looked up: every candidate, and what came of it.

    `outcome` is `"found"`, `"nodata"`, `"nxdomain"` or a failure's name, `addresses` what was found, and `questions`
    the number of questions asked of nameservers or the cache. `remark` points out a temporary failure that this
    policy's resolver, or another libc in its place, reports as "no such name", or that a search domain outside the
    cluster answered for a name that was complete; it is empty where there is neither.
    `advice` says how to ask for a host outside at less cost, where it was found behind the search list, or which
    cluster domain is right, where nothing was found below another one. `full_name` is what to write instead for fewer
    questions, `full_name_questions`, with a dot at its end where that saves more; empty and None where nothing does.

    >>> from k8sresolve.testing import Cluster
    >>> with Cluster.from_manifests("docs/examples/shop.yaml").resolver(namespace="shop") as resolver:
    ...     print(resolver.explain("payments"))
    payments: found 10.96.20.1; 2 questions asked, policy kubernetes
    """

    name: str
    policy: Policy
    candidates: tuple[Candidate, ...]
    outcome: Outcome
    addresses: tuple[IPAddress, ...]
    questions: int
    remark: str = ""
    advice: str = ""
    full_name: str = ""
    full_name_questions: int | None = None

    def __str__(self) -> str:
        return escaped(summary(self, few(self.addresses)))


def summary(explanation: Explanation, addresses: str) -> str:
    """Say what came of a lookup, with the addresses that it found."""
    outcome, count = explanation.outcome, explanation.questions
    end = f"found {addresses}" if outcome == "found" else _ENDS.get(outcome, f"no usable answer ({OUTCOMES[outcome]})")
    return f"{explanation.name}: {end}; {count} question{'' if count == 1 else 's'} asked, policy {explanation.policy}"
