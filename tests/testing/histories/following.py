"""A watch that follows a history, as the tests and the long run have it: waiting, and in tasks."""

from k8sresolve.testing import Cluster, headless
from k8sresolve.testing.histories import History, Play, Promises

REPLICAS = ("10.244.0.2", "10.244.1.2")
CACHES = (0, 30)  # seconds: kubeadm's Corefile has the latter, other than for the cluster domain
PORTS = ("sql", None)


def world(caches: int) -> Cluster:
    """A headless Service with three pods, behind two replicas of CoreDNS."""
    cache = f"  cache {caches}\n" if caches else ""
    corefile = f".:53 {{\n  kubernetes cluster.local {{\n    ttl 30\n  }}\n{cache}}}\n"
    return Cluster.new(headless("db.shop", sql=5432, pods=3), corefile=corefile, server_addresses=REPLICAS)


def promises(caches: int, step: float) -> Promises:
    """What a watch promises there, with its default interval."""
    return Promises(caches=caches, slack=step + 0.1)


def follow(history: History, caches: int, port: str | None, step: float = 1.0) -> tuple[Play, Cluster]:
    """Follow it by a watch of a caller that waits."""
    cluster = world(caches)
    play = history.play(cluster, "shop/db", step=step)
    with cluster.resolver() as resolver, resolver.watch("db.shop", port) as watch:
        for seconds in play:
            cluster.clock.advance(seconds)
            play.publish(watch.current)
    return play, cluster


async def follow_in_task(history: History, caches: int, port: str | None, step: float = 1.0) -> Play:
    """Follow it by a watch of a task."""
    cluster = world(caches)
    play = history.play(cluster, "shop/db", step=step)
    async with cluster.async_resolver() as resolver, resolver.watch("db.shop", port) as watch:
        for seconds in play:
            await cluster.advance(seconds)
            play.publish(watch.current)
    return play
