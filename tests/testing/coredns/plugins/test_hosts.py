import pytest

from k8sresolve.testing import Cluster
from tests.testing.coredns.world import KUBERNETES, WEB, answer, cluster, outcome

HOSTS = (
    "hosts {\n 192.0.2.1 one.example.org One.example.org two.example.org # and more\n 2001:db8::1 one.example.org\n"
    " 192.0.2.9 *.wild.example.org\n ttl 60\n fallthrough example.org\n}"
)


@pytest.mark.parametrize(
    ("name", "rdtype", "want"),
    [
        ("one.example.org.", "AAAA", ["one.example.org. 60 AAAA 2001:db8::1"]),
        ("two.example.org.", "A", ["two.example.org. 60 A 192.0.2.1"]),
        ("x.wild.example.org.", "A", ["x.wild.example.org. 60 A 192.0.2.9"]),
        ("two.example.org.", "AAAA", "NODATA"),
        ("two.example.org.", "TXT", "NODATA"),
        ("three.example.org.", "A", "NXDOMAIN"),
        ("x.y.wild.example.org.", "A", "NXDOMAIN"),
        ("localhost.", "A", ["localhost. 60 A 127.0.0.1"]),
        ("elsewhere.", "A", "SERVFAIL"),
        ("9.2.0.192.in-addr.arpa.", "PTR", "NXDOMAIN"),
    ],
)
def test_hosts(name, rdtype, want):
    made = Cluster.from_objects([], corefile=f". {{\n{HOSTS}\nforward . 8.8.8.8\n}}")
    assert (answer(made, name, rdtype) or outcome(made, name, rdtype)) == want


def test_hosts_gives_names_for_addresses_unless_told_not_to():
    made = cluster(HOSTS)
    assert sorted(answer(made, "1.2.0.192.in-addr.arpa.", "PTR")) == [
        "1.2.0.192.in-addr.arpa. 60 PTR one.example.org.",
        "1.2.0.192.in-addr.arpa. 60 PTR one.example.org.",
        "1.2.0.192.in-addr.arpa. 60 PTR two.example.org.",
    ]
    silent = cluster(HOSTS.replace("ttl 60", "no_reverse"), "forward . 8.8.8.8")
    assert outcome(silent, "1.2.0.192.in-addr.arpa.", "PTR") == "REFUSED"


def test_hosts_stands_before_kubernetes():
    made = cluster(KUBERNETES, f"hosts {{\n 10.9.9.9 {WEB}\n fallthrough\n}}")
    assert answer(made, WEB) == [f"{WEB} 3600 A 10.9.9.9"]
    assert outcome(made, "db.shop.svc.cluster.local.") == "NOERROR"


def test_hosts_reads_a_file(tmp_path):
    file = tmp_path / "hosts"
    file.write_text("192.0.2.7 seven.example.org\n")
    assert answer(cluster(f"hosts {file} example.org"), "seven.example.org.") == ["seven.example.org. 3600 A 192.0.2.7"]
    missing = cluster(f"hosts {tmp_path}/none")
    assert outcome(missing, "seven.example.org.") == "SERVFAIL"
    assert "which is not there" in missing.warnings[0]
