"""The sendings of a question: what a driver is asked to do, and the record of what became of it."""

from __future__ import annotations

import math

from k8sresolve._core.questions import Exchange, new
from k8sresolve.config import Nameserver
from k8sresolve.errors import Purpose, Reason, Transport


class Send:
    """One sending to perform, and what became of it: it is to be reported under its `number`.

    `payload` has id 0; the driver sets its own. It goes to the nameserver number `server`. Once it has `ended`,
    `outcome` says how. `heard` is when a reply came that was given elsewhere to be read. `reason` is set where that is
    no answer; where it is `doubted`, what came cannot be right, and is not believed.
    """

    __slots__ = (
        "at",
        "doubted",
        "edns",
        "ended",
        "heard",
        "milliseconds",
        "nameserver",
        "number",
        "outcome",
        "payload",
        "purpose",
        "reason",
        "server",
        "transport",
        "truncated",
    )

    ended: bool
    truncated: bool
    doubted: bool

    def __init__(
        self,
        number: int,
        nameserver: Nameserver,
        transport: Transport,
        payload: bytes,
        purpose: Purpose = "first",
        *,
        server: int = 0,
        at: float = 0.0,
        edns: bool = False,
    ) -> None:
        self.number: int = number
        self.nameserver: Nameserver = nameserver
        self.transport: Transport = transport
        self.payload: bytes = payload
        self.purpose: Purpose = purpose
        self.server: int = server
        self.at: float = at
        self.edns: bool = edns
        self.ended = self.truncated = self.doubted = False
        self.heard: float | None = None
        self.reason: Reason | None = None
        self.outcome: str = "no reply"
        self.milliseconds: float = 0.0

    def end(self, now: float, outcome: str) -> None:
        """Note what became of it."""
        self.ended = True
        self.outcome = outcome
        self.milliseconds = (now - self.at) * 1000

    def exchange(self, nameserver: str, now: float) -> Exchange:
        """Tell of it as of that time."""
        took = self.milliseconds if self.ended else (now - self.at) * 1000
        return new(Exchange, (nameserver, self.transport, self.outcome, took))


# What a nameserver says again however often it is asked.
_LAST_WORDS: frozenset[Reason | None] = frozenset({"refused", "notimp", "formerr", "bad"})


class Sends(list[Send]):
    """All sendings of a question, in order."""

    __slots__ = ()

    def dismissed(self) -> set[int]:
        """The nameservers that gave their last word, and are asked no more."""
        return {sent.server for sent in self if sent.reason in _LAST_WORDS and not sent.doubted}

    def said(self, since: int) -> set[int]:
        """The nameservers that said something that is no answer; a closed port counts from that number on."""
        return {
            sent.server
            for number, sent in enumerate(self)
            if sent.reason is not None and (sent.reason != "network" or number >= since)
        }

    def spoke(self) -> bool:
        """Whether a nameserver said that it cannot answer."""
        return any(sent.reason not in (None, "network") and not sent.doubted for sent in self)

    def tries(self) -> int:
        """How often one failed, or said what cannot be right; a closed port counts where UDP was open."""
        truncated = self.was_truncated()
        return sum(
            sent.doubted or sent.reason == "servfail" or (truncated and sent.reason == "network") for sent in self
        )

    def was_truncated(self) -> bool:
        """Whether a reply was, so that the nameserver can be reached."""
        return any(sent.truncated for sent in self)

    def is_asked(self, server: int, over: Transport | None = None) -> bool:
        """Whether a send to that nameserver is under way, over that transport or any."""
        return any(
            sent.server == server and not sent.ended and sent.transport == (over or sent.transport) for sent in self
        )

    def first(self, server: int) -> float:
        """When the first one to that nameserver left that is under way; long ago if there is none."""
        return min((sent.at for sent in self if sent.server == server and not sent.ended), default=-math.inf)

    def last(self, server: int, now: float) -> float:
        """When the last one did."""
        return next((sent.at for sent in reversed(self) if sent.server == server and not sent.ended), now)

    def weightiest(self) -> Send | None:
        """What tells most of the nameservers' failure: see `Inquiry.verdict`."""
        return max((sent for sent in self if sent.reason is not None), key=_weight, default=None)


def _weight(sent: Send) -> tuple[int, float]:
    rank = 0 if sent.doubted else 1 if sent.reason == "network" else 3 if sent.reason == "servfail" else 2
    return rank, sent.at
