"""The public surface: what there is, what it loads, that it is described, and that its examples run."""

import doctest
import inspect
import os
import re
import subprocess
import sys
import typing
from importlib import import_module
from pathlib import Path
from pkgutil import walk_packages
from typing import Literal, get_origin

import pytest

import k8sresolve
from k8sresolve import AsyncResolver, Resolver, _default
from k8sresolve.testing import Cluster
from tests.core.world import ipv4_cluster

ROOT = Path(k8sresolve.__file__).parent.parent
MODULES = sorted(
    module.name for module in walk_packages(k8sresolve.__path__, "k8sresolve.") if not module.name.endswith("__main__")
)
ASKING = ("service", "port", "ports", "endpoints", "addresses", "reverse", "pod", "lookup", "explain")
LIBC_CALLS = ("getaddrinfo", "getnameinfo")  # these have their arguments by place, and no function of the module
WAITING = ("create_connection", "probe", "wait_for")  # these have a timeout of their own kind
METHODS = (*ASKING, *LIBC_CALLS, *WAITING, "watch", "watches", "observe", "candidates", "forget", "stats", "close")


def fresh(code):
    """Run code in an interpreter of its own, which loads nothing to measure coverage; returns what it prints."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE_")}
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code],
        cwd=ROOT,
        env={**environment, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.split()


def loaded(code, *names):
    """Which of these modules are loaded after the code."""
    return fresh(f"{code}\nimport sys\nprint(*[name for name in {names!r} if name in sys.modules])")


# Names.


def test_all_is_sorted_and_complete():
    assert k8sresolve.__all__ == sorted(k8sresolve.__all__)
    assert {*k8sresolve.__all__} == {*k8sresolve._HOME_OF}
    assert {*k8sresolve.__all__} <= {*dir(k8sresolve)}


@pytest.mark.parametrize("home", ["records", "errors", "findings", "names", "config"])
def test_every_public_class_of_a_value_module_is_a_public_name(home):
    module = import_module(f"k8sresolve.{home}")
    defined = {
        name
        for name, value in vars(module).items()
        if isinstance(value, type) and value.__module__ == module.__name__ and not name.startswith("_")
    }
    assert defined == {name for name in k8sresolve._HOMES[home] if isinstance(getattr(k8sresolve, name), type)}


@pytest.mark.parametrize("name", k8sresolve.__all__)
def test_every_public_name_is_there_and_described(name):
    value = getattr(k8sresolve, name)
    if get_origin(value) is Literal:  # it has no docstring of its own; what stands below it is for readers and pages
        source = inspect.getsource(import_module(f"k8sresolve.{k8sresolve._HOME_OF[name]}"))
        assert re.search(rf'^{name}: TypeAlias = .*\n"""', source, re.MULTILINE)
        return
    assert inspect.getdoc(value)
    assert value.__doc__ != getattr(value.__base__, "__doc__", None) if isinstance(value, type) else True


@pytest.mark.parametrize("name", [n for n in k8sresolve.__all__ if isinstance(getattr(k8sresolve, n), type)])
def test_every_public_method_is_described(name):
    kind = getattr(k8sresolve, name)
    for attribute, value in inspect.getmembers(kind):
        if not attribute.startswith("_") and (callable(value) or isinstance(value, property)):
            assert inspect.getdoc(value), f"{name}.{attribute}"


def test_a_name_that_is_none_is_an_attribute_error():
    with pytest.raises(AttributeError, match="nothing"):
        _ = k8sresolve.nothing


def test_a_star_import_brings_what_all_says():
    names = fresh("from k8sresolve import *\nprint(*[n for n in dir() if not n.startswith('_')])")
    assert {*names} == {*k8sresolve.__all__}


def test_the_type_checkers_see_the_same_names():
    imported = ROOT.joinpath("k8sresolve/__init__.py").read_text().partition("_HOMES")[0]
    for name, home in k8sresolve._HOME_OF.items():
        block = imported.partition(f"from k8sresolve.{home} import")[2].partition("from k8sresolve.")[0]
        assert f"{name}," in block.replace("\n", ",").replace(")", ","), name


@pytest.mark.parametrize("call", ["service", "port", "ports", "endpoints", "addresses", "reverse", "pod", "lookup"])
@pytest.mark.parametrize("home", [k8sresolve, k8sresolve.Resolver, k8sresolve.AsyncResolver])
def test_programs_can_read_what_a_call_takes_and_gives(home, call):
    hints = typing.get_type_hints(getattr(home, call))
    assert "k8sresolve" in str(hints["return"]) or "IPv4Address" in str(hints["return"])


# What is loaded when.

