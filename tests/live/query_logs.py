"""CoreDNS's query log while pods ask: `python -m tests.live.query_logs` records those in `tests/cli/logs`, as root.

CoreDNS 1.14.7 writes text, in both of its forms, and 1.15.0 JSON.
"""

import json
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from tests.live import programs, servers
from tests.live.sandbox import API_PORT, ROOT, Sandbox, Server

LOGS = ROOT / "tests/cli/logs"
EXAMPLE = ROOT / "docs/examples/queries.log"
SHOP = ROOT / "docs/examples/shop.yaml"
NAMESERVER = "10.96.0.10"
COREFILE = """\
cluster.local:53 {{
    bind {nameserver}
    errors
    log . "{format}"
    kubernetes cluster.local {{
        endpoint http://127.0.0.1:{port}
        pods insecure
        ttl 30
    }}
}}
.:53 {{
    bind {nameserver}
    errors
    log . "{format}"
    template IN A example.com {{
        answer "{{{{ .Name }}}} 60 IN A 192.0.2.7"
    }}
    template IN AAAA example.com {{
        rcode NOERROR
    }}
    template ANY ANY {{
        rcode NXDOMAIN
    }}
}}
"""


class Pod(NamedTuple):
    """A pod, how it looks names up, and what it asks for how often."""

    name: str
    namespace: str
    address: str
    policy: str
    asks: Mapping[tuple[str, str], int]


PODS = (
    Pod(
        "web-6d5f7c9b8-2lqzn",
        "shop",
        "10.244.1.41",
        "glibc",
        {
            ("unspec", "payments"): 4,
            ("unspec", "payments.shop"): 3,
            ("unspec", "payments.shop.svc.cluster.local"): 2,
            ("unspec", "api.example.com"): 5,
            ("inet", "cassandra.data"): 2,
            ("unspec", "missing"): 1,
        },
    ),
    Pod(
        "worker-0",
        "data",
        "10.244.1.42",
        "musl-1.2.3",
        {("unspec", "cassandra"): 2, ("unspec", "payments.shop"): 3, ("unspec", "queue.eu.example.com"): 2},
    ),
    Pod(
        "ledger-29384756-x7k2p",
        "shop",
        "10.244.2.43",
        "go",
        {("unspec", "payments"): 2, ("inet", "api.example.com"): 2, ("unspec", "example.com."): 1},
    ),
)


def resolv_conf(namespace: str, ndots: int = 5) -> str:
    search = f"{namespace}.svc.cluster.local svc.cluster.local cluster.local"
    return f"nameserver {NAMESERVER}\nsearch {search}\noptions ndots:{ndots}\n"


def job(pod: Pod, *, ndots: int = 5, dot: bool = False, ours: bool = False, absolute: Iterable[str] = ()) -> Any:
    """What `asking_pods` does for a pod: as it does by itself, or as it would with one thing changed."""
    lookups = [
        [call, full(name, pod.namespace) if dot else name] for (call, name), n in pod.asks.items() for _ in range(n)
    ]
    return {
        "address": pod.address,
        "resolv_conf": resolv_conf(pod.namespace, ndots),
        "program": None if ours else programs.program(pod.policy),
        "lookups": lookups,
        "absolute": list(absolute),
    }


def full(name: str, namespace: str) -> str:
    """A name as someone would write it who writes full names; of a name that there is not, the name itself."""
    match name.split("."):
        case ["payments" | "cassandra"]:
            return f"{name}.{namespace}.svc.cluster.local."
        case [_, "shop" | "data"]:
            return f"{name}.svc.cluster.local."
    return name if name.endswith(".") else f"{name}."


class Recorder:
    """A CoreDNS that logs queries."""

    def __init__(self, folder: Path, version: str, form: str = "{common}") -> None:
        corefile = COREFILE.format(nameserver=NAMESERVER, port=API_PORT, format=form)
        server = servers.coredns(folder, corefile, version)
        if form == "json":
            corefile = corefile.replace('log . "json"', "log")
            (folder / "Corefile").write_text(corefile)
            server = Server([*server.argv, "-log-format=json"], server.ready, server.unready)
        with SHOP.open() as file:
            objects = list(yaml.safe_load_all(file))
        addresses = [f"{NAMESERVER}/32", *(f"{pod.address}/32" for pod in PODS)]
        self._log = folder / "server-0.log"
        self.sandbox = Sandbox(folder, [server], objects, addresses)

    def ask(self, jobs: Iterable[Any]) -> str:
        """Let pods ask, and return what was logged meanwhile."""
        before = self._log.stat().st_size
        self.sandbox.run("tests.live.asking_pods", list(jobs), resolv_conf="")
        return self._log.read_bytes()[before:].decode()

    def whole(self) -> str:
        """All of the log, with what CoreDNS says as it starts."""
        return self._log.read_text()


FORMS = {"common": ("1.14.7", "{common}"), "combined": ("1.15.0", "{combined}"), "json": ("1.15.0", "json")}


def main() -> None:
    LOGS.mkdir(exist_ok=True)
    for name, (version, form) in FORMS.items():
        with tempfile.TemporaryDirectory() as folder:
            recorder = Recorder(Path(folder), version, form)
            with recorder.sandbox:
                recorder.ask(map(job, PODS))
                log = recorder.whole()
                (LOGS / f"{name}.log").write_text(log)
                if form == "json":
                    EXAMPLE.write_text("".join(as_text(log)))


def as_text(log: str) -> Iterator[str]:
    """The same as `kubectl logs --prefix --timestamps` would give it of text."""
    for line in map(json.loads, log.splitlines()):
        text = line["msg"].split("\n")[0]
        level = "[INFO] " if "qname" in line else ""
        yield f"[pod/coredns-5d78c9869d-8xk2p/coredns] {line['time']} {level}{text}\n"


if __name__ == "__main__":
    main()
