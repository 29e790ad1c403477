"""A thousand names with an address each, for tests of many lookups, in many loops."""

from typing import Any

from k8sresolve.async_resolver import AsyncResolver
from tests.drivers.script import Nameserver, Step

NAMES = [f"n{number}.shop.svc.cluster.local." for number in range(1000)]
ZONE = "\n".join(f"{name} 30 A 10.96.{number // 250}.{number % 250}" for number, name in enumerate(NAMES))
WORLD = Nameserver(zone=ZONE)
PATIENCE = 60.0  # seconds for a lookup on a busy machine


def scripted(*steps: Step) -> Nameserver:
    return Nameserver({"": steps}, ZONE)


async def right(resolver: AsyncResolver, index: int, *, timeout: float = PATIENCE, **options: Any) -> bool:
    """Whether a lookup finds the address of that name."""
    found = await resolver.addresses(NAMES[index], timeout=timeout, **options)
    return [str(address) for address in found.addresses] == [f"10.96.{index // 250}.{index % 250}"]
