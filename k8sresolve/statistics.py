"""What a resolver counted."""

from __future__ import annotations

import attrs

from k8sresolve._value import Value


@attrs.frozen(eq=False, repr=False, weakref_slot=False)
class Stats(Value):
    """A resolver's counters since it was made, over all its configurations.

    >>> from k8sresolve.testing import Cluster
    >>> cluster = Cluster.from_manifests("docs/examples/shop.yaml")
    >>> with cluster.resolver(namespace="shop") as resolver:
    ...     for _ in range(3):
    ...         service = resolver.service("payments")
    ...     print(resolver.stats())
    questions: 6, 4 from the cache; sends: 2, 0 again; in flight: 0
    """

    questions: int
    """Questions put to the engine."""
    sends: int
    """Packets and streams sent."""
    resends: int
    """Those of them that were not a question's first."""
    cache_hits: int
    """Questions that the cache answered."""
    in_flight: int
    """Questions on the wire now."""

    def __str__(self) -> str:
        return (
            f"questions: {self.questions}, {self.cache_hits} from the cache; "
            f"sends: {self.sends}, {self.resends} again; in flight: {self.in_flight}"
        )
