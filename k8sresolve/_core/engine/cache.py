"""Answers by question, and finished results by call, while they last. Pure: the time is an argument."""

import math
from typing import Any, TypeAlias

from k8sresolve._core.engine.lock import UNSHARED, Lock
from k8sresolve._core.engine.octets import octets_of
from k8sresolve._core.questions import AAAA, A, Empty, Failed, Found, NxDomain, Question, Result, Results, is_under
from k8sresolve.config import CacheConfig

NEGATIVE_WITHOUT_SOA = 5.0  # seconds; RFC 2308, section 5 would not keep it at all

Answer: TypeAlias = Found | Empty | NxDomain

Asked: TypeAlias = list[tuple[tuple[Question, ...], Results]]
"""What a call asked, round by round, and what came of it."""


def key_of(question: Question) -> Question:
    """Return the question that stands for all letter cases of its name (RFC 4343)."""
    name, rdtype = question
    lower = name.lower()
    return question if lower == name else Question(lower, rdtype)


class Worth:
    """How often results were recalled that are worth so many questions, of which the cache found so many."""

    __slots__ = ("found", "questions", "times")

    def __init__(self, questions: int, found: int) -> None:
        self.questions = questions
        self.found = found
        self.times = 0


class Recalled:
    """What recalled results saved, as `tally.Counters` tell it: what the calls would have asked, and found here.

    Results are recalled without the lock, so that one addition must do: the interpreter lets no other thread run, and
    no signal's handler, in the midst of one.
    """

    __slots__ = ("_worths",)

    resends = sends = 0

    def __init__(self) -> None:
        self._worths: dict[tuple[int, int], Worth] = {}

    def worth(self, questions: int, found: int) -> Worth:
        """Where to count results that are worth so much."""
        worth = self._worths.get((questions, found))
        if worth is None:
            worth = self._worths[questions, found] = Worth(questions, found)
        return worth

    @property
    def questions(self) -> int:
        """How many questions there would have been."""
        return sum(worth.times * worth.questions for worth in tuple(self._worths.values()))

    @property
    def cache_hits(self) -> int:
        """How many of these the cache would have answered."""
        return sum(worth.times * worth.found for worth in tuple(self._worths.values()))


class Finished:
    """The result of a call, with what it was made of: the key of each question asked, each before its answer.

    None stands for an answer that was not waited for, and on which the result does not depend. `turn` is the cache's
    when all of them were there last.
    """

    __slots__ = ("expires", "made_of", "result", "turn", "worth")

    def __init__(self, result: Any, made_of: tuple[Any, ...]) -> None:
        self.result = result
        self.made_of = made_of
        self.expires = 0.0
        self.turn = -1


