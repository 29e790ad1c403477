"""The plugin `metadata`, and what others say of a request; tests/live/test_blocks.py has it beside a real one."""

import dns.message
import pytest

from tests.testing.coredns.world import KUBERNETES, WEB, cluster, lines, outcome

SAID = 'template IN TXT {\n answer "{{ .Name }} TXT \\"{{ .Meta \\"kubernetes/LABEL\\" }}\\""\n}'


def said(label, name, *, client="", plugin="metadata"):
    made = cluster(plugin, SAID.replace("LABEL", label), KUBERNETES)
    reply = dns.message.from_wire(made.respond(dns.message.make_query(name, "TXT").to_wire(), tcp=True, client=client))
    return lines(reply.answer)[0].split(" ", 3)[3].strip('"')


@pytest.mark.parametrize(
    ("label", "name", "want"),
    [
        ("service", WEB, "web"),
        ("namespace", WEB.upper(), "shop"),
        ("kind", WEB, "svc"),
        ("kind", "10-1-0-1.shop.pod.cluster.local.", "pod"),
        ("endpoint", f"x.{WEB}", "x"),
        ("port-name", f"_http._tcp.{WEB}", "http"),
        ("protocol", f"_http._tcp.{WEB}", "tcp"),
        ("parse-error", f"a.b.c.{WEB}", "invalid query name"),
        ("parse-error", WEB, ""),
        ("service", "web.example.com.", ""),
        ("nonsense", WEB, ""),
    ],
)
def test_kubernetes_says_what_a_name_is_taken_for(label, name, want):
    assert said(label, name) == want


def test_kubernetes_says_who_asks():
    assert said("client-pod-name", "x.org.", client="10.1.0.9") == "client"
    assert said("client-namespace", "x.org.", client="10.1.0.9") == "shop"
    assert said("client-namespace", "x.org.", client="10.1.0.8") == ""


def test_nothing_is_said_without_the_plugin_or_outside_of_its_zones():
    assert said("service", WEB, plugin="errors") == ""
    assert said("service", WEB, plugin="metadata example.com") == ""


def test_a_view_reads_it_before_its_block_is_chosen():
    view = "view v {\n expr metadata('kubernetes/namespace') == 'shop' and metadata('view/name') == 'v'\n}"
    made = cluster("metadata", view, KUBERNETES)
    assert outcome(made, WEB) == "NOERROR"
    assert outcome(made, "web.data.svc.cluster.local.") == "REFUSED"


def test_a_rewritten_option_holds_it():
    made = cluster("metadata", "rewrite edns0 local set 65000 {kubernetes/service}", KUBERNETES)
    reply = dns.message.from_wire(made.respond(dns.message.make_query(WEB, "A", use_edns=0).to_wire()))
    assert [(int(option.otype), option.to_wire()) for option in reply.options] == [(65000, b"web")]
    reply = dns.message.from_wire(made.respond(dns.message.make_query("svc.cluster.local.", "A").to_wire()))
    assert reply.edns == -1  # nothing to put in, and no OPT record to put it in
