"""`cluster.patch()` beside glibc, musl and musl 1.2.3, which ask a real CoreDNS about the same objects.

K8SRESOLVE_SEED makes a run again, K8SRESOLVE_CALLS makes it longer.
"""

import hashlib
import itertools
import json
import os
import random
import socket
from collections.abc import Iterator
from typing import Any

import pytest

from k8sresolve.testing import Cluster
from tests.live import programs, servers
from tests.live.expected import World
from tests.live.libc_client import SOURCES
from tests.live.sandbox import ROOT, Sandbox
from tests.live.test_getaddrinfo import cluster_names, resolv_conf

pytestmark = pytest.mark.live

SEED = int(os.environ.get("K8SRESOLVE_SEED") or random.SystemRandom().randrange(1 << 32))
LIBCS = ("glibc", "musl", "musl-1.2.3")
CALLS = int(os.environ.get("K8SRESOLVE_CALLS") or 400)
MANY = 25  # addresses; 28 and more fill a reply of 512 octets
NUMERIC = (
    "-",
    "10.96.20.1",
    "127.1",
    "0x7f.1",
    "::1",
    "fe80::1%lo",
    "fe80::1%nope",
    "fd00::7",
    "::ffff:10.0.0.1",
    "1.2.3.",
)
SERVICES = ("-", "80", "http", "domain", "ssh", "0", "65536", "4294967296", "-1", " 80", "80 ", "nope", "")
FAMILIES = (0, 0, 0, socket.AF_INET, socket.AF_INET6, socket.AF_UNIX)
TYPES = (0, 0, 1, 1, 2, 3, 5, 6)
PROTOCOLS = (0, 0, 0, 6, 17, 132, 255)
FLAGS = (1, 2, 4, 8, 16, 32, 1024)


CLUSTER = f"""\
cluster.local in-addr.arpa ip6.arpa {{
    errors
{servers.KUBERNETES.replace("fallthrough in-addr.arpa ip6.arpa", "")}}}
"""
# Behind both stands an Internet in which no name exists.
THEIRS = f"{CLUSTER}.:53 {{\n    template ANY ANY {{\n        rcode NXDOMAIN\n    }}\n}}\n"
OURS = f"{CLUSTER}.:53 {{\n    forward . 127.0.0.1:5301\n}}\n"


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory, objects: list[Any]) -> Iterator[Sandbox]:
    """CoreDNS beside which nobody knows a name, and a pod's addresses."""
    folder = tmp_path_factory.mktemp("patch")
    addresses = [f"{SOURCES['-4']}/32", f"{SOURCES['-6']}/128"]
    with Sandbox(folder, [servers.coredns(folder, THEIRS)], objects, addresses) as sandbox:
        yield sandbox


@pytest.fixture(scope="module")
def offline(objects: list[Any]) -> Cluster:
    return Cluster.from_objects(objects, corefile=OURS, built_ins=False)


def program(libc: str) -> str:
    """Return the program of `getaddrinfo.c` for a C library, made if need be."""
    source = ROOT / "tests/live/getaddrinfo.c"
    digest = hashlib.sha256(source.read_bytes() + libc.encode()).hexdigest()[:12]
    target = programs.cache() / "programs" / f"getaddrinfo-{libc}-{digest}"
    if not target.exists():
        target.parent.mkdir(parents=True, exist_ok=True)
        fresh = target.with_suffix(f".{os.getpid()}")
        programs._build(programs.RECIPES[libc].command(str(source), str(fresh)))
        fresh.rename(target)
    return str(target)


def random_calls(rng: random.Random, names: list[str]) -> Iterator[list[Any]]:
    """Any hints at all, of which most calls fail; each fourth call is one that a program makes."""
    for turn in range(CALLS):
        if turn % 4 == 0:
            yield [0, 1, 0, 0, rng.choice(names), "80"]
            continue
        flags = sum(flag for flag in FLAGS if rng.random() < 0.2)
        hints = [rng.choice(FAMILIES), rng.choice(TYPES), rng.choice(PROTOCOLS), flags]
        if rng.random() < 0.5:
            hints[1:3] = rng.choice((0, 1)), 0
        yield [*hints, rng.choice(names if rng.random() < 0.7 else NUMERIC), rng.choice(SERVICES)]


