import pytest

from tests.testing.coredns.world import KUBERNETES, WEB, answer, cluster, outcome


def test_autopath_walks_the_search_list_of_the_pod_that_asks():
    made = cluster("autopath @kubernetes", KUBERNETES, "forward . 8.8.8.8")
    name = "api.example.com.shop.svc.cluster.local."
    assert answer(made, name, client="10.1.0.9") == [
        f"{name} 7200 CNAME api.example.com.",
        "api.example.com. 7200 A 192.0.2.80",
    ]
    assert outcome(made, name) == "NXDOMAIN"  # from nobody that is known
    assert answer(made, "web.shop.shop.svc.cluster.local.", client="10.1.0.9") == [
        f"web.shop.shop.svc.cluster.local. 30 CNAME {WEB}",
        f"{WEB} 30 A 10.96.0.2",
    ]
    assert outcome(made, "web.shop.data.svc.cluster.local.", client="10.1.0.9") == "NXDOMAIN"  # not its first domain
    assert outcome(made, "nothing.example.com.shop.svc.cluster.local.", client="10.1.0.9") == "NXDOMAIN"


def test_a_resolver_in_a_pod_profits_from_autopath():
    made = cluster("autopath @kubernetes", KUBERNETES, "forward . 8.8.8.8")
    with made.resolver(pod="shop/client", policy="glibc", family="ipv4") as resolver:
        found = resolver.addresses("api.example.com")
    assert [str(address) for address in found.addresses] == ["192.0.2.80"]
    assert len(made.queries) == 1


@pytest.mark.parametrize("source", ["@hosts", "@kubernetes", "/etc/resolv.conf"])
def test_a_source_that_does_not_know_who_asks_is_named(source):
    made = cluster(f"autopath {source}", "hosts")
    assert [what.partition(" (")[0] for what in made.warnings] == [f"autopath {source}"]


def test_the_newer_version_knows_a_pod_by_any_of_its_addresses():
    name, second = "web.shop.shop.svc.cluster.local.", "fd00::9"
    client = {"kind": "Pod", "metadata": {"name": "dual", "namespace": "shop"}}
    client["status"] = {"phase": "Running", "podIPs": [{"ip": "10.1.0.8"}, {"ip": second}]}
    outcomes = []
    for version in ("1.14.7", "1.15.0"):
        made = cluster("autopath @kubernetes", KUBERNETES, "forward . 8.8.8.8", coredns=version)
        made.apply(client)
        outcomes.append((outcome(made, name, client="10.1.0.8"), outcome(made, name, client=second)))
    assert outcomes == [("NOERROR", "NXDOMAIN"), ("NOERROR", "NOERROR")]
