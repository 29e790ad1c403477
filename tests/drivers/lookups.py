"""Many lookups at once on any driver, of five hundred names, each with addresses of its own."""

import asyncio
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from itertools import repeat
from typing import Any

import trio

from k8sresolve.async_resolver import AsyncResolver
from k8sresolve.config import CacheConfig, ResolverConfig
from k8sresolve.errors import Error
from k8sresolve.resolver import Resolver

EACH = {f"n{n}.shop.svc.cluster.local.": f"10.96.{n // 100}.{n % 100}" for n in range(500)}
NAMES = list(EACH)
ZONE = "\n".join(f"{name} 30 A {address}\n{name} 30 AAAA fd00::{n}" for n, (name, address) in enumerate(EACH.items()))
NOT_KEPT = CacheConfig(entries=0)
PATIENCE = 60.0  # seconds for a lookup on a busy machine
FOREVER = repeat(PATIENCE)


def _blocking(
    config: ResolverConfig, names: list[str], timeouts: Iterable[float] = FOREVER, **options: Any
) -> list[Any]:
    with Resolver(config, **options) as resolver, ThreadPoolExecutor(50) as pool:

        def look(name: str, timeout: float) -> Any:
            try:
                return resolver.addresses(name, timeout=timeout)
            except Error as error:
                return error

        return list(pool.map(look, names, timeouts))


def _asyncio(
    config: ResolverConfig, names: list[str], timeouts: Iterable[float] = FOREVER, **options: Any
) -> list[Any]:
    async def main() -> list[Any]:
        async with AsyncResolver(config, **options) as resolver:
            lookups = [resolver.addresses(n, timeout=t) for n, t in zip(names, timeouts, strict=False)]
            results = await asyncio.gather(*lookups, return_exceptions=True)
        assert asyncio.all_tasks() == {asyncio.current_task()}
        return results

    return asyncio.run(main())


def _trio(config: ResolverConfig, names: list[str], timeouts: Iterable[float] = FOREVER, **options: Any) -> list[Any]:
    async def main() -> list[Any]:
        results: list[Any] = [None] * len(names)

        async def look(index: int, name: str, timeout: float) -> None:
            try:
                results[index] = await resolver.addresses(name, timeout=timeout)
            except Error as error:
                results[index] = error

        async with AsyncResolver(config, **options) as resolver, trio.open_nursery() as nursery:
            for index, (name, timeout) in enumerate(zip(names, timeouts, strict=False)):
                nursery.start_soon(look, index, name, timeout)
        return results

    return trio.run(main)


RUN = {"blocking": _blocking, "asyncio": _asyncio, "trio": _trio}


def texts(found: Any) -> list[str]:
    return [str(address) for address in found.addresses]
