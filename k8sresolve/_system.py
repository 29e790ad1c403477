"""The only reader of the machine: its files, environment, interfaces and addresses."""

from __future__ import annotations

import _socket
import errno
import math
import os
import re
import stat
import sys
from collections.abc import Callable, Mapping
from contextlib import closing, suppress
from ipaddress import IPv6Address, ip_address
from typing import TYPE_CHECKING, Literal, TypeVar

import attrs

from k8sresolve import config as values
from k8sresolve._core.files.hosts import parse_hosts
from k8sresolve._core.files.resolv_conf import parse_resolv_conf, parse_statements
from k8sresolve._core.search.absolute import VARIABLE, stated
from k8sresolve._escaping import told
from k8sresolve.config import Dialect, Nameserver, ResolverConfig
from k8sresolve.errors import ConfigError

if TYPE_CHECKING:
    from typing import TypedDict

    from k8sresolve.findings import Finding

    class _Beside(TypedDict):
        """What else of this machine counts for what a resolv.conf states, by the names of the parser's arguments."""

        env: Mapping[str, str]
        interfaces: Mapping[str, int]

    class _Machine(_Beside):
        """What else of this machine counts beside a resolv.conf, by the names of `parse_resolv_conf`'s arguments."""

        hostname: str


T = TypeVar("T")

RESOLV_CONF = "/etc/resolv.conf"
HOSTS = "/etc/hosts"
# Kubernetes documentation, "Accessing the Kubernetes API from a Pod": the default namespace of the pod's API calls.
NAMESPACE_FILE = "/var/run/secrets/kubernetes.io/serviceaccount/namespace"
IPV6_ADDRESSES = "/proc/net/if_inet6"
IPV4_ROUTES = "/proc/net/fib_trie"

_MOST_BYTES = 1 << 20

# Windows has no O_NONBLOCK, and gives text where it is not told otherwise.
_READING: int = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)

# glibc takes a file that it cannot open for one of these reasons for an empty one (res_init.c, __resolv_conf_load).
_AS_MISSING = frozenset({errno.ENOENT, errno.ENOTDIR, errno.EACCES, errno.ELOOP, errno.EPERM})

# RFC 1123, section 2.1, as Kubernetes demands it of a namespace.
_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"

# Addresses that lie behind a default route or a route to the private networks; the last one is the machine itself. The
# first of each is set apart for documentation (RFC 5737, RFC 3849). Connecting a UDP socket sends nothing.
_PROBES = {
    _socket.AF_INET: ("192.0.2.1", "10.0.0.1", "172.16.0.1", "192.168.0.1", "127.0.0.1"),
    _socket.AF_INET6: ("2001:db8::1", "fd00::1", "::1"),
}

# include/uapi/linux/if_addr.h: IFA_F_DADFAILED and IFA_F_TENTATIVE mark an address that cannot be used.
_UNUSABLE = 0x08 | 0x40

# These tell nothing of where a socket was to be connected to.
_OUT_OF_SOCKETS = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM})

# The variables of resolv.conf(5), and our own.
_VARIABLES = ("LOCALDOMAIN", "RES_OPTIONS", VARIABLE)


class _FileError(Exception):
    """Something is wrong with a file that was found. The text says what."""


def load_config(
    path: str | os.PathLike[str] = RESOLV_CONF,
    *,
    hosts: str | os.PathLike[str] = HOSTS,
    dialect: Dialect = "glibc",
) -> ResolverConfig:
    """Read this machine's resolver configuration: resolv.conf(5), hosts(5), and the environment.

    LOCALDOMAIN, RES_OPTIONS and the domain of the host name count as they do for glibc, whichever file is named. The
    namespace is the search list's, else, for `/etc/resolv.conf` itself, the one that the service account's files state.
    K8SRESOLVE_NAMESPACE and K8SRESOLVE_CLUSTER_DOMAIN override what the files say, and K8SRESOLVE_ABSOLUTE states
    `absolute`: domains, separated by commas. A file that is missing or that may not be read counts as an empty one, as
    it does for glibc, and a finding says so.

    Args:
        path: The resolv.conf.
        hosts: The hosts file; whatever is wrong with it, it counts as an empty one then.
        dialect: Which resolver's way of reading `path`.

    Raises:
        ConfigError: `path` is no regular file, is larger than 1 MiB, or cannot be read for another reason; or one of
            these variables has no namespace or domain; or this is Windows, and has no `/etc/resolv.conf`.

    Source: resolv.conf(5), hosts(5); Kubernetes documentation, "Accessing the Kubernetes API from a Pod".

    >>> from k8sresolve import load_config
    >>> config = load_config("docs/examples/resolv.conf")
    >>> config.search[0], config.ndots
    ('shop.svc.cluster.local', 5)
    """
    source = _path(path)
    data, found = _resolv_conf(source)
    return _config(data, found, source=source, hosts=_path(hosts), dialect=dialect)


