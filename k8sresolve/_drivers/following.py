"""What hosts the pollers of a resolver: it asks each question when it is due, and wakes who waits for what comes of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol, TypeAlias

from k8sresolve._core.watching.poller import Following

Until: TypeAlias = Callable[[], bool]


class Follower(Protocol):
    """Hosts the pollers of one resolver for callers that wait."""

    def join(self, call: tuple[Any, ...], following: Following) -> None:
        """Poll for one more watch, from now on."""

    def leave(self, call: tuple[Any, ...], following: Following) -> None:
        """One watch is closed."""

    def hint(self, call: tuple[Any, ...]) -> None:
        """The answer may be another by now."""

    def suspect(self, following: Following, endpoint: Any) -> None:
        """A connect to the endpoint failed."""

    def wait(self, until: Until, seconds: float | None) -> bool:
        """Wait until that is so; False where it was not in time."""
        ...

    def now(self) -> float:
        """Seconds by the clock of polls."""
        ...
