"""The pytest plugin `k8sresolve`: an offline cluster, and resolvers in it, for the tests that ask for them.

Nothing is imported and nothing runs for a test that uses none of it.
"""

import os
import sys
import time
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    import k8sresolve
    from k8sresolve.testing import Cluster
    from k8sresolve.testing.network.server import Server
    from k8sresolve.testing.programs.patch import Patch

_MARKER = "k8s_manifests"
_SECTION = "queries to the offline cluster"

_clusters = pytest.StashKey[list["Cluster"]]()
_opened = pytest.StashKey["Mapping[Patch, tuple[str, int]]"]()
_NONE: "Mapping[Patch, tuple[str, int]]" = {}


def pytest_addoption(parser: pytest.Parser) -> None:
    """Declare the ini option."""
    parser.addini(_MARKER, "manifests of the offline cluster, for tests without the marker of this name", type="paths")


def pytest_configure(config: pytest.Config) -> None:
    """Declare the marker, and let freezegun leave the clock of deadlines alone."""
    config.addinivalue_line(
        "markers",
        f"{_MARKER}(*manifests, namespace=, **options): what the offline cluster of k8s_cluster is made of: "
        "paths from the folder of the test's file on or else from the root directory; objects, and what builders make; "
        "namespace is where the test runs, by default apply_namespace; "
        "options are those of Cluster.from_manifests, such as apply_namespace='default' and recursive=True, "
        "and, but for recursive, those of what k8s_make_cluster makes",
    )
    if not hasattr(time, "clock_gettime") and find_spec("freezegun") is not None:
        import freezegun

        # On this platform the clock is `time.monotonic`, which freezegun replaces wherever a module holds it.
        freezegun.configure(extend_ignore_list=["k8sresolve._drivers.clock"])


@pytest.fixture
def k8s_cluster(request: pytest.FixtureRequest) -> "Cluster":
    """The offline cluster of this test: a `Cluster` of the marker's manifests, or else of the ini option's.

    ::

        @pytest.mark.k8s_manifests("docs/examples/shop.yaml", namespace="shop")
        def test_lost_packets(k8s_cluster, k8s_resolver):
            with k8s_cluster.network.drop(next=2) as lost:
                assert k8s_resolver.service("payments").addresses
            assert lost.hits == 2
    """
    cluster = _cluster(request)
    _note(request, cluster)
    return cluster


@pytest.fixture
def k8s_make_cluster(request: pytest.FixtureRequest) -> "Callable[..., Cluster]":
    """Makes clusters as `Cluster.new` does, of what builders make and of objects, with the marker's options.

    ::

        def test_two_clusters(k8s_make_cluster):
            blue, green = (k8s_make_cluster(service("api.shop", http=80, pods=n)) for n in (1, 2))
            assert len(blue.pods("shop/api")) < len(green.pods("shop/api"))
    """
    settings = {key: value for key, value in _options(request).items() if key != "recursive"}
    mark = request.node.get_closest_marker(_MARKER)
    paths = [] if mark is None or "k8s_cluster" in request.fixturenames else _paths(mark.args)
    if paths:
        pytest.fail(
            f"k8s_make_cluster makes nothing of {paths[0]!r}: it takes the options of the marker {_MARKER}, and "
            "k8s_cluster its paths",
            pytrace=False,
        )

    def make(*parts: Any, **options: Any) -> "Cluster":
        from k8sresolve.testing import Cluster
        from k8sresolve.testing.builders import check_options

        options = {**settings, **options}
        check_options("k8s_make_cluster", options)
        cluster = Cluster.new(*parts, **options)
        _note(request, cluster)
        return cluster

    return make


@pytest.fixture
def k8s_resolver(request: pytest.FixtureRequest, k8s_cluster: "Cluster") -> Iterator["k8sresolve.Resolver"]:
    """A `Resolver` of a pod in the offline cluster, in the marker's namespace.

    ::

        @pytest.mark.k8s_manifests("docs/examples/shop.yaml", namespace="shop")
        def test_payments_has_a_port(k8s_resolver):
            assert k8s_resolver.port("payments", "http").number == 80
    """
    with k8s_cluster.resolver(namespace=_namespace(request)) as resolver:
        yield resolver


@pytest.fixture
def k8s_async_resolver(request: pytest.FixtureRequest, k8s_cluster: "Cluster") -> Iterator["k8sresolve.AsyncResolver"]:
    """An `AsyncResolver` of a pod in the offline cluster, in the marker's namespace, for asyncio and trio.

    ::

        @pytest.mark.k8s_manifests("docs/examples/shop.yaml", namespace="shop")
        def test_payments_is_found(k8s_async_resolver):
            assert asyncio.run(k8s_async_resolver.service("payments")).addresses
    """
    resolver = k8s_cluster.async_resolver(namespace=_namespace(request))
    yield resolver
    closing = resolver.close()
    with suppress(StopIteration):
        closing.send(None)  # the test's loop may be gone, and without sockets there is nothing to wait for