def _path(given: str | os.PathLike[str]) -> str:
    try:
        return os.fsdecode(given)
    except TypeError:
        raise ConfigError(f"{told(given)} is no path of a file", advice="give a str or a Path") from None


def _config(
    data: bytes | None, found: tuple[Finding, ...], *, source: str, hosts: str, dialect: Dialect
) -> ResolverConfig:
    """Make the configuration of what was read of `source`."""
    config = parse_resolv_conf(data, dialect=dialect, source=source, **_machine(data))
    entries, more = _hosts(hosts)
    return attrs.evolve(
        config,
        namespace=_stated("NAMESPACE", values.optional_namespace)
        or config.namespace
        or (_namespace() if source == RESOLV_CONF else None),
        cluster_domain=_stated("CLUSTER_DOMAIN", values.optional_domain) or config.cluster_domain,
        hosts=entries,
        diagnostics=(*found, *config.diagnostics, *more),
        absolute=stated(os.environ.get(VARIABLE, "")),
    )


def _stated(name: str, read: Callable[[str], T]) -> T | None:
    """Read one of our own variables of the environment, if it is set and not empty; `ConfigError` names it."""
    variable = f"K8SRESOLVE_{name}"
    try:
        return read(os.environ[variable]) if os.environ.get(variable) else None
    except ConfigError as error:
        raise ConfigError(f"{variable} in the environment: {error.problem}", advice=error.advice) from None


def lookup_timeout() -> float | None:
    """What the environment states of how many seconds a lookup may take, in K8SRESOLVE_TIMEOUT."""
    return _stated("TIMEOUT", values.read_seconds)


class Reloader:
    """This machine's configuration, read again when its files change, unless they state `no-reload`.

    `config` is what holds now. `changed` may be called as often as one likes: it looks once a second at most. What is
    no usable resolv.conf is passed over, and what held before holds on: a file that is gone, cannot be read, or names
    no nameserver that can be used, as while the kubelet or the container runtime rewrites it; one that does not end in
    a newline must stay as it is until the next look. What stays so is logged once, and looked at again until it is
    usable. Source: resolv.conf(5), `no-reload`.
    """

    _PERIOD = 1.0  # seconds

    def __init__(self, dialect: Dialect) -> None:
        self._dialect: Dialect = dialect
        # Taken before reading, so that no change is missed.
        self._known = self._seen = self._told = _identity()
        self._next = 0.0
        self.config = load_config(RESOLV_CONF, hosts=HOSTS, dialect=dialect)

    @property
    def due(self) -> float:
        """When to look again, by the clock of `changed`."""
        return math.inf if "no-reload" in self.config.flags else self._next

    def changed(self, now: float) -> ResolverConfig | None:
        """Return the new configuration, if there is one; `now` is in seconds, by any clock that does not go back."""
        if now < self.due:
            return None
        self._next = now + self._PERIOD
        identity = _identity()
        settled, self._seen = identity == self._seen, identity
        if identity == self._known:
            return None
        try:
            self.config = self._read(settled=settled)
        except (OSError, _FileError, ConfigError) as error:
            if settled and identity != self._told:
                self._told = identity
                from k8sresolve._log import logger

                why = (error.strerror if isinstance(error, OSError) else None) or error
                logger.warning("%s is passed over, and what it said before holds on: %s", RESOLV_CONF, why)
            return None
        self._known = self._told = identity
        return self.config

    def _read(self, *, settled: bool) -> ResolverConfig:
        """Read the files. Raises `_FileError` for what is no configuration to go over to."""
        data = _read(RESOLV_CONF, _MOST_BYTES)
        if not (settled or data.endswith(b"\n")):
            raise _FileError("it is being written")
        # Of the very octets that were looked at: the file may be another one by now.
        config = _config(data, (), source=RESOLV_CONF, hosts=HOSTS, dialect=self._dialect)
        if not parse_statements(data, dialect=self._dialect, with_findings=False, **_beside(data)).nameservers:
            raise _FileError("it names no nameserver")
        if config.nameservers != self.config.nameservers and not any(map(_can_be_asked, config.nameservers)):
            raise _FileError(f"no packet can be sent to {' or '.join(map(str, config.nameservers))}")
        return config


