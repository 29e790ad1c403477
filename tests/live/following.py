"""Inside a sandbox: histories of several Services, told to two replicas of CoreDNS, and watches that follow them.

Reads `{"seed", "changes", "weather", "folder"}`. Pods come and go in offline clusters, whose EndpointSlices the API
stand-in tells both replicas; where there is weather, one history has what befalls these. Prints the changes, what was
published, and what is broken.
"""

import asyncio
import json
import subprocess
import sys
from bisect import bisect_left
from contextlib import AsyncExitStack, ExitStack
from itertools import accumulate
from pathlib import Path
from typing import Any

import attrs
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import seed as seeded

from k8sresolve import AsyncResolver, Resolver, ResolverConfig
from k8sresolve.testing import Clock, Cluster, headless
from k8sresolve.testing.histories import (
    ApiServerAway,
    Crash,
    History,
    Lag,
    Move,
    Play,
    Promises,
    Restart,
    RollOut,
    Scale,
    histories,
)
from tests.live import changing_api, servers
from tests.live.changing_api import World

API_PORT = 8002
PORTS = {"sql": 5432}
REPLICAS = ("127.0.0.2", "127.0.0.3")
MOST = 40  # histories
FASTER = 20.0  # times as fast as in the histories that Hypothesis makes
INTERVAL = (0.2, 1.0)
# A jitter of a second is the least, and beside a busy machine all is late.
PROMISES = Promises(interval=2.0, empty_hold=1.0, ttl=1.0, slack=2.0)
PODS = (Scale, RollOut, Crash, Move)
WEATHER = (Lag, Restart, ApiServerAway)


class Replica:
    """A CoreDNS that can go and come back, and a world that it hears of."""

    def __init__(self, folder: Path, number: int, world: World) -> None:
        self.world = world
        self._path = folder / f"Corefile-{number}"
        endpoint = f"endpoint http://127.0.0.1:{API_PORT}/replica-{number}"
        kubernetes = f"    kubernetes cluster.local {{\n        {endpoint}\n        ttl 1\n    }}\n"
        self._path.write_text(f".:53 {{\n    bind {REPLICAS[number]}\n    errors\n{kubernetes}}}\n")
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        command = [servers.coredns_binary(), "-conf", str(self._path)]
        out = self._path.with_suffix(".log").open("ab")
        with out:
            self._process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT)

    def kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None


class Ends:
    """What a fault is to its end."""

    def __init__(self, stop: Any) -> None:
        self.stop = stop


class LiveNetwork:
    """What histories do to nameservers, done to these."""

    replicas = REPLICAS

    def __init__(self, replicas: list[Replica]) -> None:
        self._replicas = replicas
        self._holding = [0] * len(replicas)
        self._away = [0] * len(replicas)

    def _numbers(self, nameserver: str | None) -> list[int]:
        return [number for number, address in enumerate(REPLICAS) if nameserver in (None, address)]

    def stale(self, *, nameserver: str | None = None) -> Ends:
        numbers = self._numbers(nameserver)
        for number in numbers:
            self._holding[number] += 1
            self._replicas[number].world.hold()

        def stop() -> None:
            for number in numbers:
                self._holding[number] -= 1
                if not self._holding[number]:
                    self._replicas[number].world.release()

        return Ends(stop)

    def drop(self, *, nameserver: str) -> Ends:
        (number,) = self._numbers(nameserver)
        self._away[number] += 1
        self._replicas[number].kill()

        def stop() -> None:
            self._away[number] -= 1
            if not self._away[number]:
                self._replicas[number].start()

        return Ends(stop)


