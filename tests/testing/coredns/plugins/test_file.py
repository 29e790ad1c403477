import dns.flags
import pytest

from k8sresolve.errors import ManifestError
from tests.testing.coredns.world import KUBERNETES, answer, ask, cluster, lines, outcome


def test_file_serves_a_zone_and_root_says_where_files_are(tmp_path):
    (tmp_path / "db.corp").write_text("@ 60 SOA ns admin 1 2 3 4 5\nwiki 60 A 192.0.2.3\n")
    made = cluster(f"root {tmp_path}", KUBERNETES, "file db.corp corp.example {\n fallthrough x.corp.example\n}")
    assert answer(made, "wiki.corp.example.") == ["wiki.corp.example. 60 A 192.0.2.3"]
    assert outcome(made, "y.corp.example.") == "NXDOMAIN"
    assert outcome(made, "a.x.corp.example.") == "SERVFAIL"  # fell through, and there is nothing behind
    assert outcome(made, "example.com.") == "REFUSED"
    assert outcome(cluster("file none corp.example"), "wiki.corp.example.") == "SERVFAIL"


@pytest.mark.parametrize(("version", "want"), [("1.14.7", "NOERROR"), ("1.15.0", "SERVFAIL")])
def test_an_alias_of_itself_leads_nowhere(version, want, tmp_path):
    (tmp_path / "db").write_text(
        "@ 60 SOA ns admin 1 2 3 4 5\nself 60 CNAME SELF\nto 60 CNAME self\na 60 CNAME b\nb 60 CNAME a\n"
    )
    made = cluster(f"file {tmp_path}/db corp.example", coredns=version)
    assert [outcome(made, f"{name}.corp.example.") for name in ("self", "to", "a")] == [want, want, "NOERROR"]


@pytest.mark.parametrize("owner", ["other.test.", "sub", "corp.example"])
def test_an_soa_of_another_name_keeps_the_newer_version_from_starting(owner, tmp_path):
    (tmp_path / "db").write_text(f"{owner} 60 SOA ns admin 1 2 3 4 5\nwiki 60 A 192.0.2.3\n")
    assert answer(cluster(f"file {tmp_path}/db corp.example", coredns="1.14.7"), "wiki.corp.example.")
    with pytest.raises(ManifestError, match="CoreDNS does not start: an SOA record") as caught:
        cluster(f"file {tmp_path}/db corp.example", coredns="1.15.0")
    assert caught.value.line == 2


def test_names_below_a_delegation_are_another_nameservers(tmp_path):
    (tmp_path / "db").write_text("@ 60 SOA ns admin 1 2 3 4 5\nsub 60 NS ns.sub\nns.sub 60 A 192.0.2.3\n")
    made = cluster(f"file {tmp_path}/db corp.example")
    for name in ("sub.corp.example.", "a.b.sub.corp.example.", "ns.sub.corp.example."):
        reply = ask(made, name)
        assert (reply.rcode(), reply.answer, bool(reply.flags & dns.flags.AA)) == (0, [], False)
        assert lines(reply.authority) == ["sub.corp.example. 60 NS ns.sub.corp.example."]
        assert lines(reply.additional) == ["ns.sub.corp.example. 60 A 192.0.2.3"]
    assert ask(made, "sub.corp.example.", "DS").flags & dns.flags.AA
