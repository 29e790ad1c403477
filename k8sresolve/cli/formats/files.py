"""Writing a report to a file: whole, or not at all."""

import contextlib
import os
from pathlib import Path

from k8sresolve.errors import ConfigError


def write_whole(path: str, text: str) -> None:
    """Put a text in the place of a file, so that nobody ever reads a part of it. Raises `ConfigError`."""
    try:
        place = Path(os.path.realpath(path))
        if place.exists() and not place.is_file():  # a device or a FIFO, which nothing may replace
            place.write_text(text, encoding="utf-8", errors="backslashreplace")
            return
        _replace(place, text)
    except (OSError, ValueError) as error:
        problem = error.strerror if isinstance(error, OSError) else str(error)
        raise ConfigError(
            f"{path!r} cannot be written: {problem}", advice="name a file in a directory that there is"
        ) from None


def _replace(place: Path, text: str) -> None:
    beside = place.with_name(f".{place.name[:200]}.{os.getpid()}")
    try:
        with beside.open("x", encoding="utf-8", errors="backslashreplace") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(place)
    except BaseException:
        with contextlib.suppress(OSError):
            beside.unlink()
        raise
