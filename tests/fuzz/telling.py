"""What the library logs while something is tried: nothing of it goes to the terminal, and all of it is looked at."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager

_LOGGER = logging.getLogger("k8sresolve")


class _Lines(logging.Handler):
    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keep the line."""
        self.lines.append(record.getMessage())


@contextmanager
def told() -> Iterator[list[str]]:
    """Collect the lines of level WARNING and above."""
    handler = _Lines()
    propagates, _LOGGER.propagate = _LOGGER.propagate, False
    _LOGGER.addHandler(handler)
    try:
        yield handler.lines
    finally:
        _LOGGER.removeHandler(handler)
        _LOGGER.propagate = propagates
