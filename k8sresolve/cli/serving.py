"""`serve`: a nameserver that answers from manifests, shows what it is asked, and follows their changes."""

import argparse
import json
import queue
import re
import signal
import sys
import textwrap
import time
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from k8sresolve._columns import Columns
from k8sresolve._escaping import escaped, placed
from k8sresolve.cli.fault_option import add_fault, grammar
from k8sresolve.cli.forms import SCHEMA_VERSION, screen
from k8sresolve.cli.manifests import manifests
from k8sresolve.cli.opening import open_cluster
from k8sresolve.cli.options import MANIFESTS, Commands, add_corefile
from k8sresolve.cli.screen import Screen, Style
from k8sresolve.errors import ConfigError, Error

if TYPE_CHECKING:
    from k8sresolve.testing import Cluster, LoggedQuery

_LISTEN = re.compile(r"(?:\[(?P<ipv6>[^\]]+)\]|(?P<host>[^:]+)):(?P<port>[0-9]{1,5})", re.ASCII)
_LOOK = 0.5  # seconds between two looks at the manifests; also how long Windows lets a signal wait
_CUT = "..."
_HEADER = ("TIME", "CLIENT", "OVER", "TYPE", "OUTCOME", "NAME", "ANSWER")
_WIDTHS = (12, 9, 4, 4, 8, 40, 0)  # columns, of what comes most often; they widen as needed and never shrink
_STYLES: Mapping[str, Style] = {"NOERROR": "good", "NODATA": "warning", "NXDOMAIN": "warning", "truncated": "warning"}

_Events = queue.SimpleQueue["LoggedQuery | None"]


def register(commands: Commands) -> None:
    """Add the subcommand."""
    serve = commands.add(
        "serve",
        "answer DNS queries from manifests, as CoreDNS would, until interrupted",
        _serve,
        "Needs manifests (-f, -k). Prints where it listens, then each query as it comes; with --json, one JSON object "
        "in each line. Manifests and Corefile are read again when they change; while they are broken, what "
        "was read before is served.",
        takes=MANIFESTS,
    )
    serve.description = textwrap.fill(serve.description or "", 79)
    serve.epilogue = grammar
    serve.formatter_class = argparse.RawDescriptionHelpFormatter
    serve.add_argument(
        "--listen",
        metavar="ADDRESS",
        default="127.0.0.1:0",
        help="listen on this address, UDP and TCP: IP:PORT or [IPv6]:PORT, loopback or private; port 0 is any free one "
        "(default: 127.0.0.1:0)",
    )
    serve.add_argument(
        "--open", action="store_true", help="listen on any address that is given, such as 0.0.0.0:53, for anyone to ask"
    )
    add_corefile(serve)
    serve.add_argument(
        "--fault",
        metavar="FAULT",
        type=str,  # an empty one is told with the words there are
        action="append",
        default=[],
        help="let something go wrong; see below; may be repeated",
    )


def _serve(args: argparse.Namespace) -> int:
    host, port = _listen_address(args.listen)
    if not manifests(args):
        raise ConfigError("serve has nothing to answer from", advice="give -f PATH, or -k DIR")
    cluster = open_cluster(args)
    for fault in args.fault:
        add_fault(cluster, fault)
    events: _Events = queue.SimpleQueue()
    cluster.queries.watch(events.put)
    files = _Files([*manifests(args), *filter(None, [args.corefile])])
    show = _print_json if args.json else _Table(screen(args))
    with _signals(events), cluster.serve(host=host, port=port, open=args.open) as server:
        if args.open:
            _say(f"--open: whoever reaches {host} may ask, and learns what the manifests have")
        _print_listening(server.host, server.port, as_json=args.json)
        for query in _until_interrupted(events):
            if query is not None:
                show(query)
            if files.have_changed():
                _reload(args, cluster)
    return 0


def _reload(args: argparse.Namespace, cluster: "Cluster") -> None:
    """Answer from what the files are now, if that can be used; faults and their counts stay."""
    try:
        fresh = open_cluster(args)
    except Error as error:
        _say(f"{error}; what was read before is still served")
        return
    fresh.clock.run()  # its cache lives by the time of those who ask
    cluster.network.responders = fresh.network.responders
    _say("read the manifests again")


def _say(text: str) -> None:
    print(f"k8sresolve: {escaped(text)}", file=sys.stderr, flush=True)