HEAVY = ("asyncio", "dns", "ssl", "socket", "attr", "ipaddress", "random", "logging", "selectors", "threading", "yaml")


def test_importing_the_package_loads_next_to_nothing():
    assert loaded("import k8sresolve", *HEAVY, "k8sresolve.resolver", "k8sresolve.testing") == []


@pytest.mark.behaviour("L5")
def test_importing_starts_nothing():
    code = """
import os, sys
def hook(event, args):
    if event.startswith(("socket.", "subprocess.", "os.fork", "os.exec")) or event == "_thread.start_new_thread":
        raise SystemExit(f"{event} {args}")
    if event == "open" and str(args[0]).startswith(("/etc", "/var", "/run", "/proc")):
        raise SystemExit(f"{event} {args}")
sys.addaudithook(hook)
import k8sresolve
for name in k8sresolve.__all__:
    getattr(k8sresolve, name)
print("quiet")
"""
    assert fresh(code) == ["quiet"]


def test_a_blocking_lookup_loads_neither_asyncio_nor_dnspython():
    code = """
from k8sresolve import Resolver, ResolverConfig, LookupTimeout, NetworkError
config = ResolverConfig.for_cluster("127.0.0.1:9", namespace="shop")
with Resolver(config, family="ipv4", timeout=0.05) as resolver:
    for call in (resolver.service, resolver.addresses, lambda name: resolver.port(name, "http")):
        try:
            call("payments")
        except (LookupTimeout, NetworkError):
            pass
"""
    assert loaded(code, "asyncio", "dns", "ssl", "random", "yaml", "k8sresolve.testing") == []


MADE = """
from k8sresolve import Resolver, ResolverConfig
resolver = Resolver(ResolverConfig.for_cluster("127.0.0.1:9", namespace="shop"), timeout=0.05)
"""


def test_a_resolver_made_ready_has_loaded_nothing_that_few_lookups_need():
    """Modules count, not time."""
    core = ("_core.wire.fallback", "_getaddrinfo", "_core.files.lint", "_debug_log")
    others = ("logging", "string", "traceback", "random", "hashlib", "email", "urllib", "tempfile", "dataclasses")
    assert loaded(MADE, *(f"k8sresolve.{module}" for module in core), *others) == []


@pytest.mark.behaviour("F2")
def test_the_first_lookup_loads_nothing_of_this_library():
    """A fork in the midst of an import leaves the child a lock that nobody will let go."""
    code = f"""
import sys
{MADE}
from ipaddress import ip_address
from k8sresolve._core.questions import Found
resolver._line.driver.ask = lambda round_, terms: tuple(
    [Found((ip_address("10.0.0.1"), ip_address("10.0.0.2")), 5, 1e9) for _ in round_.questions]
)
before = set(sys.modules)
resolver.addresses("payments")
resolver.service("payments")
print(*sorted(set(sys.modules) - before))
"""
    assert fresh(code) == []


def test_a_policy_is_loaded_when_it_is_asked_for():
    code = """
from k8sresolve import Resolver, ResolverConfig
with Resolver(ResolverConfig.for_cluster("127.0.0.1:9"), policy="POLICY") as resolver:
    assert resolver.candidates("payments")
"""
    others = tuple(f"k8sresolve._core.search.{module}" for module in ("musl", "go"))
    assert loaded(code.replace("POLICY", "kubernetes"), *others) == []
    assert loaded(code.replace("POLICY", "go"), *others) == ["k8sresolve._core.search.go"]


def test_an_offline_cluster_of_objects_needs_no_yaml():
    code = """
from k8sresolve.testing import Cluster
cluster = Cluster.from_objects([
    {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "shop"}},
    {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "payments", "namespace": "shop"}, "spec": {}},
])
with cluster.resolver(namespace="shop") as resolver:
    assert resolver.service("payments").addresses
"""
    assert loaded(code, "yaml") == []


# The two facades, and the calls of the module.


def signature(function):
    """A signature without `self`."""
    parameters = inspect.signature(function).parameters.values()
    return [(p.name, p.kind, p.default, p.annotation) for p in parameters if p.name != "self"]


def test_both_facades_have_the_same_methods():
    def public(kind):
        return {name for name, _ in inspect.getmembers(kind, callable) if not name.startswith("_")}

    assert public(Resolver) == public(AsyncResolver) == {*METHODS}
    assert signature(Resolver) == signature(AsyncResolver)


