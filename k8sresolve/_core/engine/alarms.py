"""The alarms of many flights, for drivers that have one timer."""

from __future__ import annotations

import heapq
import math

from k8sresolve._core.engine.flights import Flight, Lone

_CROWDED = 256


class Alarms:
    """The alarms of many flights: a heap of notes.

    What is set lies aside until somebody looks: by then most flights have landed, and need no place in the heap.
    """

    __slots__ = ("_heap", "_most", "_serial", "_set")

    def __init__(self) -> None:
        self._set: list[Flight | Lone] = []
        self._heap: list[tuple[float, int, Flight | Lone]] = []
        self._serial = 0
        self._most = _CROWDED

    def set(self, flight: Flight | Lone) -> None:
        """Note the flight's alarm; an earlier note of another time no longer counts."""
        self._set.append(flight)
        if len(self._set) >= _CROWDED:
            self._sort_in()

    def _sort_in(self) -> None:
        """Take into the heap what was set and still counts."""
        for flight in self._set:
            if flight.answer is None and flight.alarm < math.inf:
                self._serial += 1
                heapq.heappush(self._heap, (flight.alarm, self._serial, flight))
        self._set.clear()
        # Notes that no longer count lie behind live ones; they must not pile up.
        if len(self._heap) > self._most:
            self._heap = [note for note in self._heap if _live(note)]
            heapq.heapify(self._heap)
            self._most = 2 * len(self._heap) + _CROWDED

    def next(self) -> float | None:
        """When the next alarm is due."""
        if self._set:
            self._sort_in()
        while self._heap and not _live(self._heap[0]):
            heapq.heappop(self._heap)
        return self._heap[0][0] if self._heap else None

    def due(self, now: float) -> list[Flight | Lone]:
        """Take the flights whose alarm is due."""
        flights: list[Flight | Lone] = []
        while (when := self.next()) is not None and when <= now:
            flight = heapq.heappop(self._heap)[2]
            flight.alarm = math.inf
            flights.append(flight)
        return flights


def _live(note: tuple[float, int, Flight | Lone]) -> bool:
    return note[2].answer is None and note[2].alarm == note[0]
