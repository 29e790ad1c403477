"""A small service that finds two others by name: payments over HTTP, and the instances of its database."""

import aiohttp
from psycopg.conninfo import make_conninfo

from k8sresolve import AsyncResolver


class Shop:
    def __init__(self, resolver: AsyncResolver) -> None:
        self.resolver = resolver

    async def conninfo(self) -> str:
        """What to give to psycopg.connect: all instances of the database, of which libpq takes the one that writes."""
        instances = await self.resolver.endpoints("orders-db", "postgres")
        return make_conninfo(
            host=",".join(instance.name.host for instance in instances),
            hostaddr=",".join(str(instance.address) for instance in instances),
            port=",".join(str(instance.port) for instance in instances),
            dbname="orders",
            target_session_attrs="read-write",
        )

    async def pay(self, order: int) -> str:
        """Ask payments to settle an order."""
        payments = await self.resolver.port("payments", "http")
        url = f"http://{payments.service.host}:{payments.number}/orders/{order}"
        # The connector looks up names with getaddrinfo, whether aiodns is installed or not.
        connector = aiohttp.TCPConnector(resolver=aiohttp.ThreadedResolver())
        session = aiohttp.ClientSession(connector=connector, raise_for_status=True)
        async with session, session.post(url) as reply:
            return await reply.text()
