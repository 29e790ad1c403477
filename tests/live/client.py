"""Inside a sandbox: the program that uses the library, as one in a pod would. Prints an outcome for each job.

Reads `{"mode": ..., "jobs": [{"family", "call", "args", "kwargs"}, ...]}`. Modes: `sync` and `asyncio` make one call
after the other and tell the questions that each put on the wire; `threads` and `tasks` make them all at once, on one
resolver. The call `getaddrinfo` is the C library's.
"""

import _socket
import asyncio
import json
import socket
import sys
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

Job = dict[str, Any]
TYPES = {1: "A", 28: "AAAA", 33: "SRV", 12: "PTR", 16: "TXT", 5: "CNAME", 2: "NS", 6: "SOA", 15: "MX"}
wire: list[tuple[str, str]] = []


def tap() -> None:
    """Note from now on every DNS question that this process hands to the kernel, whatever the library says."""
    plain = _socket.socket

    def noting(method: str) -> Any:
        def send(self: Any, data: Any, *args: Any) -> Any:
            note(self.type, b"".join(data) if method == "sendmsg" else bytes(data))
            return getattr(plain, method)(self, data, *args)

        return send

    methods = {method: noting(method) for method in ("send", "sendall", "sendto", "sendmsg")}
    for method, function in methods.items():
        setattr(socket.socket, method, function)
    _socket.socket = type("socket", (plain,), methods)


def note(kind: int, packet: bytes) -> None:
    if len(packet) < 12:
        return  # no message: asyncio wakes itself by an octet
    transport = "tcp" if kind & 0xF == socket.SOCK_STREAM else "udp"
    rest = packet[14:] if transport == "tcp" else packet[12:]
    labels = []
    while rest and rest[0]:
        labels.append(rest[1 : 1 + rest[0]].decode("ascii"))
        rest = rest[1 + rest[0] :]
    number = int.from_bytes(rest[1:3], "big")
    wire.append((transport, f"{TYPES.get(number, number)} {'.'.join(labels)}."))


def written(value: Any) -> Any:
    """Write what a call returned as JSON."""
    if isinstance(value, tuple | list):
        return [written(item) for item in value]
    write = globals().get(f"write_{type(value).__name__.lower()}")
    outcome = write(value) if write else getattr(value, "fqdn", str(value))
    if isinstance(outcome, dict) and getattr(value, "incomplete", False):
        outcome["incomplete"] = True
    return outcome


def write_service(value: Any) -> Any:
    return {
        "name": value.name.fqdn,
        "addresses": [str(address) for address in value.addresses],
        "cname": write_cname(value.cname),
        **({"ports": written(value.ports)} if value.ports else {}),
    }


def write_cname(value: Any) -> Any:
    return value and {"targets": list(value.targets), "leaves_cluster": value.leaves_cluster}


def write_port(value: Any) -> Any:
    from k8sresolve import PortsDiffer

    try:
        number = value.number
    except PortsDiffer as error:
        number = type(error).__name__
    return {
        "name": value.name,
        "protocol": value.protocol,
        "service": value.service.fqdn,
        "number": number,
        "headless": value.headless,
        "targets": sorted([t.name, t.port, [str(address) for address in t.addresses]] for t in value.targets),
    }


def write_endpoint(value: Any) -> Any:
    return [str(value.address), value.port]


def write_explanation(value: Any) -> Any:
    return {
        "outcome": value.outcome,
        "addresses": [str(address) for address in value.addresses],
        "questions": value.questions,
        "candidates": [[candidate.name, list(candidate.questions)] for candidate in value.candidates],
    }


def write_addresses(value: Any) -> Any:
    return {
        "addresses": [str(address) for address in value.addresses],
        "candidate": value.candidate,
        "cname": write_cname(value.cname),
    }


def write_answer(value: Any) -> Any:
    return {"records": sorted(value.records), "cname": write_cname(value.cname), "truncated": value.truncated}


def failed(error: Exception) -> Any:
    """Write an error: one of the library's, else with its text, so that it equals nothing that is expected."""
    from k8sresolve import Error

    return {"error": type(error).__name__ if isinstance(error, Error) else repr(error)}


def getaddrinfo(host: str) -> Any:
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except socket.gaierror as error:
        names = [name for name in dir(socket) if name.startswith("EAI_") and getattr(socket, name) == error.errno]
        return {"error": names[0]}
    return {"addresses": sorted({str(item[4][0]) for item in found})}


def call(resolver: Any, job: Job) -> Any:
    if job["call"] == "getaddrinfo":
        return getaddrinfo(*job["args"])
    try:
        return written(getattr(resolver, job["call"])(*job["args"], fresh=True, **job.get("kwargs", {})))
    except Exception as error:  # noqa: BLE001 - whatever it is, the test compares it
        return failed(error)


async def call_async(resolver: Any, job: Job) -> Any:
    try:
        return written(await getattr(resolver, job["call"])(*job["args"], fresh=True, **job.get("kwargs", {})))
    except Exception as error:  # noqa: BLE001 - whatever it is, the test compares it
        return failed(error)


def noted(outcome: Any) -> Any:
    """The outcome with what went over the wire for it: the distinct questions, and all packets and streams."""
    questions = sorted({question for _, question in wire})
    told = {"outcome": outcome, "questions": questions, "sends": list(wire)}
    wire.clear()
    return told


def run(mode: str, jobs: Sequence[Job]) -> list[Any]:
    from k8sresolve import Resolver

    resolvers = {family: Resolver(family=family) for family in {job["family"] for job in jobs}}
    try:
        if mode == "sync":
            return [noted(call(resolvers[job["family"]], job)) for job in jobs]
        with ThreadPoolExecutor(16) as pool:
            return list(pool.map(lambda job: {"outcome": call(resolvers[job["family"]], job)}, jobs))
    finally:
        for resolver in resolvers.values():
            resolver.close()


async def run_async(mode: str, jobs: Sequence[Job]) -> list[Any]:
    from k8sresolve import AsyncResolver

    resolvers = {family: AsyncResolver(family=family) for family in {job["family"] for job in jobs}}
    try:
        if mode == "asyncio":
            return [noted(await call_async(resolvers[job["family"]], job)) for job in jobs]
        outcomes = await asyncio.gather(*(call_async(resolvers[job["family"]], job) for job in jobs))
        return [{"outcome": outcome} for outcome in outcomes]
    finally:
        for resolver in resolvers.values():
            await resolver.close()


def held() -> list[str]:
    """What this process holds: open descriptors, by what they are, and threads."""
    descriptors = [path for path in sorted(Path("/proc/self/fd").iterdir()) if path.is_symlink()]
    return [*(str(path.readlink()) for path in descriptors), *(thread.name for thread in threading.enumerate())]


def main() -> None:
    plan = json.load(sys.stdin)
    tap()
    before = held()
    if plan["mode"] in ("sync", "threads"):
        results = run(plan["mode"], plan["jobs"])
    else:
        results = asyncio.run(run_async(plan["mode"], plan["jobs"]))
    if held() != before:
        sys.exit(f"left behind: {held()}, at first there were {before}")
    json.dump(results, sys.stdout)


if __name__ == "__main__":
    main()
