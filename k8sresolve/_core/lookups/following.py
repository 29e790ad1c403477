"""Following up what an answer leads to: targets without an address, addresses without a name.

Who writes an answer decides how many these are, so a lookup follows a bounded number of them, in rounds that fit the
cap of questions in flight.
"""

from __future__ import annotations

from collections.abc import Sequence

from k8sresolve._core.lookups.results import any_found
from k8sresolve._core.lookups.trail import Trail
from k8sresolve._core.questions import Lookup, Question, Results, Round

MOST_NAMES = 1024
"""So many names are followed up in one lookup."""

_AT_ONCE = 128  # questions


def follow(trail: Trail, names: Sequence[str], rdtypes: tuple[int, ...]) -> Lookup[dict[str, Results]]:
    """Ask for these types of each name, the first names first; what is beyond the bound is left out.

    A name that was followed before in this lookup is not asked again, and does not count again.
    """
    new = [name for name in names if name not in trail.followed][: MOST_NAMES - len(trail.followed)]
    width = len(rdtypes)
    each = _AT_ONCE // width
    for start in range(0, len(new), each):
        asked = new[start : start + each]
        questions = tuple([Question(name, rdtype) for name in asked for rdtype in rdtypes])
        got = yield from trail.ask(Round(questions, usable=_EachFound(width)))
        trail.followed |= {name: got[at * width : (at + 1) * width] for at, name in enumerate(asked)}
    return {name: trail.followed[name] for name in names if name in trail.followed}


class _EachFound:
    """Whether each name has an answer. It goes on where it stopped: answers come one by one, and none is taken back."""

    __slots__ = ("_at", "_width")

    def __init__(self, width: int) -> None:
        self._at = 0
        self._width = width

    def __call__(self, got: Results) -> bool:
        while self._at < len(got):
            if not any_found(got[self._at : self._at + self._width]):
                return False
            self._at += self._width
        return True
