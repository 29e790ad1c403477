"""F12: arguments of any type to a public call of the client come to a typed error, or to the user's own, unchanged."""

import asyncio
import functools
import inspect
import math
import os

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import k8sresolve
from k8sresolve import (
    AsyncResolver,
    CacheConfig,
    ConfigError,
    EndpointName,
    InvalidHints,
    InvalidName,
    Nameserver,
    Observer,
    PodName,
    PortName,
    Resolver,
    ResolverConfig,
    ServiceName,
    ZonalName,
    _default,
    lint_config,
    lint_resolv_conf,
    load_config,
    observe_all,
    parse_resolv_conf,
)
from tests.core.test_public import ASKING, LIBC_CALLS, WAITING
from tests.core.world import ipv4_cluster
from tests.odd import ANYTHING, ODD, BadList, Call, Mine

METHODS = (*ASKING, *LIBC_CALLS, *WAITING, "watch", "candidates", "forget", "observe")
OBSERVER = Observer()
NEEDED = {
    **{call: {"name": "payments.shop"} for call in ("service", "ports", "endpoints", "candidates", "explain")},
    "port": {"name": "payments.shop", "port": "http"},
    "addresses": {"host": "payments.shop"},
    "reverse": {"address": "10.96.20.1"},
    "pod": {"address": "10.96.20.1"},
    "lookup": {"name": "payments.shop", "rdtype": "A"},
    "getaddrinfo": {"host": "payments.shop", "port": 80},
    "getnameinfo": {"sockaddr": ("10.96.20.1", 80)},
    **{call: {"name": "payments.shop", "port": "http"} for call in ("create_connection", "probe")},
    **{call: {"name": "payments.shop"} for call in ("wait_for", "watch")},
    "observe": {"observer": OBSERVER},
}
FULL = "payments.shop.svc.cluster.local"
MADE = {
    "ServiceName": (ServiceName, {"service": "a", "namespace": "b"}, FULL),
    "EndpointName": (EndpointName, {"endpoint": "a", "service": ServiceName("a", "b")}, f"a.{FULL}"),
    "PortName": (PortName, {"port": "http"}, "http/tcp"),
    "PodName": (PodName, {"address": "10.0.0.1", "namespace": "b"}, "10-0-0-1.b.pod.cluster.local"),
    "ZonalName": (
        ZonalName,
        {"zone": "a", "directive": "pin", "service": ServiceName("a", "b")},
        f"a.pin._zone.{FULL}",
    ),
    "Nameserver": (Nameserver, {"address": "10.0.0.1"}, "10.0.0.1"),
}


def _closing(kind):
    """Make a resolver, and close it where it is made."""

    @functools.wraps(kind)
    def make(*args, **options):
        made = kind(*args, **options)
        if isinstance(made, Resolver):
            made.close()

    make.__signature__ = inspect.signature(kind)
    return make


def _awaited(method):
    """An asynchronous method as one that waits."""

    @functools.wraps(method)
    def call(*args, **options):
        found = method(*args, **options)
        if not inspect.iscoroutine(found):
            return found

        async def main():
            return await found

        return asyncio.run(main())

    return call


CLUSTER = ipv4_cluster()
RESOLVER, ASYNC_RESOLVER = CLUSTER.resolver(namespace="shop"), CLUSTER.async_resolver(namespace="shop")
CALLS = [
    *(Call(f"Resolver.{name}", getattr(RESOLVER, name), NEEDED.get(name, {})) for name in METHODS),
    # One loop after another would be the wrong one for a resolver that has asked, so these are refused before.
    *(Call(f"k8sresolve.{name}", getattr(_default, name), NEEDED[name]) for name in ASKING),
    *(Call(f"{name}()", kind, needed) for name, (kind, needed, _) in MADE.items()),
    *(Call(f"{name}.parse", kind.parse, {"text": text}) for name, (kind, _, text) in MADE.items()),
    Call("PortName.at", PortName("http").at),
    Call("Resolver()", _closing(Resolver)),
    Call("AsyncResolver()", _closing(AsyncResolver)),
    Call("CacheConfig()", CacheConfig),
    Call("ResolverConfig()", ResolverConfig),
    Call("ResolverConfig.for_cluster", ResolverConfig.for_cluster, {"nameserver": "10.0.0.1"}),
    *(Call(call.__name__, call, {"data": b""}) for call in (parse_resolv_conf, lint_resolv_conf)),
    *(Call(call.__name__, call) for call in (load_config, lint_config)),
    Call("observe_all", observe_all, {"observer": OBSERVER}),
]


