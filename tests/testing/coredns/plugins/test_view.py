"""The plugin `view`, by its documentation; tests/live/test_blocks.py has its forms beside a real one."""

import dns.message
import pytest

from k8sresolve.errors import ManifestError
from k8sresolve.testing import Cluster
from tests.testing.coredns.world import answer, outcome


def block(address, *expressions, zone="."):
    view = "view v {\n" + "\n".join(f"expr {one}" for one in expressions) + "\n}\n" if expressions else ""
    return f"{zone} {{\n{view}hosts {{\n {address} x.corp\n}}\n}}\n"


def views(*blocks):
    return Cluster.from_objects([], corefile="".join(blocks))


def address(made, **rest):
    return [line.split()[-1] for line in answer(made, "x.corp.", **rest)]


def test_the_first_block_whose_expressions_are_true_answers():
    made = views(
        block("10.0.0.1", "incidr(client_ip(), '10.1.0.0/16')", "type() == 'A'"),
        block("10.0.0.2", "incidr(client_ip(), '10.0.0.0/8')"),
        block("10.0.0.3"),
    )
    assert address(made, client="10.1.0.9") == ["10.0.0.1"]
    assert address(made, client="10.2.0.9") == ["10.0.0.2"]
    assert address(made, client="192.0.2.1") == ["10.0.0.3"]
    assert address(made) == ["10.0.0.3"]  # who is not known is in no network


def test_a_block_for_a_shorter_zone_answers_where_no_view_is_true():
    made = views(block("10.0.0.1", "proto() == 'udp'", zone="corp"), block("10.0.0.2"))
    assert address(made, tcp=True) == ["10.0.0.2"]
    assert address(made, tcp=False) == ["10.0.0.1"]


def test_without_any_block_it_is_refused():
    assert outcome(views(block("10.0.0.1", "false")), "x.corp.") == "REFUSED"


@pytest.mark.parametrize(
    ("expression", "udp", "tcp"),
    [
        ("server_port() == '53'", True, True),
        ("server_ip() == '::'", True, False),
        ("server_ip() == '10.244.0.2'", False, True),
        ("port() == '53'", False, False),
        ("size() == 12 + 8 + 4 + 11", True, True),  # header, name, type and class, OPT
        ("id() == 4660", True, True),
        ("metadata('view/name') == 'v'", False, False),
    ],
)
def test_what_else_a_view_may_ask(expression, udp, tcp):
    made = views(block("10.0.0.1", expression), block("10.0.0.2"))
    query = dns.message.make_query("x.corp.", "A", use_edns=0, id=4660).to_wire()
    answered = [made.respond(query, tcp=way)[-15:-11] for way in (False, True)]
    assert [octets == bytes((10, 0, 0, 1)) for octets in answered] == [udp, tcp]


def test_a_block_that_is_bound_knows_its_address():
    bound = block("10.0.0.1", "server_ip() == '192.0.2.9'").replace("view v", "bind 192.0.2.9\nview v")
    assert address(views(bound, block("10.0.0.2")), tcp=False) == ["10.0.0.1"]


def test_each_port_has_blocks_of_its_own():
    made = views(block("10.0.0.1", "server_port() == '1053'", zone=".:53 .:1053"), block("10.0.0.2", zone=".:53"))
    assert address(made) == ["10.0.0.2"]


def test_a_block_that_cannot_be_decided_is_named_and_left_out():
    made = views(block("10.0.0.1", "\"any(['x'], # == name())\""), block("10.0.0.2"))
    assert made.warnings == ("server block of view v, by any of any(['x'], # == name()) (Corefile, line 3)",)
    assert address(made) == ["10.0.0.2"]


def test_what_coredns_would_not_start_with():
    with pytest.raises(ManifestError, match="no expression"):
        views(block("10.0.0.1", "nothing()"))
    with pytest.raises(ManifestError, match="another server block"):
        views(block("10.0.0.1"), block("10.0.0.2", "true"), block("10.0.0.3"))


@pytest.mark.parametrize("text", ["x" * 100_000, "'" + "x" * 100_000])
def test_an_expression_of_a_book_is_cut(text):
    with pytest.raises(ManifestError, match="is no expression") as caught:
        Cluster.from_objects([], corefile=f". {{\n view v {{\n expr {text}\n }}\n}}")
    assert len(str(caught.value)) < 500
