"""What works on Windows, macOS and FreeBSD, as far as can be seen without them: what they lack is taken away."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.platforms.lacking import SYSTEMS

ROOT = Path(__file__).parents[2]

IMPORTED = """
import importlib, pkgutil, k8sresolve

for module in pkgutil.walk_packages(k8sresolve.__path__, "k8sresolve."):
    if module.name != "k8sresolve.__main__":
        importlib.import_module(module.name)
"""

OFFLINE = """
import asyncio, socket
from k8sresolve import AsyncResolver, Resolver, errors
from k8sresolve.testing import Cluster

cluster = Cluster.from_manifests("docs/examples/shop.yaml")
with cluster.resolver(namespace="shop") as resolver:
    assert str(resolver.service("payments").addresses[0]) == "10.96.20.1"
    assert resolver.getaddrinfo("payments", 80)[0][4] == ("10.96.20.1", 80)
    for host, family, error, code in (
        ("payments", socket.AF_INET6, errors.NoData, getattr(socket, "EAI_NODATA", socket.EAI_NONAME)),
        ("nowhere", 0, errors.NoSuchName, socket.EAI_NONAME),
        ("10.0.0.1", socket.AF_INET6, ValueError, getattr(socket, "EAI_ADDRFAMILY", socket.EAI_NONAME)),
    ):
        try:
            resolver.getaddrinfo(host, 80, family)
        except error as found:
            assert isinstance(found, socket.gaierror) and found.errno == code, (host, found.errno)
        else:
            raise AssertionError(host)
    with resolver.watch("cassandra.data", "cql") as watch:
        watch.ready()
        polled = len(cluster.queries)
        cluster.clock.advance(40)
        assert watch.current and len(cluster.queries) > polled

async def main():
    async with cluster.async_resolver(namespace="shop") as resolver:
        assert (await resolver.port("payments", "http")).number == 80

asyncio.run(main())
"""

COMMAND = """
from k8sresolve.cli.main import main

shop = ["-f", "docs/examples/shop.yaml", "--namespace", "shop"]
assert main([*shop, "service", "payments", "--port", "http"]) == 0
assert main([*shop, "endpoints", "cassandra.data", "cql"]) == 0
assert main(["check", "docs/examples/shop.yaml"]) in (0, 1)
"""

LIVE = """
import asyncio, threading
from concurrent.futures import ThreadPoolExecutor
from k8sresolve import AsyncResolver, Resolver, ResolverConfig
from k8sresolve.doctor import examine
from k8sresolve.errors import ConfigError, NetworkError
from k8sresolve.testing import Cluster

cluster = Cluster.from_manifests("docs/examples/shop.yaml")
names = ["payments.shop", "payments.shop.svc.cluster.local", "kubernetes.default", "cassandra.data"] * 8
async def main(resolver):
    found = await asyncio.gather(*map(resolver.addresses, names))
    assert all(found)
    return [sorted(map(str, one.addresses)) for one in found]

class Proactor(asyncio.SelectorEventLoop):
    "As Windows' default loop, which has none of these."
    add_reader = asyncio.AbstractEventLoop.add_reader
    add_writer = asyncio.AbstractEventLoop.add_writer

with cluster.serve() as server:
    config = ResolverConfig.for_cluster(server.nameserver)
    with Resolver(config=config) as resolver, ThreadPoolExecutor(8) as pool:
        told = [sorted(map(str, one.addresses)) for one in pool.map(resolver.addresses, names)]
    with asyncio.Runner(loop_factory=asyncio.SelectorEventLoop) as runner:
        assert runner.run(main(AsyncResolver(config=config))) == told
    assert examine(config).questions > 10
with Resolver(config=config, timeout=2) as resolver:
    try:
        resolver.addresses("payments.shop")
    except NetworkError:
        pass
    else:
        raise AssertionError

async def refused():
    try:
        await AsyncResolver(config=config).addresses("payments.shop")
    except ConfigError as error:
        assert "a Proactor cannot watch sockets; run another one, as asyncio.Runner(" in str(error), error
    else:
        raise AssertionError

with asyncio.Runner(loop_factory=Proactor) as runner:
    runner.run(refused())
"""

MACHINE = """
import sys
from k8sresolve import Resolver
from k8sresolve.errors import ConfigError

if sys.platform == "win32":
    try:
        Resolver()
    except ConfigError as error:
        print(error)
        assert str(error).startswith("Windows has no /etc/resolv.conf; give config=ResolverConfig.for_cluster("), error
    else:
        raise AssertionError
else:
    with Resolver() as resolver:
        assert str(resolver.addresses("localhost").addresses[0]) in ("127.0.0.1", "::1")
"""

PLUGIN = """
import os, pathlib, pytest, tempfile

shop = pathlib.Path("docs/examples/shop.yaml").absolute()
with tempfile.TemporaryDirectory() as folder:
    test = pathlib.Path(folder, "test_shop.py")
    test.write_text(
        "import pytest, socket\\n"
        f"@pytest.mark.k8s_manifests({str(shop)!r})\\n"
        "def test_it(k8s_resolver):\\n"
        "    assert str(k8s_resolver.service('payments.shop').addresses[0]) == '10.96.20.1'\\n"
    )
    options = ["-q", "--capture=sys", "-p", "no:asyncio", "-p", "no:cacheprovider", "-c", os.devnull]
    assert pytest.main([*options, str(test)]) == 0
"""


# One process for all, since most of its time goes into imports.
EACH = """
import traceback

failed = 0
for name, program in programs.items():
    try:
        exec(compile(program, name, "exec"), {"__name__": "__main__"})
    except BaseException:
        traceback.print_exc()
        print("failed:", name)
        failed += 1
raise SystemExit(failed)
"""
PROGRAMS = {
    "imports": IMPORTED,
    "offline": OFFLINE,
    "command": COMMAND,
    "live": LIVE,
    "machine": MACHINE,
    "pytest plugin": PLUGIN,
}


@pytest.mark.parametrize("system", SYSTEMS)
def test_what_works_where_names_are_lacking(system):
    lead = f"from tests.platforms.lacking import take\ntake({system!r})\nprograms = {PROGRAMS!r}\n"
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", lead + EACH],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=110,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_what_is_taken_is_there_before():
    # A name that this interpreter never had takes nothing: the lists are held to it.
    import select
    import signal
    import socket
    import time

    modules = {"os": os, "select": select, "_socket": socket, "signal": signal, "time": time}
    named = {
        (name, one)
        for lacking in SYSTEMS.values()
        for name, what in lacking.items()
        if what != "*"
        for one in what.split()
    }
    missing = {f"{name}.{one}" for name, one in named if not hasattr(modules[name], one)}
    assert missing <= {"_socket.IP_RECVERR"}  # from Python 3.14 on
