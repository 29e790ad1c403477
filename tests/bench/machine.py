"""Where a measure runs: namespaces of its own, real nameservers and fault proxies on core 1, one client on core 0."""

import contextlib
import functools
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, Self

from tests.bench.clients import SEARCH, Setting
from tests.bench.faults import Faults
from tests.bench.measures import NAMES
from tests.live import inside, kube_api, servers
from tests.live.sandbox import API_PORT, HOSTS, NAMESPACES, NSSWITCH, ROOT

KNOT, COREDNS, REPLICA = "127.0.0.10", "127.0.0.11", "127.0.0.12"
HEADLESS = (3, 100, 1000)  # pods of each headless Service
_INSIDE = "K8SRESOLVE_BENCH_INSIDE"


def in_namespaces(what: Callable[[], None]) -> None:
    """Call it in mount, network and process namespaces of its own, by running this command once more there. For root.

    In there port 53 of all of 127.0.0.0/8 is free, /etc/resolv.conf is ours, and nothing reaches the outside.
    """
    if _INSIDE not in os.environ:
        command = [*NAMESPACES, sys.executable, "-m", "tests.bench", *sys.argv[1:]]
        done = subprocess.run(command, env={**os.environ, _INSIDE: "1"}, check=False, start_new_session=True)
        sys.exit(done.returncode)
    go_first()
    with folder() as place:
        inside.make_machine(place, [])
        for file, text in (("hosts", HOSTS), ("nsswitch.conf", NSSWITCH)):
            (place / file).write_text(text)
        what()


def go_first() -> None:
    """Let this session, clients and servers alike, go before what else the machine does. sched(7), autogroup."""
    with contextlib.suppress(OSError):
        Path("/proc/self/autogroup").write_text("-10")


@contextlib.contextmanager
def folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as name:
        yield Path(name)


def on(core: int) -> list[str]:
    """What puts a command on a core, where that is possible."""
    return ["taskset", "-c", str(core)] if core in os.sched_getaffinity(0) and shutil.which("taskset") else []


def write_resolv_conf(nameservers: Sequence[str], options: str = "ndots:5") -> None:
    """Let the C library ask these."""
    lines = [f"search {' '.join(SEARCH)}", *(f"nameserver {one}" for one in nameservers), f"options {options}"]
    Path("/etc/resolv.conf").write_text("\n".join(lines) + "\n")


# -- clients -----------------------------------------------------------------------------------------------------------


def measured(client: str, measure: str, setting: Setting | None = None, **job: Any) -> dict[str, Any]:
    """Run one client's measure in a fresh process on core 0."""
    return awaited(begun(client, measure, setting, **job))


def begun(client: str, measure: str, setting: Setting | None = None, **job: Any) -> subprocess.Popen[str]:
    """Start it; `awaited` tells what came of it."""
    setting = setting or Setting()
    command = [*on(0), sys.executable, "-m", "tests.bench.measures"]
    process = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdin is not None
    told = {**setting._asdict(), "options": dict(setting.options), "config": dict(setting.config)}
    json.dump({"client": client, "measure": measure, "setting": told, **job}, process.stdin)
    process.stdin.close()
    return process


def awaited(process: subprocess.Popen[str]) -> dict[str, Any]:
    assert process.stdout is not None
    with process.stdout:
        text = process.stdout.read()
    if process.wait() != 0:
        raise RuntimeError(f"a client ended with status {process.returncode}")
    return dict(json.loads(text))


@contextlib.contextmanager
def busy() -> Iterator[None]:
    """A process that never rests, on the clients' core."""
    process = subprocess.Popen([*on(0), sys.executable, "-c", "while True: pass"])
    try:
        yield
    finally:
        _end(process)


# -- nameservers -------------------------------------------------------------------------------------------------------


@contextlib.contextmanager
def knot(address: str, port: int = 53) -> Iterator[None]:
    """Knot DNS, authoritative for Services of cluster.local."""
    with folder() as place:
        records = [f"svc-{i}.shop.svc A 10.96.{i >> 8}.{i & 255}" for i in range(NAMES)]
        records += ["_http._tcp.svc-0.shop.svc SRV 0 100 80 svc-0.shop.svc"]
        records += [line for pods in HEADLESS for line in _headless(pods)]
        soa = "@ SOA ns.dns hostmaster 1 7200 1800 86400 30\n@ NS ns.dns\nns.dns A 10.96.0.10"
        (place / "zone").write_text("\n".join(["$ORIGIN cluster.local.", "$TTL 3600", soa, *records, ""]))
        server = servers.knot(place, f"{address}@{port}", [("cluster.local", place / "zone")])
        process = started(server, place)
        try:
            yield
        finally:
            _end(process)


