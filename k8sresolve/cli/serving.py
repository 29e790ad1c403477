"""`serve`: a nameserver on loopback that answers from manifests."""

import argparse
import re
import signal
import threading
from collections.abc import Generator
from contextlib import contextmanager

from k8sresolve.cli.options import Commands, manifests, open_cluster
from k8sresolve.cli.output import Shown, write
from k8sresolve.errors import ConfigError

_LISTEN = re.compile(r"(?:\[(?P<ipv6>[^\]]+)\]|(?P<host>[^:]+)):(?P<port>[0-9]{1,5})", re.ASCII)


def register(commands: Commands) -> None:
    """Add the subcommand."""
    serve = commands.add(
        "serve",
        "answer DNS questions from manifests, as CoreDNS would, until interrupted",
        _serve,
        "Takes --manifests (needed) and --cluster-domain of the common options, and prints where it listens.",
    )
    serve.add_argument(
        "--listen",
        metavar="ADDRESS",
        default="127.0.0.1:0",
        help="listen on this loopback address, UDP and TCP: 127.0.0.1:PORT or [::1]:PORT; port 0 is any free one",
    )


def _serve(args: argparse.Namespace) -> int:
    host, port = _listen_address(args.listen)
    if not manifests(args):
        raise ConfigError("serve has nothing to answer from", advice="give --manifests PATH")
    cluster = open_cluster(args)
    with _signals() as interrupted, cluster.serve(host=host, port=port) as server:
        address = f"[{server.host}]:{server.port}" if ":" in server.host else f"{server.host}:{server.port}"
        write(
            Shown(f"listening on {address} (UDP and TCP)", {"host": server.host, "port": server.port}),
            as_json=args.json,
        )
        # Windows lets a signal through only between two waits.
        while not interrupted.wait(0.5):
            pass
    return 0


def _listen_address(text: str) -> tuple[str, int]:
    """Read `IP:PORT` or `[IPv6]:PORT`; the server itself refuses what is no loopback address."""
    read = _LISTEN.fullmatch(text)
    if read is None or int(read["port"]) > 65535:
        raise ConfigError(f"{text!r} is no address to listen on", advice="give 127.0.0.1:PORT or [::1]:PORT")
    return read["ipv6"] or read["host"], int(read["port"])


@contextmanager
def _signals() -> Generator[threading.Event]:
    """Turn SIGINT and SIGTERM into an event."""
    interrupted = threading.Event()
    numbers = (signal.SIGINT, signal.SIGTERM)

    def interrupt(_number: int, _frame: object) -> None:
        interrupted.set()

    before = [signal.signal(number, interrupt) for number in numbers]
    try:
        yield interrupted
    finally:
        for number, handler in zip(numbers, before, strict=True):
            signal.signal(number, handler)
