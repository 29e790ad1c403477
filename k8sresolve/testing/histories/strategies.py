"""Hypothesis strategies for histories: stories as they happen in clusters, in any order and at any time."""

from __future__ import annotations

from collections.abc import Callable
from itertools import chain
from typing import Any, TypeVar

from hypothesis import strategies as st

from k8sresolve._escaping import told
from k8sresolve.config import check_whole
from k8sresolve.errors import ConfigError
from k8sresolve.testing.histories.events import (
    ApiServerAway,
    Crash,
    Event,
    Lag,
    Loss,
    Move,
    Recover,
    Restart,
    RollOut,
    Scale,
    ServFail,
)
from k8sresolve.testing.histories.playing import History

_E = TypeVar("_E", bound=Event)

_MOST = 1000  # stories: Hypothesis makes no longer ones

_PODS = st.integers(0, 5)
_NUMBERS = st.integers(0, 4)
_FEW = st.integers(0, 1)


def _tenths(least: int, most: int) -> st.SearchStrategy[float]:
    """Seconds with a tenth, which read better than those of any float."""
    return st.integers(10 * least, 10 * most).map(lambda tenths: tenths / 10)


_AFTER = _tenths(0, 90)
_SOON = _tenths(0, 20)
_LASTING = _tenths(1, 60)


def _one(kind: Callable[..., _E], **fields: st.SearchStrategy[Any]) -> st.SearchStrategy[list[Event]]:
    return st.builds(kind, after=_AFTER, **fields).map(lambda event: [event])


def _roll_out() -> st.SearchStrategy[list[Event]]:
    """Some steps, in each of which a pod comes or goes."""
    return st.lists(st.builds(RollOut, after=_SOON), min_size=1, max_size=12).map(list[Event])


@st.composite
def _crash_loop(draw: st.DrawFn) -> list[Event]:
    """A pod that is ready and not, again and again."""
    number, kinds = draw(_NUMBERS), [Crash, Recover]
    pauses = draw(st.lists(_SOON, min_size=1, max_size=8))
    return [kinds[turn % 2](number, after=pause) for turn, pause in enumerate(pauses)]


_STORIES: dict[type[Event], Callable[[], st.SearchStrategy[list[Event]]]] = {
    Scale: lambda: _one(Scale, pods=_PODS),
    RollOut: _roll_out,
    Crash: _crash_loop,
    Move: lambda: _one(Move, pod=_NUMBERS),
    Lag: lambda: _one(Lag, replica=_FEW, lasting=_tenths(1, 120)),
    Restart: lambda: _one(
        Restart, replica=_FEW, lasting=_LASTING, manner=st.sampled_from(["lost", "refused", "unsynced"])
    ),
    ApiServerAway: lambda: _one(ApiServerAway, lasting=_tenths(1, 120), unsynced=_tenths(0, 30)),
    ServFail: lambda: _one(ServFail, lasting=_LASTING),
    Loss: lambda: _one(Loss, share=st.sampled_from([0.2, 0.5, 1.0]), lasting=_LASTING, seed=_NUMBERS),
}


def histories(*kinds: type[Event], least: int = 1, most: int = 12) -> st.SearchStrategy[History]:
    """Make histories of `least` to `most` stories, each one or several events of one kind.

    Args:
        *kinds: Classes of events, by default all but `Recover`. `Crash` stands for a loop of `Crash` and `Recover`.
        least: The fewest stories, from 0 on.
        most: The most of them, up to 1,000.

    Raises:
        ConfigError: Something is no kind of event, or a number cannot be.

    >>> from hypothesis import given, settings
    >>> from k8sresolve.testing.histories import Move, Scale, histories
    >>> @settings(max_examples=5, database=None)
    ... @given(histories(Scale, Move, most=3))
    ... def test_a_client(history):
    ...     assert len(history.events) <= 3  # play it, as History shows
    ...
    >>> test_a_client()
    """
    check_whole("most", most, check_whole("least", least, 0, _MOST), _MOST)
    chosen = kinds or tuple(_STORIES)
    for kind in chosen:
        if all(kind is not known for known in _STORIES):
            names = ", ".join(one.__name__ for one in _STORIES)
            raise ConfigError(f"histories: {told(kind)} is no kind of story", advice=f"there are {names}")
    story = st.one_of([_STORIES[kind]() for kind in chosen])
    stories = st.lists(story, min_size=least, max_size=most)
    return stories.map(lambda lists: History(chain.from_iterable(lists)))
