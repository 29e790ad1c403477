"""Resolvers in the small cluster of `world`, by both facades."""

import asyncio
import inspect

import pytest

from tests.core.world import dual_cluster, ipv4_cluster


class Asyncio:
    """An `AsyncResolver` behind the calls of a `Resolver`."""

    def __init__(self, resolver, runner):
        self._resolver = resolver
        self._runner = runner

    def __getattr__(self, name):
        method = getattr(self._resolver, name)
        if not inspect.iscoroutinefunction(method):
            return method

        def call(*args, **options):
            async def awaited():
                return await method(*args, **options)

            return self._runner.run(awaited())

        return call


@pytest.fixture(params=["Resolver", "AsyncResolver"])
def resolver_of(request):
    """Make a resolver of a cluster, in namespace `shop` unless told otherwise."""
    if request.param == "Resolver":
        yield lambda cluster, **options: cluster.resolver(**{"namespace": "shop", **options})
        return
    with asyncio.Runner() as runner:
        yield lambda cluster, **options: Asyncio(cluster.async_resolver(**{"namespace": "shop", **options}), runner)


@pytest.fixture
def ipv4():
    """A cluster in which `auto` asks for A alone."""
    return ipv4_cluster()


@pytest.fixture
def dual():
    """A cluster in which `auto` asks for A and AAAA."""
    return dual_cluster()