@pytest.mark.parametrize("name", METHODS)
def test_both_facades_have_the_same_signatures_and_descriptions(name):
    blocking, awaited = getattr(Resolver, name), getattr(AsyncResolver, name)
    assert signature(blocking) == signature(awaited)
    if name not in {"create_connection", "watch"}:  # which give each loop what it takes
        assert inspect.signature(blocking).return_annotation == inspect.signature(awaited).return_annotation
    if name in {*ASKING, *LIBC_CALLS, *WAITING}:
        summary, reference = inspect.getdoc(awaited).split("\n\n")
        assert inspect.getdoc(blocking).startswith(f"{summary}\n\n")
        assert reference.startswith(f"As `Resolver.{name}`, awaited.")
    # Whatever asks or waits is a coroutine function, and nothing else is.
    assert inspect.iscoroutinefunction(awaited) == (name in {*ASKING, *LIBC_CALLS, *WAITING, "close"})
    assert not inspect.iscoroutinefunction(blocking)


@pytest.mark.parametrize("name", ASKING + LIBC_CALLS)
def test_every_asking_call_takes_timeout_and_fresh_by_name(name):
    parameters = inspect.signature(getattr(Resolver, name)).parameters
    assert [(p.name, p.kind, p.default) for p in list(parameters.values())[-2:]] == [
        ("timeout", inspect.Parameter.KEYWORD_ONLY, None),
        ("fresh", inspect.Parameter.KEYWORD_ONLY, False),
    ]


@pytest.mark.parametrize("name", ASKING)
def test_the_functions_of_the_module_are_the_methods_of_a_resolver(name):
    function, method = getattr(k8sresolve, name), getattr(Resolver, name)
    assert signature(function) == signature(method)
    assert inspect.signature(function).return_annotation == inspect.signature(method).return_annotation


CALLS = {
    "service": (("payments.shop",), {"ports": ["http"]}),
    "port": (("payments.shop", "stats", "udp"), {}),
    "ports": (("payments.shop",), {}),
    "endpoints": (("mixed.data", "http", "tcp"), {}),
    "addresses": (("api.example.com",), {}),
    "reverse": (("10.96.20.1",), {}),
    "pod": (("10.244.1.7", "shop"), {}),
    "lookup": (("text.example.com", "TXT"), {}),
    "explain": (("payments",), {"policy": "glibc"}),
}


@pytest.fixture
def default(monkeypatch):
    """An offline resolver as the one that the module's functions use."""
    cluster = ipv4_cluster()
    with cluster.resolver(namespace="shop") as resolver:
        monkeypatch.setattr(_default, "_made", {(os.getpid(), Resolver): resolver})
        yield cluster


@pytest.mark.parametrize("name", ASKING)
def test_each_function_passes_everything_on(default, name):
    args, options = CALLS[name]
    with ipv4_cluster().resolver(namespace="shop") as resolver:
        expected = getattr(resolver, name)(*args, **options)
    call = getattr(k8sresolve, name)
    assert call(*args, **options) == expected
    asked = len(default.queries)
    assert call(*args, **options, fresh=True) == expected
    assert len(default.queries) == 2 * asked
    default.network.drop()
    start = default.clock.monotonic()
    if name == "explain":
        assert call(*args, **options, fresh=True, timeout=0.5).outcome == "timeout"
    else:
        with pytest.raises(k8sresolve.LookupTimeout):
            call(*args, **options, fresh=True, timeout=0.5)
    assert default.clock.monotonic() - start == pytest.approx(0.5, abs=0.01)


def test_the_default_resolver_is_made_once_in_each_process(monkeypatch):
    made = []

    def make():
        made.append(object())
        return made[-1]

    monkeypatch.setattr(_default, "Resolver", make)
    monkeypatch.setattr(_default, "_made", {})
    assert _default.sync_resolver() is _default.sync_resolver() is made[0]
    # As after a fork: the child has its parent's dictionary and a number of its own.
    monkeypatch.setattr(os, "getpid", lambda: -1)
    assert _default.sync_resolver() is _default.sync_resolver() is made[1]
    assert _default._made == {(-1, make): made[1]}


# Examples.


@pytest.mark.parametrize("name", ["k8sresolve", *MODULES])
def test_the_examples_in_docstrings_run(name, monkeypatch):
    monkeypatch.chdir(ROOT)
    if tests := examples(name):
        cluster = Cluster.from_manifests("docs/examples/shop.yaml")
        monkeypatch.setattr(_default, "_made", {(os.getpid(), Resolver): cluster.resolver(namespace="shop")})
    runner = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS)
    assert [test.name for test in tests if runner.run(test).failed] == []


def examples(name):
    """The docstrings of a module that have examples: doctest looks at the time of every file at each that it runs."""
    return [test for test in doctest.DocTestFinder().find(import_module(name)) if test.examples]


def test_there_are_examples():
    assert sum(len(test.examples) for name in MODULES for test in examples(name)) > 40
