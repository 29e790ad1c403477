"""`kubernetes` finds what glibc's walk finds, with fewer names asked, in random worlds.

A world is what CoreDNS would answer: the names of its objects, read off its naming grammar by `World`, and some
Internet names beside them. Set K8SRESOLVE_SEARCH_LOOKUPS for a longer run than the usual one.
"""

import collections
import os
import random
from ipaddress import ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from k8sresolve._core.questions import AAAA, SRV, A, Empty, Failed, Found, NxDomain
from k8sresolve._core.search.walk import Search, policy
from k8sresolve.config import ResolverConfig

LOOKUPS = int(os.environ.get("K8SRESOLVE_SEARCH_LOOKUPS", "4000"))
DOMAINS = ("cluster.local", "k8s.corp.example", "local")
NAMESPACES = ("shop", "data", "com", "svc", "pod", "default", "test")
SERVICES = ("web", "example", "db", "svc", "shop", "com", "api")
ENDPOINTS = ("web-0", "10-244-0-7", "api", "db", "fd00--0", "www")
PORTS = ("http", "cql", "svc")
HOSTS = (
    "example.com",
    "api.example.com",
    "web.corp.example",
    "db.test",
    "shop",
    "web",
    "a.b.c.example.com",
    "x.corp.example",
)
NODE_DOMAINS = ("corp.example", "example.com", "test", "com", "eng.corp.example", "Corp.Example.")
SOFT = ("servfail", "refused", "notimp")


class World:
    """Namespaces, Services with endpoints and ports, pods in mode insecure, Internet hosts, and names that fail."""

    def __init__(self, rng):
        self.domain = rng.choice(DOMAINS)
        self.namespaces = set(rng.sample(NAMESPACES, rng.randint(1, 5)))
        self.services = {
            (service, namespace): self.service(rng)
            for namespace in self.namespaces
            for service in rng.sample(SERVICES, rng.randint(1, 5))
        }
        self.hosts = {host: rng.choice([{A}, {A, AAAA}, {SRV}, set(), {"cname"}]) for host in rng.sample(HOSTS, 6)}
        self.failing = {}

    @staticmethod
    def service(rng):
        return {
            "types": rng.choice(
                [{A, SRV}, {AAAA, SRV}, *[{A, AAAA, SRV}] * 3, {"cname"}, None]
            ),  # None: headless, no pod ready
            "endpoints": {endpoint: rng.choice([{A}, {AAAA}]) for endpoint in rng.sample(ENDPOINTS, rng.randint(0, 3))},
            "ports": {(port, rng.choice(["tcp", "udp"])) for port in rng.sample(PORTS, rng.randint(0, 2))},
        }

    def inside(self, name):
        return f".{name}".endswith(f".{self.domain}")

    def types(self, name):
        """Return the types that a name (lower case, no dot at the end) has; None where it does not exist."""
        if not self.inside(name):
            return self.hosts.get(name)
        labels = name.split(".")[: -self.domain.count(".") - 1]
        match labels:
            case [] | ["svc"] | ["pod"]:
                return set()
            case ["ns", "dns"]:
                return {A}
            case [namespace, "svc" | "pod"]:
                return set() if namespace in self.namespaces else None
            case [*before, namespace, "pod"]:
                return self.pod(before[-1]) if namespace in self.namespaces and len(before) <= 3 else None
            case [*before, service, namespace, "svc"]:
                found = self.services.get((service, namespace))
                return self.below(before, found) if found else None
        return None

    @staticmethod
    def pod(label):
        try:
            address = ip_address(
                label.replace("-", ".") if label.count("-") == 3 and "--" not in label else label.replace("-", ":")
            )
        except ValueError:
            return None
        return {A, SRV} if address.version == 4 else {AAAA, SRV}

    @staticmethod
    def below(before, service):
        if not before:
            return service["types"]
        if service["types"] in (None, {"cname"}):
            return None
        if len(before) == 1:
            return service["endpoints"].get(before[0])
        # CoreDNS strips one underscore from each and demands none; what is left empty stands for any.
        port, protocol = (label.removeprefix("_") for label in before[-2:])
        match = any(port in ("", p) and protocol in ("", q) for p, q in service["ports"])
        return service["types"] if match and len(before) == 2 else None

    def answer(self, name, rdtype):
        name = name.rstrip(".").lower()
        if (name, rdtype) in self.failing:
            return Failed(self.failing[name, rdtype])
        types = self.types(name)
        if types is None:
            return NxDomain(0.0)
        if "cname" in types:
            return Empty(0.0, 30.0, ("elsewhere.test.",))
        return Found((f"{name}/{rdtype}",), 30, 30.0) if rdtype in types else Empty(0.0)


