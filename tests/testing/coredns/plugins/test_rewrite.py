import pytest

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
    made = cluster(KUBERNETES, "rewrite ttl exact a.org 5-10", "rewrite type ANY A")
    assert [what.partition(" (")[0] for what in made.warnings] == ["rewrite ttl", "rewrite type"]
    assert answer(made, WEB) == [f"{WEB} 30 A 10.96.0.2"]
