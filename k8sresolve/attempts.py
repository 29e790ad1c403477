"""What was tried, as errors tell it: loaded with the first error, which most programs never see."""

from __future__ import annotations

from typing import Literal

import attrs

from k8sresolve._escaping import escaped, placed
from k8sresolve._value import Value


@attrs.frozen(eq=False, repr=False)
class Attempt(Value):
    """One exchange with a nameserver: which question went where, and what became of it.

    >>> from k8sresolve import NoSuchName
    >>> from k8sresolve.testing import Cluster
    >>> cluster = Cluster.from_manifests("docs/examples/shop.yaml")
    >>> resolver = cluster.resolver(namespace="shop", family="ipv4")
    >>> try:
    ...     resolver.service("paymets")
    ... except NoSuchName as error:
    ...     print(*error.attempts)
    paymets.shop.svc.cluster.local. A (NXDOMAIN from 10.96.0.10 in 0.5 ms)
    """

    candidate: str
    """The absolute name asked."""
    rdtype: str
    """The type asked."""
    nameserver: str
    """The nameserver's address, with its port where that is not 53."""
    transport: Literal["udp", "tcp"]
    """What carried the question."""
    outcome: str
    """An rcode's name, `"no reply"`, or an error's text."""
    milliseconds: float
    """From sending to the outcome."""
    age: float | None = None
    """Seconds since the exchange of which the outcome was remembered. None where it was asked anew."""
    stale: bool = False
    """Whether what was remembered had expired, and no answer came in its place."""

    def __str__(self) -> str:
        when = f"in {self.milliseconds:.1f} ms" if self.age is None else remembered(self.age, self.stale)
        return escaped(f"{self.candidate} {self.rdtype} ({self.outcome} from {self.nameserver} {when})")


def remembered(age: float, stale: bool) -> str:
    """Say of an answer that it was not asked for anew."""
    return f"{'stale' if stale else 'remembered'}, {age:.0f} s old"


def _line(same: list[Attempt], *, typed: bool) -> str:
    """Write attempts that differ only in type and time; `typed` where another type came to something else."""
    first = same[0]
    types = " " + "/".join(dict.fromkeys(attempt.rdtype for attempt in same)) if typed else ""
    over = "" if first.transport == "udp" else f" over {first.transport.upper()}"
    took = max(attempt.milliseconds for attempt in same)
    sends = len(same) // len({attempt.rdtype for attempt in same})
    times = f", {sends} sends" if sends > 1 else ""
    if first.age is not None:
        return (
            f"{first.candidate}{types} ({first.outcome} from {first.nameserver}, {remembered(first.age, first.stale)})"
        )
    return f"{first.candidate}{types} ({first.outcome} from {first.nameserver}{over} in {took:.1f} ms{times})"


def summarise(attempts: tuple[Attempt, ...], most: int = 6) -> str:
    """Write attempts for a person: what differs only in type and time is told once, and a long list is cut."""
    told: dict[tuple[object, ...], list[Attempt]] = {}
    for attempt in attempts:
        age = None if attempt.age is None else round(attempt.age)
        key = (attempt.candidate, attempt.nameserver, attempt.transport, attempt.outcome, age, attempt.stale)
        told.setdefault(key, []).append(attempt)
    outcomes: dict[str, set[str]] = {}
    for attempt in attempts:
        outcomes.setdefault(attempt.candidate, set()).add(attempt.outcome)
    lines = [_line(same, typed=len(outcomes[same[0].candidate]) > 1) for same in told.values()]
    return ", ".join(cut(lines, most))


def cut(lines: list[str], most: int) -> list[str]:
    """Leave out what is over so many lines, but for the last one."""
    return lines if len(lines) <= most else [*lines[: most - 1], f"... {len(lines) - most} more ...", lines[-1]]


@attrs.frozen(eq=False, repr=False)
class ConnectAttempt(Value):
    """One attempt to connect: where to, and what became of it.

    >>> import errno
    >>> from k8sresolve import ConnectAttempt
    >>> print(ConnectAttempt("10.96.20.1", 80, errno.ECONNREFUSED, "connection refused", 0.21))
    10.96.20.1:80 (connection refused in 0.2 ms)
    """

    address: str
    """The address."""
    port: int
    """The port's number."""
    errno: int | None
    """What the operating system said, as the module `errno` names it; ETIMEDOUT where nothing was heard until the
    deadline, None where it said nothing.
    """
    outcome: str
    """That in words."""
    milliseconds: float
    """From the attempt's begin to its outcome."""

    def __str__(self) -> str:
        return escaped(f"{placed(self.address, self.port)} ({self.outcome} in {self.milliseconds:.1f} ms)")
