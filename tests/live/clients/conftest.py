"""The clients' sandboxes: a nameserver on 127.0.0.1:53, and what the clients connect to."""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Protocol

import pytest
import yaml

from tests.live.clients import web
from tests.live.sandbox import ROOT, Sandbox, Server
from tests.live.servers import KUBERNETES, coredns

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


def sandbox(folder: Path, nameserver: Server, objects: list[Any]) -> Sandbox:
    payments = [sys.executable, "-m", "tests.live.clients.web", PAYMENTS, "80", "payments"]
    ledger = [f"10.244.{number}.51/32" for number in (1, 2, 3)]
    servers = [nameserver, Server(payments, web.READY)]
    return Sandbox(folder, servers, objects, addresses=[*POD, f"{PAYMENTS}/32", *ledger])


@pytest.fixture(scope="session")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    """With `k8sresolve serve`."""
    manifests = [part for path in MANIFESTS for part in ("--manifests", str(ROOT / path))]
    serve = [sys.executable, "-m", "k8sresolve", "serve", *manifests, "--listen", "127.0.0.1:53"]
    with sandbox(tmp_path_factory.mktemp("served"), Server(serve, "listening on"), []) as made:
        yield made


@pytest.fixture(scope="session")
def real(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    """With CoreDNS, which answers from the same manifests: what is expected of the clients holds there too."""
    folder = tmp_path_factory.mktemp("real")
    objects = [item for path in MANIFESTS for item in yaml.safe_load_all((ROOT / path).read_text())]
    for port in (port for item in objects if item["kind"] == "Service" for port in item["spec"].get("ports", ())):
        port.setdefault("protocol", "TCP")  # as an API server does
    with sandbox(folder, coredns(folder, COREFILE), objects) as made:
        yield made


@pytest.fixture
def nameserver() -> str:
    """Which sandbox a test takes, unless it is parametrized."""
    return "served"


@pytest.fixture
def pod(request: pytest.FixtureRequest, nameserver: str) -> Sandbox:
    sandbox: Sandbox = request.getfixturevalue(nameserver)
    return sandbox


@pytest.fixture
def run(pod: Sandbox) -> Run:
    def run(name: str, *args: str, resolv_conf: str = DEAD, **env: str) -> Any:
        return pod.run(f"tests.live.clients.{name}", None, *args, resolv_conf=resolv_conf, env=env, timeout=60)

    return run


@pytest.fixture
def shell(pod: Sandbox) -> Shell:
    def shell(commands: list[list[str]], *, resolv_conf: str = DEAD, **env: str) -> list[list[Any]]:
        module = "tests.live.clients.command"
        return list(pod.run(module, commands, resolv_conf=resolv_conf, env=env, timeout=60))

    return shell
