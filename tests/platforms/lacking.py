"""Takes from this interpreter what another system's has not: for a process of its own, which says so first of all.

What others import at need is imported before, since it would import the other system's parts.
"""

import errno
import importlib
import os
import sys
from typing import Any

# What each lacks, by CPython's own conditions and typeshed's; of modules that are not there at all, "*".
WINDOWS = {
    "os": "O_NONBLOCK O_CLOEXEC O_NOFOLLOW O_DIRECTORY register_at_fork fork forkpty killpg setsid getpgid getuid"
    " geteuid getgid confstr sysconf sched_yield uname mkfifo pread posix_spawn WNOHANG wait3 wait4 getloadavg"
    " sched_getaffinity nice statvfs chown fchown fchmod",
    "select": "poll epoll POLLIN POLLOUT POLLERR POLLHUP EPOLLIN EPOLLOUT",
    "_socket": "AF_UNIX AF_NETLINK EAI_ADDRFAMILY SOCK_NONBLOCK SOCK_CLOEXEC MSG_DONTWAIT MSG_NOSIGNAL MSG_ERRQUEUE"
    " IP_RECVERR SO_REUSEPORT SO_BINDTODEVICE CMSG_LEN socketpair",
    "signal": "SIGALRM SIGPIPE SIGHUP SIGKILL SIGUSR1 SIGCHLD alarm setitimer pthread_sigmask pthread_kill sigwait",
    "time": "clock_gettime CLOCK_MONOTONIC CLOCK_REALTIME CLOCK_BOOTTIME tzset",
    **dict.fromkeys(["fcntl", "resource", "termios", "tty", "pty", "pwd", "grp", "syslog", "readline", "curses"], "*"),
}
MACOS = {
    "os": "sched_getaffinity O_DIRECT pidfd_open posix_fadvise",
    "select": "epoll EPOLLIN EPOLLOUT",
    "_socket": "AF_NETLINK SOCK_NONBLOCK SOCK_CLOEXEC MSG_NOSIGNAL MSG_ERRQUEUE IP_RECVERR SO_BINDTODEVICE",
    "time": "CLOCK_BOOTTIME",
}
FREEBSD = {**MACOS, "_socket": f"{MACOS['_socket']} EAI_NODATA EAI_ADDRFAMILY"}
SYSTEMS = {"win32": WINDOWS, "darwin": MACOS, "freebsd14": FREEBSD}

_BEFORE = (
    *("asyncio", "concurrent.futures", "ctypes", "logging", "multiprocessing", "random", "shutil", "subprocess"),
    *(
        "tempfile",
        "zoneinfo",
        "attrs",
        "dns.resolver",
        "trio",
        "yaml",
        "pytest",
        "hypothesis",
        "aiohttp",
        "httpx",
        "httpx2",
    ),
    *("kombu", "opentelemetry.instrumentation.instrumentor", "opentelemetry.sdk.trace", "prometheus_client"),
    *("redis.asyncio", "requests", "sqlalchemy.ext.asyncio", "urllib3", "uvloop", "matplotlib.pyplot"),
    *("_pytest.pytester", "xdist"),
)


def take(system: str) -> None:
    """Take away what that system lacks, and say that this is it."""
    lacking = SYSTEMS[system]
    early = importlib.import_module("_socket")
    _remove(early, lacking["_socket"])  # first: `socket` is made of it
    for name in _BEFORE:
        importlib.import_module(name)
    for name, what in lacking.items():
        if what == "*":
            sys.modules[name] = None  # type: ignore[assignment]
        elif name != "_socket":
            _remove(importlib.import_module(name), what)
    _remove(importlib.import_module("socket"), lacking["_socket"].replace(" socketpair", ""))
    selectors = importlib.import_module("selectors")
    selectors.DefaultSelector = selectors.SelectSelector if system == "win32" else selectors.PollSelector
    _hide_files(("/etc/", "/proc/", "/var/run/") if system == "win32" else ("/proc/",))
    if system == "win32":
        os.O_BINARY = 0  # type: ignore[attr-defined] # Linux has no such difference
    else:
        os.confstr = _no_confstr
    sys.platform = system


def _remove(module: Any, names: str) -> None:
    for name in names.split():
        if hasattr(module, name):
            delattr(module, name)


def _hide_files(folders: tuple[str, ...]) -> None:
    real = os.open

    def open_(path: Any, *others: Any, **more: Any) -> int:
        if os.fsdecode(path).startswith(folders):
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), path)
        return real(path, *others, **more)

    os.open = open_


def _no_confstr(name: Any) -> str:
    raise ValueError(f"unrecognized configuration name: {name}")
