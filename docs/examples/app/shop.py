"""A small service that finds two others by name: payments, and its database."""

import aiohttp
from psycopg.conninfo import make_conninfo

from k8sresolve import AsyncResolver
from k8sresolve.contrib.aiohttp import TCPConnector
from k8sresolve.seeds import libpq


class Shop:
    def __init__(self, resolver: AsyncResolver) -> None:
        self.resolver = resolver

    async def conninfo(self) -> str:
        """Return all instances of the database: libpq takes the one that writes."""
        instances = await self.resolver.endpoints("orders-db", "postgres")
        return make_conninfo(
            dbname="orders", target_session_attrs="read-write", **libpq(instances)
        )

    async def pay(self, order: int) -> str:
        """Ask payments to settle an order."""
        connector = TCPConnector(self.resolver, port_name="http")
        session = aiohttp.ClientSession(connector=connector, raise_for_status=True)
        async with session, session.post(f"http://payments/orders/{order}") as reply:
            return await reply.text()
