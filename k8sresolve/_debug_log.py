"""The observer behind the records of level DEBUG in the logger `k8sresolve`."""

from __future__ import annotations

from k8sresolve._core.events import Observer
from k8sresolve._log import logger
from k8sresolve.attempts import Attempt
from k8sresolve.config import ResolverConfig
from k8sresolve.errors import Outcome, Purpose, Transport
from k8sresolve.explanations import Candidate


class DebugLog(Observer):
    """Logs each step of a lookup but the first send of a question, which its outcome tells."""

    def sent(
        self, name: str, rdtype: str, *, nameserver: str, transport: Transport, purpose: Purpose, waited: float
    ) -> None:
        if purpose != "first":
            logger.debug(
                "%s %s: %s to %s over %s, %.1f ms later", name, rdtype, purpose, nameserver, transport.upper(), waited
            )

    def answered(self, attempt: Attempt) -> None:
        logger.debug("%s", attempt)

    def landed(self, name: str, rdtype: str, outcome: Outcome, milliseconds: float) -> None:
        logger.debug("%s %s: %s, after %.1f ms", name, rdtype, outcome, milliseconds)

    def decided(self, name: str, candidate: Candidate) -> None:
        logger.debug("%s: %s", name, candidate)

    def remembered(self, name: str, rdtype: str, age: float) -> None:
        logger.debug("%s %s: remembered, %.1f s old", name, rdtype, age)

    def served_stale(self, name: str, rdtype: str, age: float) -> None:
        logger.debug("%s %s: no answer came, and a stale one was given, %.1f s old", name, rdtype, age)

    def reloaded(self, config: ResolverConfig) -> None:
        logger.debug(
            "%s has changed: nameservers %s, search %s",
            config.source,
            ", ".join(map(str, config.nameservers)),
            " ".join(config.search),
        )
