import dns.edns
import dns.message
import pytest

from k8sresolve.errors import ManifestError
from tests.testing.coredns.world import KUBERNETES, WEB, answer, ask, cluster, lines, outcome


@pytest.mark.parametrize(
    ("rule", "name", "want"),
    [
        ("name web.corp web.shop.svc.cluster.local", "WEB.corp.", ["web.corp. 30 A 10.96.0.2"]),
        ("name exact web.corp web.shop.svc.cluster.local", "x.web.corp.", "SERVFAIL"),
        ("name prefix corp-web. web. answer auto", "corp-web.shop.svc.cluster.local.", None),
        ("name prefix corp-web. web.", "corp-web.shop.svc.cluster.local.", [f"{WEB} 30 A 10.96.0.2"]),
        ("name suffix .corp .svc.cluster.local answer auto", "web.shop.corp.", ["web.shop.corp. 30 A 10.96.0.2"]),
        ("name suffix .corp .svc.cluster.local", "web.shop.corp.", [f"{WEB} 30 A 10.96.0.2"]),
        ("name substring corp svc.cluster.local", "web.shop.corp.", [f"{WEB} 30 A 10.96.0.2"]),
        (r"name regex (.*)-(.*)\.corp {1}.{2}.svc.cluster.local", "web-shop.corp.", [f"{WEB} 30 A 10.96.0.2"]),
        (
            r"stop {" + "\n" + r"name regex (.*)\.corp {1}.svc.cluster.local" + "\n"
            r"answer name (.*)\.svc\.cluster\.local {1}.corp" + "\n}",
            "web.shop.corp.",
            ["web.shop.corp. 30 A 10.96.0.2"],
        ),
    ],
)
def test_rewrite_name(rule, name, want):
    made = cluster(KUBERNETES, f"rewrite {rule}")
    if want is None:
        want = [f"{name} 30 A 10.96.0.2"]
    assert (answer(made, name) or outcome(made, name)) == want


def test_rewrite_changes_names_in_the_data_back():
    made = cluster(KUBERNETES, "rewrite name suffix .corp .svc.cluster.local answer auto")
    reply = ask(made, "db.shop.corp.", "SRV")
    assert lines(reply.answer)[0] == "db.shop.corp. 30 SRV 0 25 5432 10-1-0-1.db.shop.corp."
    assert lines(reply.additional)[0] == "10-1-0-1.db.shop.corp. 30 A 10.1.0.1"


def test_rules_go_on_or_stop():
    first, second = "name suffix .corp .example answer auto", "name suffix .example .svc.cluster.local answer auto"
    on = cluster(KUBERNETES, f"rewrite continue {first}", f"rewrite {second}")
    assert answer(on, "web.shop.corp.") == ["web.shop.corp. 30 A 10.96.0.2"]
    stopped = cluster(KUBERNETES, f"rewrite stop {first}", f"rewrite {second}")
    assert outcome(stopped, "web.shop.corp.") == "SERVFAIL"


def test_other_rules_of_rewrite_are_named():
    made = cluster(KUBERNETES, "rewrite edns0 local set 65000 {server_port}", "rewrite type ANY A")
    assert [what.partition(" (")[0] for what in made.warnings] == ["rewrite edns0 with {server_port}"]
    assert answer(made, WEB) == [f"{WEB} 30 A 10.96.0.2"]


OUT = "out.shop.svc.cluster.local."


@pytest.mark.parametrize(
    ("rule", "target"),
    [
        ("cname api.example.com web.shop.svc.cluster.local", WEB),
        ("cname exact API.example.com. WEB.shop.svc.cluster.local", WEB),
        ("cname prefix api.example.com. web.shop.svc.cluster.local.", WEB),
        ("cname suffix api.example.com. web.shop.svc.cluster.local.", WEB),
        ("cname substring api.example.com web.shop.svc.cluster.local", WEB),
        (r"cname regex ^a(.*)i[.]example.com[.]$ web.shop.svc.cluster{1}.local.", "web.shop.svc.clusterp.local."),
        ("cname prefix example. x.", None),
        ('cname prefix "" x.', None),
    ],
)
def test_an_alias_is_led_elsewhere(rule, target):
    found = answer(cluster(KUBERNETES, f"rewrite {rule}", "forward . 192.0.2.1"), OUT)
    assert found[0] == f"{OUT} 30 CNAME {target or 'api.example.com.'}"
    behind = {WEB: [f"{WEB} 30 A 10.96.0.2"], None: ["api.example.com. 7200 A 192.0.2.80"]}
    assert found[1:] == behind.get(target, [])


