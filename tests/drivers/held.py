"""What this process holds open."""

import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_FDS = Path("/proc/self/fd")


def _links() -> list[str]:
    links: list[str] = []
    for fd in _FDS.iterdir():
        try:
            links.append(str(fd.readlink()))
        except OSError:
            continue  # that of listing the folder itself
    return links


def fds() -> int:
    """Count the open file descriptors."""
    return len(_links())


def sockets() -> int:
    """Count the open sockets."""
    return sum(link.startswith("socket:") for link in _links())


def lowest_free() -> int:
    """The number that the next file descriptor will have."""
    held = {int(fd.name) for fd in _FDS.iterdir() if fd.exists() or fd.is_symlink()}
    return next(number for number in range(3, len(held) + 4) if number not in held)


@contextmanager
def no_more_than(left: int) -> Iterator[None]:
    """Let so many more file descriptors be opened, and no other."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (lowest_free() + left, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
