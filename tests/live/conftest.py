"""The sandboxes, one for each set of servers, made once in a run, and the count of lookups that were right."""

from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from tests.golden.own import rows
from tests.live import peers as peer_zones
from tests.live import servers
from tests.live.expected import World, read_zone
from tests.live.sandbox import ROOT, Sandbox

COREDNS = ROOT / "tests/golden/coredns"
EXAMPLE_COM = COREDNS / "example.com.db"
_right: Counter[str] = Counter()
_made: Counter[str] = Counter()


def tally(what: str, right: int, made: int) -> None:
    """Count lookups for the summary at the end of the run."""
    _right[what] += right
    _made[what] += made


def pytest_terminal_summary(terminalreporter: Any) -> None:
    if _made:
        terminalreporter.section("live: right of made")
        for what, made in _made.items():
            terminalreporter.line(f"{what}: {_right[what]} of {made}")
        terminalreporter.line(f"all: {_right.total()} of {_made.total()}")


@pytest.fixture(scope="session", name="tally")
def _tally() -> Any:
    return tally


@pytest.fixture(scope="session")
def objects() -> list[Any]:
    """The golden world, and beside it one of our own with pods that are not alike."""
    with (COREDNS / "shop.yaml").open() as file:
        return [*yaml.load_all(file, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader)), *rows.objects()]


@pytest.fixture(scope="session")
def alone(tmp_path_factory: pytest.TempPathFactory, objects: list[Any]) -> Iterator[Sandbox]:
    """CoreDNS with the kubernetes plugin alone."""
    folder = tmp_path_factory.mktemp("alone")
    with Sandbox(folder, [servers.coredns(folder, servers.ALONE)], objects) as sandbox:
        yield sandbox


@pytest.fixture(scope="session")
def kubeadm(tmp_path_factory: pytest.TempPathFactory, objects: list[Any]) -> Iterator[Sandbox]:
    """CoreDNS with kubeadm's Corefile. It forwards to Knot, which knows example.com and that there is nothing else."""
    folder = tmp_path_factory.mktemp("kubeadm")
    root, *_ = peer_zones.write(folder)
    upstream = servers.knot(folder, "127.0.0.1@5301", [root, ("example.com", EXAMPLE_COM)])
    with Sandbox(folder, [upstream, servers.coredns(folder, servers.KUBEADM)], objects) as sandbox:
        yield sandbox


@pytest.fixture(params=["alone", "kubeadm"])
def corefile(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture
def cluster(request: pytest.FixtureRequest, corefile: str) -> Sandbox:
    return request.getfixturevalue(corefile)


@pytest.fixture
def world(objects: list[Any], corefile: str) -> World:
    """What the manifests say; only kubeadm's Corefile reaches the zone outside."""
    return World(objects, read_zone(EXAMPLE_COM, "example.com.") if corefile == "kubeadm" else {})


@pytest.fixture(scope="session")
def peers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    """Knot at 127.0.0.2, authoritative, and Unbound at 127.0.0.1, which asks Knot about everything, and caches."""
    folder = tmp_path_factory.mktemp("peers")
    knot = servers.knot(folder, "127.0.0.2@53", peer_zones.write(folder))
    with Sandbox(folder, [knot, servers.unbound(folder, "127.0.0.1", "127.0.0.2@53")]) as sandbox:
        yield sandbox
