"""redis-py, blocking and in asyncio: with and without TLS, through what may go wrong, a pod replaced, and a failover.

Run with the authority's certificate as input. Prints, by kind of client, what each case came to.
"""

import asyncio
import json
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack
from typing import Any

import redis
import redis.asyncio

from k8sresolve import AsyncResolver, Resolver
from k8sresolve.contrib.redis import (
    AsyncConnection,
    AsyncSentinel,
    AsyncSSLConnection,
    Connection,
    Sentinel,
    SSLConnection,
)
from tests.live import kubectl
from tests.live.parts.redis import MASTER, PODS, PORTS, SENTINELS

REPLICA = next(address for address in PODS if address != MASTER)
Ask = Callable[[], str]


class Blocking:
    """Clients that block; each has a pool of its own."""

    def __init__(self) -> None:
        self.stack = ExitStack()
        self.resolver = self.stack.enter_context(Resolver())

    def asking(self, host: str, port: int, certificate: str | None = None) -> Ask:
        """Return what asks a server, over the pool's connection, for its role and port."""
        tls = {"connection_class": SSLConnection, "ssl_ca_certs": certificate}
        options = tls if certificate else {"connection_class": Connection}
        pool = redis.ConnectionPool(host=host, port=port, resolver=self.resolver, **options)
        client = self.stack.enter_context(redis.Redis.from_pool(pool))
        return lambda: client.info()["role"] + " " + str(client.config_get("bind")["bind"])

    def asking_master(self) -> Ask:
        sentinel = Sentinel("sentinel.data", "sentinel", resolver=self.resolver)
        self.stack.callback(lambda: [one.close() for one in sentinel.sentinels])
        client = self.stack.enter_context(sentinel.master_for("shop"))
        return lambda: str(client.config_get("bind")["bind"])

    def close(self) -> None:
        self.stack.close()


