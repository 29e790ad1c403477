"""Regular expressions as Go has them: RE2, whose time is linear in the text.

Python's own are exact for them and fast, but go back to try another way, and ways may multiply: `(a+)+$` has 2^n of n
letters. Where they may be many, all are followed at once (Pike's machine: https://swtch.com/~rsc/regexp/regexp2.html).
"""

import importlib
import math
import re
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache, partial
from typing import Any, NamedTuple, TypeAlias

# They read an expression into a tree, and have no types.
ops: Any = importlib.import_module("re._constants")
parser: Any = importlib.import_module("re._parser")
# Go's names of groups, and where a text ends: `$` is not before a last newline.
_GO_GROUP = re.compile(r"\(\?<(?=[A-Za-z_])")
_GO_END = re.compile(r"(?<!\\)\$$")
_LONGEST = 255
_MOST_WAYS = math.log(1_000_000)
_MOST_STEPS = 5_000
_SETS: dict[Any, str] = {
    ops.CATEGORY_DIGIT: r"\d",
    ops.CATEGORY_NOT_DIGIT: r"\D",
    ops.CATEGORY_SPACE: r"\s",
    ops.CATEGORY_NOT_SPACE: r"\S",
    ops.CATEGORY_WORD: r"\w",
    ops.CATEGORY_NOT_WORD: r"\W",
}
_CATEGORIES = {category: re.compile(text, re.ASCII).match for category, text in _SETS.items()}

Takes: TypeAlias = Callable[[str], object]
_Holds: TypeAlias = Callable[[str, int], object]
_Tree: TypeAlias = Iterable[tuple[Any, Any]]
_Places: TypeAlias = tuple[int, ...]


class RegexError(ValueError):
    """A text is no regular expression of Go's, or too large a one."""


class Found:
    """What was found, as `re.Match` has it."""

    def __init__(self, expression: "Linear", text: str, places: _Places) -> None:
        self.re = expression
        self._groups = [text[a:b] if a >= 0 <= b else None for a, b in zip(places[::2], places[1::2], strict=True)]

    def __getitem__(self, number: int) -> Any:
        return self._groups[number]

    def groups(self) -> tuple[str | None, ...]:
        """Give the groups; None for one without a part."""
        return tuple(self._groups[1:])

    def groupdict(self) -> dict[str, str | None]:
        """Give the groups that have names."""
        return {name: self._groups[number] for name, number in self.re.names.items()}


class _Step(NamedTuple):
    """Takes a character, or goes on to one of `to`, the better first: where `holds`, with the place kept at `save`."""

    takes: Takes | None = None
    to: tuple[int, ...] = ()
    holds: _Holds | None = None
    save: int | None = None


class Linear:
    """An expression that is searched for in a time linear in the text."""

    def __init__(self, text: str, tree: Any) -> None:
        self.pattern = text
        self.groups: int = tree.state.groups - 1
        self.names: dict[str, int] = dict(tree.state.groupdict)
        self._steps: list[_Step] = []
        self._group(0, partial(self._sequence, tree, tree.state.flags))
        self._end = len(self._steps)

    def search(self, text: str) -> Found | None:
        """Find the first place, and there what Perl would find."""
        best: _Places | None = None
        threads: dict[int, _Places] = {}
        for at in range(len(text) + 1):
            if best is None:
                self._follow(0, (-1,) * (2 * self.groups + 2), text, at, threads)
            elif not threads:
                break
            behind: dict[int, _Places] = {}
            for step, places in threads.items():
                if step == self._end:
                    best = places
                    break  # what comes after is worse
                takes = self._steps[step].takes
                if takes is not None and at < len(text) and takes(text[at]):
                    self._follow(step + 1, places, text, at + 1, behind)
            threads = behind
        return None if best is None else Found(self, text, best)

    def _follow(self, start: int, places: _Places, text: str, at: int, threads: dict[int, _Places]) -> None:
        """Add all that is reached from a step without a character, in the order of what is better."""
        waiting = [(start, places)]
        while waiting:
            number, places = waiting.pop()
            if number in threads:
                continue
            threads[number] = places
            if number == self._end:
                continue
            step = self._steps[number]
            if step.holds is None or step.holds(text, at):
                if step.save is not None:
                    places = (*places[: step.save], at, *places[step.save + 1 :])
                waiting.extend((to, places) for to in reversed(step.to))

    # -- from the tree to steps ----------------------------------------------------------------------------------------

    def _add(self, **what: Any) -> int:
        if len(self._steps) >= _MOST_STEPS:
            raise RegexError("it is too large, repeats written out")
        self._steps.append(_Step(**what))
        return len(self._steps) - 1

    def _next(self, **what: Any) -> None:
        self._add(to=(len(self._steps) + 1,), **what)

    def _group(self, number: int, body: Callable[[], None]) -> None:
        self._next(save=2 * number)
        body()
        self._next(save=2 * number + 1)

    def _sequence(self, tree: _Tree, flags: int) -> None:
        for op, value in tree:
            if op is ops.AT:
                self._next(holds=_holds(value, flags))
            elif op is ops.BRANCH:
                self._branch(value[1], flags)
            elif op is ops.SUBPATTERN:
                number, more, fewer, inner = value
                body = partial(self._sequence, inner, (flags | more) & ~fewer)
                body() if number is None else self._group(number, body)
            elif op in (ops.MAX_REPEAT, ops.MIN_REPEAT):
                least, most, inner = value
                self._repeat(least, most, partial(self._sequence, inner, flags), greedy=op is ops.MAX_REPEAT)
            else:
                self._add(takes=_takes(op, value, flags))

    def _branch(self, choices: Sequence[_Tree], flags: int) -> None:
        ends: list[int] = []
        for choice in choices[:-1]:
            fork = self._add()
            self._sequence(choice, flags)
            ends.append(self._add())
            self._steps[fork] = _Step(to=(fork + 1, len(self._steps)))
        self._sequence(choices[-1], flags)
        for end in ends:
            self._steps[end] = _Step(to=(len(self._steps),))

    def _repeat(self, least: int, most: Any, body: Callable[[], None], *, greedy: bool) -> None:
        for _ in range(least):
            body()
        forks: list[int] = []
        for _ in range(1 if most is ops.MAXREPEAT else most - least):
            forks.append(self._add())
            body()
        if most is ops.MAXREPEAT:
            self._add(to=(forks[0],))
        for fork in forks:
            ways = (fork + 1, len(self._steps))
            self._steps[fork] = _Step(to=ways if greedy else ways[::-1])


