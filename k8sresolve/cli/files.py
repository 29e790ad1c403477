"""Files of settings and reports: read within a bound, and written whole or not at all."""

import contextlib
import os
from pathlib import Path
from typing import Protocol

from k8sresolve.errors import ConfigError

MOST_BYTES = 1 << 20
"""As many as a ConfigMap has room for, and so more than a Corefile, a resolv.conf or settings have."""


class _Stream(Protocol):
    def read(self, size: int, /) -> bytes: ...


def read_bounded(
    path: str, most: int = MOST_BYTES, *, called: str = "", advice: str = "", stream: _Stream | None = None
) -> bytes:
    """Read a file, or the stream that stands for it, of at most `most` bytes.

    Raises `ConfigError`, in which the file is `called` so.
    """
    file = f"{called} {path!r}".lstrip()
    try:
        with contextlib.nullcontext(stream) if stream else Path(path).open("rb") as opened:
            data = opened.read(most + 1)
    except (OSError, ValueError) as error:
        raise ConfigError(f"{file} cannot be read: {_reason(error)}", advice=advice) from None
    if len(data) > most:
        raise ConfigError(f"{file} has more than {most:,} bytes", advice=advice)
    return data


def _reason(error: OSError | ValueError) -> str:
    return str(error.strerror if isinstance(error, OSError) else error)


def write_whole(path: str, text: str) -> None:
    """Put a text in the place of a file, so that nobody ever reads a part of it. Raises `ConfigError`."""
    try:
        place = Path(os.path.realpath(path))
        if place.exists() and not place.is_file():  # a device or a FIFO, which nothing may replace
            place.write_text(text, encoding="utf-8", errors="backslashreplace")
            return
        _replace(place, text)
    except (OSError, ValueError) as error:
        raise ConfigError(
            f"{path!r} cannot be written: {_reason(error)}", advice="name a file in a directory that there is"
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
