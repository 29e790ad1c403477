"""Corefiles that went wrong once, in small, each beside what CoreDNS 1.14.7 makes of it."""

from pathlib import Path

import dns.message
import dns.rcode
import pytest
import yaml

from k8sresolve.errors import ManifestError
from k8sresolve.testing import Cluster

CASES = Path(__file__).parent


def cluster(case: str, name: str, **rest) -> Cluster:
    folder = CASES / case
    objects = [document for path in folder.glob("*.yaml") for document in yaml.safe_load_all(path.read_text())]
    return Cluster.from_objects(objects, corefile=(folder / f"{name}.Corefile").read_text(), **rest)


# coredns/coredns#3298, coredns/corefile-migration#23: CoreDNS does not start with what it does not know.
@pytest.mark.parametrize(
    ("name", "line", "word", "advice"),
    [
        ("upstream", 5, "upstream", "take it out"),
        ("option", 3, "resyncperiod", "take it out"),
        ("proxy", 4, "proxy", "`forward` takes its place"),
        ("typo", 3, "kubernets", "is it kubernetes?"),
    ],
)
def test_directives_and_options_that_coredns_does_not_know(name, line, word, advice):
    with pytest.raises(ManifestError) as caught:
        cluster("corefile-that-coredns-refuses", name)
    assert caught.value.line == line
    assert f"{word!r}" in caught.value.problem
    assert advice in caught.value.problem


WEB, NONE = "web.shop.svc.cluster.local.", "nothere.shop.svc.cluster.local."
OUTSIDE = {"reddog.microsoft.com": "@ 60 SOA ns admin 1 60 60 60 60\nvm 60 A 192.0.2.7"}


def asked(made: Cluster, name: str, rdtype: str) -> tuple[str, list[str], list[str]]:
    query = dns.message.make_query(name, rdtype)
    reply = dns.message.from_wire(made.respond(query.to_wire(), tcp=True))
    sections = [[str(record) for rrset in section for record in rrset] for section in (reply.answer, reply.authority)]
    return (dns.rcode.to_text(reply.rcode()), *sections)


# coredns/coredns#7090, onedr0p/home-ops#11428: what AKS gives every cluster, and how IPv4-only clusters stop AAAA.
@pytest.mark.parametrize("name", [f"{WEB}x.internal.cloudapp.net.", "vm.reddog.microsoft.com."])
def test_aks_denies_names_by_templates(name):
    made = cluster("corefile-template", "aks", upstream=OUTSIDE)
    assert made.warnings == ()
    assert asked(made, name, "A")[:2] == ("NXDOMAIN", [])


@pytest.mark.parametrize("name", [WEB, NONE])
def test_a_template_without_an_answer_is_nodata(name):
    made = cluster("corefile-template", "no-aaaa")
    assert asked(made, name, "AAAA") == ("NOERROR", [], ["ns.example. admin.example. 1 60 60 60 60"])
    assert asked(made, NONE, "A")[0] == "NXDOMAIN"
    assert asked(made, WEB, "A")[1] == ["10.96.3.3"]


@pytest.mark.parametrize("name", ["aaa.example.com.", "any.example.com."])
def test_a_template_stands_before_hosts(name):
    assert asked(cluster("corefile-template", "address"), name, "A") == ("NOERROR", ["192.0.2.1"], [])
