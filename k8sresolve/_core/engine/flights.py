"""What is under way, and who waits for it: flights and batches, or a lone question, which stands for both."""

from __future__ import annotations

import math
from typing import Any, TypeAlias

from k8sresolve._core.engine.inquiry import Inquiry
from k8sresolve._core.engine.ledger import Ledger
from k8sresolve._core.engine.rules import Rules
from k8sresolve._core.engine.sends import Send
from k8sresolve._core.questions import Failed, Patience, Question, Result, Round, Terms
from k8sresolve.errors import Transport


class Batch:
    """One caller's questions that are asked at once, and the answers so far.

    It is to be looked at when it is `due`: at its deadline, or sooner where expired answers may be given.
    """

    __slots__ = ("answers", "deadline", "done", "due", "flights", "fresh", "missing", "patience", "round", "waiter")

    due: float
    deadline: float
    missing: int

    def __init__(self, round_: Round, terms: Terms, waiter: Any) -> None:
        self.round: Round = round_
        self.due = self.deadline = terms.deadline
        self.fresh: bool = terms.fresh
        self.patience: Patience = terms.patience
        self.missing = count = len(round_.questions)
        self.answers: list[Result | None] = [None] * count
        self.flights: dict[int, Flight] = {}
        self.done: bool = False
        self.waiter: Any = waiter  # whom the host wakes when the batch is done; the desk does not look at it

    def take(self, index: int, answer: Result) -> None:
        """Take the answer to one of the questions."""
        self.answers[index] = answer
        self.missing -= 1


class Flight(Inquiry):
    """An inquiry under way, the batches that wait for it, and what the host keeps for it.

    One that is `unbound` goes on though nobody waits: it is asked ahead, or an expired answer was given in its place.
    """

    __slots__ = (
        "alarm",
        "batches",
        "began",
        "forgotten",
        "inside",
        "key",
        "launched",
        "ports",
        "soonest",
        "told",
        "unbound",
        "was_late",
    )

    launched: bool
    was_late: bool
    unbound: bool

    def __init__(
        self,
        batch: Batch,
        index: int,
        key: Question,
        rules: Rules,
        ledger: Ledger,
        *,
        first: int,
        inside: int,
        now: float,
    ) -> None:
        deadline = batch.deadline
        question = batch.round.questions[index]
        Inquiry.__init__(self, question, rules, ledger, deadline, first=first, patience=batch.patience)
        self.key: Question = key
        self.began: float = now
        self.forgotten: int = ledger.cache.forgotten  # as it was then: what is forgotten since is not to come back
        self.inside: int = inside
        self.batches: dict[tuple[Batch, int], None] = {(batch, index): None}  # in the order in which they came
        self.soonest: float = batch.due  # no batch is due earlier
        self.alarm: float = math.inf
        self.launched = self.was_late = self.unbound = False
        self.told: tuple[int, ...] = ()  # the sends of which observers know what became
        self.ports: list[Any] = []

    @property
    def landed(self) -> bool:
        """Whether nothing is under way any more."""
        return self.answer is not None

    @property
    def leader(self) -> Batch:
        """The batch that has waited longest."""
        return next(iter(self.batches))[0]

    def join(self, batch: Batch, index: int) -> None:
        """Let the batch wait for it, too."""
        self.extend(batch.deadline, batch.patience)
        self.batches[batch, index] = None
        self.soonest = min(self.soonest, batch.due)

    def failed(self, now: float) -> Failed:
        """What it comes to for a caller that waits no longer."""
        if not self.launched:
            return Failed("timeout", "it waited in line: as many questions as may be were under way", (), now)
        return Failed(*self.verdict(), self.exchanges(now), now)


class Lone:
    """One question that one caller waits for, sent once over UDP to the only nameserver: what nearly every one is.

    As long as nothing comes but a plain answer, this is all that is noted of it: it is flight, batch and send in one.
    At anything else (its timer, another caller, any other reply) the desk unfolds it into these: `flight` and `batch`,
    which go on from where it stands.
    """

    # The desk sets these: to make one without a call of `__init__` takes half the time.
    __slots__ = (
        "alarm",
        "answer",
        "at",
        "forgotten",
        "inside",
        "key",
        "payload",
        "port",
        "terms",
        "unfolded",
        "waiter",
    )

    # As a send, and as a flight that has its place, and for which nobody else waits.
    launched = True
    number = 0
    server = 0
    transport: Transport = "udp"
    batches: tuple[tuple[Batch, int], ...] = ()

    key: Question
    terms: Terms
    waiter: Any
    at: float  # when it began, and was sent
    alarm: float
    inside: int
    forgotten: int
    payload: bytes
    port: Any  # what the host sent it by; None before and after
    answer: Result | None
    unfolded: tuple[Flight, Batch] | None

    @property
    def question(self) -> Question:
        """What is asked, which is in lower case."""
        return self.key

    @property
    def ports(self) -> list[Any]:
        """What it uses, as a flight."""
        if self.unfolded is not None:
            return self.unfolded[0].ports
        return [] if self.port is None else [self.port]

    @property
    def done(self) -> bool:
        """Whether there is nothing to wait for any more; as a batch."""
        return self.answer is not None

    @property
    def batch(self) -> Batch | None:
        """The batch that it has become, once it is unfolded."""
        return None if self.unfolded is None else self.unfolded[1]


Sending: TypeAlias = Send | Lone
"""What a driver is asked to send."""
