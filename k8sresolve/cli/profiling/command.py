"""`profile`: reads a query log, a line at a time."""

import argparse
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, nullcontext
from pathlib import Path
from typing import IO

from k8sresolve.cli.files import read_bounded
from k8sresolve.cli.forms import add_forms
from k8sresolve.cli.options import TOLD, Commands
from k8sresolve.cli.output import Shown, write
from k8sresolve.cli.progress import Progress
from k8sresolve.errors import ConfigError
from k8sresolve.names import check_domain

_DETAILS = """\
Reads what the plugin `log` of CoreDNS writes, as text or JSON, of CoreDNS itself or of NodeLocal, by whatever way it
came: kubectl logs, with --prefix and --timestamps too, stern, files of Docker and CRI. Tells who asks for what, how
much of that search lists and ndots waste, and what would save it: the lookups are made again by the search code of
resolvers. Nothing is asked. Exit status: 0, or 2 for what cannot be used.
"""
_MOST_PODS = 512 << 20  # octets; kubectl prints some 10 KB of a pod
_MOST_LINE = 1 << 16  # octets
_GZIP = b"\x1f\x8b"


def register(commands: Commands) -> None:
    """Add the subcommand."""
    profile = commands.add(
        "profile",
        "tell from CoreDNS's query log who asks for what, and what would save questions",
        _profile,
        _DETAILS,
        takes=("cluster_domain", *TOLD),
    )
    profile.add_argument("path", metavar="FILE", nargs="?", default="-", help="the log (default: `-`, standard input)")
    profile.add_argument(
        "--pods",
        metavar="FILE",
        help="name workloads: what `kubectl get pods -A -o json` prints, or `-` for standard input",
    )
    profile.add_argument(
        "--sample",
        metavar="SHARE",
        type=_share,
        default=1.0,
        help="take this share of the questions, such as 0.01: by client and first label, so that all that a search "
        "list makes of a name is taken, or none of it",
    )
    profile.add_argument(
        "--ttl",
        metavar="SECONDS",
        type=_whole,
        default=30,
        help="how long answers are valid, which no log tells (default: 30, as in kubeadm's Corefile)",
    )
    profile.add_argument("--plot", metavar="FILE", type=_picture, help="draw it, too: FILE.svg or FILE.png")
    add_forms(profile, ("text", "wide", "json", "yaml"))


def _share(text: str) -> float:
    try:
        share = float(text)
    except ValueError:
        share = 0.0
    if not 0 < share <= 1:
        raise argparse.ArgumentTypeError(f"{text!r} is no share above 0, and 1 at most")
    return share


def _whole(text: str) -> int:
    if not text.isdecimal() or not text.isascii() or len(text) > 6:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of seconds")
    return int(text)


def _picture(text: str) -> str:
    from k8sresolve.cli.profiling.plotting import SUFFIXES

    if not text.endswith(SUFFIXES):
        raise argparse.ArgumentTypeError(f"{text!r} is no FILE.svg or FILE.png")
    return text


def _profile(args: argparse.Namespace) -> int:
    from k8sresolve.cli.profiling.counting import Counts
    from k8sresolve.cli.profiling.lines import read_line
    from k8sresolve.cli.profiling.plotting import plot, require
    from k8sresolve.cli.profiling.profiles import Profiler
    from k8sresolve.cli.profiling.telling import Source, data, told
    from k8sresolve.cli.profiling.workloads import read_pods

    if args.plot:
        require()
    if args.path == args.pods == "-":
        raise ConfigError("FILE and --pods are both standard input", advice="give one of them as a file")
    domain = None if args.cluster_domain is None else check_domain(args.cluster_domain)
    pods = None
    if args.pods:
        stream = sys.stdin.buffer if args.pods == "-" else None
        pods = read_pods(read_bounded(args.pods, _MOST_PODS, called="the list of pods", stream=stream))
    counts, skipped = Counts(args.sample), 0
    for line in _lines(args.path):
        query = read_line(line.decode("utf-8", "backslashreplace"))
        if query is None:
            skipped += 1
        else:
            counts.add(query)
    if not counts.questions:
        raise ConfigError(
            f"{args.path}: no query of CoreDNS's log is taken from its {counts.seen + skipped:,} lines",
            advice="the Corefile needs the plugin `log`, without a format of its own or with CoreDNS's -log-format=json"
            if not counts.seen
            else "give a greater --sample",
        )
    with ExitStack() as stack:

        def begin(label: str, total: int) -> Callable[[], object]:
            stack.pop_all().close()
            return stack.enter_context(Progress(label, total)).step

        profile = Profiler(counts, pods, domain, args.ttl).profile(begin)
    source = Source(skipped, args.sample, pods is not None, args.ttl)
    if args.plot:
        plot(profile, args.plot)
    text, wide = (told(profile, source, wide=wide) for wide in (False, True))
    write(Shown(text, data(profile, source), wide=wide), args)
    return 0


def _lines(path: str) -> Iterator[bytes]:
    """Read lines one by one, each cut where it is longer than any query; interrupting standard input ends it."""
    try:
        with nullcontext(sys.stdin.buffer) if path == "-" else Path(path).open("rb") as file:
            size = None if path == "-" else os.fstat(file.fileno()).st_size
            with Progress("reading", size) as progress:
                yield from _read(file, path, progress)
    except OSError as error:
        raise ConfigError(f"the log {path!r} cannot be read: {error.strerror}") from None
    except KeyboardInterrupt:
        if path != "-":
            raise


def _read(file: IO[bytes], path: str, progress: Progress) -> Iterator[bytes]:
    begun = True
    while line := file.readline(_MOST_LINE):
        if begun and line.startswith(_GZIP):
            raise ConfigError(f"the log {path!r} is compressed", advice="gzip -dc FILE | k8sresolve profile -")
        begun = False
        progress.step(len(line))
        yield line
        while len(line) == _MOST_LINE and not line.endswith(b"\n"):
            line = file.readline(_MOST_LINE)
            progress.step(len(line))
