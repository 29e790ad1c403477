"""The lines that the page about moving sets side by side come to the same; each error is what the page says."""

import re
import socket
from pathlib import Path

import dns.name
import dns.resolver
import pytest

import k8sresolve
from k8sresolve.testing import Cluster

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/how-to/moving.md").read_text()
FULL = "payments.shop.svc.cluster.local"


def rows(mark):
    table = PAGE.partition(f"<!-- {mark} -->\n")[2].partition(f"<!-- /{mark} -->")[0]
    found = re.findall(r"^\| `(.*)` \| `(.*)` \|$", table, re.MULTILINE)
    assert len(found) == table.count("\n") - 2
    return found


def plain(value):
    """What a value says, whatever library's it is."""
    if isinstance(value, tuple | list | dns.resolver.Answer) or hasattr(value, "__next__"):
        return sorted(str(each).removesuffix(".") for each in value)
    return str(value).removesuffix(".")


@pytest.fixture
def cluster():
    return Cluster.from_manifests(ROOT / "docs/examples/shop.yaml")


@pytest.fixture
def theirs(cluster):
    config = cluster.config("shop")
    resolver = dns.resolver.Resolver(configure=False)
    resolver.nameservers = [cluster.nameserver()]
    resolver.search, resolver.ndots = [dns.name.from_text(domain) for domain in config.search], config.ndots
    resolver.lifetime = 0.2
    return resolver


@pytest.mark.parametrize(("line", "ours"), rows("dnspython"))
def test_a_line_of_dnspython(cluster, theirs, line, ours):
    with cluster.resolver(namespace="shop", family="both") as resolver:
        names = {"theirs": theirs, "resolver": resolver, "full": FULL}
        assert plain(eval(line, names)) == plain(eval(ours, names)) != []


@pytest.mark.parametrize(("line", "ours"), rows("socket"))
def test_a_line_of_socket(cluster, line, ours):
    with cluster.patch(namespace="shop"), cluster.resolver(namespace="shop") as resolver:
        names = {"socket": socket, "resolver": resolver}
        assert plain(eval(line, names)) == plain(eval(ours, names)) != []


FAULTS = {
    "LifetimeTimeout": lambda network: network.drop(),
    "NoNameservers, each one said SERVFAIL": lambda network: network.rcode("SERVFAIL"),
    "NoNameservers, each one refused": lambda network: network.rcode("REFUSED"),
    "NoNameservers, no port was open": lambda network: network.refuse(),
}
ASKED = {"NXDOMAIN": ("nowhere.shop.svc.cluster.local", "A"), "NoAnswer": (FULL, "AAAA")}


def errors(head):
    table = PAGE.partition(f"{head}\n|---|---|\n")[2].partition("\n\n")[0]
    return [tuple(row.replace("`", "").strip("| ").split(" | ")) for row in table.splitlines()]


@pytest.mark.parametrize(("said", "ours"), errors("| where dnspython raises | k8sresolve raises |"))
def test_an_error_of_dnspython(cluster, theirs, said, ours):
    name, rdtype = ASKED.get(said, (FULL, "A"))
    if said in FAULTS:
        FAULTS[said](cluster.network)
    with pytest.raises(getattr(dns.resolver, said.partition(",")[0])):
        theirs.resolve(name, rdtype)
    with (
        cluster.resolver(namespace="shop") as resolver,
        pytest.raises(k8sresolve.ResolveError) as caught,
    ):
        resolver.lookup(f"{name}.", rdtype, timeout=3)
    assert type(caught.value).__name__ == ours


@pytest.mark.parametrize(("code", "ours"), errors("| where socket raises `gaierror` | k8sresolve raises |"))
def test_an_error_of_socket(code, ours):
    name, number = re.fullmatch(r"(\w+) \((-\d+)\)", code).groups()
    for error in re.findall(r"[A-Z]\w+[a-z]\b", ours):
        assert getattr(k8sresolve, error).CODE == getattr(socket, name) == int(number)


def test_dnspython_ends_its_search_where_a_name_has_no_data(cluster, theirs):
    with pytest.raises(dns.resolver.NoAnswer):
        theirs.resolve("data", "A", search=True)
    assert [query.name for query in cluster.queries][-1] == "data.svc.cluster.local."
    with cluster.resolver(namespace="shop", family="ipv4") as resolver, pytest.raises(k8sresolve.NotFound):
        resolver.addresses("data")
    assert [query.name for query in cluster.queries][-1] == "data."


def test_dnspython_asks_once_where_a_nameserver_fails(cluster, theirs):
    cluster.network.rcode("SERVFAIL")
    with pytest.raises(dns.resolver.NoNameservers):
        theirs.resolve(FULL, "A")
    assert len(cluster.queries) == 1
    cluster.queries.clear()
    with cluster.resolver(namespace="shop", family="ipv4") as resolver, pytest.raises(k8sresolve.ServerFailure):
        resolver.service("payments")
    assert len(cluster.queries) == 3


def test_the_defaults_of_dnspython_are_as_told():
    resolver = dns.resolver.Resolver(configure=False)
    assert (resolver.timeout, resolver.lifetime, resolver.cache) == (2, 5, None)
    assert not issubclass(dns.resolver.NXDOMAIN, OSError)
