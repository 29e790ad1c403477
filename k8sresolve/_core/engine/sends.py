"""One sending of a question: what a driver is asked to do, and the record of what became of it."""

from typing import Literal, NamedTuple, TypeAlias

from k8sresolve._core.questions import Exchange
from k8sresolve.config import Nameserver

Transport: TypeAlias = Literal["udp", "tcp"]

Purpose: TypeAlias = Literal["first", "resend", "failover", "tcp", "probe"]
"""Why a question is sent: see `k8sresolve.Observer.sent`."""


class Send(NamedTuple):
    """One sending to perform: report what becomes of it under `number`. `payload` has id 0; the driver sets its own."""

    number: int
    nameserver: Nameserver
    transport: Transport
    payload: bytes
    purpose: Purpose = "first"


class Sent:
    """A sending to the nameserver number `server`, and what became of it: `outcome` is empty while nothing did."""

    __slots__ = ("at", "edns", "milliseconds", "outcome", "purpose", "server", "transport")

    def __init__(self, server: int, transport: Transport, purpose: Purpose, at: float, *, edns: bool) -> None:
        self.server = server
        self.transport: Transport = transport
        self.purpose: Purpose = purpose
        self.at = at
        self.edns = edns
        self.outcome = ""
        self.milliseconds = 0.0

    def end(self, now: float, outcome: str) -> None:
        """Note what became of it."""
        self.outcome = outcome
        self.milliseconds = (now - self.at) * 1000

    def exchange(self, nameserver: Nameserver, now: float) -> Exchange:
        """Tell of it as of that time; a sending without a reply says so."""
        if self.outcome:
            return Exchange(str(nameserver), self.transport, self.outcome, self.milliseconds)
        return Exchange(str(nameserver), self.transport, "no reply", (now - self.at) * 1000)
