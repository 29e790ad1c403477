import pytest

from tests.testing.coredns.world import KUBERNETES, WEB, ask, cluster, outcome


def test_minimal_leaves_out_glue_but_not_the_soa():
    made = cluster(KUBERNETES, "minimal")
    reply = ask(made, "db.shop.svc.cluster.local.", "SRV")
    assert (len(reply.answer), len(reply.additional)) == (4, 0)
    assert ask(made, WEB, "AAAA").authority


def test_what_no_plugin_answers_is_a_failure_with_it_too():
    assert outcome(cluster(KUBERNETES, "minimal"), "api.example.org.") == "SERVFAIL"
    # CoreDNS crashes on the rcode that `hosts` leaves to the server, and its server survives that.
    assert outcome(cluster("hosts {\n 192.0.2.1 db\n}", "minimal"), "api.example.org.") == "SERVFAIL"


@pytest.mark.parametrize(("version", "want"), [("1.14.7", "SERVFAIL"), ("1.15.0", "REFUSED")])
def test_a_refusal_without_a_reply_is_passed_on_by_the_newer_version(version, want, tmp_path):
    (tmp_path / "db").write_text("@ 60 SOA ns admin 1 2 3 4 5\n")
    assert outcome(cluster("minimal", f"file {tmp_path}/db corp.example", coredns=version), "example.com.") == want
