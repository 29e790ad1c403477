"""Runs the command, in this process or as a program, on the example cluster or on another."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import IO, Any, NamedTuple

import pytest

from k8sresolve.cli.main import main
from k8sresolve.testing import Cluster

SHOP = Path(__file__).parents[2] / "docs/examples/shop.yaml"


class Ran(NamedTuple):
    status: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        told = json.loads(self.out)
        assert told.pop("schema_version") == 1
        return told


@pytest.fixture
def shop() -> str:
    """The example cluster's manifests."""
    return str(SHOP)


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Callable[..., Ran]:
    """Run the command."""

    def call(*argv: str) -> Ran:
        status = main(argv)
        return Ran(status, *capsys.readouterr())

    return call


@pytest.fixture
def start() -> Iterator[Callable[..., "subprocess.Popen[str]"]]:
    """Start the command as a program, with output that is buffered as it is for users, and that heeds SIGINT.

    What a script runs in its background ignores SIGINT, and so do its children.
    """
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    started: list[subprocess.Popen[str]] = []

    def call(
        *argv: str,
        stdout: int = subprocess.PIPE,
        stdin: IO[bytes] | int | None = None,
        program: tuple[str, str] = ("-m", "k8sresolve"),
    ) -> "subprocess.Popen[str]":
        command = [sys.executable, *program, *argv]
        environment = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}
        process = subprocess.Popen(
            command, stdin=stdin, stdout=stdout, stderr=subprocess.PIPE, text=True, env=environment
        )
        started.append(process)
        return process

    yield call
    for process in started:
        process.terminate()
        process.communicate(timeout=30)
    signal.signal(signal.SIGINT, before)


@pytest.fixture
def start_quick(start: Callable[..., "subprocess.Popen[str]"]) -> Callable[..., "subprocess.Popen[str]"]:
    """Start the command as a program that looks at its files every 50 ms."""
    code = "from k8sresolve.cli import main, serving; serving._LOOK = 0.05; main.entry()"
    return partial(start, program=("-c", code))


@pytest.fixture
def offline(run: Callable[..., Ran], shop: str) -> Callable[..., Ran]:
    """Run the command on the example cluster, from the namespace shop."""
    return lambda *argv: run("--manifests", shop, "--namespace", "shop", *argv)


@pytest.fixture
def nameserver(shop: str) -> Iterator[str]:
    """The example cluster's nameserver on loopback: IP:PORT."""
    with Cluster.from_manifests(shop).serve() as server:
        yield f"{server.host}:{server.port}"


@pytest.fixture
def odd(tmp_path: Path) -> str:
    """A manifest in JSON: a headless Service `odd` in `default`, whose pods have unlike numbers for the port `http`."""

    def pod(name: str, address: str, port: int) -> dict[str, Any]:
        return {
            "apiVersion": "discovery.k8s.io/v1",
            "kind": "EndpointSlice",
            "metadata": {
                "name": f"odd-{name}",
                "namespace": "default",
                "labels": {"kubernetes.io/service-name": "odd"},
            },
            "addressType": "IPv4",
            "endpoints": [{"addresses": [address], "hostname": name}],
            "ports": [{"name": "http", "port": port, "protocol": "TCP"}],
        }

    service = {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": "odd", "namespace": "default"},
        "spec": {"clusterIP": "None", "ports": [{"name": "http", "port": 80, "targetPort": "web"}]},
    }
    namespace = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "default"}}
    items = [namespace, service, pod("a", "10.244.5.1", 8080), pod("b", "10.244.5.2", 9090)]
    path = tmp_path / "odd.json"
    path.write_text(json.dumps({"apiVersion": "v1", "kind": "List", "items": items}))
    return str(path)
