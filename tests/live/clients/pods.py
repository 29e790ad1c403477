"""The clients' sandboxes: a nameserver on 127.0.0.1:53, and what the clients connect to."""

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

from tests.live.clients import web
from tests.live.sandbox import Sandbox, Server
from tests.live.servers import KUBERNETES

MANIFESTS = ("docs/examples/shop.yaml", "docs/examples/clients.yaml")
PAYMENTS = "10.96.20.1"
POD = ("10.244.1.9/32", "fd00:10:244::9/128")  # of the pod that the clients are in; it has both families
# As the kubelet writes it for a pod of namespace `shop`, but for the nameserver's address.
SEARCH = "search shop.svc.cluster.local svc.cluster.local cluster.local\noptions ndots:5\n"
RESOLV_CONF = f"nameserver 127.0.0.1\n{SEARCH}"
# Nobody listens there: what a client finds all the same it has from elsewhere.
DEAD = f"nameserver 127.0.0.9\n{SEARCH}"


# Behind the cluster is an Internet in which no name exists.
COREFILE = f"""\
cluster.local in-addr.arpa ip6.arpa {{
    bind 127.0.0.1
{KUBERNETES}}}
. {{
    bind 127.0.0.1
    template ANY ANY {{
        rcode NXDOMAIN
    }}
}}
"""


class Run(Protocol):
    """Run `tests.live.clients.NAME` with arguments in the sandbox, and give what it prints as JSON."""

    def __call__(self, name: str, *args: str, resolv_conf: str = DEAD, **env: str) -> Any: ...


class Shell(Protocol):
    """Run commands in the sandbox, one after the other, and give of each its exit status, output and errors."""

    def __call__(self, commands: list[list[str]], *, resolv_conf: str = DEAD, **env: str) -> list[list[Any]]: ...


def sandbox(folder: Path, nameserver: Server, objects: Sequence[Mapping[str, Any]] = ()) -> Sandbox:
    """Make a sandbox with a nameserver on 127.0.0.1:53, and the pods of payments."""
    payments = [sys.executable, "-m", "tests.live.clients.web", PAYMENTS, "80", "payments"]
    ledger = [f"10.244.{number}.51/32" for number in (1, 2, 3)]
    servers = [nameserver, Server(payments, web.READY)]
    return Sandbox(folder, servers, objects, addresses=[*POD, f"{PAYMENTS}/32", *ledger])
