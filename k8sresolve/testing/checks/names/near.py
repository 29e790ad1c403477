"""Names near another, found without looking at each of many."""

from bisect import bisect_left
from collections.abc import Iterable, Sequence

_EACH_SIDE = 50


class Names:
    """Names, of which those are near that begin or end most like another: a slip changes few letters.

    >>> Names(["ledger", "payments"]).near("payment")
    ['ledger', 'payments']
    """

    def __init__(self, names: Iterable[str]) -> None:
        self._forwards = sorted(set(names))
        self._backwards = sorted(name[::-1] for name in self._forwards)

    def near(self, name: str) -> list[str]:
        """List all names where they are few, and else those beside it, read forwards and backwards."""
        backwards = (each[::-1] for each in _beside(self._backwards, name[::-1]))
        return list(dict.fromkeys([*_beside(self._forwards, name), *backwards]))


def _beside(names: Sequence[str], name: str) -> Sequence[str]:
    at = bisect_left(names, name)
    return names[max(0, at - _EACH_SIDE) : at + _EACH_SIDE]
