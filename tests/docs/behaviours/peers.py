"""A child: one of the peers, asked as its users ask it, with /etc/resolv.conf as it finds it.

`python -m tests.docs.behaviours.peers PEER` reads `{"calls": [...], "at_once": bool}` and prints, as JSON, what each
call came to and the seconds that all of them took. A call is `{"wait": seconds}`, or has `kind`, `name`, `rdtype`,
`family` and `timeout`; it comes to `{"records": [...]}` or `{"error": word}`.
"""

import asyncio
import json
import socket
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from importlib import import_module
from typing import Any

FAMILIES = {"ipv4": socket.AF_INET, "ipv6": socket.AF_INET6, "both": socket.AF_UNSPEC, "auto": socket.AF_UNSPEC}
LOADED = {"glibc": (), "dnspython": ("dns.resolver",), "aiodns": ("aiodns", "pycares.errno")}
Told = dict[str, Any]


def glibc(call: Told) -> Told:
    """getaddrinfo(3), for one kind of socket, so that each address comes once."""
    try:
        found = socket.getaddrinfo(call["name"], None, FAMILIES[call["family"]], socket.SOCK_STREAM)
    except socket.gaierror as error:
        words = {value: name for name, value in vars(socket).items() if name.startswith("EAI_")}
        return {"error": words.get(error.errno, str(error.errno))}
    except UnicodeError:
        return {"error": "UnicodeError"}
    return {"records": sorted({str(address[4][0]) for address in found})}


def dnspython(call: Told) -> Told:
    import dns.exception
    import dns.resolver

    resolver = dns.resolver.Resolver()
    options = {"search": True, "lifetime": call["timeout"]}
    try:
        if call["kind"] == "addresses":
            found = resolver.resolve_name(call["name"], FAMILIES[call["family"]], **options)
            return {"records": sorted(found.addresses())}
        answer = resolver.resolve(call["name"], call["rdtype"], **options)
    except (dns.exception.DNSException, OSError) as error:
        return {"error": type(error).__name__}
    if call["kind"] == "ports":
        return {"records": sorted({f"{r.port} {r.target.to_text().split('.')[0]}" for r in answer})}
    return {"records": sorted(record.to_text() for record in answer)}


async def aiodns(resolver: Any, call: Told) -> Told:
    from aiodns.error import DNSError

    try:
        async with asyncio.timeout(call["timeout"]):
            if call["kind"] == "addresses":
                found = await resolver.getaddrinfo(call["name"], FAMILIES[call["family"]])
                return {"records": sorted({node.addr[0].decode() for node in found.nodes})}
            answer = await resolver.query_dns(call["name"], call["rdtype"])
    except TimeoutError:
        return {"error": "TimeoutError"}
    except DNSError as error:
        import pycares.errno

        return {"error": pycares.errno.errorcode.get(error.args[0], str(error.args[0]))}
    records = [record.data for record in answer.answer if record.type == _number(call["rdtype"])]
    if call["kind"] == "ports":
        return {"records": sorted({f"{r.port} {r.target.split('.')[0]}" for r in records})}
    return {"records": sorted(map(_text, records))}


def _number(rdtype: str) -> int:
    import dns.rdatatype

    return int(dns.rdatatype.from_text(rdtype))


def _text(data: Any) -> str:
    """Write a record's data as dnspython does."""
    name = type(data).__name__
    if name == "SRVRecordData":
        return f"{data.priority} {data.weight} {data.port} {_absolute(data.target)}"
    if name == "NSRecordData":
        return _absolute(data.nsdname)
    if name == "TXTRecordData":
        return f'"{data.data.decode()}"'
    return str(getattr(data, "addr", data))


def _absolute(name: str) -> str:
    return name if name.endswith(".") else f"{name}."


def _in_threads(look: Any, plan: Told) -> list[Told]:
    if plan["at_once"]:
        with ThreadPoolExecutor(len(plan["calls"])) as pool:
            return list(pool.map(look, plan["calls"]))
    return [look(call) for call in plan["calls"] if "wait" not in call or time.sleep(call["wait"])]


async def _in_tasks(plan: Told) -> list[Told]:
    import aiodns as library

    async with library.DNSResolver() as resolver:
        if plan["at_once"]:
            return await asyncio.gather(*(aiodns(resolver, call) for call in plan["calls"]))
        told = []
        for call in plan["calls"]:
            if "wait" in call:
                await asyncio.sleep(call["wait"])
            else:
                told.append(await aiodns(resolver, call))
        return told


def main() -> None:
    plan = json.load(sys.stdin)
    peer = sys.argv[1]
    for module in LOADED[peer]:
        import_module(module)  # not in the time that is measured
    start = time.monotonic()
    if peer == "aiodns":
        told = asyncio.run(_in_tasks(plan))
    else:
        told = _in_threads({"glibc": glibc, "dnspython": dnspython}[peer], plan)
    json.dump({"told": told, "seconds": time.monotonic() - start}, sys.stdout)


if __name__ == "__main__":
    main()