@pytest.fixture
def k8s_nameserver(k8s_cluster: "Cluster") -> Iterator["Server"]:
    """The offline cluster's nameserver on loopback, UDP and TCP: a `Server` that listens.

    ::

        @pytest.mark.k8s_manifests("docs/examples/shop.yaml")
        def test_any_client(k8s_nameserver):
            query = dns.message.make_query("payments.shop.svc.cluster.local", "A")
            reply = dns.query.udp(query, k8s_nameserver.host, port=k8s_nameserver.port, timeout=5)
            assert str(reply.answer[0][0]) == "10.96.20.1"
    """
    import socket

    # Where a tool forbids sockets, it shall say so here and not in the server's thread.
    socket.socket().close()
    with k8s_cluster.serve() as server:
        yield server


def _cluster(request: pytest.FixtureRequest) -> "Cluster":
    from k8sresolve.testing import Cluster

    mark = request.node.get_closest_marker(_MARKER)
    given: tuple[Any, ...] = mark.args if mark is not None else tuple(request.config.getini(_MARKER))
    options = _options(request)
    paths = _paths(given)
    if not given:
        pytest.fail(
            f"there are no manifests: mark the test with @pytest.mark.{_MARKER}('deploy/'), "
            f"or set {_MARKER} in the ini-file",
            pytrace=False,
        )
    if not paths:
        return Cluster.new(*given, **options)
    if len(paths) < len(given):
        pytest.fail(f"the marker {_MARKER} has paths as well as objects; give either", pytrace=False)
    return Cluster.from_manifests(*(_found(request, path) for path in paths), **options)


def _found(request: pytest.FixtureRequest, path: "str | os.PathLike[str]") -> Path:
    """Look for a path beside the test, and then from the root directory on; those of the ini option are absolute."""
    folder, root = request.node.path.parent, request.config.rootpath
    found = next((place / path for place in (folder, root) if _exists(place / path)), root / path)
    if not _exists(found) and not Path(path).is_absolute():
        places = f"{folder}" if folder == root else f"{folder}, nor in {root}"
        pytest.fail(f"the marker {_MARKER} names {os.fspath(path)!r}, which is not in {places}", pytrace=False)
    return found


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except OSError:  # as it is where a manifest is given for its path
        return False


def _paths(given: "Sequence[Any]") -> "list[str | os.PathLike[str]]":
    return [item for item in given if isinstance(item, str | os.PathLike)]


def _note(request: pytest.FixtureRequest, cluster: "Cluster") -> None:
    """Let programs in this cluster run in the marker's namespace, and the report show what they asked."""
    cluster.namespace = _namespace(request)
    request.node.stash.setdefault(_clusters, []).append(cluster)


def _options(request: pytest.FixtureRequest) -> dict[str, Any]:
    mark = request.node.get_closest_marker(_MARKER)
    return {} if mark is None else {key: value for key, value in mark.kwargs.items() if key != "namespace"}


def _namespace(request: pytest.FixtureRequest) -> str:
    mark = request.node.get_closest_marker(_MARKER)
    given: Mapping[str, Any] = {} if mark is None else mark.kwargs
    namespace: str = given.get("namespace", given.get("apply_namespace", "default"))
    return namespace


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Show in the report of a test that failed what was asked of its cluster."""
    report = yield
    # A project may have a fixture k8s_cluster of its own in place of the one above.
    own = getattr(item, "funcargs", {}).get("k8s_cluster")
    clusters = item.stash.get(_clusters, None) or ([] if own is None else [own])
    if report.failed:
        report.sections.extend((_SECTION, str(cluster.queries)) for cluster in clusters)
    return report


def pytest_assertrepr_compare(op: str, left: object, right: object) -> "Sequence[str] | None":
    """Show, where an assertion on `cluster.queries.asked()` fails, all that was asked."""
    module = sys.modules.get("k8sresolve.testing.network.query_log")
    counts: list[Any] = (
        [] if module is None else [side for side in (left, right) if isinstance(side, module.QueryCount)]
    )
    if not counts:
        return None
    told = [f"{side:d}" if side in counts else repr(side) for side in (left, right)]
    return [f" {op} ".join(told), "asked in all:", *counts[0].story]


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, None, None]:
    """Note the patch that the test itself has entered."""
    before = _in_force()
    try:
        yield
    finally:
        item.stash[_opened] = {patch: place for patch, place in _in_force().items() if patch not in before}


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(item: pytest.Item) -> Generator[None, None, None]:
    """Leave a patch that the test left open, and fail the test."""
    yield
    in_force = _in_force()
    for patch, (file, line) in item.stash.get(_opened, _NONE).items():
        if patch in in_force:
            patch.__exit__()
            pytest.fail(f"{file}:{line}: cluster.patch() was entered here and never left", pytrace=False)


def _in_force() -> "Mapping[Patch, tuple[str, int]]":
    module = sys.modules.get("k8sresolve.testing.programs.patch")
    return _NONE if module is None else module.in_force()