def _headless(pods: int) -> Iterator[str]:
    """The Service `pods-N` of so many pods, as CoreDNS would name them."""
    for index in range(pods):
        address = f"10.244.{index >> 8}.{index & 255}"
        pod = f"{address.replace('.', '-')}.pods-{pods}.shop.svc"
        yield f"{pod} A {address}"
        yield f"pods-{pods}.shop.svc A {address}"
        yield f"_http._tcp.pods-{pods}.shop.svc SRV 0 {max(1, 100 // pods)} 80 {pod}"


def started(server: servers.Server, place: Path) -> "subprocess.Popen[bytes]":
    """Start a server on core 1; it serves when this returns."""
    command, *arguments = server.argv
    found = shutil.which(command) or f"/usr/sbin/{command}"
    return inside.start({**server._asdict(), "argv": [*on(1), found, *arguments]}, place)


def _end(process: "subprocess.Popen[Any]") -> None:
    process.terminate()
    process.wait()


@functools.cache
def serve_api(services: int = NAMES) -> None:
    """Let CoreDNS have Services to tell of from now on, by default as many as Knot."""
    meta = {"namespace": "shop", "resourceVersion": "1"}
    objects: list[Any] = [{"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "shop"}}]
    for index in range(services):
        ip = f"10.96.{index >> 8}.{index & 255}"
        spec = {"clusterIP": ip, "clusterIPs": [ip], "ports": [{"name": "http", "port": 80, "protocol": "TCP"}]}
        objects.append(
            {"apiVersion": "v1", "kind": "Service", "metadata": {"name": f"svc-{index}", **meta}, "spec": spec}
        )
    kube_api.serve({"": objects}, API_PORT)


class CoreDNS:
    """A CoreDNS that can go and come back; `serve_api` is to be called before. A context manager."""

    def __init__(self, address: str, upstream: str | None = None, ttl: int = 30) -> None:
        self.address = address
        kubernetes = servers.KUBERNETES.replace("ttl 30", f"ttl {ttl}")
        forward = f"    forward . {upstream}\n" if upstream else ""
        cache = "    cache 30 {\n        disable success cluster.local\n        disable denial cluster.local\n    }\n"
        self._corefile = (
            f".:53 {{\n    bind {address}\n    errors\n    prometheus {address}:9153\n{kubernetes}{forward}"
            # This plugin lets no TTL be less than 5.
            f"{cache if ttl else ''}}}\n"
        )
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it; it serves when this returns."""
        with folder() as place:
            self._process = started(servers.coredns(place, self._corefile), place)

    def stop(self) -> None:
        """Let it end as a pod does, by SIGTERM."""
        if self._process is not None:
            _end(self._process)
            self._process = None

    def asked(self) -> int:
        """How many questions came to it: coredns_dns_requests_total."""
        from urllib.request import urlopen

        with urlopen(f"http://{self.address}:9153/metrics") as page:
            lines = page.read().decode().splitlines()
        return sum(int(float(line.split()[-1])) for line in lines if line.startswith("coredns_dns_requests_total"))

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()


# -- the ways there ----------------------------------------------------------------------------------------------------


class Proxies:
    """Fault proxies at `listen`, all before the same nameservers, in a process of their own. A context manager."""

    def __init__(self, listen: Sequence[str], upstreams: Sequence[str], seed: int, port: int = 53) -> None:
        command = [*on(1), sys.executable, "-m", "tests.bench.proxy"]
        self._process = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        behind = [(upstream, port) for upstream in upstreams]
        self._listen = list(listen)
        self._say(
            open=[
                {"listen": (one, port), "upstreams": behind, "seed": seed + index} for index, one in enumerate(listen)
            ]
        )

    def change(self, *faults: Faults, closed: Sequence[Sequence[str]] = ()) -> list[dict[str, int]]:
        """Set the faults of each, and what each has closed; tells what each has counted so far."""
        said = [
            {"proxy": index, "faults": one._asdict(), "closed": list(closed[index]) if closed else []}
            for index, one in enumerate(faults)
        ]
        return self._say(change=said)

    def count(self) -> list[dict[str, int]]:
        """What each has counted since this or `change` was called last."""
        return self._say()

    def _say(self, **said: Any) -> list[dict[str, int]]:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        print(json.dumps(said), file=self._process.stdin, flush=True)
        return list(json.loads(self._process.stdout.readline()))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait()
        self._process.stdout.close()


def quiet() -> None:
    """Let late packets of the run before pass."""
    time.sleep(0.3)