@pytest.fixture(autouse=True)
def _offline_default(monkeypatch):
    """The module's calls ask the offline cluster."""
    monkeypatch.setattr(_default, "_made", {(os.getpid(), Resolver): RESOLVER})


def test_every_public_call_is_listed():
    # What is returned or raised, or derived from, is not called with arguments by users.
    values = {
        "reachability",
        "records",
        "changes",
        "explanations",
        "errors",
        "attempts",
        "statistics",
        "findings",
        "_core.events",
        "watches",
    }
    public = {name for name in k8sresolve.__all__ if k8sresolve._HOME_OF[name] not in values}
    called = {name for name in public if inspect.isroutine(it := getattr(k8sresolve, name)) or inspect.isclass(it)}
    listed = {call.name.removeprefix("k8sresolve.").partition(".")[0].removesuffix("()") for call in CALLS}
    assert listed == called
    for kind in (Resolver, AsyncResolver):
        methods = {name for name, _ in inspect.getmembers(kind, inspect.isfunction) if not name.startswith("_")}
        assert methods == {*METHODS, "stats", "watches", "close"}
        for name in METHODS:
            own = inspect.signature(getattr(kind, name)).parameters
            assert list(own) == list(inspect.signature(getattr(Resolver, name)).parameters)


@pytest.mark.parametrize("call", CALLS, ids=repr)
def test_f12_odd_arguments_come_to_a_typed_error_or_are_taken(call):
    for argument in call.arguments:
        for value in ODD:
            call.given(argument, value)


@settings(max_examples=3 * settings.default.max_examples, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sampled_from(CALLS), st.data())
def test_f12_so_it_is_with_anything(call, data):
    call.given(data.draw(st.sampled_from(call.arguments)), data.draw(ANYTHING))


@pytest.mark.parametrize("name", METHODS)
def test_f12_the_other_facade_takes_and_refuses_the_same(name):
    async_call = Call(name, _awaited(getattr(ASYNC_RESOLVER, name)), NEEDED.get(name, {}))
    call = Call(name, getattr(RESOLVER, name), NEEDED.get(name, {}))
    for argument in call.arguments:
        for value in ODD:
            if isinstance(call.given(argument, value), (ConfigError, InvalidName, InvalidHints)):
                assert type(async_call.given(argument, value)) is type(call.given(argument, value)), (argument, value)