def search_list(rng, world):
    domain = world.domain
    namespace, other = (rng.choice([*NAMESPACES, *sorted(world.namespaces) * 3]) for _ in range(2))
    cluster = [f"{namespace}.svc.{domain}", f"svc.{domain}", domain]
    if rng.random() < 0.6:  # as the kubelet writes it
        return [*cluster, *rng.sample(NODE_DOMAINS, rng.choice([0, 0, 1, 2]))]
    odd = [".", "", f"{domain}.", f".svc.{domain}", f"other.{domain}", f"{other}.svc.{domain}".title()]
    unfit = ["a..b", "l" * 64] if rng.random() < 0.1 else []
    entries = rng.sample([*cluster, *NODE_DOMAINS, *odd, *unfit], rng.randint(0, 7))
    return entries + rng.sample(entries, rng.randint(0, 1) if entries else 0)


def head_and_tail(rng, world):
    """Make the two parts of a name that the world may well have: up to the Service, and from the namespace on."""
    service, namespace = rng.choice(SERVICES), rng.choice(NAMESPACES)
    endpoints, ports = ENDPOINTS, [(port, protocol) for port in PORTS for protocol in ("tcp", "udp")]
    if rng.random() < 0.8:
        service, namespace = rng.choice(sorted(world.services))
        found = world.services[service, namespace]
        endpoints, ports = sorted(found["endpoints"]) or endpoints, sorted(found["ports"]) or ports
    p, q = rng.choice(ports)
    port = rng.choice([f"_{p}._{q}.", f"_{p}._{q}.", f"{p}.{q}.", f"_._{q}.", f"x._{p}._{q}."])
    before = rng.choice(["", "", "", f"{rng.choice(endpoints)}.", port, "z.pin._zone."])
    tail = rng.choice(["", f".{namespace}", f".{namespace}.svc", f".{namespace}.svc.{world.domain}"])
    return before + service, tail, namespace


def typed_name(rng, world):
    head, tail, namespace = head_and_tail(rng, world)
    labels = [*SERVICES, *NAMESPACES, *ENDPOINTS, "local", "cluster", "k8s", "dns", "ns", "_tcp", "example"]
    pod = f"{rng.choice(['', '', 'x.', 'x.y.'])}{rng.choice(ENDPOINTS)}.{namespace}.pod"
    name = rng.choice(
        [
            *[head + tail] * 10,
            *[rng.choice(HOSTS)] * 4,
            *[pod, f"{pod}.{world.domain}"],
            "ns.dns",
            *[".".join(rng.choice(labels) for _ in range(rng.randint(1, 6)))] * 3,
        ]
    )
    name = name.title() if rng.random() < 0.1 else name
    return name + "." if rng.random() < 0.1 else name


def drive(lookup, world, rng):
    """Answer a walk from the world, in any order of arrival. Returns its end and the names asked."""
    names = []
    try:
        ask = next(lookup)
        while True:
            names += dict.fromkeys(question.name.rstrip(".").lower() for question in ask.questions)
            answers = [None] * len(ask.questions)
            for index in rng.sample(range(len(answers)), len(answers)):
                answers[index] = world.answer(*ask.questions[index])
                if ask.enough(tuple(answers)):
                    break
            else:
                raise AssertionError("all is answered and it is not enough")
            ask = lookup.send(tuple(answers))
    except StopIteration as stop:
        return stop.value, names


def outside_the_specification(world, name):
    """Tell whether CoreDNS answers a name that the specification does not know."""
    labels = name.split(".")[: -world.domain.count(".") - 1]
    match labels:
        case ["ns", "dns"]:
            return True
        case [*before, _, _, "svc"] if len(before) == 2:
            return not all(label.startswith("_") and label != "_" for label in before)
        case [*before, _, "pod"]:
            return len(before) > 1
    return False


def fail_outside(rng, world, names):
    """Let some names outside the cluster domain fail, as loss (of both types) and as rcodes."""
    for name in names:
        if not world.inside(name) and rng.random() < 0.2:
            reason = rng.choice(["timeout", "formerr", "network", *SOFT])
            world.failing |= {(name, t): reason for t in (A, AAAA, SRV) if reason not in SOFT or rng.random() < 0.7}


