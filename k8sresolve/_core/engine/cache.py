"""Answers by question, and finished results by call, while they last. Pure: the time is an argument."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from itertools import islice
from typing import Any, TypeAlias

from k8sresolve._core.engine.lock import UNSHARED, Lock
from k8sresolve._core.engine.octets import octets_of_answer, octets_of_result
from k8sresolve._core.questions import (
    AAAA,
    A,
    Asked,
    Empty,
    Failed,
    Found,
    NxDomain,
    Question,
    Result,
    Stale,
    is_under,
)
from k8sresolve.config import CacheConfig

NEGATIVE_WITHOUT_SOA = 5.0  # seconds; RFC 2308, section 5 would not keep it at all
RECHECK = 5.0  # seconds after a failure for which an expired answer is given at once: RFC 8767, section 5, which has 30

Answer: TypeAlias = Found | Empty | NxDomain


def key_of(question: Question) -> Question:
    """Return the question that stands for all letter cases of its name (RFC 4343)."""
    name = question[0]  # thrice as fast as by the field's name
    lower = name.lower()
    return question if lower == name else Question(lower, question[1])


class Worth:
    """How often results were recalled that are worth so many questions, of which the cache found so many."""

    __slots__ = ("found", "questions", "times")

    def __init__(self, questions: int, found: int) -> None:
        self.questions: int = questions
        self.found: int = found
        self.times: int = 0


class Recalled:
    """What recalled results saved, as `tally.Counters` tell it: what the calls would have asked, and found here.

    Results are recalled without the lock, so that one addition must do: an interpreter that has the GIL lets no other
    thread run, and none a signal's handler, in the midst of one. Without the GIL it is made under the lock.
    """

    __slots__ = ("_worths", "one")

    resends = sends = 0

    def __init__(self) -> None:
        self.one: Worth = Worth(1, 1)
        """Where to count results of one question: nearly all."""
        self._worths: dict[tuple[int, int], Worth] = {}

    def worth(self, questions: int, found: int) -> Worth:
        """Where to count results that are worth so much."""
        if questions == found == 1:
            return self.one
        worth = self._worths.get((questions, found))
        if worth is None:
            worth = self._worths[questions, found] = Worth(questions, found)
        return worth

    @property
    def questions(self) -> int:
        """How many questions there would have been."""
        return sum(worth.times * worth.questions for worth in [self.one, *self._worths.values()])

    @property
    def cache_hits(self) -> int:
        """How many of these the cache would have answered."""
        return sum(worth.times * worth.found for worth in [self.one, *self._worths.values()])


class Finished:
    """The result of a call, with what it was made of: the key of each question asked, each before its answer.

    None stands for an answer that was not waited for, and on which the result does not depend. It holds until
    `expires`, in the edition of the cache in which it was last looked at; later ones are to be asked: `Cache.holds`.
    """

    # Most are made of one answer: a tuple for this would take a twentieth of all that is remembered of the call.
    __slots__ = ("answer", "edition", "expires", "key", "others", "result", "worth")

    # `Cache.keep` sets these: to make one without a call of `__init__` takes half the time.
    result: Any
    key: Question
    answer: Answer | None
    others: tuple[Any, ...]
    edition: int
    expires: float
    worth: Worth

    @property
    def questions(self) -> int:
        """How many it was made of."""
        return 1 + len(self.others) // 2

    def made_of(self) -> Iterator[tuple[Question, Answer | None]]:
        """Each question, with its answer."""
        yield self.key, self.answer
        others = iter(self.others)
        yield from zip(others, others, strict=True)


class Cache:
    """The least recently used go first, by their number and by their octets. Failures and TTL 0 are never kept.

    What would take more than an eighth of the octets is not kept: it would drive too much else out.

    Finished results are kept beside the answers, by call: a tuple that begins with the lookup's function, and so equals
    no question. One is kept if the call found here all that it was made of: who asks once in a TTL has no use for it,
    and it would take a tenth of the time that the lookup takes, and as much memory as the answer.

    It holds for as long as the call would be given the very answers that it was made of, so that nothing that has
    expired, was forgotten or has come anew lives on in it. To see whether it does, and to keep its answers among what
    is in use, they are looked up as the call would do it: once in each edition of the cache, at the first recall.
    Others take no lock, since they change nothing. An `edition` lasts until something comes or goes.

    Where expired answers are served, a positive one stays for that time, within the same bounds, and NODATA beside it.
    It goes as soon as another answer comes, whatever that says.

    An exception out of nowhere, such as a signal handler's, may part an entry from its count: see `mend`.
    """

    __slots__ = (
        "_asked_ahead",
        "_has_nodata",
        "_kept",
        "_most",
        "config",
        "edition",
        "find",
        "forgotten",
        "lock",
        "octets",
        "recalled",
    )

    def __init__(self, config: CacheConfig, lock: Lock = UNSHARED) -> None:
        self.config: CacheConfig = config
        self._most: int = config.octets // _SHARES  # that one entry may take
        self._has_nodata: bool = False  # whether any was kept
        self.lock: Lock = lock
        self.recalled: Recalled = Recalled()
        self._kept: dict[tuple[Any, ...], Any] = {}  # Answer or Finished
        self._asked_ahead: dict[tuple[Any, ...], float] = {}  # when what has been asked for again had come
        self.edition: int = 0
        self.forgotten: int = 0  # how often something was
        self.octets: int = 0
        self.find: Callable[[tuple[Any, ...]], Finished | None] = self._kept.get
        """Find the result of a call."""

    def __len__(self) -> int:
        return len(self._kept)

    # -- answers -----------------------------------------------------------------------------------------------------

    def get(self, key: Question, now: float) -> Answer | None:
        """Return what is known of the question, None if nothing is, or no longer."""
        with self.lock:
            return self.use(key, now)

    def put(self, key: Question, answer: Result, now: float, forgotten: int | None = None) -> None:
        """Keep the answer while it lasts, unless something was forgotten since `forgotten` was so many."""
        with self.lock:
            self.take(key, answer, now, self.forgotten if forgotten is None else forgotten)

    def use(self, key: Question, now: float) -> Answer | None:
        """Under the lock: do as `get`. The answer is the last one used then."""
        answer: Any = self._kept.pop(key, None)
        if answer is None:
            return None
        if answer.expires <= now:
            self._asked_ahead.pop(key, None)
            if self._may_outlive(key, answer, now):
                self._kept[key] = answer
            else:
                self.octets -= octets_of_answer(key, answer)
            return None
        self._kept[key] = answer
        return answer  # type: ignore[no-any-return]

    def take(self, key: Question, answer: Result, now: float, forgotten: int) -> None:
        """Under the lock: do as `put`."""
        if forgotten != self.forgotten:
            return
        kept = self._kept
        if type(answer) is not Found:
            if isinstance(answer, Failed):
                return
            if isinstance(answer, NxDomain) and self._outlived(_beside(key), now) is not None:
                self._drop(_beside(key))  # RFC 2308, section 2.1: there is nothing of any type
            self._has_nodata = self._has_nodata or isinstance(answer, Empty)
        if key in kept:
            self._drop(key)
        octets = octets_of_answer(key, answer)
        if answer.expires <= now or octets > self._most:
            return
        kept[key] = answer
        self.octets = total = self.octets + octets
        self.edition += 1
        if self._has_nodata:
            beside = kept.get(_beside(key))
            if beside is not None:
                self._let_live(key, answer, beside, now)
                self._let_live(_beside(key), beside, answer, now)
        if total > self.config.octets or len(kept) > self.config.entries:
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

    # -- expired answers, and those about to expire ------------------------------------------------------------------

    def stale(self, key: Question, now: float) -> Stale | Empty | None:
        """Return the expired answer that is given at once, since its question failed a moment ago; None if none is."""
        with self.lock:
            answer = self._outlived(key, now)
            known = None if answer is None else self._positive(key, answer)
            at_once = isinstance(known, Stale) and now < known.recheck
            return answer if at_once and isinstance(answer, Stale | Empty) else None

    def fail(self, key: Question, now: float) -> Stale | Empty | None:
        """Note that the question had a setback; return the expired answer that stands in, None if there is none."""
        with self.lock:
            answer = self._outlived(key, now)
            if isinstance(answer, Found):
                stale = self._kept[key] = answer.outlived(now + RECHECK)
                return stale
            return answer

    def _outlived(self, key: Question, now: float) -> Found | Empty | None:
        answer: Any = self._kept.get(key)
        if answer is None or answer.expires > now or not self._may_outlive(key, answer, now):
            return None
        return answer  # type: ignore[no-any-return]

    def _may_outlive(self, key: Question, answer: Answer, now: float) -> bool:
        """Whether an expired answer may still be given: RFC 8767, section 5, the maximum stale timer."""
        known = self._positive(key, answer)
        return known is not None and now < known.expires + self.config.serve_stale

    def _positive(self, key: Question, answer: Answer) -> Found | None:
        """The answer with records that it is or, as NODATA, stands beside: who asks for both families needs both."""
        known = self._kept.get(_beside(key)) if isinstance(answer, Empty) else answer
        return known if isinstance(known, Found) else None

    def is_due_ahead(self, key: Question, answer: Answer, now: float) -> bool:
        """Whether to ask again for what holds still. To be told so takes the turn: once for each answer."""
        with self.lock:
            if self._calm_until(key, answer) > now or self._kept.get(key) is not answer:
                return False
            self._asked_ahead[key] = answer.at
            return True

    def _calm_until(self, key: Question, answer: Answer) -> float:
        """Until when an answer may be given, and nothing is to be done about its end."""
        part = self.config.prefetch
        if part is None or self._asked_ahead.get(key) == answer.at or self._positive(key, answer) is None:
            return answer.expires
        return answer.at + part * (answer.expires - answer.at)

    # -- finished results --------------------------------------------------------------------------------------------

    def keep(self, call: tuple[Any, ...], result: Any, asked: Asked, began: float) -> None:
        """Keep the result of a call that asked this, if all that it was made of was here as it began, and still is.

        Answers that were forgotten meanwhile are not here.
        """
        try:
            with self.lock:
                if _is_lacking(result):
                    return
                finished = self._gather(asked, began)
                if finished is None or finished.expires <= began:
                    return
                finished.result = result
                self._keep(call, finished, octets_of_result(call, result, finished.questions))
        except BaseException:
            self.mend()  # out of nowhere, as a signal handler's
            raise

    def _keep(self, call: tuple[Any, ...], finished: Finished, octets: int) -> None:
        if octets > self._most:
            return
        kept = self._kept
        if call in kept:
            self._drop(call)
        self.edition += 1
        finished.edition = 0  # of none: most are looked at in the same edition then, and share its number
        kept[call] = finished
        self.octets = total = self.octets + octets
        if total > self.config.octets or len(kept) > self.config.entries:
            # With no more room than for these, the result would drive out an answer that it was made of.
            if finished.questions < self.config.entries:
                self._keep_to_bounds(finished.questions + 1)
            else:
                self._drop(call)

    def _gather(self, asked: Asked, began: float) -> Finished | None:
        """Note what a result is made of; None, if not all is here, whole, and was before."""
        made_of: list[Any] = []
        used = found = 0
        expires = math.inf
        for questions, results in asked:
            for question, answer in zip(questions, results, strict=True):
                key = key_of(question)
                known = self._kept.get(key)
                if answer is None:
                    made_of += key, None
                elif answer.at > began:
                    return None
                elif known is not None and (known is answer or _lives_on(known, answer)) and not known.truncated:
                    made_of += key, known
                    used += 1
                else:
                    return None
                if known is not None and known.expires > began:
                    found += 1
                    expires = min(expires, self._calm_until(key, known))
        if not used or found < used:
            return None
        finished = Finished()
        finished.key, finished.answer, finished.others = *made_of[:2], tuple(made_of[2:])
        finished.worth = self.recalled.worth(finished.questions, found)
        finished.expires = expires
        return finished

    def holds(self, call: tuple[Any, ...], finished: Finished, now: float) -> bool:
        """Whether the result of a call holds in this edition still; it is the last one used then."""
        try:
            with self.lock:
                return self._kept.get(call) is finished and self._look_up(call, finished, now)
        except BaseException:
            self.mend()
            raise

    def _look_up(self, call: tuple[Any, ...], finished: Finished, now: float) -> bool:
        """Look up what a result was made of, as its call would; drop it if that is not the same any more."""
        found, expires = 0, math.inf
        for key, answer in finished.made_of():
            known = self.use(key, now)
            if known is not None:
                found += 1
                expires = min(expires, self._calm_until(key, known))
            if known is not answer and answer is not None:
                self._drop(call)
                return False
        if self._kept.pop(call, None) is None:
            return False  # a signal's handler looked the same up in the midst of this
        self._kept[call] = finished
        finished.expires = expires
        finished.worth = self.recalled.worth(finished.questions, found)
        finished.edition = self.edition
        return True

    # -- both --------------------------------------------------------------------------------------------------------

    def forget(self, name: str | None) -> None:
        """Drop what is known of one absolute name, or everything."""
        lower = None if name is None else name.lower()
        try:
            with self.lock:
                self.forgotten += 1
                for key in tuple(self._kept) if lower is None else self._standing_at(lower):
                    self._drop(key)
        except BaseException:
            self.mend()
            raise

    def _standing_at(self, lower: str) -> list[tuple[Any, ...]]:
        return [key for key, one in self._kept.items() if _stands_at(lower, key, one)]

    def mend(self) -> None:
        """Count anew, where an exception out of nowhere may have parted an entry from its count."""
        with self.lock:
            self.edition += 1
            self.octets = sum(_octets_of(key, one) for key, one in self._kept.items())

    def _drop(self, key: tuple[Any, ...]) -> None:
        if (one := self._kept.pop(key, None)) is not None:
            self._asked_ahead.pop(key, None)
            self.octets -= _octets_of(key, one)
            self.edition += 1

    def _keep_to_bounds(self, newest: int = 1) -> None:
        """Drop the least recently used; so many of the newest stay as long as others are to be had.

        Of many some at once: to find the first of a dictionary takes as long as there are gaps before it.
        """
        kept = self._kept
        while self.octets > self.config.octets or len(kept) > self.config.entries:
            others = len(kept) - newest
            self._drop_oldest(max(1, min(others, 1 + len(kept) // _AT_ONCE)))

    def _drop_oldest(self, count: int) -> None:
        """Drop the so many that were used least recently, at once."""
        kept, keys = self._kept, list(islice(self._kept, count))
        self.octets -= sum(map(_octets_of, keys, map(kept.pop, keys)))
        self.edition += 1
        for key in keys if self._asked_ahead else ():
            self._asked_ahead.pop(key, None)


_OTHER_FAMILY = {A: AAAA, AAAA: A}


def _beside(key: Question) -> Question:
    """The question for the other family; of what has none, one that is never asked."""
    name, rdtype = key
    return Question(name, _OTHER_FAMILY.get(rdtype, 0))


_AT_ONCE = 256  # of so many entries one more is dropped
_SHARES = 8  # that one entry may take one of


def _lives_on(known: Answer, answer: Result) -> bool:
    """Whether NODATA that is remembered is that answer, which may live longer by now."""
    return isinstance(known, Empty) and isinstance(answer, Empty) and known.at == answer.at


def _is_lacking(result: Any) -> bool:
    """Whether something is missing in a record, or in one of several."""
    if not isinstance(result, tuple):
        return getattr(result, "incomplete", False)
    records: tuple[object, ...] = result  # pyright: ignore[reportUnknownVariableType]
    return any(getattr(record, "incomplete", False) for record in records)


def _stands_at(name: str, key: tuple[Any, ...], one: Answer | Finished) -> bool:
    return any(asked.name == name for asked, _ in one.made_of()) if isinstance(one, Finished) else key[0] == name


def _octets_of(key: Any, one: Answer | Finished) -> int:
    if isinstance(one, Finished):
        return octets_of_result(key, one.result, one.questions)
    return octets_of_answer(key, one)
