"""What a resolv.conf leaves open is filled in; the reader's own tests are in `test_resolv_conf`."""

import pytest

from k8sresolve._core.files.resolv_conf import parse_resolv_conf

GOOD = b"nameserver 10.96.0.10\n"


@pytest.mark.parametrize("dialect", ["glibc", "musl", "go"])
def test_what_is_not_stated_is_the_default_of_resolv_conf_5(dialect):
    config = parse_resolv_conf(GOOD, dialect=dialect)
    assert (config.ndots, config.timeout, config.attempts, config.flags) == (1, None, None, frozenset())


def test_of_more_than_three_nameservers_the_first_three_are_used():
    """resolv.conf(5), nameserver: MAXNS."""
    config = parse_resolv_conf(b"".join(b"nameserver 10.0.0.%d\n" % number for number in range(1, 6)))
    assert [server.address for server in config.nameservers] == ["10.0.0.1", "10.0.0.2", "10.0.0.3"]
    (finding,) = config.diagnostics
    assert (finding.line, finding.problem) == (4, "5 nameservers are listed, and those from here on are ignored")


@pytest.mark.parametrize(
    ("value", "search"),
    [
        ("a.test", ("a.test",)),
        ("a.test  b.test\tXc.testX", ("a.test", "b.test", "Xc.testX")),
        ("a.test\nb.test", ("a.test",)),
        ("", ("",)),
    ],
)
def test_localdomain_is_read_up_to_the_end_of_its_first_line(value, search):
    config = parse_resolv_conf(GOOD + b"search other.test\n", env={"LOCALDOMAIN": value})
    assert config.search == search


def test_what_is_odd_about_a_search_list_is_told_where_it_comes_from():
    (in_file,) = parse_resolv_conf(GOOD + b"search a,b\n").diagnostics
    assert (in_file.line, in_file.text) == (2, "search a,b")
    (in_variable,) = parse_resolv_conf(GOOD, env={"LOCALDOMAIN": "a,b"}).diagnostics
    assert (in_variable.line, in_variable.source) == (None, "LOCALDOMAIN")
    (of_host,) = parse_resolv_conf(GOOD, hostname="web.a,b").diagnostics
    assert of_host.line is None
    assert "a comma separates nothing" in of_host.problem