def one_lookup(rng, world, *, failures=False):
    """Look a random name up by both policies. Returns the number of names asked, ours and glibc's, and what was found.

    That is `"nothing"`, a name `"outside"` or `"inside"` the cluster domain, or `"unspecified"`: one only CoreDNS has.
    """
    name = typed_name(rng, world)
    config = ResolverConfig(search=tuple(search_list(rng, world)), ndots=rng.choice([0, 1, 2, 3, 5, 5, 5, 15]))
    if rng.random() < 0.3:
        config = ResolverConfig(search=config.search, ndots=config.ndots, cluster_domain=world.domain)
    rdtypes = rng.choice([(A,), (AAAA,), (A, AAAA), (A, AAAA), (SRV,)])
    plan = [step.name.rstrip(".").lower() for step in policy("glibc").steps(name, config, rdtypes)]
    if failures:
        fail_outside(rng, world, plan)
    glibc, glibc_names = drive(Search(config, policy("glibc")).walk(name, rdtypes), world, rng)
    ours, our_names = drive(Search(config, policy("kubernetes")).walk(name, rdtypes), world, rng)
    world.failing.clear()
    told = f"{name!r} {config.search} ndots {config.ndots} {rdtypes}: {our_names}, glibc {glibc_names}"
    found = glibc.found.step.name.rstrip(".").lower() if glibc.found else None
    if found and glibc.found.step.listed and world.inside(found) and outside_the_specification(world, found):
        return len(our_names), len(glibc_names), "unspecified"
    assert (ours.found.step.name.rstrip(".").lower() if ours.found else None) == found, told
    assert found is None or ours.found.answers == glibc.found.answers, told
    ends = glibc.tried and glibc.tried[-1].outcome in ("found", "dangling")
    check_names(world, plan, glibc_names[-1] if ends else None, our_names, glibc_names, told)
    check_failure(ours, glibc, told)
    kind = ("inside" if world.inside(found) else "outside") if found else "nothing"
    return len(our_names), len(glibc_names), kind


def check_names(world, plan, end, ours, glibc, told):
    """No name is asked that glibc did not ask, but for neighbours of the one in the cluster that ended the walk."""
    assert len(ours) == len(set(ours)), told
    extra = [name for name in ours if name not in glibc]
    assert not extra or (end and world.inside(end)), told
    assert all(world.inside(name) and plan.index(name) > plan.index(end) for name in extra), told


def check_failure(ours, glibc, told):
    outcomes = {tried.outcome for tried in ours.tried} - {"overtaken"}
    if ours.found:
        assert ours.failure is None, told
    elif outcomes - {"nxdomain", "nodata", "dangling", "unsendable"}:
        assert (ours.failure, ours.failed.reason in outcomes) == ("temporary", True), told
    else:
        assert ours.failure == ("nodata" if outcomes & {"nodata", "dangling"} else "nxdomain"), told
        assert glibc.found is None, told


@given(st.randoms(use_true_random=False), st.booleans())
def test_kubernetes_finds_what_glibc_finds(rng, failures):
    one_lookup(rng, World(rng), failures=failures)


@pytest.mark.timeout(max(120, LOOKUPS / 200))
def test_kubernetes_finds_what_glibc_finds_in_many_random_worlds_and_asks_fewer_names():
    rng = random.Random(20261125)
    ours = glibc = 0
    kinds = collections.Counter()
    for index in range(LOOKUPS):
        if index % 20 == 0:
            world = World(rng)
        our_names, glibc_names, kind = one_lookup(rng, world, failures=index % 4 == 3)
        ours, glibc = ours + our_names, glibc + glibc_names
        kinds[kind] += 1
    print(f"{ours} names asked, glibc {glibc}: {1 - ours / glibc:.1%} fewer; found {dict(kinds)}")  # noqa: T201 - for -s
    # The worlds show something of every kind, and the policy is worth having in them.
    assert min(kinds[kind] for kind in ("nothing", "outside", "inside")) > LOOKUPS / 40
    assert 0 < kinds["unspecified"] < LOOKUPS / 20
    assert ours < 0.8 * glibc


@given(st.randoms(use_true_random=False))
def test_a_failing_name_under_the_cluster_domain_ends_the_lookup_unless_an_earlier_one_is_found(rng):
    world = World(rng)
    name = typed_name(rng, world)
    config = ResolverConfig(search=tuple(search_list(rng, world)), ndots=5, cluster_domain=world.domain)
    whole, names = drive(Search(config, policy("kubernetes")).walk(name, (A,)), world, rng)
    tried = [t.step.name.rstrip(".").lower() for t in whole.tried if t.outcome != "overtaken" and t.answers]
    inside = [name for name in tried if world.inside(name)]
    if not inside:
        return
    failing = rng.choice(inside)
    world.failing[failing, A] = rng.choice(["timeout", *SOFT])
    end, again = drive(Search(config, policy("kubernetes")).walk(name, (A,)), world, rng)
    assert (end.found, end.failure, end.failed) == (None, "temporary", Failed(world.failing[failing, A]))
    assert set(again) <= set(names)
    assert all(world.inside(name) for name in again[again.index(failing) :])
