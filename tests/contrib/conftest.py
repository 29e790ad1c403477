"""The shop on listeners of this machine, for adapters of HTTP clients."""

import ssl
from collections.abc import Iterator

import pytest
import trustme

from k8sresolve.contrib import _aging
from k8sresolve.testing import Cluster
from tests.contrib.web import Clock, Web, shop, web


@pytest.fixture
def server() -> Iterator[Web]:
    with web() as server:
        yield server


@pytest.fixture
def cluster(server: Web) -> Iterator[Cluster]:
    """The shop, where connections to `payments` at its port `http` go to the server.

    Programs are in another namespace, by a patch: what finds `payments` without one is the resolver.
    """
    cluster = shop()
    cluster.route("payments.shop", "http", to=server.address)
    with cluster.patch(namespace="data"):
        yield cluster


@pytest.fixture(scope="session")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def trusting(authority: trustme.CA) -> ssl.SSLContext:
    context = ssl.create_default_context()
    authority.configure_trust(context)
    return context


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """The time by which connections age, of which chance takes off nothing."""
    clock = Clock()
    monkeypatch.setattr(_aging, "monotonic", clock)
    monkeypatch.setattr(_aging, "random", lambda: 0.0)
    return clock