def _can_be_asked(nameserver: Nameserver) -> bool:
    """Whether a packet could go there from here, and its reply come back: connecting a UDP socket sends nothing."""
    if ip_address(nameserver.address).is_multicast:
        return False  # no reply comes from such an address
    try:
        family = _socket.AF_INET6 if nameserver.is_ipv6 else _socket.AF_INET
        with closing(_socket.socket(family, _socket.SOCK_DGRAM)) as sock:
            scope = (0, nameserver.scope) if nameserver.is_ipv6 else ()
            sock.connect((nameserver.address, nameserver.port, *scope))
    except OSError as error:
        return error.errno in _OUT_OF_SOCKETS
    return True


def _identity() -> tuple[tuple[int, ...] | None, ...]:
    """Tell the files that a configuration is read from apart from what they may be later: swapped, or written anew."""
    found: list[tuple[int, ...] | None] = []
    for path in (RESOLV_CONF, HOSTS):
        try:
            at = os.stat(path)  # noqa: PTH116 - a test counts them here
        except OSError:
            found.append(None)
        else:
            found.append((at.st_dev, at.st_ino, at.st_size, at.st_mtime_ns, at.st_ctime_ns))
    return tuple(found)


def lint_config(path: str | os.PathLike[str] = RESOLV_CONF) -> tuple[Finding, ...]:
    """Tell what to improve in this machine's resolv.conf; the worst comes first.

    The file is read, and this machine counts, as for `load_config`; it is judged as by `lint_resolv_conf`.

    Args:
        path: The resolv.conf.

    Raises:
        ConfigError: It is no regular file, is larger than 1 MiB, or cannot be read for another reason than that it is
            missing or may not be read.

    Source: resolv.conf(5), and what each finding refers to.

    >>> from k8sresolve import lint_config
    >>> for finding in lint_config("docs/examples/resolv.conf"):
    ...     print(finding.severity, finding.line)
    remark 3
    """
    # What only the command needs is imported late.
    from k8sresolve._core.files.lint import lint_resolv_conf

    source = _path(path)
    data, found = _resolv_conf(source)
    return (*found, *lint_resolv_conf(data, source=source, **_machine(data)))


def own_addresses() -> tuple[str, ...]:
    """List this machine's own addresses as text without scope: the IPv4 sources of its routes, and all IPv6 addresses.

    Sends nothing and never fails. Where no route leads beyond this machine and its own network, as in a container
    without a way out, all IPv4 addresses are listed, too; where there is no /proc, IPv6 is told by routes.
    """
    ipv4 = _route_sources(_socket.AF_INET)
    if all(address.startswith("127.") for address in ipv4):
        ipv4 += _listed_ipv4()
    return tuple(dict.fromkeys((*ipv4, *(_listed_ipv6() or _route_sources(_socket.AF_INET6)))))


def libc_name() -> Literal["glibc", "musl"]:
    """Tell which C library this process runs on: `glibc` where it is another one, or not known.

    glibc alone knows its own version by confstr(3); the Pythons of Linux without it are built for musl, but Android's.
    """
    if sys.platform != "win32":
        with suppress(AttributeError, OSError, ValueError):
            if os.confstr("CS_GNU_LIBC_VERSION"):
                return "glibc"
    return "musl" if sys.platform == "linux" and not hasattr(sys, "getandroidapilevel") else "glibc"


def _beside(data: bytes | None) -> _Beside:
    return {
        "env": {name: _as_bytes(value) for name in _VARIABLES if (value := os.environ.get(name)) is not None},
        "interfaces": _interfaces() if data and b"%" in data else {},
    }


def _machine(data: bytes | None) -> _Machine:
    """Look at what counts for a resolv.conf of this text."""
    return {**_beside(data), "hostname": _as_bytes(_socket.gethostname())}