class Asynchronous:
    """The same in asyncio, all in one loop."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        self.resolver = AsyncResolver()
        self.clients: list[Any] = []

    def asking(self, host: str, port: int, certificate: str | None = None) -> Ask:
        """See `Blocking.asking`."""
        tls = {"connection_class": AsyncSSLConnection, "ssl_ca_certs": certificate}
        options = tls if certificate else {"connection_class": AsyncConnection}
        pool = redis.asyncio.ConnectionPool(host=host, port=port, resolver=self.resolver, **options)
        client = redis.asyncio.Redis.from_pool(pool)
        self.clients.append(client)

        async def ask() -> str:
            return (await client.info())["role"] + " " + str((await client.config_get("bind"))["bind"])

        return lambda: self.loop.run_until_complete(ask())

    def asking_master(self) -> Ask:
        self.sentinel = AsyncSentinel("sentinel.data", "sentinel", resolver=self.resolver)
        client = self.sentinel.master_for("shop")
        self.clients.append(client)

        async def ask() -> str:
            return str((await client.config_get("bind"))["bind"])

        return lambda: self.loop.run_until_complete(ask())

    def close(self) -> None:
        async def close() -> None:
            for client in [*self.clients, *self.sentinel.sentinels]:
                await client.aclose()
            await self.resolver.close()

        self.loop.run_until_complete(close())
        self.loop.close()


Client = Blocking | Asynchronous


def outcome(ask: Ask) -> Any:
    """What is answered, or the error, as far as k8sresolve is its cause."""
    try:
        return ask()
    except redis.RedisError as error:
        cause = error.__cause__
        ours = type(cause).__module__.startswith("k8sresolve")
        return [type(cause).__name__, str(cause) == str(error)] if ours else f"{type(error).__name__}: {error}"


def until(ask: Ask, wanted: Any) -> Any:
    """What is answered when it is what is waited for, or in the end."""
    deadline = time.monotonic() + 30
    while (told := outcome(ask)) != wanted and time.monotonic() < deadline:
        time.sleep(0.1)
    return told


def cases(client: Client, certificate: str) -> dict[str, Any]:
    """One client for each."""
    told = {
        "address": outcome(client.asking("cache-rw.data", 6379)),
        "pod": outcome(client.asking("cache-1.cache.data.svc.cluster.local", 6379)),
        "SRV host": outcome(client.asking("_redis._tcp.cache-rw.data", 1)),
        "verified service": outcome(client.asking("cache-rw.data", 6380, certificate)),
        "verified pod": outcome(client.asking("_rediss._tcp.cache.data", 1, certificate)),
        "wrong pod": outcome(client.asking("_rediss._tcp.other.data", 1, certificate)),
        "wrong service": outcome(client.asking("other.data", 6380, certificate)),
        "missing": outcome(client.asking("nope.data", 6379)),
        "no such port": outcome(client.asking("_sql._tcp.cache.data", 6379)),
    }
    ask = client.asking("cache-rw.data.svc", 6379)  # of which nothing is known yet
    with kubectl.dns_away():
        told["away"] = outcome(ask)
    told["back"] = outcome(ask)
    another = client.asking("cache-rw.data", 6379)
    with kubectl.dns_away():
        told["away in between"] = outcome(another)
    return told


def serve(address: str) -> subprocess.Popen[str]:
    """Have one more Redis."""
    argv = ["redis-server", "--bind", address, "--port", "6379", "--save", "", "--protected-mode", "no"]
    server = subprocess.Popen(argv, stdout=subprocess.PIPE, text=True, cwd="/tmp")
    assert server.stdout is not None
    for line in server.stdout:
        if "Ready to accept connections" in line:
            return server
    raise RuntimeError("no Redis")


def replace_pod(clients: dict[str, Client]) -> dict[str, Any]:
    """Have another pod in the place of the only one of a headless Service, while clients have a connection to it."""
    first, then = "10.244.7.1", "10.244.7.2"
    server = serve(first)
    kubectl.headless("data/store", {"redis": 6379}, {first: "store-0"})
    asks = {name: client.asking("store.data", 6379) for name, client in clients.items()}
    before = {name: until(ask, f"master {first}") for name, ask in asks.items()}
    other = serve(then)
    kubectl.headless("data/store", {"redis": 6379}, {then: "store-0"})
    for ask in asks.values():
        outcome(ask)
    server.terminate()
    server.communicate()
    after = {name: until(ask, f"master {then}") for name, ask in asks.items()}
    with kubectl.dns_away():
        other.terminate()
        other.communicate()
        away = {name: outcome(ask) for name, ask in asks.items()}
        other = serve(then)
        again = {name: until(ask, f"master {then}") for name, ask in asks.items()}
    other.terminate()
    other.communicate()
    return {"before": before, "after": after, "away": away, "again": again}


def fail_over(clients: dict[str, Client]) -> dict[str, Any]:
    """Lose the master and a Sentinel: the others agree on the replica."""
    asks = {name: client.asking_master() for name, client in clients.items()}
    before = {name: outcome(ask) for name, ask in asks.items()}
    first, *rest = SENTINELS
    with redis.Redis(rest[0], 26379) as sentinel:
        # They learn of each other, and of the replica, by what the master tells.
        while (known := sentinel.sentinel_master("shop"))["num-other-sentinels"] < 2 or known["num-slaves"] < 1:
            time.sleep(0.1)
    for address, port in ((first, 26379), (MASTER, 6379)):
        with redis.Redis(address, port) as server:
            server.shutdown(nosave=True)
    kubectl.headless("data/sentinel", {"sentinel": 26379}, {address: SENTINELS[address] for address in rest})
    return {"before": before, "after": {name: until(ask, REPLICA) for name, ask in asks.items()}}


def main() -> None:
    certificate = json.load(sys.stdin)
    kubectl.headless("data/other", PORTS, {MASTER: "other-0"})
    clients: dict[str, Client] = {"blocking": Blocking(), "asyncio": Asynchronous()}
    told = {
        "cases": {name: cases(client, certificate) for name, client in clients.items()},
        "replaced": replace_pod(clients),
        "failover": fail_over(clients),
    }
    for client in clients.values():
        client.close()
    json.dump(told, sys.stdout)


if __name__ == "__main__":
    main()