Regex: TypeAlias = "re.Pattern[str] | Linear"
Match: TypeAlias = "re.Match[str] | Found"


@lru_cache(256)
def compiled(text: str) -> Regex:
    """Compile an expression as Go writes it. Raises `RegexError`."""
    written = _GO_END.sub(r"\\Z", _GO_GROUP.sub("(?P<", text))
    try:
        quick = re.compile(written)
        tree = parser.parse(written)
        return quick if _ways(tree) <= _MOST_WAYS else Linear(written, tree)
    except RegexError:
        raise
    except (re.error, OverflowError, RecursionError) as problem:
        raise RegexError(str(problem)) from None


def _ways(tree: _Tree) -> float:
    """Bound how many ways there are to try in a name, as a logarithm. Raises `RegexError` for what Go does not have."""
    return sum(_ways_of(op, value) for op, value in tree)


def _ways_of(op: Any, value: Any) -> float:
    if op is ops.BRANCH:
        return math.log(len(value[1])) + max(map(_ways, value[1]))
    if op is ops.SUBPATTERN:
        return _ways(value[-1])
    if op in (ops.MAX_REPEAT, ops.MIN_REPEAT):
        least, most, inner = value
        times: int = max(least, min(int(most), _LONGEST))
        return math.log(times - least + 1) + times * _ways(inner)
    if op in (ops.AT, ops.LITERAL, ops.NOT_LITERAL, ops.ANY, ops.IN):
        return 0.0
    raise RegexError("Go has nothing that looks around or back, and no possessive repeat")


def _takes(op: Any, value: Any, flags: int) -> Takes:
    if op is ops.ANY:
        return (lambda _: True) if flags & re.DOTALL else (lambda letter: letter != "\n")
    items = value if op is ops.IN else [(op, value)]
    negated = items[0][0] in (ops.NEGATE, ops.NOT_LITERAL)
    tests = [_is_one(kind, what) for kind, what in items if kind is not ops.NEGATE]

    def takes(letter: str) -> bool:
        letters = {letter, letter.lower(), letter.upper()} if flags & re.IGNORECASE else {letter}
        return negated != any(test(each) for test in tests for each in letters)

    return takes


def _is_one(kind: Any, value: Any) -> Takes:
    if kind is ops.CATEGORY:
        return _CATEGORIES[value]
    first, last = value if kind is ops.RANGE else (value, value)
    return lambda letter: len(letter) == 1 and first <= ord(letter) <= last


def _holds(where: Any, flags: int) -> _Holds:
    if where in (ops.AT_BOUNDARY, ops.AT_NON_BOUNDARY):
        edge = re.compile(r"\b" if where is ops.AT_BOUNDARY else r"\B", re.ASCII)
        return lambda text, at: edge.match(text, at) if text else where is ops.AT_NON_BOUNDARY
    lines = flags & re.MULTILINE
    if where in (ops.AT_BEGINNING, ops.AT_BEGINNING_STRING):
        each = lines and where is ops.AT_BEGINNING
        return lambda text, at: at == 0 or (each and text[at - 1] == "\n")
    each = lines and where is ops.AT_END
    return lambda text, at: at == len(text) or (each and text[at] == "\n")
