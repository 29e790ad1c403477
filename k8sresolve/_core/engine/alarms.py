"""One heap for the alarms of many flights, for drivers that have one timer."""

import heapq
import math

from k8sresolve._core.engine.desk import Flight

_CROWDED = 256


class Alarms:
    """One heap for the alarms of many flights, for hosts that have one timer."""

    __slots__ = ("_heap", "_serial")

    def __init__(self) -> None:
        self._heap: list[tuple[float, int, Flight]] = []
        self._serial = 0

    def set(self, flight: Flight) -> None:
        """Note the flight's alarm; an earlier note of another time no longer counts."""
        self._serial += 1
        heapq.heappush(self._heap, (flight.alarm, self._serial, flight))

    def next(self) -> float | None:
        """When the next alarm is due."""
        while self._heap and not _live(self._heap[0]):
            heapq.heappop(self._heap)
        # Notes that no longer count lie behind live ones too; they must not pile up.
        if len(self._heap) > _CROWDED and self._serial % _CROWDED == 0:
            self._heap = [note for note in self._heap if _live(note)]
            heapq.heapify(self._heap)
        return self._heap[0][0] if self._heap else None

    def due(self, now: float) -> list[Flight]:
        """Take the flights whose alarm is due."""
        flights: list[Flight] = []
        while (when := self.next()) is not None and when <= now:
            flight = heapq.heappop(self._heap)[2]
            flight.alarm = math.inf
            flights.append(flight)
        return flights


def _live(note: tuple[float, int, Flight]) -> bool:
    return note[2].answer is None and note[2].alarm == note[0]
