"""What a resolver tells those who watch it: an observer's methods, and whom to tell.

Observers are for logs, metrics and traces. There are none in most programs, so whoever has something to tell looks
first whether there are: `if events.observers: events.asked(...)`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from k8sresolve._core.questions import Exchange, Question, Result, outcome_of, type_name
from k8sresolve.config import ResolverConfig
from k8sresolve.errors import Outcome, Purpose, Transport

if TYPE_CHECKING:
    from k8sresolve.attempts import Attempt
    from k8sresolve.explanations import Candidate


class Observer:
    """Is told what happens in a resolver: a class to derive from, whose methods do nothing.

    A resolver takes observers as `Resolver(observers=[...])`. They are called in the middle of a lookup, in the thread
    or the task that it happens in: they are to be quick, and must not call the resolver. What they raise is logged
    and goes no further. Names are absolute, with the dot at their end, unless it says otherwise; times are
    milliseconds.

    >>> from k8sresolve.testing import Cluster
    >>> class Sends(Observer):
    ...     def sent(self, name, rdtype, *, nameserver, transport, purpose, waited):
    ...         print(name, rdtype, nameserver, transport, purpose)
    >>> cluster = Cluster.from_manifests("docs/examples/shop.yaml")
    >>> with cluster.resolver(namespace="shop", observers=[Sends()]) as resolver:
    ...     addresses = resolver.service("payments").addresses
    payments.shop.svc.cluster.local. A 10.96.0.10 udp first
    payments.shop.svc.cluster.local. AAAA 10.96.0.10 udp first
    """

    def asked(self, name: str, rdtype: str) -> None:
        """A question is put that is neither remembered nor under way already, or is asked again ahead (`prefetch`)."""

    def sent(
        self, name: str, rdtype: str, *, nameserver: str, transport: Transport, purpose: Purpose, waited: float
    ) -> None:
        """A question is sent.

        `purpose` is `"first"`; `"resend"` to the same nameserver; `"failover"` to another one; `"tcp"` after a reply
        that was truncated, or too many that did not match; or `"probe"`: a nameserver that failed a while ago is tried
        beside a good one. `waited` is the time since the question was sent before, 0 at first.
        """

    def answered(self, attempt: Attempt) -> None:
        """A sending came to something: a reply, or an error of the network."""

    def landed(self, name: str, rdtype: str, outcome: Outcome, milliseconds: float) -> None:
        """A question has its result, such as `"found"`, `"nxdomain"` or `"timeout"`."""

    def decided(self, name: str, candidate: Candidate) -> None:
        """The search decided on one candidate for `name`, which is as the user typed it."""

    def remembered(self, name: str, rdtype: str, age: float) -> None:
        """A question needed no asking: the cache knows its answer, which is `age` seconds old."""

    def served_stale(self, name: str, rdtype: str, age: float) -> None:
        """A question was given an expired answer, which is `age` seconds old, since none came (`serve_stale`)."""

    def reloaded(self, config: ResolverConfig) -> None:
        """This machine's files changed, and the next lookup goes by `config`."""


class Events:
    """Whom to tell. `report` is told of what an observer raises."""

    __slots__ = ("_report", "observers")

    def __init__(
        self,
        observers: tuple[Observer, ...] = (),
        report: Callable[[str, Exception], None] = lambda _what, _error: None,
    ) -> None:
        self.observers = observers
        self._report = report

    def asked(self, question: Question) -> None:
        """See `Observer.asked`."""
        for observer in self.observers:
            self._tell(observer.asked, question.name, type_name(question.rdtype))

    def sent(
        self, question: Question, *, nameserver: str, transport: Transport, purpose: Purpose, waited: float
    ) -> None:
        """See `Observer.sent`."""
        for observer in self.observers:
            self._tell(
                observer.sent,
                question.name,
                type_name(question.rdtype),
                nameserver=nameserver,
                transport=transport,
                purpose=purpose,
                waited=waited,
            )

    def answered(self, question: Question, exchange: Exchange) -> None:
        """See `Observer.answered`."""
        from k8sresolve.attempts import Attempt  # where anybody is told

        attempt = Attempt(question.name, type_name(question.rdtype), *exchange)
        for observer in self.observers:
            self._tell(observer.answered, attempt)

    def landed(self, question: Question, result: Result, seconds: float) -> None:
        """See `Observer.landed`."""
        for observer in self.observers:
            self._tell(observer.landed, question.name, type_name(question.rdtype), outcome_of(result), seconds * 1000)

    def decided(self, name: str, candidate: Candidate) -> None:
        """See `Observer.decided`."""
        for observer in self.observers:
            self._tell(observer.decided, name, candidate)

    def remembered(self, question: Question, age: float) -> None:
        """See `Observer.remembered`."""
        for observer in self.observers:
            self._tell(observer.remembered, question.name, type_name(question.rdtype), age)

    def served_stale(self, question: Question, age: float) -> None:
        """See `Observer.served_stale`."""
        for observer in self.observers:
            self._tell(observer.served_stale, question.name, type_name(question.rdtype), age)

    def reloaded(self, config: ResolverConfig) -> None:
        """See `Observer.reloaded`."""
        for observer in self.observers:
            self._tell(observer.reloaded, config)

    def _tell(self, method: Callable[..., None], *what: Any, **more: Any) -> None:
        try:
            method(*what, **more)
        except Exception as error:  # noqa: BLE001 - a lookup does not fail by those who watch it
            self._report(f"the observer's {method!r} failed", error)
