"""A thousand names, each with an address of its own, for tests in which answers must not be mixed up."""

from typing import Any

from k8sresolve.async_resolver import AsyncResolver
from k8sresolve.config import CacheConfig
from k8sresolve.resolver import Resolver
from tests.drivers.script import Nameserver, Step

NAMES = [f"n{number}.shop.svc.cluster.local." for number in range(1000)]
ZONE = "\n".join(f"{name} 30 A 10.96.{number // 250}.{number % 250}" for number, name in enumerate(NAMES))
WORLD = Nameserver(zone=ZONE)
NOT_KEPT = CacheConfig(entries=0)
PATIENCE = 60.0  # seconds for a lookup on a busy machine


def scripted(*steps: Step) -> Nameserver:
    return Nameserver({"": steps}, ZONE)


def address(index: int) -> str:
    return f"10.96.{index // 250}.{index % 250}"


def right(resolver: Resolver, index: int, *, timeout: float = PATIENCE, **options: Any) -> bool:
    found = resolver.addresses(NAMES[index], timeout=timeout, **options)
    return [str(each) for each in found.addresses] == [address(index)]


async def async_right(resolver: AsyncResolver, index: int, *, timeout: float = PATIENCE, **options: Any) -> bool:
    found = await resolver.addresses(NAMES[index], timeout=timeout, **options)
    return [str(each) for each in found.addresses] == [address(index)]
