"""Arguments that nobody means, and what must come of them: a typed error, or the user's own, unchanged (F12)."""

import inspect
import math
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from hypothesis import strategies as st

from k8sresolve import CacheConfig, EndpointName, Nameserver, PodName, PortName, ResolverConfig, ServiceName, ZonalName
from k8sresolve.errors import Error


class Mine(Exception):
    """What an argument of the user's own raises."""


class Text(str):
    """A str that is not quite one."""

    __slots__ = ()


class Number(int):
    """An int that is not quite one."""


class BadText(str):
    """A str whose methods raise."""

    __slots__ = ()

    def lower(self) -> str:
        raise Mine

    def encode(self, *_: Any) -> bytes:  # type: ignore[override]
        raise Mine


class BadList:
    """An iterable that raises."""

    def __iter__(self) -> Iterator[Any]:
        raise Mine


class BadRepr:
    """An object that cannot be written."""

    def __repr__(self) -> str:
        raise Mine


class BadEq:
    """An object that can be compared with nothing."""

    def __eq__(self, other: object) -> bool:
        raise Mine

    __hash__ = object.__hash__


class Unhashable:
    """An object that cannot be a key."""

    __hash__ = None  # type: ignore[assignment]


def _deep() -> list[Any]:
    nested: list[Any] = []
    for _ in range(100_000):
        nested = [nested]
    return nested


def _endless() -> list[Any]:
    itself: list[Any] = []
    itself.append(itself)
    return itself


_NAME = ServiceName("a", "b")
ODD: tuple[Any, ...] = (
    *(None, True, False, ..., 1j, object(), object, int, len, slice(1), range(3), type("T", (), {})),
    *(0, -1, 3, 2**31, 10**400, -(10**400), 10**5000, Number(3)),
    *(1.5, 1e300, math.nan, math.inf, -math.inf),
    *(b"x", b"", bytearray(b"x"), memoryview(b"x")),
    *("x", "", "\ud800", "\0", "é", "\n", ".", "..", "a..b", "a" * 300, "a" * 100_000, "1" * 5000),
    *("::1", "1.2.3.4", "1.2.3.4:99999999", "[::1]:x", "fe80::1%\ud800", Text("payments"), BadText("payments")),
    *([], [1], ["x"], [None], [[]], (), (1, 2), ("x", "y"), (1, 2, 3), set(), frozenset({"x"}), {}, {"a": 1}, {1: 2}),
    *(_deep(), _endless(), Mine(), BadList(), BadRepr(), BadEq(), Unhashable()),
    *(ResolverConfig(), CacheConfig(), Nameserver("1.2.3.4"), _NAME, PortName("http"), PodName("1.2.3.4", "b")),
    EndpointName("a", _NAME),
    ZonalName("a", "pin", _NAME),
)

# By their places: Hypothesis writes what it draws, and some of these cannot be written.
_ANY_ODD = st.sampled_from(range(len(ODD))).map(ODD.__getitem__)

ANYTHING: st.SearchStrategy[Any] = st.recursive(
    _ANY_ODD | st.text(max_size=20) | st.integers() | st.floats() | st.binary(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.lists(inner, max_size=3).map(tuple)
        | st.dictionaries(st.text(max_size=3), inner, max_size=2)
        | st.lists(inner, max_size=3).map(iter)
    ),
    max_leaves=4,
)

Refuse = Callable[..., Any]
Given = Mapping[str, Any]


class Call:
    """A public call, with arguments that it needs and takes."""

    def __init__(self, name: str, call: Refuse, needed: Given = {}) -> None:  # noqa: B006 - only read
        self.name = name
        self._call = call
        self._needed = needed
        self._parameters = [p for p in inspect.signature(call).parameters.values() if p.kind is not p.VAR_KEYWORD]
        self.arguments = [parameter.name for parameter in self._parameters]

    def __repr__(self) -> str:
        return self.name

    def given(self, argument: str, value: Any) -> Exception | None:
        """Call it with that in the place of an argument; returns the typed error, if one is raised."""
        named = {**self._needed, argument: value}
        placed = [named.pop(p.name) for p in self._parameters if p.kind is p.VAR_POSITIONAL and p.name in named]
        try:
            self._call(*placed, **named)
        except (Error, Mine) as error:
            raised = error
        else:
            return None
        assert isinstance(raised, Mine) or str(raised).isprintable()
        return raised
