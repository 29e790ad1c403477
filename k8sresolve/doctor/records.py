"""What an examination comes to: values, for whoever prints or compares them."""

from __future__ import annotations

from typing import Literal, TypeAlias

import attrs

from k8sresolve._escaping import escaped
from k8sresolve._value import Value
from k8sresolve.findings import Finding

State: TypeAlias = Literal["sound", "to mend", "unanswered"]
"""Whether nothing is to mend, something is, or no nameserver answers.

>>> from typing import get_args
>>> from k8sresolve.doctor import State
>>> get_args(State)
('sound', 'to mend', 'unanswered')
"""

Place: TypeAlias = Literal["pod", "host-network pod", "node", "elsewhere"]
"""Where the examination was made.

>>> from typing import get_args
>>> from k8sresolve.doctor import Place
>>> get_args(Place)
('pod', 'host-network pod', 'node', 'elsewhere')
"""

Mark: TypeAlias = Literal["sound", "wrong", "noted", "unknown"]
"""What a check came to: `"noted"` is neither good nor bad, and `"unknown"` was not or could not be tried.

>>> from typing import get_args
>>> from k8sresolve.doctor import Mark
>>> get_args(Mark)
('sound', 'wrong', 'noted', 'unknown')
"""


@attrs.frozen(eq=False, repr=False)
class Check(Value):
    """One thing that was looked at, and what that comes to.

    >>> from k8sresolve import ResolverConfig
    >>> from k8sresolve.doctor import examine
    >>> from k8sresolve.testing import Cluster
    >>> with Cluster.from_manifests("docs/examples/shop.yaml").serve() as server:
    ...     config = ResolverConfig.for_cluster(server.nameserver, namespace="shop")
    ...     diagnosis = examine(config)
    ...
    >>> [check.id for check in diagnosis.checks if check.mark == "wrong"]
    []
    """

    id: str
    """Names it in the same words each time."""
    mark: Mark
    """What it came to."""
    seen: str
    """What was seen, in words."""
    nameserver: str = ""
    """The nameserver that it is of. Empty: of all."""


@attrs.frozen(eq=False, repr=False)
class ResponseTimes(Value):
    """How long the replies of a nameserver took.

    >>> from k8sresolve.doctor import ResponseTimes
    >>> times = ResponseTimes("10.96.0.10", median=0.4, slowest=1.9, lost=1, asked=20)
    >>> times.lost / times.asked
    0.05
    """

    nameserver: str = ""
    """The nameserver that was asked. Empty where none was."""
    median: float | None = None
    """Milliseconds. None where no reply came."""
    slowest: float | None = None
    """Milliseconds. None where no reply came."""
    lost: int = 0
    """How many questions had no reply."""
    asked: int = 0
    """How many were asked, one by one."""


@attrs.frozen(eq=False, repr=False)
class Diagnosis(Value):
    """What there is to say of this machine's DNS.

    >>> from k8sresolve import ResolverConfig
    >>> from k8sresolve.doctor import examine
    >>> from k8sresolve.testing import Cluster
    >>> with Cluster.from_manifests("docs/examples/shop.yaml").serve() as server:
    ...     config = ResolverConfig.for_cluster(server.nameserver, namespace="shop")
    ...     diagnosis = examine(config)
    ...
    >>> diagnosis.cluster_domain, diagnosis.cluster_domain_from
    ('cluster.local', 'given')
    """

    state: State
    """Whether anything is to mend."""
    verdict: str
    """All of it in one line."""
    place: Place
    """Where the examination was made."""
    namespace: str | None
    """The namespace, None where it is not known."""
    namespace_from: str
    """How it was found: `"search list"`, `"service account"`, `"environment"` or `"given"`; empty where unknown."""
    cluster_domain: str | None
    """The cluster domain, None where it is not known."""
    cluster_domain_from: str
    """The same, or `"answered"`: not stated anywhere, but a nameserver knows it."""
    checks: tuple[Check, ...]
    """All that was looked at."""
    findings: tuple[Finding, ...]
    """What is odd, the worst first, with what to do. Errors and warnings are to be mended, remarks are good to know."""
    times: ResponseTimes
    """How long replies took."""
    questions: int
    """How many questions were asked."""
    seconds: float
    """How long that took."""

    def __str__(self) -> str:
        return escaped(self.verdict)
