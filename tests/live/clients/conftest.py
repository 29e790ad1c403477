"""The sandboxes, with the offline cluster's nameserver and with CoreDNS, and ways to run something in one."""

import sys
from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from tests.live.clients.pods import COREFILE, DEAD, MANIFESTS, Run, Shell, sandbox
from tests.live.kube import Kube
from tests.live.sandbox import ROOT, Sandbox, Server
from tests.live.servers import coredns


@pytest.fixture(scope="session")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    """With `k8sresolve serve`."""
    manifests = [part for path in MANIFESTS for part in ("--manifests", str(ROOT / path))]
    serve = [sys.executable, "-m", "k8sresolve", "serve", *manifests, "--listen", "127.0.0.1:53"]
    with sandbox(tmp_path_factory.mktemp("served"), Server(serve, "listening on")) as made:
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
    made: Sandbox = request.getfixturevalue(nameserver)
    return made


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


@pytest.fixture(scope="session")
def kube(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kube]:
    """The cluster that changes; all adapters share it."""
    with Kube(tmp_path_factory.mktemp("kube")) as made:
        yield made
