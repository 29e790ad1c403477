"""A cluster in a sandbox that changes under load: CoreDNS, Services of both kinds, pods that are real processes.

CoreDNS is on 127.0.0.1:53, pods have addresses in 10.244.0.0/16 and Services in 10.96.0.0/16. docs/contributing.md
tells how a client is tried on it.
"""

import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

from tests.live import plane
from tests.live.authority import Authority
from tests.live.sandbox import API_PORT, Sandbox, Server
from tests.live.servers import coredns

TTL = 5  # seconds, of all answers
RESOLV_CONF = """\
nameserver 127.0.0.1
search shop.svc.cluster.local svc.cluster.local cluster.local
options ndots:5
"""
NETWORKS = ("10.244.0.1/16", "10.96.0.1/16")  # all of both is this machine
# Behind the cluster is an Internet in which no name exists.
COREFILE = """\
cluster.local in-addr.arpa ip6.arpa {
    bind 127.0.0.1
    errors
    kubernetes cluster.local in-addr.arpa ip6.arpa {
        endpoint http://127.0.0.1:%d/kube
        ttl %d
    }
}
. {
    bind 127.0.0.1
    template ANY ANY {
        rcode NXDOMAIN
    }
}
"""


class Request(NamedTuple):
    """What came of one request: the pod that answered, or the error; times are seconds of one clock."""

    start: float
    end: float
    pod: str | None
    error: str | None


class Act(NamedTuple):
    """What was done meanwhile."""

    start: float
    end: float
    text: str


class Report(NamedTuple):
    """The requests of one client, and what was done meanwhile."""

    client: str
    acts: Sequence[Act]
    requests: Sequence[Request]

    @property
    def failures(self) -> list[Request]:
        return [request for request in self.requests if request.error is not None]

    def shares(self, since: float = 0.0, until: float = float("inf")) -> Counter[str]:
        """Requests by pod, of those that began in this time."""
        return Counter(
            request.pod for request in self.requests if request.pod is not None and since <= request.start < until
        )

    def uneven(self, pods: int, since: float = 0.0, until: float = float("inf")) -> float:
        """The greatest distance of a pod's share from the even one, as a part of that."""
        shares = self.shares(since, until)
        even = shares.total() / pods
        counts = [*shares.values(), *[0] * (pods - len(shares))]
        return max(abs(count - even) for count in counts) / even

    def __str__(self) -> str:
        """What happened second by second, for whoever reads why a test failed."""
        began = min(request.start for request in self.requests)
        lines = [f"{self.client}: {len(self.requests)} requests, {len(self.failures)} failed"]
        lines += [f"{act.start - began:6.1f} to {act.end - began:.1f} s: {act.text}" for act in self.acts]
        for second in range(int(self.requests[-1].start - began) + 1):
            shares = self.shares(began + second, began + second + 1)
            lines.append(f"{second:6} s: " + ", ".join(f"{pod} {shares[pod]}" for pod in sorted(shares)))
        lines += [f"{failure.end - began:6.1f} s: {failure.error}" for failure in self.failures[:20]]
        return "\n".join(lines)


class Kube(Sandbox):
    """CoreDNS, and what can be had beside it: each part is started once, when it is needed first."""

    def __init__(self, folder: Path, ttl: int = TTL) -> None:
        self._started: set[str] = set()
        self.ttl = ttl
        api = Server([sys.executable, "-m", "tests.live.plane"], plane.READY)
        super().__init__(folder, [api, coredns(folder, COREFILE % (API_PORT, ttl))], addresses=NETWORKS)

    @cached_property
    def authority(self) -> Authority:
        return Authority(self.folder / "authority")

    def part(self, name: str) -> None:
        """Have `tests.live.parts.NAME` run, which tells what it has."""
        if name not in self._started:
            argv = [sys.executable, "-m", f"tests.live.parts.{name}", str(self.authority.certificate.parent)]
            self.start(Server(argv, f"{name} serves"))
            self._started.add(name)

    def run(self, module: str, value: object = None, *args: str, **options: Any) -> Any:
        """As in any sandbox, with the resolv.conf of a pod in the namespace `shop`."""
        return super().run(module, value, *args, **{"resolv_conf": RESOLV_CONF, **options})

    def under_load(
        self,
        clients: Mapping[str, tuple[str, object]],
        acts: Sequence[Sequence[Any]],
        *,
        name: str = "shop/web",
        kind: str = "web",
        port_name: str = "http",
        port: int = 80,
        target: int = 8080,
        address: str = "10.96.1.1",
        replicas: int = 3,
        grace: float = 5.0,
        work: float = 0.005,
        pem: Path | None = None,
        age: float | None = None,
    ) -> dict[str, Report]:
        """Have replicas, and clients that ask them while one act after the other is done; return a report of each.

        `clients` are modules, and what their `load.plan` is, by names of your own; they share the pods and the time.
        An act is `("wait", SECONDS)`, `("scale", REPLICAS)`, `("roll_out",)`, `("dns_away", SECONDS)` or
        `("kill", SECONDS)`, after which the cluster hears of it. The Service NAME has `address` and `port`, NAME-pods
        is headless on `target`. A pod answers for `grace` seconds more when it is not ready any longer, and ends with
        what it has been asked; `kind` is the module in `tests.live.parts` of which it is a process, whose `Spec`
        tells of `work`, `pem` and `age`.
        """
        deployment = {
            "name": name,
            "kind": kind,
            "port_name": port_name,
            "port": port,
            "target": target,
            "address": address,
            "replicas": replicas,
            "grace": grace,
            "work": work,
            "pem": pem and str(pem),
            "age": age,
        }
        plan = {"deployment": deployment, "clients": clients, "acts": acts, "folder": str(self.folder)}
        told = self.run("tests.live.rolling", plan, timeout=600)
        done = [Act(*act) for act in told["acts"]]
        return {
            client: Report(client, done, [Request(*request) for request in requests])
            for client, requests in told["clients"].items()
        }

    def roll_out(self, clients: Mapping[str, tuple[str, object]], **options: Any) -> dict[str, Report]:
        """Replace each of three replicas while clients ask; `options` are those of `under_load`."""
        return self.under_load(clients, [("wait", 2), ("roll_out",), ("wait", 2 * self.ttl)], **options)
