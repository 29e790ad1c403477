"""Where a client's servers are, whatever kind of resolver says so."""

import asyncio
from ipaddress import ip_address

import pytest

from k8sresolve import NoEndpoints, Port, ServiceName, Target
from k8sresolve.contrib._places import Place, Places


class Told:
    """Stands in for a resolver, and gives what it is told to."""

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
