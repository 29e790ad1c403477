"""Where a client's servers are, whatever kind of resolver says so."""

import asyncio
from ipaddress import ip_address

import pytest

from k8sresolve import NoEndpoints, Port, ServiceName, Target
from k8sresolve.contrib._places import Place, Places
from k8sresolve.testing import Cluster, service


class Told:
    """Stands in for a resolver, and gives what it is told to."""

    timeout = 5.0

    def __init__(self, *found):
        self.found = list(found)

    def port(self, *_args, **_options):
        return self.found.pop(0)


class Awaited(Told):
    async def port(self, *_args, **_options):
        return self.found.pop(0)


def port(*addresses):
    """SRV records of which some came without an address, as where a reply was lost."""
    name = "db-0.db.data.svc.cluster.local."
    targets = (Target(name, 5432, 0, 50, tuple(map(ip_address, addresses))),)
    return Port("sql", "tcp", ServiceName("db", "data"), targets, incomplete=not addresses)


@pytest.fixture(params=[Told, Awaited])
def find(request):
    def find(places, *found):
        resolver = request.param(*found)
        return asyncio.run(places.find_async(resolver)) if request.param is Awaited else places.find(resolver)

    return find


def test_targets_without_an_address_are_no_servers(find):
    """An empty list would be a server on this machine for libpq."""
    with pytest.raises(NoEndpoints, match=r"db\.data: no target of port 'sql' came with an address"):
        find(Places("db.data", "sql"), port())


def test_what_was_found_before_stands_in_their_place(find):
    places = Places("db.data", "sql")
    there = [Place("db-0.db.data.svc.cluster.local", "10.244.1.7", 5432, is_pods_name=True)]
    assert find(places, port("10.244.1.7")) == there
    assert find(places, port()) == there


@pytest.mark.parametrize(
    ("of_resolver", "of_client", "waited"), [(5.0, None, 1.8), (0.5, None, 0.5), (0.5, 1.0, 1.0), (5.0, 10.0, 1.8)]
)
@pytest.mark.parametrize("kind", ["blocking", "asyncio"])
def test_dns_that_is_away_is_waited_for_1_8_seconds_and_never_longer_than_was_said(
    kind, of_resolver, of_client, waited
):
    cluster = Cluster.new(service("db.data", main=5432))
    if kind == "asyncio":
        resolver = cluster.async_resolver(timeout=of_resolver)
    else:
        resolver = cluster.resolver(timeout=of_resolver)
    places = Places("db.data", "main")

    def find():
        if kind == "asyncio":
            return asyncio.run(places.find_async(resolver, of_client))
        return places.find(resolver, of_client)

    there = find()
    with cluster.network.drop():
        before = cluster.clock.monotonic()
        assert find() == there
    assert cluster.clock.monotonic() - before == pytest.approx(waited)


@pytest.mark.parametrize("protocol", ["tcp", None])
def test_the_name_that_tls_verifies_has_no_dot_at_its_end(protocol):
    resolver = Cluster.new(service("db.data", main=5432)).resolver()
    (place,) = Places("db.data.svc.cluster.local.", 5432, protocol).find(resolver)
    assert place.name == "db.data.svc.cluster.local"
