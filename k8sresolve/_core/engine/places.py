"""How many questions may be under way, and who is next: the in-flight cap and its queues. Pure.

A question whose first timer has run is late, and no longer holds one of the places: silent nameservers must not stop
the names of healthy ones. Late ones are bounded too; what is beyond that holds places again. A quarter of either
bound is kept for names under the cluster domain, since most silence is an upstream's. Each of the two classes is
served first come, first served.
"""

from __future__ import annotations

from collections import deque
from typing import Generic, Protocol, TypeVar

LATE = 4  # so many times the places may be late


class Waiting(Protocol):
    """What waits for a place, or has one."""

    began: float
    inside: int  # 1 under the cluster domain, 0 elsewhere
    launched: bool  # it has been given a place

    @property
    def landed(self) -> bool:
        """Whether it waits for nothing any more."""
        ...


W = TypeVar("W", bound=Waiting)


class Places(Generic[W]):
    """The places of one desk."""

    __slots__ = ("_cap", "_late", "_outer", "_queues", "_share", "queued", "taken")

    def __init__(self, cap: int) -> None:
        self._cap = cap
        self._share = cap - cap // 4  # that names outside the cluster domain may have
        self._outer = 0  # that they have, late ones aside
        self._late = [0, 0]  # outside the cluster domain, and under it
        self._queues: tuple[deque[W], ...] = ()  # made when one has to wait: an empty deque takes 800 octets
        self.queued: bool = False  # whether any may stand in line
        self.taken: int = 0  # the questions under way, late ones among them

    @property
    def waiting(self) -> int:
        """The questions in line."""
        return sum(not one.landed for queue in self._queues for one in queue)

    def enter(self, inside: int) -> bool:
        """Take one of the places that are refused to nobody, within the lesser share; False where none is left."""
        taken = self.taken
        if taken >= self._share:
            return False
        self.taken = taken + 1
        if not inside:
            self._outer += 1
        return True

    def take(self, one: W) -> bool:
        """Take a place for it; False where it has to wait, and stands in line now."""
        if self._is_free(one.inside):
            self._seat(one)
            return True
        if not self._queues:
            self._queues = deque(), deque()
        self._queues[one.inside].append(one)
        self.queued = True
        return False

    def next(self) -> W | None:
        """Whose turn it is: it has a place now."""
        heads = [head for queue in self._queues if (head := _head(queue)) is not None and self._is_free(head.inside)]
        if not heads:
            self.queued = any(self._queues)
            return None
        one = min(heads, key=lambda head: head.began)
        self._queues[one.inside].popleft()
        self._seat(one)
        return one

    def _seat(self, one: W) -> None:
        self.taken += 1
        if not one.inside:
            self._outer += 1
        one.launched = True

    def note_late(self, one: W) -> None:
        """Its first timer has run."""
        self._late[one.inside] += 1
        if not one.inside:
            self._outer -= 1

    def give_back(self, inside: int, late: bool) -> None:
        """One of that class has ended; `late` as it was noted here."""
        self.taken -= 1
        if late:
            self._late[inside] -= 1
        elif not inside:
            self._outer -= 1

    def _is_free(self, inside: int) -> bool:
        outer, share, cap = self._outer, self._share, self._cap
        late_outer, late_inner = self._late
        late = late_outer + late_inner
        held = self.taken - late
        if late > LATE * cap:
            held += late - LATE * cap
        if held >= cap:
            return False
        if inside or outer + late_outer < share:
            return True
        return outer + max(0, late_outer - LATE * share) < share


def _head(queue: deque[W]) -> W | None:
    while queue and queue[0].landed:
        queue.popleft()
    return queue[0] if queue else None