def test_what_stood_behind_an_alias_goes_with_it():
    records = (
        "one.org. CNAME two.org.",
        "two.org. CNAME three.org.",
        "three.org. A 192.0.2.1",
        "four.org. A 192.0.2.4",
    )
    lines_ = "".join(f'answer "{record}"\n' for record in records)
    made = cluster(
        f"template IN A org {{\nmatch ^one\n{lines_}fallthrough\n}}", KUBERNETES, f"rewrite cname two.org {WEB}"
    )
    assert answer(made, "one.org.") == [f"one.org. 3600 CNAME {WEB}", f"{WEB} 30 A 10.96.0.2"]


def test_an_alias_without_its_last_dot_gets_no_reply():
    made = cluster(KUBERNETES, "rewrite cname regex ^api web.shop.svc.cluster.local", "forward . 192.0.2.1")
    assert made.respond(dns.message.make_query(OUT, "A").to_wire()) is None


def test_aliases_in_a_circle_get_no_reply():
    made = cluster(KUBERNETES, f"rewrite cname api.example.com {OUT}", "forward . 192.0.2.1")
    assert made.respond(dns.message.make_query(OUT, "A").to_wire()) is None


def options(*rules, sent=(), edns=True):
    made = cluster(KUBERNETES, *(f"rewrite {rule}" for rule in rules))
    given = [dns.edns.GenericOption(code, data) for code, data in sent]
    query = dns.message.make_query(WEB, "A", use_edns=0 if edns else False, options=given if edns else None)
    reply = dns.message.from_wire(made.respond(query.to_wire(), client="10.1.0.9"))
    return reply.payload, [(int(option.otype), option.to_wire()) for option in reply.options]


@pytest.mark.parametrize(
    ("rules", "sent", "want"),
    [
        (["edns0 local set 65000 0x6162"], [(65000, b"x")], [(65000, b"ab")]),
        (["edns0 local append 65000 ab"], [(65000, b"x")], [(65000, b"x"), (65000, b"ab")]),
        (["edns0 local replace 65000 ab"], [], []),
        (["edns0 local unset 65000"], [(65000, b"x"), (65001, b"y")], []),
        (["edns0 local set 65000 hidden revert"], [(65000, b"x")], [(65000, b"x")]),
        (["edns0 local set 65000 {client_ip}"], [], [(65000, bytes((10, 1, 0, 9)))]),
        (["edns0 local set 65000 {qtype}"], [], [(65000, b"\0\1")]),
        (["edns0 nsid set"], [], [(3, b"")]),
        (["edns0 subnet set 24 56"], [], []),  # CoreDNS does not give it back
        (["continue edns0 local set 65000 a", "edns0 local set 65001 b"], [], [(65000, b"a"), (65001, b"b")]),
        (["edns0 local set 65000 a", "edns0 local set 65001 b"], [], [(65000, b"a")]),
        (["edns0 local replace 65000 a", "edns0 local set 65001 b"], [], [(65001, b"b")]),
    ],
)
def test_the_options_of_a_query_come_back_changed(rules, sent, want):
    assert options(*rules, sent=sent)[1] == want


def test_a_query_without_edns_gets_an_opt_record():
    assert options("edns0 local set 65000 a", edns=False) == (4096, [(65000, b"a")])


def test_a_type_is_another_on_the_way_in_only():
    made = cluster(KUBERNETES, "rewrite type ANY A")
    reply = ask(made, WEB, "ANY")
    assert lines(reply.answer) == [f"{WEB} 30 A 10.96.0.2"]
    assert reply.question[0].rdtype == 255


def test_a_class_is_another_on_the_way_in_only():
    made = cluster("rewrite class IN CH", 'template CH A {\n answer "ch. 1 IN A 192.0.2.1"\n}', KUBERNETES)
    assert outcome(made, WEB) == "NOERROR"


