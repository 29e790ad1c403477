"""Answers by question, while they last. Pure: the time is an argument, and values are frozen."""

from k8sresolve._core.engine.lock import UNSHARED, Lock
from k8sresolve._core.questions import AAAA, A, Empty, Failed, Found, Question, Result, is_under
from k8sresolve.config import CacheConfig

NEGATIVE_WITHOUT_SOA = 5.0  # seconds; RFC 2308, section 5 would not keep it at all


def key_of(question: Question) -> Question:
    """Return the question that stands for all letter cases of its name (RFC 4343)."""
    return Question(question.name.lower(), question.rdtype)


class Cache:
    """The least recently used answers go first. Failures and TTL 0 are never kept."""

    __slots__ = ("_answers", "config", "lock")

    def __init__(self, config: CacheConfig, lock: Lock = UNSHARED) -> None:
        self.config = config
        self.lock = lock
        self._answers: dict[Question, Result] = {}

    def __len__(self) -> int:
        return len(self._answers)

    def get(self, key: Question, now: float) -> Result | None:
        """Return what is known of the question, None if nothing is, or no longer."""
        with self.lock:
            answer = self._answers.pop(key, None)
            if answer is None or isinstance(answer, Failed) or answer.expires <= now:
                return None
            self._answers[key] = answer
            return answer

    def put(self, key: Question, answer: Result, now: float) -> None:
        """Keep the answer while it lasts."""
        if isinstance(answer, Failed) or answer.expires <= now or self.config.entries <= 0:
            return
        with self.lock:
            self._answers.pop(key, None)
            self._answers[key] = answer
            if key.rdtype in _OTHER_FAMILY:
                self._let_live_beside(key, now)
            while len(self._answers) > self.config.entries:
                del self._answers[next(iter(self._answers))]

    def _let_live_beside(self, key: Question, now: float) -> None:
        """Let NODATA beside a positive answer of the other family live as long as that, within the SOA's minimum."""
        other = Question(key.name, _OTHER_FAMILY[key.rdtype])
        for mine, theirs in ((key, other), (other, key)):
            negative, positive = self._answers.get(mine), self._answers.get(theirs)
            if isinstance(negative, Empty) and isinstance(positive, Found) and negative.expires > now:
                expires = max(negative.expires, min(positive.expires, negative.limit))
                self._answers[mine] = Empty(expires, negative.limit, negative.chain, negative.exchanges, negative.at)

    def forget(self, name: str | None) -> None:
        """Drop what is known of one absolute name, or everything."""
        lower = None if name is None else name.lower()
        with self.lock:
            for key in [key for key in self._answers if lower in (None, key.name)]:
                del self._answers[key]

    def seconds(self, name: str, soa_ttl: int | None, cluster_domain: str | None) -> float:
        """How long a negative answer for the name is kept."""
        most = self.config.cluster_negative_ttl if is_under(name, cluster_domain) else self.config.negative_ttl
        return min(most, NEGATIVE_WITHOUT_SOA if soa_ttl is None else soa_ttl)


_OTHER_FAMILY = {A: AAAA, AAAA: A}
