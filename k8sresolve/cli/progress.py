"""How far something has come that takes a while: a bar on the terminal of standard error, and nothing elsewhere."""

import sys
from time import monotonic
from types import TracebackType
from typing import Self

from k8sresolve._escaping import escaped
from k8sresolve.cli.screen import Screen

_PATIENCE = 0.5  # seconds: what takes no longer shows nothing
_PAUSE = 0.1  # seconds between two drawings
_WIDEST = 30  # columns of a bar


class Progress:
    """Counts the steps done, out of so many where that is known.

    A context manager, which leaves nothing behind on the terminal.
    """

    def __init__(self, label: str, total: int | None = None) -> None:
        self._label = escaped(label)
        self._total = total
        self._done = 0
        self._shown = False
        self._stream = sys.stderr if sys.stderr is not None and sys.stderr.isatty() else None
        self._next = monotonic() + _PATIENCE

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _traceback: TracebackType | None
    ) -> None:
        if self._stream is not None and self._shown:
            self._stream.write("\r\033[K")
            self._stream.flush()

    def step(self, steps: int = 1) -> None:
        """Say that this much more is done."""
        self._done += steps
        if self._stream is None or (now := monotonic()) < self._next:
            return
        self._next = now + _PAUSE
        self._shown = True
        self._stream.write(f"\r\033[K{self._drawn(Screen.of(self._stream).width)}")
        self._stream.flush()

    def _drawn(self, width: int) -> str:
        count = f"{self._done:,}" if self._total is None else f"{self._done:,}/{self._total:,}"
        text = f"{self._label} {count}"
        room = min(width - 1 - len(text) - 3, _WIDEST)
        if self._total is None or room < 5:
            return text[: max(0, width - 1)]
        full = min(room, room * self._done // max(1, self._total))
        return f"{self._label} [{'#' * full}{'.' * (room - full)}] {count}"
