"""What errors say besides what happened: the command that shows more, and what to give in place of a URL."""

import json
import shlex

import pytest

from tests.cli.test_explaining import nxdomain, scripted, servfail

EXPLAIN = "; `k8sresolve explain nowhere` shows every candidate\n"
MANIFESTS = "`k8sresolve explain nowhere` says what the manifests have\n"
DOCTOR = "; `k8sresolve doctor` looks at the nameservers\n"


def test_where_no_cause_is_told_explain_shows_more(offline):
    ran = offline("addresses", "nowhere")
    assert (ran.status, ran.out) == (1, "")
    assert ran.err.endswith(EXPLAIN)
    assert ran.err.count("explain") == 1
    told = offline("addresses", "nowhere", "--json").json["error"]
    assert told["message"].endswith(EXPLAIN.removesuffix("\n"))
    assert "advice" not in told


def test_where_a_cause_is_told_nothing_is_added(offline):
    ran = offline("addresses", "payments.shop.svc.local")
    assert (ran.status, ran.err.rstrip("\n").rpartition("; ")[2]) == (
        1,
        "'local' is not the cluster domain, which is configured as cluster.local: payments.shop.svc.cluster.local",
    )


@pytest.mark.parametrize("argv", [["service"], ["ports"], ["endpoints"], ["port", "http"]])
@pytest.mark.parametrize("name", ["nowhere", "nowhere.data", "data/nowhere"])
def test_of_a_service_that_lacks_in_manifests_explain_tells_more(offline, nameserver, run, argv, name):
    command, *port = argv
    ran = offline(command, name, *port)
    assert ran.status == 1
    proposed = ran.err.rstrip("\n").rpartition("; ")[2]
    assert proposed.endswith("` says what the manifests have")
    again = shlex.split(proposed.split("`")[1])
    assert again[0] == "k8sresolve"
    namespace = "data" if "data" in name else "shop"
    assert f"the manifests have no Service nowhere in namespace {namespace}" in offline(*again[1:]).out
    live = run("--nameserver", nameserver, "-n", "shop", command, name, *port)
    assert "there is no Service 'nowhere'" in live.err
    assert "explain" not in live.err


@pytest.mark.parametrize("argv", [["port", "htpp"], ["service", "--port", "htpp"], ["endpoints", "htpp"]])
@pytest.mark.parametrize("name", ["payments", "shop/payments"])
def test_of_a_port_that_a_service_lacks_ports_tells_more(offline, nameserver, run, argv, name):
    command, *port = argv
    live = run("--nameserver", nameserver, "-n", "shop", command, name, *port)
    for ran in (offline(command, name, *port), live):
        assert ran.status == 1, ran.err
        proposed = ran.err.rstrip("\n").rpartition("; ")[2]
        assert proposed.endswith("` lists the numbers that it has")
        again = shlex.split(proposed.split("`")[1])
        assert again[0] == "k8sresolve"
        assert [line.split()[0] for line in offline(*again[1:]).out.splitlines()] == ["PORT", "80", "9090"]
    assert "doctor" not in live.err


def test_a_nameserver_that_fails_is_for_doctor(run):
    ran = run("--nameserver", "127.0.0.1:9", "--timeout", "0.3", "addresses", "web")
    assert (ran.status, ran.err.endswith(DOCTOR)) == (3, True)
    with scripted(servfail) as nameserver:
        ran = run("--nameserver", nameserver, "--timeout", "1", "service", "payments.shop")
    assert (ran.status, ran.err.endswith(DOCTOR)) == (3, True)
    with scripted(nxdomain) as nameserver:
        ran = run("--nameserver", nameserver, "--timeout", "1", "service", "payments.shop")
    assert (ran.status, ran.err.endswith("; `k8sresolve doctor` tells whether DNS itself is at fault\n")) == (1, True)


def test_an_offline_cluster_is_not_for_doctor(offline, run, shop):
    ran = offline("addresses", "db.example.com", "--family", "ipv4")
    assert "doctor" not in ran.err


URLS = [
    ("http://payments.shop/x", "payments.shop"),
    ("payments.shop:8080", "payments.shop"),
    ("postgres://app:hunter2@payments.shop:5432/db?sslmode=off", "payments.shop"),
    ("app:hunter2@payments.shop", "payments.shop"),
    ("[::1]:80", "::1"),
]


@pytest.mark.parametrize(("given", "host"), URLS)
@pytest.mark.parametrize(
    "argv",
    [
        *(["service"], ["ports"], ["endpoints"], ["addresses"], ["explain"], ["candidates"], ["port", "http"]),
        *(["lookup", "A"], ["wait"], ["watch"], ["explain", "--compare", "glibc,go"], ["explain", "--json"]),
    ],
    ids=" ".join,
)
def test_a_url_is_no_name_and_its_password_is_not_told(offline, argv, given, host):
    command, *more = argv
    ran = offline(command, given, *more)
    assert ran.status == 2
    assert f"give the host alone: '{host}'" in ran.err
    assert "hunter2" not in ran.out + ran.err
    assert "hunter2" not in offline(command, given, *more, "--json").out


@pytest.mark.parametrize("argv", [["reverse"], ["pod"], ["addresses"], ["explain"]], ids=" ".join)
@pytest.mark.parametrize("given", ["postgres://u:hunter2@h/", "u:hunter2@h._tcp.x"])
def test_nor_is_it_where_an_address_or_a_service_of_dns_sd_is_meant(offline, argv, given):
    ran = offline(*argv, given, "--json")
    assert (ran.status, "hunter2" in ran.out + ran.err) == (2, False)


def test_of_several_names_no_password_is_told(offline):
    ran = offline("addresses", "payments", "redis://u:hunter2@web/0", "--json")
    assert ran.status == 2
    assert list(json.loads(ran.out)["names"]) == ["payments", "redis://***@web/..."]
    assert "hunter2" not in ran.out + ran.err
