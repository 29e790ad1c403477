"""What is told of the nameservers beside a cluster's."""

import pytest

from k8sresolve._core.files.lint import lint_resolv_conf

SEARCH = "search shop.svc.cluster.local svc.cluster.local cluster.local"


def told(*addresses, search=SEARCH, options=""):
    lines = [search, *(f"nameserver {address}" for address in addresses), f"options ndots:5 {options}"]
    found = lint_resolv_conf("\n".join(lines).encode())
    return [finding for finding in found if "res_msend.c" in finding.reference]


@pytest.mark.parametrize(
    "stranger", ["8.8.8.8", "2001:4860:4860::8888", "192.0.2.53", "168.63.129.16", "169.254.169.253"]
)
def test_a_nameserver_outside_beside_the_clusters_is_a_warning_at_its_line(stranger):
    (finding,) = told("10.96.0.10", stranger)
    assert (finding.severity, finding.line) == ("warning", 3)
    assert finding.problem.startswith(f"{stranger} is no nameserver of the cluster")
    # musl asks all at once (res_msend.c); glibc goes on to the next where one is silent (resolv.conf(5), nameserver).
    assert "musl (Alpine) asks all at once" in finding.problem
    assert "glibc and Go ask it while 10.96.0.10 is silent" in finding.problem
    assert stranger in finding.advice


def test_one_that_stands_first_is_asked_first():
    (finding,) = told("8.8.8.8", "10.96.0.10")
    assert (finding.severity, finding.line) == ("warning", 2)
    assert "glibc and Go ask it first" in finding.problem


def test_one_of_another_private_network_is_a_remark_since_it_may_know_the_cluster():
    (finding,) = told("10.96.0.10", "192.168.1.1")
    assert (finding.severity, finding.line) == ("remark", 3)
    assert finding.problem.startswith("192.168.1.1 may be no nameserver of the cluster")


@pytest.mark.parametrize(
    "addresses",
    [
        ["10.96.0.10"],
        ["8.8.8.8"],
        ["169.254.20.10", "10.96.0.10"],
        ["10.96.0.10", "fd00:10:96::a"],
        ["10.96.0.10", "10.100.7.7"],
        ["11.1.0.10", "11.1.0.11"],
    ],
)
def test_nameservers_that_one_cluster_may_have_are_in_order(addresses):
    assert told(*addresses) == []


def test_without_a_cluster_there_is_nothing_to_tell():
    assert told("10.96.0.10", "8.8.8.8", search="search corp.example", options="rotate") == []


@pytest.mark.parametrize("stranger", ["8.8.8.8", "192.168.1.1"])
def test_rotate_makes_each_nameserver_the_first_in_turn(stranger):
    rotate = told("10.96.0.10", stranger, options="rotate")[0 if stranger.startswith("192") else 1]
    assert (rotate.severity, rotate.line, rotate.text) == ("warning", 4, "options ndots:5 rotate")
    assert f"begin with {stranger} in turn" in rotate.problem
    assert "remove 'rotate'" in rotate.advice


def test_rotate_among_nameservers_of_one_cluster_passes_the_cache_by():
    (rotate,) = told("169.254.20.10", "10.96.0.10", options="rotate")
    assert (rotate.severity, rotate.line) == ("remark", 4)


def test_a_fourth_nameserver_is_asked_by_nobody():
    assert told("10.96.0.10", "10.96.0.11", "10.96.0.12", "8.8.8.8") == []
