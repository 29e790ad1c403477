"""Play a scenario of watches: for callers that wait, and for tasks."""

from collections.abc import Generator, Iterator
from contextlib import contextmanager
from typing import Any

from k8sresolve.config import ResolverConfig
from k8sresolve.testing import Cluster, external, headless
from tests.drivers.watching.scenarios import Op, Scenario, Stage

VIRTUAL = ((5.0, 30.0), 30.0)
REAL = ((0.02, 0.02), 0.1)
COREFILE = ".:53 {\n  kubernetes cluster.local {\n    ttl 0\n  }\n}\n"  # each answer is one of its own


WEB = {
    "apiVersion": "v1",
    "kind": "Service",
    "metadata": {"name": "web", "namespace": "shop"},
    "spec": {"clusterIP": "10.96.7.7", "ports": [{"name": "http", "port": 80}]},
}


def cluster(corefile: str | None = None) -> Cluster:
    """The Services of the scenarios."""
    return Cluster.new(
        headless("db.shop", sql=5432, pods=2),
        WEB,
        external("alias.shop", "web.shop.svc.cluster.local"),
        **({"corefile": corefile} if corefile else {}),
    )


@contextmanager
def served() -> Iterator[tuple[Cluster, ResolverConfig]]:
    """A cluster behind a nameserver on loopback."""
    there = cluster(COREFILE)
    with there.serve() as server:
        search = ("shop.svc.cluster.local", "svc.cluster.local", "cluster.local")
        yield there, ResolverConfig(nameservers=(server.nameserver,), search=search, ndots=5)


def _next_op(play: Generator[Op, Any, None], done: Any, error: BaseException | None) -> Op | None:
    try:
        return play.send(done) if error is None else play.throw(error)
    except StopIteration:
        return None


def play(scenario: Scenario, stage: Stage) -> None:
    """Play it where callers wait."""
    steps = scenario(stage)
    op = _next_op(steps, None, None)
    while op is not None:
        error = done = None
        try:
            done = _wait(*op)
        except Exception as raised:  # noqa: BLE001 - the scenario judges it
            error = raised
        op = _next_op(steps, done, error)


def _wait(kind: str, what: Any) -> Any:
    match kind:
        case "enter":
            return what.__enter__()
        case "leave":
            return what.__exit__(None, None, None)
        case "ready":
            watch, at_least, timeout = what
            return watch.ready(at_least, timeout=timeout)
        case "wait_for":
            resolver, args, options = what
            return resolver.wait_for(*args, **options)
        case "next":
            return next(what)
        case "close":
            return what.close()


async def play_in_task(scenario: Scenario, stage: Stage) -> None:
    """Play it in a task."""
    steps = scenario(stage)
    op = _next_op(steps, None, None)
    while op is not None:
        error: BaseException | None = None
        done = None
        try:
            done = await _awaited(*op)
        except StopAsyncIteration:
            error = StopIteration()
        except Exception as raised:  # noqa: BLE001 - the scenario judges it
            error = raised
        op = _next_op(steps, done, error)


async def _awaited(kind: str, what: Any) -> Any:
    match kind:
        case "enter":
            return await what.__aenter__()
        case "leave":
            return await what.__aexit__(None, None, None)
        case "ready":
            watch, at_least, timeout = what
            return await watch.ready(at_least, timeout=timeout)
        case "wait_for":
            resolver, args, options = what
            return await resolver.wait_for(*args, **options)
        case "next":
            return await anext(what)
        case "close":
            return await what.close()
