"""That something takes a while, and how far it has come: on the terminal of standard error, and nothing elsewhere."""

import sys
import threading
from time import monotonic
from types import TracebackType
from typing import IO, Self

from k8sresolve._escaping import escaped
from k8sresolve.cli.screen import Screen

_PATIENCE = 0.5  # seconds: what takes no longer shows nothing
_PAUSE = 0.1  # seconds between two drawings
_WIDEST = 30  # columns of a bar
_LONG, _SECOND = 2.0, 1.0  # seconds until a wait is told, and between two tellings


def _terminal() -> IO[str] | None:
    return sys.stderr if sys.stderr is not None and sys.stderr.isatty() else None


def _draw(terminal: IO[str], text: str = "") -> None:
    """Put a text in the place of what was drawn before, or nothing."""
    terminal.write(f"\r\033[K{text}")
    terminal.flush()


class Waiting:
    """Says what is waited for, and for how long, where that is over two seconds.

    A context manager, which leaves nothing behind on the terminal.
    """

    def __init__(self, label: str) -> None:
        self._label = escaped(label)
        self._stream = _terminal()
        self._ended = threading.Event()
        self._telling = threading.Thread(target=self._tell, daemon=True)

    def __enter__(self) -> Self:
        if self._stream is not None:
            self._telling.start()
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _traceback: TracebackType | None
    ) -> None:
        self._ended.set()
        if self._stream is not None:
            self._telling.join()

    def _tell(self) -> None:
        assert self._stream is not None  # noqa: S101 - it is only then that this runs
        began, pause = monotonic(), _LONG
        while not self._ended.wait(pause):
            pause = _SECOND
            text = f"{self._label}: {monotonic() - began:.0f} s"
            _draw(self._stream, text[: max(0, Screen.of(self._stream).width - 1)])
        if pause == _SECOND:
            _draw(self._stream)


class Progress:
    """Counts the steps done, out of so many where that is known.

    A context manager, which leaves nothing behind on the terminal.
    """

    def __init__(self, label: str, total: int | None = None) -> None:
        self._label = escaped(label)
        self._total = total
        self._done = 0
        self._shown = False
        self._stream = _terminal()
        self._next = monotonic() + _PATIENCE

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _traceback: TracebackType | None
    ) -> None:
        if self._stream is not None and self._shown:
            _draw(self._stream)

    def step(self, steps: int = 1) -> None:
        """Say that this much more is done."""
        self.reach(self._done + steps, self._total)

    def reach(self, done: int, total: int | None) -> None:
        """Say how much is done by now, and out of how much."""
        self._done, self._total = done, total
        if self._stream is None or (now := monotonic()) < self._next:
            return
        self._next = now + _PAUSE
        self._shown = True
        _draw(self._stream, self._drawn(Screen.of(self._stream).width))

    def _drawn(self, width: int) -> str:
        count = f"{self._done:,}" if self._total is None else f"{self._done:,}/{self._total:,}"
        text = f"{self._label} {count}"
        room = min(width - 1 - len(text) - 3, _WIDEST)
        if self._total is None or room < 5:
            return text[: max(0, width - 1)]
        full = min(room, room * self._done // max(1, self._total))
        return f"{self._label} [{'#' * full}{'.' * (room - full)}] {count}"
