"""One sending of a question: what a driver is asked to do, and the record of what became of it."""

from typing import NamedTuple

from k8sresolve._core.questions import Exchange
from k8sresolve.config import Nameserver
from k8sresolve.errors import Transport
from k8sresolve.records import Purpose, Reason


class Send(NamedTuple):
    """One sending to perform: report what becomes of it under `number`. `payload` has id 0; the driver sets its own."""

    number: int
    nameserver: Nameserver
    transport: Transport
    payload: bytes
    purpose: Purpose = "first"


class Sent:
    """A sending to the nameserver number `server`; once it has `ended`, `outcome` says what became of it.

    `reason` is set where that is no answer; where it is `doubted`, what came cannot be right, and is not believed.
    """

    __slots__ = (
        "at",
        "doubted",
        "edns",
        "ended",
        "milliseconds",
        "outcome",
        "purpose",
        "reason",
        "server",
        "transport",
        "truncated",
    )

    def __init__(self, server: int, transport: Transport, purpose: Purpose, at: float, *, edns: bool) -> None:
        self.server = server
        self.transport: Transport = transport
        self.purpose: Purpose = purpose
        self.at = at
        self.edns = edns
        self.ended = self.truncated = self.doubted = False
        self.reason: Reason | None = None
        self.outcome = "no reply"
        self.milliseconds = 0.0

    def end(self, now: float, outcome: str) -> None:
        """Note what became of it."""
        self.ended = True
        self.outcome = outcome
        self.milliseconds = (now - self.at) * 1000

    def exchange(self, nameserver: Nameserver, now: float) -> Exchange:
        """Tell of it as of that time."""
        took = self.milliseconds if self.ended else (now - self.at) * 1000
        return Exchange(str(nameserver), self.transport, self.outcome, took)
