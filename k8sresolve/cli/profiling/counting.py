"""Who asked for which names how often: counts of bounded size, however long the log is."""

import zlib
from array import array
from statistics import median_high

from k8sresolve.cli.profiling.lines import Query

MOST_NAMES = 100_000
"""So many names are kept, each client's own; then the half that was asked for least gives way, and is only counted."""

MOST_TIMES = 1_000_000
"""So many times of questions are kept, 8 octets each."""

_ALL = 1 << 32


class Asked:
    """What one client asked for one name: how often each type, and how that was answered.

    `times` are those of the type that was asked first.
    """

    __slots__ = ("failed", "found", "timed", "times", "types")

    def __init__(self, rdtype: str) -> None:
        self.types: dict[str, int] = {}
        self.found: set[str] = set()
        self.failed: int = 0
        self.timed: str = rdtype
        self.times: array[float] | None = None

    @property
    def total(self) -> int:
        """All questions."""
        return sum(self.types.values())


class Client:
    """Who asks, by address: `questions` in all, of which `rare` are for names that are no longer kept."""

    __slots__ = ("address", "names", "negative", "questions", "rare", "tcp")

    questions: int
    negative: int
    tcp: int
    rare: int

    def __init__(self, address: str) -> None:
        self.address: str = address
        self.questions = self.negative = self.tcp = self.rare = 0
        self.names: dict[str, Asked] = {}


class Counts:
    """Counts of what is added, of which a `sample` is taken: 1.0 is all.

    A sample has all questions of a client for names that begin alike, so that what the search list makes of a name
    stays together.
    """

    seen: int
    questions: int
    negative: int
    rare: int

    def __init__(self, sample: float = 1.0, *, most_names: int = MOST_NAMES, most_times: int = MOST_TIMES) -> None:
        self.clients: dict[str, Client] = {}
        self.seen = self.questions = self.negative = self.rare = 0
        self.first: float | None = None
        self.last: float | None = None
        self._bound = int(sample * _ALL)
        self._most_names = most_names
        self._names = 0
        self._times_left = most_times
        self.is_timed: bool = True

    def add(self, query: Query) -> None:
        """Count a query."""
        at, address, name, rdtype, rcode, protocol = query
        self.seen += 1
        if (
            self._bound < _ALL
            and zlib.crc32(f"{address} {name.partition('.')[0]}".encode(errors="surrogatepass")) >= self._bound
        ):
            return
        if self._names >= self._most_names:
            self._make_room()
        client = self.clients.get(address)
        if client is None:
            client = self.clients[address] = Client(address)
        self.questions += 1
        client.questions += 1
        client.tcp += protocol == "tcp"
        negative = rcode == "NXDOMAIN"
        client.negative += negative
        self.negative += negative
        asked = client.names.get(name)
        if asked is None:
            asked = client.names[name] = Asked(rdtype)
            self._names += 1
        asked.types[rdtype] = asked.types.get(rdtype, 0) + 1
        if rcode == "NOERROR":
            asked.found.add(rdtype)
        elif not negative:
            asked.failed += 1
        self._note(at, asked, rdtype)

    def _note(self, at: float | None, asked: Asked, rdtype: str) -> None:
        if at is None:
            self.is_timed = False
            return
        self.first = at if self.first is None else min(at, self.first)
        self.last = at if self.last is None else max(at, self.last)
        if rdtype == asked.timed and self._times_left:
            if asked.times is None:
                asked.times = array("d")
            asked.times.append(at)
            self._times_left -= 1

    def _make_room(self) -> None:
        """Let the half go that was asked for least."""
        enough = median_high([asked.total for client in self.clients.values() for asked in client.names.values()])
        for address, client in list(self.clients.items()):
            for name, asked in list(client.names.items()):
                if asked.total <= enough:
                    del client.names[name]
                    client.rare += asked.total
                    self.rare += asked.total
                    self._times_left += len(asked.times or ())
            if not client.names and client.questions <= enough:
                del self.clients[address]
        self._names = sum(len(client.names) for client in self.clients.values())
