"""What each of the lines is tried with: it asks `payments` on its port `http`."""

import asyncio
import urllib.request

REQUEST = b"GET / HTTP/1.0\r\nHost: payments\r\n\r\n"


async def ask() -> str:
    reader, writer = await asyncio.open_connection("_http._tcp.payments", 0)
    writer.write(REQUEST)
    reply = await reader.read()
    writer.close()
    await writer.wait_closed()
    return reply.decode().splitlines()[-1]


async def main() -> None:
    print(await ask())


def ask_blocking() -> str:
    request = urllib.request.Request(
        "http://_http._tcp.payments:1/", headers={"Host": "payments"}
    )
    with urllib.request.urlopen(request) as reply:  # noqa: S310 - it is a constant
        return reply.read().decode()