class Cache:
    """The least recently used go first, by their number and by their octets. Failures and TTL 0 are never kept.

    What would take more than an eighth of the octets is not kept: it would drive too much else out.

    Finished results are kept beside the answers, by call: a tuple that begins with the lookup's function, and so equals
    no question. One holds for as long as a walk would be given the very answers that it was made of, so that nothing
    that is forgotten, has expired or has come anew among these lives on in it. What is remembered changes by turns,
    each time that something comes or goes; the first time in a turn that a result is recalled, its answers are looked
    up as the walk would do it, which keeps them among what is in use.

    An exception out of nowhere, such as a signal handler's, may part an entry from its count: see `mend`.
    """

    __slots__ = ("_kept", "_turn", "config", "lock", "octets", "recalled")

    def __init__(self, config: CacheConfig, lock: Lock = UNSHARED) -> None:
        self.config = config
        self.lock = lock
        self.recalled = Recalled()
        self._kept: dict[tuple[Any, ...], Answer | Finished] = {}
        self._turn = 0
        self.octets = 0

    def __len__(self) -> int:
        return len(self._kept)

    # -- answers -----------------------------------------------------------------------------------------------------

    def get(self, key: Question, now: float) -> Answer | None:
        """Return what is known of the question, None if nothing is, or no longer."""
        with self.lock:
            return self._use(key, now)

    def put(self, key: Question, answer: Result, now: float) -> None:
        """Keep the answer while it lasts."""
        if isinstance(answer, Failed) or answer.expires <= now:
            return
        with self.lock:
            self._drop(key)
            if not self._add(key, answer):
                return
            if key.rdtype in _OTHER_FAMILY:
                other = Question(key.name, _OTHER_FAMILY[key.rdtype])
                beside = self._kept.get(other)
                if beside is not None:
                    self._let_live(key, answer, beside, now)
                    self._let_live(other, beside, answer, now)
            self._keep_to_bounds()

    def _let_live(self, key: Question, negative: object, positive: object, now: float) -> None:
        """Let NODATA beside a positive answer of the other family live as long as that, within the SOA's minimum."""
        if isinstance(negative, Empty) and isinstance(positive, Found) and negative.expires > now:
            expires = max(negative.expires, min(positive.expires, negative.limit))
            self._kept[key] = Empty(expires, negative.limit, negative.chain, negative.exchanges, negative.at)

    def seconds(self, name: str, soa_ttl: int | None, cluster_domain: str | None) -> float:
        """How long a negative answer for the name is kept."""
        most = self.config.cluster_negative_ttl if is_under(name, cluster_domain) else self.config.negative_ttl
        return min(most, NEGATIVE_WITHOUT_SOA if soa_ttl is None else soa_ttl)

    # -- finished results --------------------------------------------------------------------------------------------

    def recall(self, call: tuple[Any, ...], now: float) -> Any:
        """Return the result of a call, None where there is none that holds; takes no lock as long as nothing changes."""
        finished: Any = self._kept.get(call)
        if finished is None or finished.expires <= now:
            return None
        if finished.turn != self._turn and not self._holds(call, finished, now):
            return None
        finished.worth.times += 1
        return finished.result

    def keep(self, call: tuple[Any, ...], result: Any, asked: Asked, now: float) -> None:
        """Keep the result of a call that asked this, if it was made of answers that are all here, and whole ones."""
        if _is_incomplete(result):
            return
        made_of: list[Any] = []
        with self.lock:
            for questions, results in asked:
                for question, answer in zip(questions, results, strict=True):
                    key = key_of(question)
                    known = None if answer is None else self._kept.get(key)
                    if answer is not None and not _is_whole(known, answer):
                        return
                    made_of += key, known
            # With no more room than for these, the result would drive out an answer that it was made of.
            if len(made_of) // 2 < self.config.entries:
                self._drop(call)
                if self._add(call, finished := Finished(result, tuple(made_of))):
                    self._look_up(call, finished, now)
                    self._keep_to_bounds()

    def _holds(self, call: tuple[Any, ...], finished: Finished, now: float) -> bool:
        """Whether a result holds still; it is the last one used then."""
        with self.lock:
            try:
                return self._kept.get(call) is finished and self._look_up(call, finished, now)
            except BaseException:
                self.mend()
                raise

    def _look_up(self, call: tuple[Any, ...], finished: Finished, now: float) -> bool:
        """Look up what a result was made of, as a walk would; it holds if that is the same still."""
        found, expires = 0, math.inf
        pairs = iter(finished.made_of)
        for key, answer in zip(pairs, pairs, strict=True):
            known = self._use(key, now)
            if known is not None:
                found += 1
                expires = min(expires, known.expires)
            if known is not answer and answer is not None:
                self._drop(call)
                return False
        self._kept[call] = self._kept.pop(call)
        finished.expires = expires
        finished.worth = self.recalled.worth(len(finished.made_of) // 2, found)
        finished.turn = self._turn
        return found > 0

    # -- both --------------------------------------------------------------------------------------------------------

    def forget(self, name: str | None) -> None:
        """Drop what is known of one absolute name, or everything."""
        lower = None if name is None else name.lower()
        with self.lock:
            for key in [key for key, one in self._kept.items() if lower is None or _stands_at(lower, key, one)]:
                self._drop(key)

    def mend(self) -> None:
        """Count anew, where an exception out of nowhere may have parted an entry from its count."""
        with self.lock:
            self._turn += 1
            self.octets = sum(octets_of(key, one) for key, one in self._kept.items())

    def _use(self, key: Question, now: float) -> Any:
        """Look an answer up, which is the last one used then."""
        answer: Any = self._kept.pop(key, None)
        if answer is None:
            return None
        if answer.expires <= now:
            self.octets -= octets_of(key, answer)
            return None
        self._kept[key] = answer
        return answer

    def _add(self, key: tuple[Any, ...], one: Answer | Finished) -> bool:
        octets = octets_of(key, one)
        if octets * _SHARES > self.config.octets:
            return False
        self._kept[key] = one
        self.octets += octets
        self._turn += 1
        return True

    def _drop(self, key: tuple[Any, ...]) -> None:
        one = self._kept.pop(key, None)
        if one is not None:
            self.octets -= octets_of(key, one)
            self._turn += 1

    def _keep_to_bounds(self) -> None:
        while self.octets > self.config.octets or len(self._kept) > self.config.entries:
            self._drop(next(iter(self._kept)))


_OTHER_FAMILY = {A: AAAA, AAAA: A}
_SHARES = 8  # that one entry may take one of


def _is_whole(known: object, answer: Result) -> bool:
    """Whether what is remembered is that answer, and nothing of it was cut off; NODATA may live longer by now."""
    if isinstance(known, Empty) and isinstance(answer, Empty):
        return known.at == answer.at
    return known is answer and not (isinstance(known, Found) and known.truncated)


def _is_incomplete(result: Any) -> bool:
    return any([getattr(part, "incomplete", False) for part in (result if isinstance(result, tuple) else (result,))])


def _stands_at(name: str, key: tuple[Any, ...], one: Answer | Finished) -> bool:
    return any(asked.name == name for asked in one.made_of[::2]) if isinstance(one, Finished) else key[0] == name