def _resolv_conf(path: str) -> tuple[bytes | None, tuple[Finding, ...]]:
    try:
        return _read(path, _MOST_BYTES), ()
    except OSError as error:
        if error.errno == errno.ENOENT:
            if sys.platform == "win32" and path == RESOLV_CONF:
                raise _of_windows() from None
            return None, ()
        if error.errno in _AS_MISSING:
            problem = f"counts as missing, because opening it fails: {error.strerror}"
            from k8sresolve.findings import Finding

            unread = Finding(
                severity="error",
                problem=problem,
                advice="correct its path or mode",
                source=path,
                rule="resolv-conf-unreadable",
            )
            return None, (unread,)
        problem = error.strerror or str(error)
    except _FileError as error:
        problem = str(error)
    raise ConfigError(
        f"{path!r} cannot be read as a resolv.conf: {problem}",
        advice="name a regular file of at most 1 MiB, or give a ResolverConfig",
    )


def _of_windows() -> ConfigError:
    return ConfigError(
        f"Windows has no {RESOLV_CONF}",
        advice="give config=ResolverConfig.for_cluster(NAMESERVER), or to the command --nameserver ADDRESS; "
        "manifests (-f) need neither",
    )


def _hosts(path: str) -> tuple[tuple[tuple[str, tuple[str, ...]], ...], tuple[Finding, ...]]:
    try:
        return parse_hosts(_read(path, _MOST_BYTES)), ()
    except OSError as error:
        problem = error.strerror or str(error)
    except _FileError as error:
        problem = str(error)
    problem = f"no name is taken from this file: {problem}"
    from k8sresolve.findings import Finding

    unread = Finding(
        severity="warning", problem=problem, advice="correct it", source=path, rule="hosts-file-unreadable"
    )
    return (), (unread,)


def _namespace() -> str | None:
    """Return what the service account's namespace file states, if it is a namespace."""
    try:
        text = _read(NAMESPACE_FILE, 4096).decode("ascii").strip()
    except (OSError, _FileError, UnicodeDecodeError):
        return None
    return text if re.fullmatch(_LABEL, text) else None


def _read(path: str, most: int) -> bytes:
    """Read a regular file of at most `most` bytes. Opening waits for nobody, such as the writer of a FIFO."""
    try:
        descriptor = os.open(path, _READING)
    except ValueError as error:  # a NUL in the path
        raise _FileError(str(error)) from None
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise _FileError("it is no regular file")
        data = _read_all(descriptor, most + 1)
    finally:
        os.close(descriptor)
    if len(data) > most:
        raise _FileError(f"it is larger than {most:,} bytes")
    return data


def _read_all(descriptor: int, most: int) -> bytes:
    # Only reading tells the size: what /proc shows has none, and a file may grow meanwhile.
    data = b""
    while len(data) < most and (more := os.read(descriptor, most - len(data))):
        data += more
    return data


def _as_bytes(text: str) -> str:
    """Turn text from the system into one character for each byte, as the parser of resolv.conf has it."""
    return os.fsencode(text).decode("latin-1")


def _interfaces() -> dict[str, int]:
    try:
        return {_as_bytes(name): index for index, name in _socket.if_nameindex()}
    except OSError:
        return {}


def _listed_ipv6() -> list[str]:
    # proc(5), /proc/net/if_inet6: 32 hexadecimal digits, index, prefix length, scope, flags, interface.
    try:
        lines = _read(IPV6_ADDRESSES, _MOST_BYTES).decode("ascii", "replace").splitlines()
        fields = [line.split() for line in lines]
        return [str(IPv6Address(bytes.fromhex(f[0]))) for f in fields if not int(f[4], 16) & _UNUSABLE]
    except (OSError, _FileError, ValueError, IndexError):
        return []


def _listed_ipv4() -> list[str]:
    # The kernel's net/ipv4/fib_trie.c: a leaf `|-- ADDRESS`, and below it `/32 host LOCAL` where it is the machine's.
    found: list[str] = []
    leaf = ""
    try:
        lines = _read(IPV4_ROUTES, _MOST_BYTES).decode("ascii", "replace").splitlines()
    except (OSError, _FileError):
        return []
    for line in lines:
        head, mark, address = line.partition("|-- ")
        if mark:
            leaf = address
        elif head.strip() == "/32 host LOCAL":
            found.append(leaf)
    return found


def _route_sources(family: int) -> list[str]:
    """Ask for the source address of each probe. connect(2) on a UDP socket chooses it, and sends nothing."""
    found: list[str] = []
    for probe in _PROBES[family]:
        try:
            with closing(_socket.socket(family, _socket.SOCK_DGRAM)) as sock:
                sock.connect((probe, 53))
                found.append(str(sock.getsockname()[0]).partition("%")[0])
        except OSError:
            continue
    return found
