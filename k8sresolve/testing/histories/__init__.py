"""Property tests of a client that follows a Service: what happens to it over time, and what the client promises.

`histories()` is a Hypothesis strategy (`pip install 'k8sresolve[hypothesis]'`); `History` and the rest need nothing.

>>> from k8sresolve.testing import histories
>>> histories.History([histories.Scale(3, after=10), histories.Crash(1, after=2.5)])
History(events=(Scale(after=10, pods=3), Crash(after=2.5, pod=1)))
"""

from typing import TYPE_CHECKING, Any

from k8sresolve.errors import ConfigError
from k8sresolve.testing.histories.events import (
    ApiServerAway,
    Crash,
    Event,
    Lag,
    Loss,
    Manner,
    Move,
    Recover,
    Restart,
    RollOut,
    Scale,
    ServFail,
)
from k8sresolve.testing.histories.playing import History, Play
from k8sresolve.testing.histories.promises import Broken, Promises
from k8sresolve.testing.histories.timelines import Disturbance, Timeline

if TYPE_CHECKING:
    from k8sresolve.testing.histories.strategies import histories

__all__ = [
    "ApiServerAway",
    "Broken",
    "Crash",
    "Disturbance",
    "Event",
    "History",
    "Lag",
    "Loss",
    "Manner",
    "Move",
    "Play",
    "Promises",
    "Recover",
    "Restart",
    "RollOut",
    "Scale",
    "ServFail",
    "Timeline",
    "histories",
]


def __getattr__(name: str) -> Any:
    if name == "histories":
        try:
            from k8sresolve.testing.histories import strategies
        except ModuleNotFoundError:
            raise ConfigError("histories() needs Hypothesis", advice="pip install 'k8sresolve[hypothesis]'") from None
        globals()[name] = strategies.histories
        return strategies.histories
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
