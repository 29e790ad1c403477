"""The pytest plugin, in runs of pytest of their own: alone, and beside the plugins that people have."""

import inspect
import re
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

import pytest

from k8sresolve.testing import pytest_plugin

ROOT = Path(__file__).parents[2]
PLUGIN = ("-p", "k8sresolve.testing.pytest_plugin")
# Each run has these plugins and no others, whatever else is installed.
ALONE: tuple[str, ...] = ()
ASYNCIO = ("-p", "pytest_asyncio.plugin")
ANYIO = ("-p", "anyio.pytest_plugin")
XDIST = ("-p", "xdist.plugin")
SOCKET = ("-p", "pytest_socket")


@pytest.fixture
def project(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> pytest.Pytester:
    """A project with the shop's manifests as the default."""
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    manifests = pytester.mkdir("deploy")
    (manifests / "shop.yaml").write_text((ROOT / "docs/examples/shop.yaml").read_text())
    pytester.makeini("[pytest]\nk8s_manifests = deploy/shop.yaml\naddopts = --strict-markers --strict-config\n")
    return pytester


def run(project: pytest.Pytester, source: str, *options: str) -> pytest.RunResult:
    project.makepyfile(textwrap.dedent(source))
    return project.runpytest_subprocess(*PLUGIN, "-W", "error", *options)


def test_the_fixtures_give_a_cluster_and_ways_into_it(project: pytest.Pytester) -> None:
    result = run(
        project,
        """
        import asyncio
        import socket

        import pytest
        from k8sresolve import AsyncResolver, Resolver
        from k8sresolve.testing import Cluster


        def test_cluster(k8s_cluster):
            assert isinstance(k8s_cluster, Cluster)
            with k8s_cluster.patch(namespace="shop"):
                assert socket.gethostbyname("payments") == "10.96.20.1"


        def test_resolver(k8s_resolver, k8s_cluster):
            assert k8s_resolver.port("payments.shop", "http").number == 80
            assert k8s_cluster.queries.asked("_http._tcp.payments.shop.svc.cluster.local", "SRV") == 1


        @pytest.mark.k8s_manifests("deploy/", namespace="shop")
        def test_the_markers_namespace(k8s_resolver):
            assert k8s_resolver.config.namespace == "shop"
            assert k8s_resolver.port("payments", "http").number == 80


        def test_the_default_namespace(k8s_resolver):
            assert k8s_resolver.config.namespace == "default"


        def test_nameserver(k8s_nameserver):
            from dns import message, query

            question = message.make_query("payments.shop.svc.cluster.local.", "A")
            for ask in (query.udp, query.tcp):
                assert ask(question, k8s_nameserver.host, port=k8s_nameserver.port, timeout=5).answer


        def test_async_resolver(k8s_async_resolver):
            assert asyncio.run(k8s_async_resolver.port("payments.shop", "http")).number == 80
        """,
    )
    result.assert_outcomes(passed=6)


def test_clusters_are_made_in_a_test_with_the_markers_options(project: pytest.Pytester) -> None:
    result = run(
        project,
        """
        import socket

        import pytest
        from k8sresolve.testing import headless, service

        pytestmark = pytest.mark.k8s_manifests(service_cidrs=["172.20.0.0/24"], namespace="shop", recursive=True)


        def test_it(k8s_make_cluster):
            cluster = k8s_make_cluster(service("api.shop", http=80), headless("db.shop", sql=5432, pods=2))
            with cluster.resolver(namespace="shop") as resolver:
                assert str(resolver.service("api").addresses[0]).startswith("172.20.0.")
                assert len(resolver.endpoints("db", "sql")) == 2
            with cluster.resolver() as resolver, cluster.patch():  # in the marker's namespace
                assert resolver.port("api", "http").number == 80
                assert socket.gethostbyname("api").startswith("172.20.0.")


        @pytest.mark.k8s_manifests()
        def test_another(k8s_make_cluster):
            first, second = (k8s_make_cluster(service("api", http=80), service_cidrs=[net]) for net in NETS)
            for cluster in (first, second):
                with cluster.resolver() as resolver:
                    resolver.service("api")
            assert first.store.service("default", "api") == second.store.service("default", "api")


        NETS = ["10.96.0.0/16", "10.97.0.0/16"]
        """,
    )
    result.assert_outcomes(passed=1, failed=1)
    shown = result.stdout.str().partition("test_another")[2]
    assert shown.count("queries to the offline cluster") == 2


def test_each_test_has_a_cluster_of_its_own(project: pytest.Pytester) -> None:
    result = run(
        project,
        """
        import pytest

        @pytest.mark.parametrize("time", range(3))
        def test(time, k8s_cluster, k8s_resolver):
            assert not len(k8s_cluster.queries)
            k8s_resolver.service("payments.shop")
            k8s_cluster.network.drop()
        """,
    )
    result.assert_outcomes(passed=3)


def test_the_nearest_marker_holds(project: pytest.Pytester) -> None:
    result = run(
        project,
        """
        import pytest

        def service(name):
            meta = {"name": name, "namespace": "shop"}
            return {"apiVersion": "v1", "kind": "Service", "metadata": meta, "spec": {"clusterIP": "10.96.0.7"}}

        pytestmark = pytest.mark.k8s_manifests(service("module"))

        def names(cluster):
            return [item.name for item in cluster.store.all("Service") if item.name != "kubernetes"]

        def test_of_the_module(k8s_cluster):
            assert names(k8s_cluster) == ["module"]

        ORG = {"org.": "@ 60 SOA a. b. 1 1 1 1 1\\na 60 A 192.0.2.1"}

        @pytest.mark.k8s_manifests(service("one"), service("two"), upstream=ORG, coredns="1.15.0", kubernetes="1.36")
        def test_of_its_own(k8s_cluster, k8s_resolver):
            assert (k8s_cluster.coredns.text, k8s_cluster.kubernetes.text) == ("1.15.0", "1.36")
            assert names(k8s_cluster) == ["one", "two"]
            assert [*map(str, k8s_resolver.addresses("a.org").addresses)] == ["192.0.2.1"]
        """,
    )
    result.assert_outcomes(passed=2)


def test_paths_are_looked_for_beside_the_test_and_then_from_the_root_directory(
    project: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    nested = project.mkdir("tests") / "shop"
    (nested / "deploy").mkdir(parents=True)
    (nested / "deploy/own.yaml").write_text(
        "{apiVersion: v1, kind: Service, metadata: {name: own, namespace: shop}, spec: {clusterIP: 10.96.0.9}}"
    )
    (nested / "test_nested.py").write_text(
        textwrap.dedent("""
        from pathlib import Path

        import pytest

        @pytest.mark.k8s_manifests("deploy", namespace="shop")
        def test_beside(k8s_resolver):
            assert [*map(str, k8s_resolver.addresses("own").addresses)] == ["10.96.0.9"]

        @pytest.mark.k8s_manifests("deploy/shop.yaml", Path("deploy/own.yaml"), namespace="shop")
        def test_one_of_each(k8s_resolver):
            assert k8s_resolver.addresses("own").addresses
            assert k8s_resolver.addresses("payments").addresses

        @pytest.mark.k8s_manifests("nowhere.yaml")
        def test_in_neither(k8s_cluster):
            pass

        def test_those_of_the_ini_file(k8s_resolver):
            assert k8s_resolver.addresses("payments.shop").addresses
        """)
    )
    monkeypatch.chdir(nested)  # from wherever pytest is run
    result = project.runpytest_subprocess(*PLUGIN, "-W", "error")
    result.assert_outcomes(passed=3, errors=1)
    result.stdout.fnmatch_lines(
        [f"the marker k8s_manifests names 'nowhere.yaml', which is not in {nested}, nor in {project.path}"]
    )


def test_what_is_wrong_with_the_marker_is_said(project: pytest.Pytester) -> None:
    project.makeini("[pytest]\n")
    result = run(
        project,
        """
        import pytest
        from k8sresolve.testing import service

        def test_none(k8s_cluster):
            pass

        @pytest.mark.k8s_manifests("deploy/", {"kind": "Service"})
        def test_both(k8s_cluster):
            pass

        @pytest.mark.k8s_manifests("nowhere/")
        def test_missing(k8s_cluster):
            pass

        @pytest.mark.k8s_manifests("kind: Service, " * 100)
        def test_text(k8s_cluster):
            pass

        @pytest.mark.k8s_manifests(5)
        def test_number(k8s_cluster):
            pass

        @pytest.mark.k8s_manifests("nowhere/")
        def test_path(k8s_make_cluster):
            pass

        @pytest.mark.k8s_manifests(nosuch=1)
        def test_option(k8s_make_cluster):
            k8s_make_cluster()

        @pytest.mark.k8s_manifests(service("api.web", http=80), [*service("b.web", http=80)], namespace="web")
        def test_passes(k8s_resolver):
            assert [k8s_resolver.port(name, "http").number for name in ("api", "b")] == [80, 80]
        """,
    )
    result.assert_outcomes(passed=1, failed=1, errors=6)
    result.stdout.fnmatch_lines(
        [
            "there are no manifests: mark the test with @pytest.mark.k8s_manifests('deploy/'), or set k8s_manifests *",
            "the marker k8s_manifests has paths as well as objects; give either",
            f"the marker k8s_manifests names 'nowhere/', which is not in {project.path}",
            "*ManifestError: 5 is neither an object nor made by a builder, as service('api.shop')",
            "k8s_make_cluster makes nothing of 'nowhere/': it takes the options of the marker k8s_manifests, and *",
            "*ConfigError: k8s_make_cluster has no option 'nosuch'; it has apply_namespace, options, corefile, *",
        ]
    )


FAILING = """
import pytest

from k8sresolve.testing import pytest_plugin

@pytest.mark.k8s_manifests("deploy/", namespace="shop")
def test_fails(k8s_resolver):
    k8s_resolver.service("payments")
    assert False

@pytest.mark.k8s_manifests("deploy/", namespace="shop")
def test_passes(k8s_resolver):
    k8s_resolver.service("web")

@pytest.fixture
def broken(k8s_resolver):
    k8s_resolver.service("cassandra.data")
    assert False

def test_fails_in_a_fixture(k8s_cluster, broken):
    pass

def test_without_a_cluster():
    assert False
"""


@pytest.mark.parametrize("options", [ALONE, (*XDIST, "-n", "2")], ids=["alone", "xdist"])
def test_a_test_that_fails_shows_its_queries(project: pytest.Pytester, options: tuple[str, ...]) -> None:
    result = run(project, FAILING, *options)
    result.assert_outcomes(passed=1, failed=2, errors=1)
    shown = result.stdout.str()
    assert shown.count("queries to the offline cluster") == 2
    for name, times in (("payments.shop", 1), ("cassandra.data", 1), ("web.shop", 0)):
        lines = [line for line in shown.splitlines() if f"{name}.svc.cluster.local" in line and " A " in line]
        assert len(lines) == times, name


HOSTILE = r"""
import dns.resolver

NAME = r"\010::error::forged\027[2K\226\128\174.shop.svc.cluster.local."

def ask(cluster):
    resolver = dns.resolver.Resolver(configure=False)
    resolver.nameservers = [cluster.nameserver()]
    try:
        resolver.resolve(dns.name.from_text(NAME), "A")
    except dns.resolver.NXDOMAIN:
        pass

def test_report(k8s_cluster):
    ask(k8s_cluster)
    assert False

def test_assertion(k8s_cluster):
    ask(k8s_cluster)
    assert k8s_cluster.queries.asked() == 7
"""


def test_f11_a_hostile_question_is_escaped_in_the_report(project: pytest.Pytester) -> None:
    result = run(project, HOSTILE, "--color=no")
    result.assert_outcomes(failed=2)
    shown = [line for line in result.outlines if "::error::forged" in line and "NAME = " not in line]
    assert len(shown) > 2
    assert all(line.isprintable() and not line.lstrip().startswith("::") for line in shown)


def test_a_project_may_have_a_cluster_fixture_of_its_own(project: pytest.Pytester) -> None:
    project.makeconftest(
        """
        import pytest
        from k8sresolve.testing import Cluster

        @pytest.fixture
        def k8s_cluster():
            return Cluster.from_manifests("deploy/shop.yaml")
        """
    )
    result = run(project, FAILING)
    result.assert_outcomes(passed=1, failed=2, errors=1)
    result.stdout.fnmatch_lines(["*queries to the offline cluster*", "*payments.shop.svc.cluster.local. A*"])


def test_a_patch_that_a_test_leaves_open_fails_it_and_no_other(project: pytest.Pytester) -> None:
    result = run(
        project,
        """
        import socket
        import pytest

        def test_forgets(k8s_cluster):
            k8s_cluster.patch().__enter__()

        def test_does_not(k8s_cluster):
            with k8s_cluster.patch(namespace="shop"):
                assert socket.gethostbyname("payments") == "10.96.20.1"

        @pytest.fixture(scope="module")
        def patched():
            from k8sresolve.testing import Cluster
            with Cluster.from_manifests("deploy/shop.yaml").patch(namespace="shop"):
                yield

        @pytest.mark.parametrize("time", range(2))
        def test_with_one_of_a_wider_fixture(patched, time):
            assert socket.gethostbyname("payments") == "10.96.20.1"
        """,
    )
    result.assert_outcomes(passed=4, errors=1)
    result.stdout.fnmatch_lines(
        ["*test_a_patch_that_a_test_leaves_open*.py:5: cluster.patch() was entered here and never left"]
    )


ASYNC_TEST = """
import socket
import pytest

from k8sresolve.testing import pytest_plugin

{mark}
@pytest.mark.k8s_manifests("deploy/", namespace="shop")
async def test_async(k8s_async_resolver, k8s_cluster{arguments}):
    assert (await k8s_async_resolver.port("payments", "http")).number == 80
    k8s_cluster.network.drop(next=2)
    assert (await k8s_async_resolver.service("web")).addresses
    with k8s_cluster.patch(namespace="shop"):
        {lookup}
        assert found[0][4] == ("10.96.20.1", 80)
"""
IN_ASYNCIO = "import asyncio; found = await asyncio.get_running_loop().getaddrinfo('payments', 80)"
IN_TRIO = "import trio; found = await trio.socket.getaddrinfo('payments', 80)"


def test_pytest_asyncio(project: pytest.Pytester) -> None:
    source = ASYNC_TEST.format(mark="@pytest.mark.asyncio", arguments="", lookup=IN_ASYNCIO)
    options = ("-o", "asyncio_default_fixture_loop_scope=function")
    run(project, source, *ASYNCIO, *options).assert_outcomes(passed=1)


@pytest.mark.parametrize(("backend", "lookup"), [("asyncio", IN_ASYNCIO), ("trio", IN_TRIO)])
def test_anyio(project: pytest.Pytester, backend: str, lookup: str) -> None:
    mark = f"@pytest.mark.anyio\n@pytest.mark.parametrize('anyio_backend', ['{backend}'])"
    source = ASYNC_TEST.format(mark=mark, arguments=", anyio_backend", lookup=lookup)
    run(project, source, *ANYIO).assert_outcomes(passed=1)


def test_pytest_socket_that_forbids_sockets(project: pytest.Pytester) -> None:
    result = run(
        project,
        """
        import socket
        import pytest

        @pytest.mark.k8s_manifests("deploy/", namespace="shop")
        def test(k8s_resolver, k8s_cluster):
            assert k8s_resolver.port("payments", "http").number == 80
            with k8s_cluster.patch(namespace="shop"):
                assert socket.gethostbyname("payments") == "10.96.20.1"

        def test_real_sockets_are_forbidden_to_the_nameserver(k8s_nameserver):
            pass

        @pytest.mark.enable_socket
        def test_unless_allowed(k8s_nameserver):
            assert k8s_nameserver.port
        """,
        *SOCKET,
        "--disable-socket",
        "--timeout=20",
        "-p",
        "pytest_timeout",
    )
    result.assert_outcomes(passed=2, errors=1)
    result.stdout.fnmatch_lines(["*A test tried to use socket.socket.*"])


def test_pytest_socket_that_allows_hosts(project: pytest.Pytester) -> None:
    result = run(
        project,
        """
        import socket
        import pytest

        def test(k8s_cluster):
            with socket.create_server(("127.0.0.1", 0)) as server:
                k8s_cluster.route("payments.shop", "http", to=server.getsockname())
                with k8s_cluster.patch(namespace="shop"):
                    socket.create_connection(("payments", 80)).close()
        """,
        *SOCKET,
        "--allow-hosts=127.0.0.1",
    )
    result.assert_outcomes(passed=1)


def test_nothing_is_imported_for_tests_that_use_nothing(project: pytest.Pytester) -> None:
    result = run(
        project,
        """
        import sys

        def test_nothing():
            loaded = {name for name in sys.modules if name.startswith("k8sresolve")}
            assert loaded == {"k8sresolve", "k8sresolve.testing", "k8sresolve.testing.pytest_plugin"}
            assert "dns" not in sys.modules
            assert "asyncio" not in sys.modules or sys.version_info >= (3, 14)  # where pdb loads it, and pytest that
        """,
    )
    result.assert_outcomes(passed=1)


def test_the_fixtures_and_the_marker_are_told_of(project: pytest.Pytester) -> None:
    shown = run(project, "", "--fixtures").stdout.str()
    assert [
        name for name in ("cluster", "resolver", "async_resolver", "nameserver") if f"k8s_{name}" not in shown
    ] == []
    shown = run(project, "", "--markers").stdout.str()
    assert "@pytest.mark.k8s_manifests(*manifests, namespace=, **options)" in shown


def test_the_entry_point_is_the_plugin() -> None:
    import tomllib

    project: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert project["entry-points"]["pytest11"] == {"k8sresolve": "k8sresolve.testing.pytest_plugin"}


def test_loading_the_plugin_loads_nothing_else() -> None:
    source = "import pytest, sys; before = {*sys.modules}; import k8sresolve.testing.pytest_plugin as _"
    command = [sys.executable, "-c", f"{source}; print(*{{*sys.modules}} - before)"]
    loaded = subprocess.run(command, capture_output=True, check=True, cwd=ROOT, text=True).stdout.split()
    assert sorted(loaded) == ["k8sresolve", "k8sresolve.testing", "k8sresolve.testing.pytest_plugin"]


def test_the_examples_of_the_page_run(project: pytest.Pytester) -> None:
    page = (ROOT / "docs/how-to/pytest.md").read_text()
    blocks = re.findall(r"^```python\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)
    project.mkdir("docs").joinpath("examples").mkdir()
    (project.path / "docs/examples/shop.yaml").write_text((ROOT / "docs/examples/shop.yaml").read_text())
    options = (*ASYNCIO, "-o", "asyncio_default_fixture_loop_scope=function", "-o", "asyncio_mode=auto")
    tests = sum(block.count("def test_") for block in blocks)
    assert tests
    run(project, "\n".join(blocks), *options).assert_outcomes(passed=tests)


def test_the_namespace_of_the_apply_is_that_of_the_test_unless_it_says_otherwise(project: pytest.Pytester) -> None:
    result = run(
        project,
        """
        import pytest

        OBJECT = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "db"}, "spec": {"clusterIP": "10.96.9.9"}}


        @pytest.mark.k8s_manifests(OBJECT, apply_namespace="ship")
        def test_there(k8s_resolver):
            assert str(k8s_resolver.service("db").name) == "db.ship.svc.cluster.local"


        @pytest.mark.k8s_manifests(OBJECT, apply_namespace="ship", namespace="web")
        def test_elsewhere(k8s_resolver):
            assert k8s_resolver.candidates("db")[0].name == "db.web.svc.cluster.local."
            assert k8s_resolver.service("db.ship").addresses


        @pytest.mark.k8s_manifests("deploy", recursive=True)
        def test_below(k8s_resolver):
            assert k8s_resolver.service("payments.shop").addresses


        @pytest.mark.k8s_manifests("deploy/..", apply_namespace="ship")
        def test_only_below(k8s_resolver):
            pass
        """,
    )
    result.assert_outcomes(passed=3, errors=1)
    assert "give -R, or recursive=True" in result.stdout.str()


FIXTURES = ("k8s_cluster", "k8s_make_cluster", "k8s_resolver", "k8s_async_resolver", "k8s_nameserver")


def test_the_examples_of_the_fixtures_run(project: pytest.Pytester) -> None:
    examples_of_pages = project.mkdir("docs") / "examples"
    examples_of_pages.mkdir()
    (examples_of_pages / "shop.yaml").symlink_to(ROOT / "docs/examples/shop.yaml")
    told = {name: inspect.getdoc(getattr(pytest_plugin, name)) or "" for name in FIXTURES}
    imports = "import asyncio\nimport dns.message\nimport dns.query\nimport pytest\n"
    builders = "from k8sresolve.testing import service\n"
    examples = [textwrap.dedent(text.partition("::\n")[2]) for text in told.values()]
    assert all(name in example for name, example in zip(told, examples, strict=True))
    result = run(project, "\n".join([imports + builders, *examples]))
    result.assert_outcomes(passed=len(FIXTURES))
