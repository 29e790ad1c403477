"""`wait` and `watch`: a Service over time."""

import argparse
import json
import time
from datetime import UTC, datetime
from threading import Timer
from typing import Any

from k8sresolve.changes import Change
from k8sresolve.cli.failing import complain
from k8sresolve.cli.forms import SCHEMA_VERSION, add_forms, asked, screen, send
from k8sresolve.cli.manifests import manifests
from k8sresolve.cli.opening import open_resolver
from k8sresolve.cli.options import Commands
from k8sresolve.cli.output import FORMS, Shown, plain, write
from k8sresolve.cli.progress import Waiting
from k8sresolve.cli.screen import Screen
from k8sresolve.cli.services import TAKES, add_name, add_port, endpoints_shown, named_port
from k8sresolve.errors import NotFound, NotHeadless
from k8sresolve.resolver import Resolver

_SECONDS = 60.0
_PATIENCE = 6.0  # seconds: a first poll that failed was told so by then
_A_PORT = "the port's name, as `http` or `dns/udp`"


def register(commands: Commands) -> None:
    """Add the subcommands."""
    wait = commands.add(
        "wait",
        "wait until a Service has endpoints, as an init container does",
        _wait,
        "Of a Service with a ClusterIP, a connection to --port must succeed; without a port it is enough that it "
        "exists. --timeout bounds the whole wait (default: 60). Exit status: 3 where it was in vain.",
        takes=TAKES,
    )
    add_name(wait)
    add_port(wait, _A_PORT, "--port")
    wait.add_argument("--at-least", type=int, default=1, metavar="N", help="wait for so many endpoints (default: 1)")
    add_forms(wait, FORMS)
    watch = commands.add(
        "watch",
        "print each change of a Service's endpoints, until interrupted",
        _watch,
        "What comes has a + before it, what goes a -. With --json each line is a change. From manifests there is one.",
        takes=TAKES,
    )
    add_name(watch)
    add_port(watch, _A_PORT, nargs="?")
    add_forms(watch, ("text", "json"))


def _port(args: argparse.Namespace) -> tuple[str | None, str]:
    return (None, "tcp") if args.port is None else named_port(args)


def _wait(args: argparse.Namespace) -> int:
    port, protocol = _port(args)
    seconds = _SECONDS if args.timeout is None else args.timeout
    args.timeout = None  # that of each lookup is another
    with open_resolver(args) as resolver, Waiting(f"waiting for {args.name}"):
        found = resolver.wait_for(args.name, port, protocol, at_least=args.at_least, timeout=seconds)
        shown = endpoints_shown(found)
        if port is None and _has_cluster_ip(resolver, args.name):
            shown = Shown(f"{args.name} exists; DNS cannot tell whether a pod is ready", shown.data)
    write(shown, args)
    return 0


def _has_cluster_ip(resolver: Resolver, name: str) -> bool:
    try:
        resolver.endpoints(name)
    except NotHeadless:
        return True
    except NotFound:  # an ExternalName, or one that is gone by now
        return False
    return False


def _watch(args: argparse.Namespace) -> int:
    outputs = asked(args)
    advice = f"{args.name}: no answer yet; `k8sresolve explain {args.name}` says why"
    silence = Timer(_PATIENCE, complain, [advice])
    silence.daemon = True
    with open_resolver(args) as resolver, resolver.watch(args.name, *_port(args)) as watch:
        silence.start()
        for change in watch:
            silence.cancel()
            for form, path in outputs:
                send(_as_json(change) if form == "json" else _as_text(screen(args), change), path)
            if manifests(args):
                break  # in which nothing changes
    return 0


def _as_text(on: Screen, change: Change) -> str:
    count = len(change.current)
    parts = [on.line(time.strftime("%H:%M:%S"), "dim"), f"{count} endpoint{'s' * (count != 1)}"]
    parts += [on.line(f"+{endpoint}", "good") for endpoint in change.added]
    parts += [on.line(f"-{endpoint}", "bad") for endpoint in change.removed]
    if change.stale:
        parts.append(on.line(f"kept: {change.cause}", "warning"))
    return "  ".join(parts)


def _as_json(change: Change) -> str:
    told: dict[str, Any] = {"schema_version": SCHEMA_VERSION}
    told |= {"time": datetime.now(UTC).astimezone().isoformat(timespec="milliseconds")}
    told |= {name: plain(getattr(change, name)) for name in ("current", "added", "removed", "stale")}
    return json.dumps({**told, "cause": None if change.cause is None else str(change.cause)})
