"""The plugin `template`, by its documentation; tests/live/test_blocks.py has its forms beside a real one."""

import pytest

from k8sresolve.errors import ManifestError
from tests.testing.coredns.world import KUBERNETES, WEB, answer, ask, cluster, outcome


def template(head, *lines):
    return f"template {head} {{\n" + "\n".join(lines) + "\n}"


IP = template("IN A corp", r"match ^ip-(?P<a>\d+)\.corp\.$", 'answer "{{ .Name }} 9 IN A 192.0.2.{{ .Group.a }}"')


def test_a_template_answers_by_what_the_expression_found():
    made = cluster(IP)
    assert answer(made, "IP-7.corp.") == ["ip-7.corp. 9 A 192.0.2.7"]
    assert outcome(made, "other.corp.") == "SERVFAIL"
    assert outcome(made, "ip-999.corp.") == "SERVFAIL"  # no address


def test_what_no_template_is_for_goes_on():
    made = cluster(IP, KUBERNETES)
    assert answer(made, WEB) == [f"{WEB} 30 A 10.96.0.2"]
    assert outcome(made, "ip-7.corp.", "AAAA") == "SERVFAIL"  # of the end of the chain
    through = cluster(IP.replace("\n}", "\nfallthrough\n}"), "hosts {\n 10.0.0.1 other.corp\n}")
    assert answer(through, "other.corp.") == ["other.corp. 3600 A 10.0.0.1"]


def test_the_first_template_that_fits_answers():
    made = cluster(template("IN A a.corp", 'answer "x 1 A 192.0.2.1"'), template("IN A", 'answer "y 1 A 192.0.2.2"'))
    assert answer(made, "w.a.corp.") == ["x. 1 A 192.0.2.1"]
    assert answer(made, "w.b.corp.") == ["y. 1 A 192.0.2.2"]


def test_an_rcode_alone_denies():
    made = cluster(template("ANY ANY corp", "rcode NXDOMAIN"), KUBERNETES)
    assert outcome(made, "x.corp.", "MX") == "NXDOMAIN"
    assert ask(made, "x.corp.").authority == []


def test_an_alias_is_followed_through_the_server():
    made = cluster(template("IN ANY corp", f'answer "{{{{ .Name }}}} 60 IN CNAME {WEB}"'), KUBERNETES)
    assert answer(made, "x.corp.") == [f"x.corp. 60 CNAME {WEB}", f"{WEB} 30 A 10.96.0.2"]
    assert answer(made, "x.corp.", "TXT") == [f"x.corp. 60 CNAME {WEB}"]


def test_what_is_not_modelled_is_named_and_left_out():
    made = cluster(template("IN A corp", 'answer "{{ js .Name }}"'), KUBERNETES)
    assert made.warnings == ("template with js (Corefile, line 2)",)
    assert answer(made, WEB)


@pytest.mark.parametrize(
    ("plugin", "problem"),
    [
        (template("IN NONE corp"), "no record type"),
        (template("in A corp"), "no class"),
        (template("IN A", "match ("), "no regular expression"),
        (template("IN A", "rcode NOPE"), "no rcode"),
        (template("IN A", 'answer "{{ .Name"'), "no template"),
        ("template IN", "2 or more arguments"),
    ],
)
def test_what_coredns_would_not_start_with(plugin, problem):
    with pytest.raises(ManifestError, match=problem):
        cluster(plugin)
