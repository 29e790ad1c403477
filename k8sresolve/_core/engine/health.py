"""What is known of each nameserver, and the budget for resending early. Pure: the time is an argument."""

from __future__ import annotations

import math

from k8sresolve._core.engine.lock import UNSHARED, Lock

FIRST_WAIT = 0.25  # seconds before the first resend while no round trip has been measured
LEAST_WAIT = 0.05
SHORT = 0.01  # seconds of a round trip that does not call for more than that
MOST_WAIT = 1.0
PROBE_AFTER = 5.0  # seconds until a failed nameserver is asked again beside a good one
SHARE, BURST = 0.25, 32.0  # of the budget
WITHOUT_EDNS = 300.0  # seconds that a nameserver which takes no EDNS is asked without


class Health:
    """One nameserver's record: its round trips (RFC 6298), its failures in a row, and whether it takes EDNS."""

    __slots__ = ("edns_from", "failed_at", "failures", "lock", "nameserver", "srtt", "var", "wait")

    def __init__(self, nameserver: str = "", lock: Lock = UNSHARED) -> None:
        self.nameserver = nameserver  # as users read it
        self.lock = lock
        self.srtt: float | None = None
        self.var = 0.0
        self.wait = FIRST_WAIT
        """Seconds until the first resend: max(50 ms, srtt + 4 var), 250 ms before any sample."""
        self.failures = 0
        self.failed_at = 0.0
        self.edns_from = -math.inf
        """Since when it is taken to know EDNS."""

    def replied(self, rtt: float) -> None:
        """Note a reply: every send has an id and socket of its own, so each sample is unambiguous."""
        # Not locked: a sample that another thread's overwrites is one of many.
        self.failures = 0
        if rtt < SHORT and self.wait == LEAST_WAIT:
            return  # as nearly always in a cluster, where the mean and the deviation say nothing more
        srtt = self.srtt
        if srtt is None:
            srtt, var = rtt, rtt / 2
        else:
            # RFC 6298, section 2.3: alpha 1/8, beta 1/4.
            var = self.var
            var += (abs(rtt - srtt) - var) / 4
            srtt += (rtt - srtt) / 8
        self.srtt = srtt
        self.var = var
        wait = srtt + 4 * var
        self.wait = LEAST_WAIT if wait < LEAST_WAIT else min(wait, MOST_WAIT)

    def failed(self, now: float) -> None:
        """Note a timeout or an unreachable port."""
        with self.lock:
            self.failures += 1
            self.failed_at = now

    def refused_edns(self, now: float) -> None:
        """Note that it takes no EDNS (RFC 6891, section 7): for five minutes, since nameservers get replaced."""
        self.edns_from = now + WITHOUT_EDNS

    def due_for_probe(self, now: float) -> bool:
        """Whether this failed nameserver should be tried again; asking takes the turn, so that one question does it."""
        with self.lock:
            if not self.failures or now - self.failed_at < PROBE_AFTER:
                return False
            self.failed_at = now
            return True


class Budget:
    """Resends earlier than 250 ms: a `SHARE` of recent questions at most, with a `BURST`.

    A burst of loss at a loaded nameserver must not be answered with twice the load.
    """

    __slots__ = ("lock", "tokens")

    def __init__(self, lock: Lock = UNSHARED) -> None:
        self.lock: Lock = lock
        self.tokens: float = BURST

    def earn(self) -> None:
        """Count one question."""
        if self.tokens < BURST:
            with self.lock:
                self.tokens = min(BURST, self.tokens + SHARE)

    def take(self) -> bool:
        """Whether one early resend is granted."""
        with self.lock:
            if self.tokens < 1.0:
                return False
            self.tokens -= 1.0
            return True
