"""What users' type checkers must accept of the adapters for databases and queues. Nothing here is run."""

# pyright: strict

from collections.abc import Callable, Iterator
from typing import assert_type

import redis
import redis.asyncio
import redis.sentinel
from sqlalchemy import Engine, create_engine
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from k8sresolve import AsyncResolver, Resolver, ServiceName
from k8sresolve.contrib.kombu import failover_strategy
from k8sresolve.contrib.redis import (
    AsyncConnection,
    AsyncSentinel,
    AsyncSSLConnection,
    Connection,
    Sentinel,
    SSLConnection,
)
from k8sresolve.contrib.sqlalchemy import follow


def engines(resolver: Resolver, async_resolver: AsyncResolver) -> None:
    assert_type(follow(create_engine("postgresql+psycopg://"), "orders-rw.data", "postgres"), Engine)
    assert_type(follow(create_engine("postgresql+psycopg://"), "db", 5432, resolver=resolver), Engine)
    engine = create_async_engine("postgresql+asyncpg://")
    assert_type(follow(engine, ServiceName("orders-rw", "data"), 5432, resolver=async_resolver), AsyncEngine)


def stores(resolver: Resolver, async_resolver: AsyncResolver) -> None:
    kinds: list[type[redis.Connection]] = [Connection, SSLConnection]
    asynchronous: list[type[redis.asyncio.Connection]] = [AsyncConnection, AsyncSSLConnection]
    sentinel: redis.sentinel.Sentinel = Sentinel("sentinel.data", "sentinel", resolver=resolver, socket_timeout=0.5)
    AsyncSentinel("sentinel.data", resolver=async_resolver)
    print(kinds, asynchronous, sentinel)


def queues(resolver: Resolver) -> None:
    assert_type(failover_strategy("rabbit.data", "amqp"), Callable[[list[str]], Iterator[str]])
    failover_strategy(ServiceName("rabbit", "data"), 5672, resolver=resolver)