def offline_call(call: list[Any]) -> Any:
    *hints, host, service = call
    host, service = (None if text == "-" else text for text in (host, service))
    try:
        return json.loads(json.dumps(socket.getaddrinfo(None if host is None else host.encode(), service, *hints)))
    except socket.gaierror as error:
        return list(error.args)


def comparable(result: list[Any]) -> Any:
    """CoreDNS answers in no stated order: what stands together of one family is sorted, but for the first one's name.

    Where a library cuts many, chance says which are left, and only their number counts.
    """
    if not result or not isinstance(result[0], list):
        return result
    if len({entry[4][0] for entry in result}) >= MANY:
        return [entry[:4] for entry in result]
    names = [entry[3] for entry in result]
    runs = itertools.groupby(result, key=lambda entry: entry[0])
    return [names, *(sorted([*entry[:3], entry[4]] for entry in run) for _, run in runs)]


@pytest.mark.timeout(300)
def test_getaddrinfo_gives_what_the_c_libraries_give(
    sandbox: Sandbox, offline: Cluster, objects: list[Any], tally: Any
) -> None:
    rng = random.Random(SEED)
    names = list(dict.fromkeys(cluster_names(World(objects, {}), objects)))
    calls = {libc: list(random_calls(rng, names)) for libc in LIBCS}
    plan = {"programs": {libc: program(libc) for libc in LIBCS}, "calls": calls, "python": []}
    results = sandbox.run("tests.live.libc_client", plan, resolv_conf=resolv_conf("shop", 5))["calls"]
    wrong = []
    for libc in LIBCS:
        found = 0
        with offline.patch(namespace="shop", libc=libc):
            for call, theirs in zip(calls[libc], results[libc], strict=True):
                ours = offline_call(call)
                found += isinstance(theirs[0], list)
                if comparable(ours) != comparable(theirs):
                    wrong.append(f"{libc}: {call}: ours {str(ours)[:400]}, theirs {str(theirs)[:400]}")
        assert found > CALLS // 10
        tally(f"patch, getaddrinfo, {libc}", CALLS - sum(w.startswith(f"{libc}:") for w in wrong), CALLS)
    assert not wrong, f"seed {SEED}: {len(wrong)} differ, the first:\n" + "\n".join(wrong[:10])


ADDRESSES = ("10.96.20.1", "10.96.0.10", "10.244.1.21", "10.244.9.9", "fd00:10:96::20:2", "127.0.0.1")


def python_calls(names: list[str]) -> Iterator[tuple[str, list[Any]]]:
    """Python's other functions; what a name's first address is differs from one reply to the next."""
    for name in names[::3]:
        yield "gethostbyname_ex", [name]
    for address in ADDRESSES:
        yield "gethostbyaddr", [address]
        for flags in (0, socket.NI_NAMEREQD, socket.NI_NUMERICHOST, socket.NI_NUMERICSERV, socket.NI_DGRAM):
            yield "getnameinfo", [(address, 53), flags]


def offline_python(function: str, arguments: list[Any]) -> Any:
    try:
        return json.loads(json.dumps(getattr(socket, function)(*arguments)))
    except OSError as error:
        return [type(error).__name__, *error.args]


def test_pythons_other_functions_give_what_they_give_on_glibc(
    sandbox: Sandbox, offline: Cluster, objects: list[Any], tally: Any
) -> None:
    calls = list(python_calls(list(dict.fromkeys(cluster_names(World(objects, {}), objects)))))
    plan = {"programs": {}, "calls": {}, "python": calls}
    results = sandbox.run("tests.live.libc_client", plan, resolv_conf=resolv_conf("shop", 5))["python"]
    with offline.patch(namespace="shop"):
        wrong = [
            f"{call}: ours {str(ours)[:400]}, theirs {str(theirs)[:400]}"
            for call, theirs in zip(calls, results, strict=True)
            if unordered(ours := offline_python(*call)) != unordered(theirs)
        ]
    tally("patch, other functions, glibc", len(calls) - len(wrong), len(calls))
    assert not wrong, f"{len(wrong)} of {len(calls)} differ, the first:\n" + "\n".join(wrong[:10])


def unordered(result: Any) -> Any:
    return [sorted(part) if isinstance(part, list) else part for part in result]
