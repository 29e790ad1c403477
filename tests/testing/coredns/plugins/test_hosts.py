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


@pytest.mark.parametrize(
    ("line", "older", "newer"),
    [
        ("# " + "x" * 65533, True, True),
        ("# " + "x" * 65534, False, True),
        ("# " + "\u00fc" * 32767, False, True),
        ("192.0.2.1 a" + " " * 70_000, False, True),
    ],
)
def test_a_line_of_65536_octets_ends_the_file_for_older_versions(line, older, newer, tmp_path):
    (tmp_path / "hosts").write_text(f"{line}\n192.0.2.7 late.corp\n")
    made = [cluster(f"hosts {tmp_path}/hosts", coredns=version) for version in ("1.14.7", "1.15.0")]
    assert [outcome(one, "late.corp.") == "NOERROR" for one in made] == [older, newer]


def test_words_end_at_ascii_blanks_alone_in_the_newer_version(tmp_path):
    (tmp_path / "hosts").write_text("192.0.2.7 one.corp\u00a0two.corp\n192.0.2.8\x0bthree.corp\x0cfour.corp\n")
    made = [cluster(f"hosts {tmp_path}/hosts", coredns=version) for version in ("1.14.7", "1.15.0")]
    assert [outcome(one, "two.corp.") for one in made] == ["NOERROR", "SERVFAIL"]
    assert [outcome(one, f"{name}.corp.") for one in made for name in ("three", "four")] == ["NOERROR"] * 4


def test_a_lone_cr_is_a_blank_and_ends_no_line(tmp_path):
    (tmp_path / "hosts").write_bytes(b"192.0.2.7 one.corp\rtwo.corp # and\rthree.corp\r\n192.0.2.8 four.corp\r\n")
    for version in ("1.14.7", "1.15.0"):
        made = cluster(f"hosts {tmp_path}/hosts", coredns=version)
        outcomes = [outcome(made, f"{name}.corp.") for name in ("one", "two", "three", "four")]
        assert outcomes == ["NOERROR", "NOERROR", "SERVFAIL", "NOERROR"]


def test_words_of_more_than_1024_octets_are_dropped(tmp_path):
    (tmp_path / "hosts").write_text(f"192.0.2.7 {'x' * 1025} a.corp\n{'1' * 1025} b.corp\n")
    made = cluster(f"hosts {tmp_path}/hosts", coredns="1.15.0")
    assert [outcome(made, name) for name in ("a.corp.", "b.corp.")] == ["NOERROR", "SERVFAIL"]