def drawn(seed: int, kinds: tuple[Any, ...], changes: int, most: int = 12) -> list[History]:
    """Histories that Hypothesis makes, at the pace of a test, until they have so many changes.

    Those come first in which the pods change most often: it makes many of a Service that has none, and is rolled out.
    """
    found: list[History] = []

    @seeded(seed)
    @settings(
        max_examples=MOST, database=None, deadline=None, phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(histories(*kinds, least=most // 2, most=most))
    def draw(history: History) -> None:
        found.append(History(map(faster, history.events)))

    draw()
    found.sort(key=lambda history: (times_changed(history), len(history.events)), reverse=True)
    total = list(accumulate(len(history.events) for history in found))
    return found[: bisect_left(total, changes) + 1]


def times_changed(history: History) -> int:
    """How often its pods change, as an offline cluster tells."""
    cluster = Cluster.new(headless("db.shop", sql=5432, pods=3))
    play = history.play(cluster, "shop/db")
    for seconds in play:
        cluster.clock.advance(seconds)
    return len(play.truth)


def faster(event: Any) -> Any:
    changed = {name: getattr(event, name) / FASTER for name in ("after", "lasting") if hasattr(event, name)}
    if isinstance(event, Restart):
        changed["manner"] = "lost"
    if isinstance(event, ApiServerAway):
        changed["unsynced"] = 0.0
    return attrs.evolve(event, **changed)


class Following:
    """A Service whose history is played, and whoever follows it."""

    def __init__(self, number: int, history: History, clock: Clock, network: LiveNetwork, worlds: list[World]) -> None:
        self.name = f"db-{number}"
        self._worlds = worlds
        self.cluster = Cluster.new(headless(f"{self.name}.shop", sql=5432, pods=3))
        self.cluster.clock = clock
        self.cluster.network = network  # type: ignore[assignment]
        self.play: Play = history.play(self.cluster, f"shop/{self.name}", step=0.2, rest=15.0)
        self._told: dict[str, str] | None = None
        self.tell()

    def tell(self) -> None:
        """Tell the API of the pods that are ready now."""
        parts = self.cluster.store.slices("shop", self.name)
        addresses = {one.address: one.hostname for part in parts for one in part.addresses}
        if addresses != self._told:
            self._told = addresses
            for world in self._worlds:
                world.put(changing_api.endpoint_slice("shop", self.name, addresses, PORTS))

    async def follow(self, watch: Any) -> None:
        for seconds in self.play:
            self.tell()
            await asyncio.sleep(seconds)
            self.play.publish(watch.current)


async def main(plan: dict[str, Any]) -> dict[str, Any]:
    worlds = [World() for _ in REPLICAS]
    changing_api.serve({f"replica-{number}": world for number, world in enumerate(worlds)}, API_PORT)
    replicas = [Replica(Path(plan["folder"]), number, world) for number, world in enumerate(worlds)]
    network, clock = LiveNetwork(replicas), Clock()
    lives = drawn(plan["seed"], PODS, plan["changes"])
    if plan["weather"]:
        # Few events, so that most of the time is without.
        (fair,) = drawn(plan["seed"], WEATHER, 1, most=4)
        lives.insert(0, History([attrs.evolve(event, after=4 * event.after + 2) for event in fair.events]))
    for world in worlds:
        world.put(changing_api.namespace("shop"))
        for number in range(len(lives)):
            world.put(changing_api.service("shop", f"db-{number}", PORTS))
    all_ = [Following(number, life, clock, network, worlds) for number, life in enumerate(lives)]
    weather = all_[0].play._stage.disturbances
    for one in all_:
        one.play._stage.disturbances = weather
    search = ("shop.svc.cluster.local", "svc.cluster.local", "cluster.local")
    configs = [ResolverConfig(nameservers=pair, search=search, ndots=5) for pair in (REPLICAS, REPLICAS[::-1])]
    with ExitStack() as stack:
        for replica in replicas:
            replica.start()
            stack.callback(replica.kill)
        async with AsyncExitStack() as tasks:
            options: dict[str, Any] = {"family": "ipv4", "timeout": 2.0}
            asked = [await tasks.enter_async_context(AsyncResolver(config, **options)) for config in configs]
            waited = [stack.enter_context(Resolver(config, **options)) for config in configs]
            watches: list[Any] = []
            for number, one in enumerate(all_):
                port = ("sql", None)[number // 4 % 2]
                resolver: Any = (*asked, *waited)[number % 4]
                watch = resolver.watch(one.name, port, interval=INTERVAL, empty_hold=1.0)
                if number % 4 < 2:
                    await tasks.enter_async_context(watch)
                    await watch.ready(3, timeout=30)
                else:
                    stack.enter_context(watch)
                    await asyncio.to_thread(watch.ready, 3, timeout=30)
                watches.append(watch)
            clock.run()
            await asyncio.gather(*(one.follow(watch) for one, watch in zip(all_, watches, strict=True)))
            clock.halt()
    broken = [f"{one.name}: {each}\n{one.play}" for one in all_ for each in one.play.broken(PROMISES)]
    return {
        "changes": sum(len(life.events) for life in lives),
        "services": len(lives),
        "disturbances": len(weather),
        "published": sum(len(one.play.published) for one in all_),
        "seconds": clock.monotonic(),
        "broken": broken,
    }


if __name__ == "__main__":
    json.dump(asyncio.run(main(json.load(sys.stdin))), sys.stdout)