@pytest.mark.parametrize(
    ("rule", "ttl"),
    [
        (f"ttl {WEB} 7", 7),
        (f"ttl exact {WEB} 40-50", 40),
        ("ttl suffix .cluster.local -9", 9),
        ("ttl prefix web. 31-", 31),
        ("ttl substring shop 5-100", 30),
        ("ttl regex ^w.b[.] 1-2", 2),
        ("ttl db.shop.svc.cluster.local 7", 30),
    ],
)
def test_ttls_are_kept_within_bounds(rule, ttl):
    assert answer(cluster(KUBERNETES, f"rewrite {rule}"), WEB) == [f"{WEB} {ttl} A 10.96.0.2"]


def test_an_rcode_is_made_another():
    rule = "rewrite rcode suffix .cluster.local NXDOMAIN NOERROR"
    made = cluster(KUBERNETES, rule)
    assert outcome(made, "none.shop.svc.cluster.local.") == "NODATA"
    assert outcome(made, WEB) == "NOERROR"
    alone = cluster("rewrite rcode regex .* SERVFAIL 3", "hosts")
    assert outcome(alone, "x.corp.") == "NXDOMAIN"


def test_a_rule_for_the_reply_stops_unless_it_says_continue():
    name = "rewrite name suffix .corp .shop.svc.cluster.local answer auto"
    assert outcome(cluster(KUBERNETES, "rewrite ttl regex .* 7", name), "web.corp.") == "SERVFAIL"
    on = cluster(KUBERNETES, "rewrite continue ttl regex .* 7", name)
    assert answer(on, "web.corp.") == ["web.corp. 7 A 10.96.0.2"]


@pytest.mark.parametrize(
    ("rule", "problem"),
    [
        ("type A", "two words"),
        ("type A NONE", "no record type"),
        ("class IN IM", "no class"),
        ("ttl a.org", "2 or 3 words"),
        ("ttl a.org -", "no TTL"),
        ("ttl a.org 9-5", "no range"),
        ("ttl exactly a.org 9", "none of exact"),
        ("ttl regex ( 9", "no regular expression"),
        ("edns0 local", "kind and an action"),
        ("edns0 color set 1 2", "none of local"),
        ("edns0 local put 1 2", "none of set"),
        ("edns0 local set 65536 2", "no number from 0 to 65535"),
        ("edns0 local set 65000", "takes 2 words more, not 1"),
        ("edns0 local set 65000 0xf", "not hexadecimal"),
        ("edns0 local set 65000 {color}", "no variable"),
        ("edns0 subnet set 33 56", "no number from 0 to 32"),
        ("rcode a.org NXDOMAIN", "3 or 4 words"),
        ("rcode a.org NXDOMAIN NOPE", "no rcode"),
    ],
)
def test_rules_that_coredns_would_not_start_with(rule, problem):
    with pytest.raises(ManifestError, match=problem):
        cluster(f"rewrite {rule}")


REGEX = r"rewrite name regex (.*)\.old {1}.shop.svc.cluster.local"


def test_metadata_stands_in_names_of_the_newer_version():
    made = cluster(KUBERNETES, f"{REGEX} metadata answer auto", coredns="1.15.0")
    assert answer(made, "web.old.") == ["web.old. 30 A 10.96.0.2"]
    absent = cluster(KUBERNETES, r"rewrite name regex (.*)\.old {1}.{none/there} metadata", coredns="1.15.0")
    assert outcome(absent, "web.old.") == "SERVFAIL"  # no plugin tells it, so that the rule is passed over
    with pytest.raises(ManifestError, match="only `answer` may follow"):
        cluster(KUBERNETES, f"{REGEX} metadata", coredns="1.14.7")


@pytest.mark.parametrize(
    ("rule", "problem"),
    [
        ("name exact a b metadata", "metadata is for rules of kind regex"),
        ("name regex a b{1} metadata", "more groups"),
        ("name regex a b{-1} metadata", "more groups"),
        ("name regex a b{x} metadata", "no label of metadata"),
        ("name regex a b{x/y metadata", "a brace that is not closed"),
        ("name regex a b}c metadata", "a brace that is not opened"),
        ("name regex ( b metadata", "expression"),
    ],
)
def test_rules_with_metadata_that_coredns_does_not_start_with(rule, problem):
    with pytest.raises(ManifestError, match=problem):
        cluster(KUBERNETES, f"rewrite {rule}", coredns="1.15.0")
