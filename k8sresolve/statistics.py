"""What a resolver counted."""

from __future__ import annotations

import attrs

from k8sresolve._value import Value


@attrs.frozen(eq=False, repr=False, weakref_slot=False)
class Stats(Value):
    """A resolver's counters since it was made, over all its configurations.

    `questions` were put to the engine, `cache_hits` of them answered by the cache; `sends` are packets and streams, of
    which `resends` were not a question's first; `in_flight` are the questions on the wire now.

    >>> print(Stats(questions=7, sends=4, resends=1, cache_hits=3, in_flight=0))
    questions: 7, 3 from the cache; sends: 4, 1 again; in flight: 0
    """

    questions: int
    sends: int
    resends: int
    cache_hits: int
    in_flight: int

    def __str__(self) -> str:
        return (
            f"questions: {self.questions}, {self.cache_hits} from the cache; "
            f"sends: {self.sends}, {self.resends} again; in flight: {self.in_flight}"
        )