ROWS = [
    (lambda: Resolver("10.96.0.10"), ConfigError, "'10.96.0.10' is no ResolverConfig"),
    (lambda: Resolver(ResolverConfig(), timeout=10**400), ConfigError, "timeout"),
    (lambda: Resolver(ResolverConfig(), timeout=True), ConfigError, "timeout=True is no number of seconds"),
    (lambda: Resolver(ResolverConfig(), timeout=math.nan), ConfigError, "timeout=nan is no number of seconds"),
    (lambda: Resolver(ResolverConfig(), in_flight="x"), ConfigError, "in_flight='x' is no number"),
    (lambda: Resolver(ResolverConfig(), in_flight=10**5000, timeout="5"), ConfigError, "timeout='5'"),
    (lambda: Resolver(ResolverConfig(), policy=3), ConfigError, "there is no search policy 3"),
    (lambda: Resolver(ResolverConfig(), observers=3), ConfigError, "3 is no observer"),
    (lambda: CacheConfig(entries=None), ConfigError, "entries=None is no number"),
    (lambda: CacheConfig(max_ttl=math.nan), ConfigError, "max_ttl=nan is no number of seconds"),
    (lambda: CacheConfig(entries=-(10**5000)), ConfigError, "entries=<int> is no number"),
    (lambda: ResolverConfig(hosts=[("db", [5])]), ConfigError, "5 is no IP address"),
    (lambda: ResolverConfig(hosts=["db"]), ConfigError, "is no list of names with their addresses"),
    (lambda: ResolverConfig(diagnostics=[5]), ConfigError, "diagnostics has 5"),
    (lambda: ResolverConfig(source=5), ConfigError, "source=5 is no text"),
    (lambda: RESOLVER.service(b"payments"), InvalidName, "a name is a str, not bytes"),
    (lambda: RESOLVER.service(None), InvalidName, "a name is a str, not NoneType"),
    (lambda: RESOLVER.service("payments", ports="http"), InvalidName, "ports takes a list of port names"),
    (lambda: RESOLVER.service("payments", ports=3), InvalidName, "ports takes a list of port names"),
    (lambda: RESOLVER.service("payments", ports=[3]), InvalidName, "3 is a port number"),
    (lambda: RESOLVER.service("payments", ports=BadList()), Mine, ""),
    (lambda: RESOLVER.port("payments", 10**5000), InvalidName, "<int> is no port number; one is 1 to 65535"),
    (lambda: RESOLVER.port("payments", True), InvalidName, "True is no port name"),
    (lambda: RESOLVER.service("payments", timeout=10**400), ConfigError, "timeout"),
    (lambda: RESOLVER.forget(3), InvalidName, "a name is a str, not int"),
    (lambda: RESOLVER.explain("payments", policy=3), ConfigError, "there is no search policy 3"),
    (lambda: RESOLVER.reverse("x"), InvalidName, "this is no IP address"),
    (lambda: RESOLVER.reverse(10**5000), InvalidName, "<int>: this is no IP address"),
    (lambda: RESOLVER.lookup("payments", 1), InvalidName, "no record type"),
    (lambda: RESOLVER.getaddrinfo("payments", 80, 10**400), InvalidHints, "family"),
    (
        lambda: RESOLVER.create_connection("payments", "80"),
        InvalidName,
        "'80' is no TCP port; give a port's name, or an",
    ),
    (lambda: RESOLVER.create_connection("payments", True), InvalidName, "True is no TCP port"),
    (lambda: RESOLVER.create_connection("payments", 0), InvalidName, "0 is no TCP port"),
    (lambda: RESOLVER.create_connection("payments", 65536), InvalidName, "65536 is no TCP port"),
    (lambda: RESOLVER.create_connection("payments", None), InvalidName, "None is no TCP port"),
    (lambda: RESOLVER.create_connection(None, "http"), InvalidName, "a name is a str, not NoneType"),
    (lambda: RESOLVER.create_connection(3, 80), InvalidName, "a name is a str, not int"),
    (lambda: RESOLVER.create_connection("payments", 80, timeout="5"), ConfigError, "timeout='5'"),
    (lambda: EndpointName("a", "b"), InvalidName, "a ServiceName should stand here, not str"),
    (lambda: PortName("http").at("b"), InvalidName, "a ServiceName should stand here, not str"),
    (lambda: parse_resolv_conf("nameserver 10.0.0.1"), ConfigError, "is no text of a resolv.conf; give its octets"),
    (lambda: parse_resolv_conf(b"", dialect=[]), ConfigError, "[] is no dialect"),
    (lambda: load_config(5), ConfigError, "5 is no path of a file"),
]


@pytest.mark.parametrize(("call", "kind", "said"), ROWS, ids=[said or "the user's own" for _, _, said in ROWS])
def test_f12_an_argument_that_cannot_be_meant(call, kind, said):
    with pytest.raises(kind) as caught:
        call()
    assert type(caught.value) is kind
    assert said in str(caught.value)
