"""Replies that are given again as long as no object changes."""

from k8sresolve._locks import Lock
from k8sresolve.testing.coredns.chain import Reply
from k8sresolve.testing.coredns.writing import Written

_FEW = 4  # records: a reply with fewer is made as quickly as it is found here
_MOST = 8192  # records in all; with what is written of them, some 5 MB


class Memo:
    """Replies with many records, by question. The oldest go when there are too many, and all when the store changes."""

    def __init__(self) -> None:
        self._serial = 0
        self._replies: dict[tuple[str, int], tuple[int, Reply, int]] = {}  # serial, reply, its records
        self._records = 0
        self._lock = Lock()

    def __deepcopy__(self, _: object) -> "Memo":
        """A copy of the server, which sees no change from here on, makes its own replies."""
        return Memo()

    def get(self, name: str, rdtype: int, serial: int) -> Reply | None:
        """Find the reply of the store as it is at that serial."""
        if serial != self._serial:
            with self._lock:
                self._replies.clear()
                self._serial, self._records = serial, 0
        found = self._replies.get((name, rdtype))
        # Another thread may have made it of what was there before a change.
        return found[1] if found is not None and found[0] == serial else None

    def put(self, name: str, rdtype: int, serial: int, reply: Reply) -> Reply:
        """Keep a reply that was made when the store was at that serial, if it is long, and return it."""
        records = len(reply.answer) + len(reply.authority) + len(reply.additional)
        if not _FEW <= records <= _MOST:
            return reply
        reply = reply._replace(written=Written(reply.answer, reply.authority, reply.additional))
        with self._lock:
            self._drop((name, rdtype))
            self._replies[name, rdtype] = serial, reply, records
            self._records += records
            self._keep_to_bounds()
        return reply

    def _keep_to_bounds(self) -> None:
        while self._records > _MOST:
            self._drop(next(iter(self._replies)))

    def _drop(self, question: tuple[str, int]) -> None:
        dropped = self._replies.pop(question, None)
        if dropped is not None:
            self._records -= dropped[2]
