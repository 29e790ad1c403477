"""The scenarios that every driver must show: what nameservers do, and what must come of the lookup.

One list, run unchanged by `test_scenarios` on threads with real sockets, on asyncio with real sockets, and in virtual
time; a module for each group. The codes are those of the behaviours a stub resolver must have: M malformed and forged,
T timeouts, R retries and failover, O rotation, X truncation and TCP, S search list, C cache, A cancelling, N many at
once, L lifecycle, K failures of clusters, F faults found by trying, G questions on the wire.
"""

from tests.drivers.scenarios import (
    answers,
    cache,
    concurrency,
    failover,
    families,
    faults,
    kubernetes,
    malformed,
    parse,
    retries,
    rotation,
    search,
    services,
    stale,
    timeouts,
    truncation,
)
from tests.drivers.scenarios.vocabulary import Call, Scenario, Wait
from tests.drivers.script import SHOP

SCENARIOS = (
    *answers.SCENARIOS,
    *services.SCENARIOS,
    *retries.SCENARIOS,
    *timeouts.SCENARIOS,
    *parse.SCENARIOS,
    *malformed.SCENARIOS,
    *truncation.SCENARIOS,
    *failover.SCENARIOS,
    *faults.SCENARIOS,
    *rotation.SCENARIOS,
    *families.SCENARIOS,
    *kubernetes.SCENARIOS,
    *cache.SCENARIOS,
    *stale.SCENARIOS,
    *concurrency.SCENARIOS,
    *search.SCENARIOS,
)

__all__ = ["SCENARIOS", "SHOP", "Call", "Scenario", "Wait"]
