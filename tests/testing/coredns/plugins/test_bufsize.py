import dns.flags
import dns.message
import pytest

from k8sresolve.errors import ManifestError
from tests.testing.coredns.world import cluster

HOSTS = "hosts {\n" + "".join(f" 10.0.0.{number} many.corp\n" for number in range(1, 60)) + "}"


def reply(*plugins, payload=4096, tcp=False):
    query = dns.message.make_query("many.corp.", "A", use_edns=payload > 0, payload=payload or 1232)
    return dns.message.from_wire(cluster(*plugins, HOSTS).respond(query.to_wire(), tcp=tcp))


def test_replies_have_no_more_octets_than_the_size():
    assert not reply().flags & dns.flags.TC
    cut = reply("bufsize 512")
    assert cut.flags & dns.flags.TC
    assert cut.payload == 512
    assert reply("bufsize").payload == 1232


def test_a_smaller_payload_and_tcp_are_left():
    assert reply("bufsize 1232", payload=600).payload == 600
    assert not reply("bufsize 512", tcp=True).flags & dns.flags.TC


@pytest.mark.parametrize("size", ["511", "4097", "x"])
def test_sizes_that_coredns_would_not_start_with(size):
    with pytest.raises(ManifestError):
        cluster(f"bufsize {size}")