def _listen_address(text: str) -> tuple[str, int]:
    """Read `IP:PORT` or `[IPv6]:PORT`; which addresses will do is the server's to say."""
    read = _LISTEN.fullmatch(text)
    if read is None or int(read["port"]) > 65535:
        raise ConfigError(f"{text!r} is no address to listen on", advice="give 127.0.0.1:PORT or [::1]:PORT")
    return read["ipv6"] or read["host"], int(read["port"])


@contextmanager
def _signals(events: _Events) -> Generator[None]:
    """Let SIGINT and SIGTERM put None, the end, behind the queries."""
    numbers = (signal.SIGINT, signal.SIGTERM)

    def interrupt(_number: int, _frame: object) -> None:
        events.put(None)  # SimpleQueue allows this at any moment

    before = [signal.signal(number, interrupt) for number in numbers]
    try:
        yield
    finally:
        for number, handler in zip(numbers, before, strict=True):
            signal.signal(number, handler)


def _until_interrupted(events: _Events) -> Generator["LoggedQuery | None"]:
    """Give each query as it comes, and None from time to time."""
    while True:
        try:
            query = events.get(timeout=_LOOK)
        except queue.Empty:
            yield None
            continue
        if query is None:
            return
        yield query


class _Files:
    """Manifests and Corefile on disk."""

    def __init__(self, paths: Sequence[str]) -> None:
        self._paths = [Path(path) for path in paths]
        self._read = self._seen = self._state()
        self._looked = time.monotonic()

    def have_changed(self) -> bool:
        """Whether they have changed since this was last said, and are not being written just now."""
        now = time.monotonic()
        if now - self._looked < _LOOK:
            return False
        before, self._seen, self._looked = self._seen, self._state(), now
        if self._seen == self._read or self._seen != before:
            return False
        self._read = self._seen
        return True

    def _state(self) -> list[tuple[object, ...]]:
        from k8sresolve.testing import MANIFEST_SUFFIXES

        return [
            (file, *_stat(file))
            for path in self._paths
            for file in (sorted(path.rglob("*")) if path.is_dir() else [path])
            if file == path or file.suffix in MANIFEST_SUFFIXES
        ]


def _stat(file: Path) -> tuple[int, ...]:
    try:
        found = file.stat()  # of what a symbolic link leads to, since a mounted ConfigMap changes by such a link
    except OSError:
        return ()
    return found.st_mtime_ns, found.st_size, found.st_ino


# -- output ------------------------------------------------------------------------------------------------------------


def _print_listening(host: str, port: int, *, as_json: bool) -> None:
    if as_json:
        _print_line({"host": host, "port": port})
        return
    print(f"listening on {placed(host, port)} (UDP and TCP)", flush=True)


def _print_json(query: "LoggedQuery") -> None:
    """Write a line as CoreDNS 1.15 does with `-log-format=json`, and what it does not tell behind that."""
    told = {
        "time": datetime.now(UTC).isoformat().replace("+00:00", "Z"),
        "level": "INFO",
        "plugin": "log",
        **query.coredns_fields(),
        "outcome": query.outcome,
        "records": query.records,
        "faults": query.faults,
    }
    _print_line(told)


def _print_line(told: Mapping[str, Any]) -> None:
    print(json.dumps({"schema_version": SCHEMA_VERSION, **told}), flush=True)


class _Table:
    """Prints queries in columns, each in one line."""

    def __init__(self, on: Screen) -> None:
        self._columns = Columns(widths=_WIDTHS)
        self._on = on
        self._begun = False

    def __call__(self, query: "LoggedQuery") -> None:
        if not self._begun:
            self._begun = True
            self._print(_HEADER, dict.fromkeys(range(len(_HEADER)), "dim"))
        now = time.time()
        clock = f"{time.strftime('%H:%M:%S', time.localtime(now))}.{int(now % 1 * 1000):03}"
        answer = query.result().removeprefix(query.outcome).lstrip()
        cells = (clock, query.client, query.transport, query.rdtype, query.outcome, query.name, answer)
        self._print(cells, {0: "dim", 4: _STYLES.get(query.outcome, "bad")})

    def _print(self, cells: Sequence[str], styles: Mapping[int, Style]) -> None:
        self._columns.fit(cells)
        padded = self._columns.pad(cells)
        if self._on.width:
            padded[-1] = _cut(padded[-1], self._on.width - self._columns.indent)
        print(
            "  ".join(self._on.painted(cell, styles.get(at, "")) for at, cell in enumerate(padded)).rstrip(), flush=True
        )


def _cut(text: str, room: int) -> str:
    """Keep a line within the terminal, whatever letters it has, if any of the text fits."""
    return text if len(text) <= room or room <= len(_CUT) else text[: room - len(_CUT)] + _CUT
