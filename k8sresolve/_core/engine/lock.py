"""The lock of books that several threads keep. Who makes the books gives it: the core knows no threads."""

from __future__ import annotations

from types import TracebackType
from typing import Protocol


class Lock(Protocol):
    """What is held for a moment, and never while anything outside the books is called."""

    def __enter__(self) -> object:
        """Wait for it."""

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None, /
    ) -> None:
        """Let it go."""


class _Unshared:
    __slots__ = ()

    def __enter__(self) -> None:
        """There is nobody to wait for."""

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None, /
    ) -> None:
        """There is nobody who waits."""


UNSHARED = _Unshared()
