"""Answers by question, while they last. Pure: the time is an argument, and values are frozen."""

from k8sresolve._core.engine.lock import UNSHARED, Lock
from k8sresolve._core.questions import AAAA, A, Empty, Failed, Found, Question, Result, SrvData, is_under
from k8sresolve.config import CacheConfig

NEGATIVE_WITHOUT_SOA = 5.0  # seconds; RFC 2308, section 5 would not keep it at all


def key_of(question: Question) -> Question:
    """Return the question that stands for all letter cases of its name (RFC 4343)."""
    name = question.name.lower()
    return question if name == question.name else Question(name, question.rdtype)


class Cache:
    """The least recently used answers go first, by their number and by their octets. Failures and TTL 0 are never kept.

    An answer that would take more than an eighth of the octets is not kept: it would drive too much else out.
    """

    __slots__ = ("_answers", "config", "lock", "octets")

    def __init__(self, config: CacheConfig, lock: Lock = UNSHARED) -> None:
        self.config = config
        self.lock = lock
        self._answers: dict[Question, tuple[Result, int]] = {}
        self.octets = 0

    def __len__(self) -> int:
        return len(self._answers)

    def get(self, key: Question, now: float) -> Result | None:
        """Return what is known of the question, None if nothing is, or no longer."""
        with self.lock:
            entry = self._answers.pop(key, None)
            if entry is None:
                return None
            answer, octets = entry
            if isinstance(answer, Failed) or answer.expires <= now:
                self.octets -= octets
                return None
            self._answers[key] = entry
            return answer

    def put(self, key: Question, answer: Result, now: float) -> None:
        """Keep the answer while it lasts."""
        if isinstance(answer, Failed) or answer.expires <= now:
            return
        octets = octets_of(key, answer)
        with self.lock:
            if key in self._answers:
                self._drop(key)
            if octets > self.config.octets / _SHARES:
                return
            self._answers[key] = answer, octets
            self.octets += octets
            if key.rdtype in _OTHER_FAMILY:
                self._let_live_beside(key, now)
            while self.octets > self.config.octets or len(self._answers) > self.config.entries:
                self._drop(next(iter(self._answers)))

    def _let_live_beside(self, key: Question, now: float) -> None:
        """Let NODATA beside a positive answer of the other family live as long as that, within the SOA's minimum."""
        other = Question(key.name, _OTHER_FAMILY[key.rdtype])
        for mine, theirs in ((key, other), (other, key)):
            negative, octets = self._answers.get(mine, _NOTHING)
            positive, _ = self._answers.get(theirs, _NOTHING)
            if isinstance(negative, Empty) and isinstance(positive, Found) and negative.expires > now:
                expires = max(negative.expires, min(positive.expires, negative.limit))
                longer = Empty(expires, negative.limit, negative.chain, negative.exchanges, negative.at)
                self._answers[mine] = longer, octets

    def forget(self, name: str | None) -> None:
        """Drop what is known of one absolute name, or everything."""
        lower = None if name is None else name.lower()
        with self.lock:
            for key in [key for key in self._answers if lower in (None, key.name)]:
                self._drop(key)

    def mend(self) -> None:
        """Count anew, where an exception out of nowhere may have parted an answer from its count."""
        with self.lock:
            self.octets = sum(octets for _, octets in self._answers.values())

    def _drop(self, key: Question) -> None:
        _, octets = self._answers.pop(key, _NOTHING)
        self.octets -= octets

    def seconds(self, name: str, soa_ttl: int | None, cluster_domain: str | None) -> float:
        """How long a negative answer for the name is kept."""
        most = self.config.cluster_negative_ttl if is_under(name, cluster_domain) else self.config.negative_ttl
        return min(most, NEGATIVE_WITHOUT_SOA if soa_ttl is None else soa_ttl)


_OTHER_FAMILY = {A: AAAA, AAAA: A}
_NOTHING = (None, 0)
_SHARES = 8  # that one answer may take one of

# Octets of memory, as tracemalloc(3) counts them on CPython 3.11: of an answer without records, of an address, of a
# name as a record, of an SRV record and of a name of the additional section, these three without their text.
_ANSWER = 640
_ADDRESS = {A: 88, AAAA: 108}
_NAME = 92
_SRV = 168
_GLUE = 140


def octets_of(key: Question, answer: Result) -> int:
    """About how much memory a remembered answer takes."""
    octets = _ANSWER + len(key.name)
    if not isinstance(answer, Found):
        return octets
    if key.rdtype in _ADDRESS:
        return octets + _ADDRESS[key.rdtype] * len(answer.data)
    for datum in answer.data:
        octets += _SRV + len(datum.target) if isinstance(datum, SrvData) else _NAME + len(datum)
    for name, addresses in answer.glue.items():
        octets += _GLUE + len(name) + sum(_ADDRESS[A if address.version == 4 else AAAA] for address in addresses)
    return octets
