"""What a resolver tells those who watch it: an observer's methods, and whom to tell.

Observers are for logs, metrics and traces. There are none in most programs, so whoever has something to tell looks
first whether there are: `if events.observers: events.asked(...)`. One is told only what it has a method for, so that
it costs nothing else.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from k8sresolve._core.questions import (
    Asked,
    Exchange,
    Failed,
    Found,
    Question,
    Result,
    is_under,
    outcome_of,
    type_name,
)
from k8sresolve.config import ResolverConfig
from k8sresolve.errors import Outcome, Purpose, Transport

if TYPE_CHECKING:
    from k8sresolve.attempts import Attempt
    from k8sresolve.explanations import Candidate


class Observer:
    """Is told what happens in a resolver: a class to derive from, whose methods do nothing.

    A resolver takes observers as `Resolver(observers=[...])`, or by `observe()` later; `observe_all()` is for all
    resolvers of the process. They are called in the middle of a lookup, in the thread or the task that it happens in:
    they are to be quick, and must not call the resolver. What they raise is logged and goes no further.

    What an observer has no method for costs nothing. Those of questions make a question dearer, `remembered` also makes
    each call look its questions up in the cache, where otherwise it is given its own result of before.

    >>> from k8sresolve import Observer
    >>> from k8sresolve.testing import Cluster
    >>> class Sends(Observer):
    ...     def sent(self, name, rdtype, *, nameserver, transport, purpose, waited):
    ...         print(name, rdtype, nameserver, transport, purpose)
    ...
    >>> cluster = Cluster.from_manifests("docs/examples/shop.yaml")
    >>> with cluster.resolver(namespace="shop", observers=[Sends()]) as resolver:
    ...     addresses = resolver.service("payments").addresses
    payments.shop.svc.cluster.local. A 10.96.0.10 udp first
    payments.shop.svc.cluster.local. AAAA 10.96.0.10 udp first
    """

    def asked(self, name: str, rdtype: str) -> None:
        """A question is put that is neither remembered nor under way already, or is asked again ahead of time.

        Args:
            name: The absolute name.
            rdtype: The type.
        """

    def sent(
        self, name: str, rdtype: str, *, nameserver: str, transport: Transport, purpose: Purpose, waited: float
    ) -> None:
        """A question is sent.

        Args:
            name: The absolute name.
            rdtype: The type.
            nameserver: Where to: the address, with the port where that is not 53.
            transport: What carries it.
            purpose: Why it is sent.
            waited: Milliseconds since it was sent before, 0 at first.
        """

    def answered(self, attempt: Attempt) -> None:
        """A sending came to something: a reply, or an error of the network.

        Args:
            attempt: What was sent, and what it came to.
        """

    def landed(self, name: str, rdtype: str, outcome: Outcome, milliseconds: float) -> None:
        """A question has its result.

        Args:
            name: The absolute name.
            rdtype: The type.
            outcome: What it came to.
            milliseconds: Since it was put.
        """

    def decided(self, name: str, candidate: Candidate) -> None:
        """The search decided on one candidate.

        Args:
            name: The name as the caller typed it.
            candidate: What became of the candidate.
        """

    def remembered(self, name: str, rdtype: str, age: float) -> None:
        """A question needed no asking: the cache knows its answer.

        Args:
            name: The absolute name.
            rdtype: The type.
            age: Seconds since the answer came.
        """

    def served_stale(self, name: str, rdtype: str, age: float) -> None:
        """A question was given an expired answer, since none came (`CacheConfig.serve_stale`).

        Args:
            name: The absolute name.
            rdtype: The type.
            age: Seconds since the answer came.
        """

    def looked_up(self, name: str, *, in_cluster: bool, milliseconds: float, error: BaseException | None) -> None:
        """A call such as `service()` or `getaddrinfo()` has ended, which had to wait for an answer, or failed.

        What is remembered, and what needs no question, is not told, nor is what watches ask.

        Args:
            name: The absolute name that was found, else the first that was asked for, without the labels of a port or a
                protocol; empty where nothing was asked.
            in_cluster: Whether it is certainly a name of the cluster's: it is under the cluster domain, and of one that
                was not found no more than that was asked.
            milliseconds: Since the call began.
            error: What the call raised: an `Error`, or what ended it from outside, such as `CancelledError`. None where
                it raised nothing.
        """

    def reloaded(self, config: ResolverConfig) -> None:
        """This machine's files changed, and the next lookup goes by another configuration.

        Args:
            config: What holds now.
        """


_OF_QUESTIONS = ("asked", "sent", "answered", "landed", "decided", "remembered", "served_stale")
_ALL = (*_OF_QUESTIONS, "looked_up", "reloaded")


class Events:
    """Whom to tell. `report` is told of what an observer raises.

    `observers` are told something of questions; `recalls`, `decides`, `lookups` say whether somebody is told of what is
    remembered, of the search's candidates, of whole lookups; `watched`, of either of the last two.
    """

    __slots__ = ("_report", "_told", "decides", "lookups", "observers", "recalls", "watched")

    recalls: bool
    decides: bool
    lookups: bool
    watched: bool

    def __init__(
        self,
        observers: Iterable[Observer] = (),
        report: Callable[[str, Exception], None] = lambda _what, _error: None,
    ) -> None:
        self._report = report
        self.take(observers)

    def take(self, observers: Iterable[Observer]) -> None:
        """Tell these from now on."""
        told: dict[str, list[Callable[..., None]]] = {}
        of_questions: list[Observer] = []
        for observer in observers:
            # Also a method that is the object's own, and not its class's.
            has = [e for e in _ALL if getattr(getattr(observer, e), "__func__", None) is not getattr(Observer, e)]
            for event in has:
                told.setdefault(event, []).append(getattr(observer, event))
            if not {*has}.isdisjoint(_OF_QUESTIONS):
                of_questions.append(observer)
        self._told = told
        self.observers: tuple[Observer, ...] = tuple(of_questions)
        self.recalls, self.decides, self.lookups = "remembered" in told, "decided" in told, "looked_up" in told
        self.watched = self.decides or self.lookups

    def asked(self, question: Question) -> None:
        """See `Observer.asked`."""
        for tell in self._told.get("asked", ()):
            self._tell(tell, question.name, type_name(question.rdtype))

    def sent(
        self, question: Question, *, nameserver: str, transport: Transport, purpose: Purpose, waited: float
    ) -> None:
        """See `Observer.sent`."""
        for tell in self._told.get("sent", ()):
            self._tell(
                tell,
                question.name,
                type_name(question.rdtype),
                nameserver=nameserver,
                transport=transport,
                purpose=purpose,
                waited=waited,
            )

    def answered(self, question: Question, exchange: Exchange) -> None:
        """See `Observer.answered`."""
        those = self._told.get("answered")
        if those is None:
            return
        from k8sresolve.attempts import Attempt  # where anybody is told

        attempt = Attempt(question.name, type_name(question.rdtype), *exchange)
        for tell in those:
            self._tell(tell, attempt)

    def landed(self, question: Question, result: Result, seconds: float) -> None:
        """See `Observer.landed`."""
        for tell in self._told.get("landed", ()):
            self._tell(tell, question.name, type_name(question.rdtype), outcome_of(result), seconds * 1000)

    def decided(self, name: str, candidate: Candidate) -> None:
        """See `Observer.decided`."""
        for tell in self._told.get("decided", ()):
            self._tell(tell, name, candidate)

    def remembered(self, question: Question, age: float) -> None:
        """See `Observer.remembered`."""
        for tell in self._told.get("remembered", ()):
            self._tell(tell, question.name, type_name(question.rdtype), age)

    def served_stale(self, question: Question, age: float) -> None:
        """See `Observer.served_stale`."""
        for tell in self._told.get("served_stale", ()):
            self._tell(tell, question.name, type_name(question.rdtype), age)

    def looked_up(
        self, asked: Asked, cluster_domain: str | None, began: float, now: float, error: BaseException | None
    ) -> None:
        """See `Observer.looked_up`: a call that asked this has ended."""
        if error is None and not _was_waited_for(asked, began):
            return
        name, in_cluster = _name_of(asked, cluster_domain)
        for tell in self._told.get("looked_up", ()):
            self._tell(tell, name, in_cluster=in_cluster, milliseconds=(now - began) * 1000, error=error)

    def reloaded(self, config: ResolverConfig) -> None:
        """See `Observer.reloaded`."""
        for tell in self._told.get("reloaded", ()):
            self._tell(tell, config)

    def _tell(self, method: Callable[..., None], *what: Any, **more: Any) -> None:
        try:
            method(*what, **more)
        except Exception as error:  # noqa: BLE001 - a lookup does not fail by those who watch it
            self._report(f"the observer's {method!r} failed", error)


def _was_waited_for(asked: Asked, began: float) -> bool:
    """Whether an answer came after a call began, or none did."""
    for _, answers in asked:
        for answer in answers:
            if answer is not None and (answer.at > began or answer.stale or isinstance(answer, Failed)):
                return True
    return False


def _name_of(asked: Asked, cluster_domain: str | None) -> tuple[str, bool]:
    """The name that a call found, or asked for first, and whether it is certainly the cluster's."""
    for questions, answers in asked:
        for question, answer in zip(questions, answers, strict=True):
            if isinstance(answer, Found):
                return _without_port(question.name), is_under(question.name, cluster_domain)
    names = [question.name for questions, _ in asked for question in questions]
    # Of `typo.example.com` the first candidates are under the cluster domain. One label by itself is no host elsewhere.
    longer = [name for name in names if name.count(".") > 1]
    in_cluster = bool(longer) and all(is_under(name, cluster_domain) for name in longer)
    return _without_port(names[0]) if names else "", in_cluster


def _without_port(name: str) -> str:
    while name.startswith("_"):
        name = name.partition(".")[2]
    return name
