"""`explain`: on screens of any width, in colour, in JSON, for a pod, and by several policies."""

import re
import socket
import threading
from contextlib import contextmanager
from pathlib import Path
from typing import get_args

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from k8sresolve import explanations
from k8sresolve.cli import explaining
from k8sresolve.cli.comparing import told as compared
from k8sresolve.cli.comparing import verdicts
from k8sresolve.cli.screen import Screen
from k8sresolve.cli.steps import candidates_told, verdict
from k8sresolve.config import Policy
from k8sresolve.errors import Outcome, Reason
from k8sresolve.testing import Cluster

NO_SHAPE = "no name under cluster.local has this shape"
SHOP = "shop.svc.cluster.local"
SHOP_YAML = Path(__file__).parents[2] / "docs/examples/shop.yaml"

APP = """\
apiVersion: v1
kind: Service
metadata: {name: payments, namespace: billing}
spec: {selector: {app: payments}, ports: [{name: http, port: 80}]}
---
apiVersion: v1
kind: Service
metadata: {name: web, namespace: shop}
spec: {clusterIP: None, selector: {app: web}, ports: [{name: http, port: 80}]}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {dnsConfig: {options: [{name: ndots, value: "1"}]}}
---
apiVersion: apps/v1
kind: DaemonSet
metadata: {name: agent, namespace: shop}
spec:
  selector: {matchLabels: {app: agent}}
  template:
    metadata: {labels: {app: agent}}
    spec: {hostNetwork: true}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: idle, namespace: shop}
spec:
  replicas: 0
  selector: {matchLabels: {app: idle}}
  template: {metadata: {labels: {app: idle}}}
---
apiVersion: v1
kind: Pod
metadata: {name: web-0, namespace: shop}
spec: {dnsPolicy: None, dnsConfig: {nameservers: [10.96.0.10], searches: [billing.svc.cluster.local]}}
"""


@pytest.fixture
def app(tmp_path, run, monkeypatch):
    """Run `explain` in namespace shop, for IPv4, on the manifests of an application, `app.yaml`."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "app.yaml").write_text(APP)
    return lambda *argv: run("-f", "app.yaml", "-n", "shop", "explain", "--family", "ipv4", *argv)


def test_there_are_words_for_every_outcome_and_what_is_no_end_is_temporary():
    assert {*explanations.OUTCOMES} == {*get_args(Outcome)}
    assert {*explaining._STATUS} == {"found", *explanations._ENDS}
    assert {*get_args(Outcome)} - {*get_args(Reason), "dangling", "malformed", "overtaken"} < {*explaining._STATUS}


def test_its_end_comes_first_then_every_candidate(offline, shop):
    ran = offline("explain", "payments.shop", "--family", "ipv4")
    skipped = f"search domain cluster.local: {NO_SHAPE}"
    late = "as typed, after the search list; not asked: an earlier one decided"
    assert ran.out.splitlines() == [
        "payments.shop: found 10.96.20.1; 2 questions asked, policy kubernetes",
        f"  Service shop/payments has this address ({shop}:53)",
        "  payments.shop.svc.cluster.local would ask 1, not 2",
        "",
        "CANDIDATE                              ASKED    OUTCOME   NAMESERVER  MS   WHY",
        "payments.shop.shop.svc.cluster.local.  A        NXDOMAIN  10.96.0.10  0.5  search domain " + SHOP,
        "payments.shop.svc.cluster.local.       A        found     10.96.0.10  0.5  search domain svc.cluster.local",
        f"payments.shop.cluster.local.           skipped  -         -           -    {skipped}",
        f"payments.shop.                         skipped  -         -           -    {late}",
    ]
    assert (ran.status, ran.err) == (0, "")


def test_where_the_table_does_not_fit_candidates_are_numbered_steps(app, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    assert app("payments.billing").out.splitlines() == [
        "payments.billing: found 10.96.251.86; 2 questions asked, policy kubernetes",
        "  Service billing/payments has this address, made up here (app.yaml:3)",
        "  payments.billing.svc.cluster.local would ask 1, not 2",
        "",
        "1  payments.billing.shop.svc.cluster.local.",
        "   NXDOMAIN for A from 10.96.0.10 in 0.5 ms",
        "   search domain shop.svc.cluster.local",
        "2  payments.billing.svc.cluster.local.",
        "   found for A from 10.96.0.10 in 0.5 ms",
        "   search domain svc.cluster.local",
        "-  payments.billing.cluster.local.",
        f"   skipped: {NO_SHAPE}",
        "-  payments.billing.",
        "   not asked: an earlier one decided",
    ]


def test_wide_is_a_table_whatever_the_width(app, monkeypatch):
    unbounded = app("payments.billing").out
    monkeypatch.setenv("COLUMNS", "200")
    assert app("payments.billing").out == unbounded
    monkeypatch.setenv("COLUMNS", "80")
    assert app("payments.billing", "-o", "wide").out.count("CANDIDATE") == 1


@pytest.mark.parametrize("compare", [[], ["--compare", "glibc,musl,musl-1.2.3,go,kubernetes"]])
@pytest.mark.parametrize("width", [40, 80, 200])
@pytest.mark.parametrize("name", ["payments.billing", "web", "nowhere", "payments", "web.shop.svc.cluster"])
@pytest.mark.parametrize("pod", [[], ["--pod", "deploy/web"]])
def test_no_line_is_wider_than_the_screen_but_for_a_name_alone(app, monkeypatch, compare, width, name, pod):
    whole = app(name, *compare, *pod).out
    monkeypatch.setenv("COLUMNS", str(width))
    narrow = app(name, *compare, *pod).out
    for line in narrow.splitlines():
        assert len(line) <= width or len(line.split()) <= 2, line
    assert re.findall(r"[\w.-]+\.local\.?", whole)
    assert {*re.findall(r"[\w.-]+\.local\.", whole)} >= {*re.findall(r"[\w.-]+\.local\.", narrow)}


@pytest.mark.parametrize("width", ["40", "80", "200"])
@pytest.mark.parametrize("compare", [[], ["--compare", "glibc,go,kubernetes"]])
def test_colours_change_no_text(app, monkeypatch, width, compare):
    monkeypatch.setenv("COLUMNS", width)
    plain = app("payments.billing", "nowhere", *compare).out
    coloured = app("payments.billing", "nowhere", "--color", "always", *compare).out
    assert "\033[32m" in coloured
    assert re.sub(r"\033\[\d*m", "", coloured) == plain


NAMES = st.from_regex(r"[a-z][a-z0-9.-]{0,40}[a-z0-9]", fullmatch=True)
PLAYED = st.sampled_from(["NXDOMAIN", "SERVFAIL", "REFUSED", None])


@given(NAMES, PLAYED, st.integers(0, 220))
@settings(max_examples=settings.default.max_examples // 2, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_is_explained_fits_and_nothing_is_lost(name, rcode, width):
    cluster = Cluster.from_manifests(SHOP_YAML)
    if rcode:
        cluster.network.rcode(rcode, next=2)
    try:
        with cluster.resolver(namespace="shop") as resolver:
            told = [resolver.explain(name, policy=policy) for policy in get_args(Policy)]
    except ValueError:
        return
    on = Screen(width)
    texts = [verdict(on, told[0]), *candidates_told(on, told[0], is_wide=False)]
    both = [*verdicts(on, told), *compared(on, told)]
    for text in (texts, both):
        for line in "\n".join(text).splitlines():
            assert not width or len(line) <= width or len(line.split()) <= 2 or width < 30, line
    written = "\n".join(texts)
    assert all(candidate.name in written for candidate in told[0].candidates)
    assert all(
        candidate.name in "\n".join(both) for each in told for candidate in each.candidates if candidate.questions
    )


def test_one_question_is_no_plural(offline):
    first = offline("explain", "payments", "--family", "ipv4").out.splitlines()[0]
    assert first == "payments: found 10.96.20.1; 1 question asked, policy kubernetes"


def test_explain_as_json_has_the_records_fields(offline, shop):
    told = offline("explain", "payments.shop", "--family", "ipv4", "--json").json
    first = told["candidates"].pop(0)
    assert first.pop("milliseconds") > 0
    assert first == {
        "name": "payments.shop.shop.svc.cluster.local.",
        "rule": "search domain shop.svc.cluster.local",
        "asked": True,
        "questions": ["A"],
        "outcome": "nxdomain",
        "nameserver": "10.96.0.10",
        "age": None,
        "stale": False,
    }
    assert len(told.pop("candidates")) == 3
    assert told == {
        "name": "payments.shop",
        "policy": "kubernetes",
        "outcome": "found",
        "addresses": ["10.96.20.1"],
        "questions": 2,
        "remark": "",
        "advice": "",
        "full_name": "payments.shop.svc.cluster.local",
        "full_name_questions": 1,
        "behind": [
            {
                "text": "Service shop/payments has this address",
                "object": "Service shop/payments",
                "file": shop,
                "line": 53,
                "made_up": False,
            }
        ],
        "pod": None,
    }


@pytest.mark.parametrize(
    ("name", "family", "status", "end"),
    [
        ("nowhere", "both", 1, "nowhere: no such name; 4 questions asked, policy kubernetes"),
        ("payments", "ipv6", 1, "payments: the name exists, but has no address; 2 questions asked, policy kubernetes"),
    ],
)
def test_the_status_is_the_lookups(offline, name, family, status, end):
    ran = offline("explain", name, "--family", family)
    assert (ran.status, ran.out.splitlines()[0], ran.err) == (status, end, "")


def test_a_nameserver_that_is_closed_is_told(run):
    # Port 9 (discard) has nothing behind it.
    ran = run("--nameserver", "127.0.0.1:9", "explain", "payments", "--family", "ipv4", "--timeout", "0.5")
    assert ran.out.splitlines()[0] == "payments: no usable answer (unreachable); 1 question asked, policy kubernetes"
    assert (ran.status, ran.err) == (3, "")


# -- what the manifests say --------------------------------------------------------------------------------------------


def said(ran):
    """What stands between the first line and the candidates."""
    return [line.strip() for line in ran.out.split("\n\n")[0].splitlines()[1:]]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        (
            "payments",
            [
                "the manifests have no Service payments in namespace shop",
                "did you mean Service billing/payments? (app.yaml:3)",
            ],
        ),
        (
            "web",
            [
                "Service shop/web is headless: these are its pods, with addresses made up here (app.yaml:8)",
                "Deployment shop/web makes them (app.yaml:13)",
            ],
        ),
        ("nowhere", ["the manifests have no Service nowhere in namespace shop"]),
        ("payments.biling", ["did you mean Service billing/payments? (app.yaml:3)"]),
        ("example.com", []),
    ],
)
def test_the_manifests_line_behind_an_answer_or_what_lacks_is_told(app, name, expected):
    assert said(app(name)) == expected


def test_a_nameserver_that_is_asked_says_nothing_of_manifests(run, nameserver):
    ran = run("--nameserver", nameserver, "--namespace", "shop", "--family", "ipv4", "explain", "payments.shop")
    assert said(ran) == ["payments.shop.svc.cluster.local would ask 1, not 2"]


# -- a pod's own view --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("pod", ["deploy/web", "shop/deploy/web", "Deployment/web", "shop/deployments/web", "web"])
def test_a_pod_has_its_own_resolv_conf(app, pod):
    lines = app("payments.billing", "--pod", pod).out.splitlines()
    assert lines[0] == "payments.billing: found 10.96.251.86; 3 questions asked, policy kubernetes"
    head, *file = lines[-4:]
    assert re.fullmatch(
        r"/etc/resolv\.conf of pod shop/web-[a-z0-9]+-[a-z0-9]{5} \(dnsPolicy ClusterFirst, app\.yaml:13\):", head
    )
    assert file == [
        "  search shop.svc.cluster.local svc.cluster.local cluster.local",
        "  nameserver 10.96.0.10",
        "  options ndots:1",
    ]


@pytest.mark.parametrize("pod", ["shop/web-0", "web-0", "pod/web-0", "shop/po/web-0"])
def test_dns_policy_none_has_what_dns_config_says(app, pod):
    ran = app("payments", "--pod", pod)
    assert ran.out.startswith("payments: found ")
    assert said(ran) == ["Service billing/payments has this address, made up here (app.yaml:3)"]
    assert ran.out.endswith(
        "/etc/resolv.conf of pod shop/web-0 (dnsPolicy None, app.yaml:39):\n"
        "  search billing.svc.cluster.local\n  nameserver 10.96.0.10\n"
    )


def test_a_pod_on_its_nodes_network_is_told_why_it_finds_no_service(app):
    ran = app("web", "--pod", "ds/agent")
    assert (ran.status, ran.err) == (1, "")
    assert said(ran) == [
        "Service shop/web is there, but no search domain leads to web.shop.svc.cluster.local. (app.yaml:8)"
    ]
    assert "(dnsPolicy ClusterFirst, hostNetwork, app.yaml:22):" in ran.out
    assert ran.out.splitlines()[-2:] == [
        "note: with hostNetwork a pod has its node's resolv.conf, unless dnsPolicy is ClusterFirstWithHostNet",
        "note: what the node's own resolv.conf has is not known: 192.0.2.53 stands for its nameserver",
    ]


def test_a_pod_in_json(app):
    assert app("payments", "--pod", "web-0", "--json").json["pod"] == {
        "pod": "shop/web-0",
        "dns_policy": "None",
        "host_network": False,
        "resolv_conf": "search billing.svc.cluster.local\nnameserver 10.96.0.10\n",
        "file": "app.yaml",
        "line": 39,
    }
    assert app("payments", "--pod", "web-0", "--compare", "glibc,go", "--json").json["pod"]["pod"] == "shop/web-0"


@pytest.mark.parametrize(
    ("argv", "problem"),
    [
        (["--pod", "shop/nope"], "there is no "),
        (["--pod", "default/web"], "the nearest are Deployment shop/web"),
        (["--pod", "sts/web"], "there is no StatefulSet shop/web"),
        (["--pod", "deploy/idle"], "Deployment shop/idle has no pods"),
        (
            ["--pod", "a/b/c/d"],
            "--pod a/b/c/d names no pod: give NAME, NAMESPACE/NAME or KIND/NAME, such as deploy/web",
        ),
        (["--pod", "shop/x/web"], "names no pod"),
        (["--pod", "shop/"], "names no pod"),
        (["--pod", "/web"], "names no pod"),
        (["--pod", "web", "--from", "shop"], "a pod has a namespace and a resolv.conf of its own; give --pod alone"),
        (["--pod", "web", "--resolv-conf", "x"], "give --pod alone"),
    ],
)
def test_what_is_no_pod_is_wrong_usage(app, argv, problem):
    ran = app("web", *argv)
    assert (ran.status, ran.out) == (2, "")
    assert problem in ran.err


def test_a_pod_needs_manifests(run):
    ran = run("explain", "web", "--pod", "shop/web-0")
    assert (ran.status, ran.out) == (2, "")
    assert ran.err.startswith("k8sresolve: --pod is of manifests; give -f, or run this in the pod: kubectl exec ")


# -- side by side ------------------------------------------------------------------------------------------------------


def test_policies_that_do_the_same_share_a_column(offline):
    ran = offline("explain", "shop", "--compare", "glibc,musl,go,kubernetes")
    # `shop` is a namespace too, so its own node has no data, which ends musl's search.
    assert ran.out.splitlines() == [
        "shop by glibc: the name exists, but has no address; 8 questions asked",
        "shop by musl: the name exists, but has no address; 4 questions asked",
        "shop by go: no such name; 8 questions asked",
        "shop by kubernetes: no such name; 4 questions asked",
        "they part ways at shop.svc.cluster.local. (glibc, musl, go: NODATA; kubernetes: not asked)",
        "the manifests have no Service shop in namespace shop",
        "",
        "CANDIDATE                     GLIBC       MUSL        GO          KUBERNETES",
        "shop.shop.svc.cluster.local.  1 NXDOMAIN  1 NXDOMAIN  1 NXDOMAIN  1 NXDOMAIN",
        "shop.svc.cluster.local.       2 NODATA    2 NODATA    2 NODATA    -",
        "shop.cluster.local.           3 NXDOMAIN  -           3 NXDOMAIN  -",
        "shop.                         4 NXDOMAIN  -           4 NXDOMAIN  2 NXDOMAIN",
        "questions                     8           4           8           4",
    ]
    assert (ran.status, ran.err) == (1, "")
    shared = offline("explain", "payments", "--compare", "glibc,musl,go,kubernetes").out
    assert "CANDIDATE                         GLIBC, MUSL, GO, KUBERNETES\n" in shared
    assert shared.startswith("payments by glibc, musl, go, kubernetes: found 10.96.20.1; 2 questions asked\n")


def test_on_a_narrow_screen_each_group_of_policies_has_numbered_steps(offline, monkeypatch):
    monkeypatch.setenv("COLUMNS", "60")
    lines = offline("explain", "payments.shop", "--compare", "glibc,go,kubernetes").out.splitlines()
    assert lines[:4] == [
        "payments.shop by glibc, go: found 10.96.20.1; 4 questions",
        "asked",
        "  payments.shop.svc.cluster.local. would ask 2, not 4",
        "payments.shop by kubernetes: found 10.96.20.1; 4 questions",
    ]
    monkeypatch.setenv("COLUMNS", "50")
    lines = offline("explain", "payments.shop", "--compare", "glibc,go,kubernetes").out.splitlines()
    assert lines[lines.index("glibc, go") :] == [
        "glibc, go",
        "1  NXDOMAIN  payments.shop.shop.svc.cluster.local.",
        "2  found     payments.shop.svc.cluster.local.",
        "",
        "kubernetes",
        "1  NXDOMAIN  payments.shop.shop.svc.cluster.local.",
        "2  found     payments.shop.svc.cluster.local.",
    ]


def test_where_policies_do_the_same_nothing_is_said_of_parting(offline):
    assert "part ways" not in offline("explain", "payments.", "--compare", "glibc,go").out


def test_a_comparison_as_json_has_the_explanations(offline):
    told = offline("--json", "explain", "payments", "--compare", "go,musl-1.2.3").json
    assert [item["policy"] for item in told["explain"]] == ["go", "musl-1.2.3"]
    assert {item["outcome"] for item in told["explain"]} == {"found"}
    assert [item["object"] for item in told["behind"]] == ["Service shop/payments"]


def test_a_comparison_asks_a_real_nameserver(run, nameserver):
    argv = ("--nameserver", nameserver, "--namespace", "shop", "--family", "ipv4", "explain", "payments.shop")
    ran = run(*argv, "--compare", "glibc,musl")
    assert "payments.shop by glibc, musl: found 10.96.20.1; 2 questions asked\n" in ran.out
    assert ran.status == 0


def test_several_names_are_told_below_each_other(offline):
    told = offline("explain", "payments", "nowhere").out
    assert re.findall(r"^(?:payments|nowhere):(?=\n)", told, re.MULTILINE) == ["payments:", "nowhere:"]


def test_each_policy_reads_the_file_as_its_resolver_does(run, shop, tmp_path):
    path = tmp_path / "resolv.conf"
    # Only glibc and Go take the second.
    path.write_text("nameserver 10.96.0.10\nsearch shop.svc.cluster.local\noptions ndots:1 ndots:4\n")
    ran = run("--manifests", shop, "--resolv-conf", str(path), "--json", "explain", "a.b", "--compare", "glibc,musl,go")
    firsts = [item["candidates"][0]["name"] for item in ran.json["explain"]]
    assert firsts == ["a.b.shop.svc.cluster.local.", "a.b.", "a.b.shop.svc.cluster.local."]
    assert (
        run("--manifests", shop, "--resolv-conf", str(path), "--policy", "musl", "candidates", "a.b").out.count("a.b")
        == 1
    )


@pytest.mark.parametrize(
    ("options", "end"),
    [
        ("--policy go", "failed for now (servfail), and go reports 'no such name' all the same: this may pass"),
        ("--family both", "programs on go may be told 'no such name' here, though it is a temporary failure"),
        # glibc forgets an earlier SERVFAIL where it asks for A alone.
        ("--family ipv4", "programs on glibc and go may be told 'no such name' here, though it is a temporary failure"),
    ],
)
def test_a_temporary_failure_that_looks_like_no_such_name_is_noted(run, options, end):
    def handle(message):
        return servfail(message) if b"payments\x04shop\x03svc" in message else nxdomain(message)

    with scripted(handle) as nameserver:
        where = ("--nameserver", nameserver, "--namespace", "shop", "--timeout", "20")
        ran = run(*where, *options.split(), "explain", "payments")
    noted, doctor = ran.out.splitlines()[-2:]
    assert noted.startswith("note: ")
    assert noted.endswith(end)
    assert doctor == "note: `k8sresolve doctor` tells whether DNS itself is at fault"


@pytest.mark.parametrize(
    ("policy", "status", "said"),
    [
        ("kubernetes", 0, "musl (Alpine) reports that the whole lookup failed"),
        ("glibc", 0, "musl (Alpine) reports that the whole lookup failed"),
        ("musl", 3, "musl reports that the whole lookup failed"),
    ],
)
def test_one_type_that_fails_beside_one_that_is_found_is_noted(run, policy, status, said, shop):
    cluster = Cluster.from_manifests(shop)
    cluster.network.rcode("SERVFAIL", rdtype="AAAA")
    with cluster.serve() as server:
        where = ("--nameserver", f"{server.host}:{server.port}", "-n", "shop", "--timeout", "2")
        family = ("--family", "both") if policy == "kubernetes" else ()  # a libc asks for both of itself
        ran = run(*where, *family, "--policy", policy, "explain", "payments")
    assert ran.status == status
    name = "payments.shop.svc.cluster.local."
    assert f"note: {name} has A, and AAAA failed for now (servfail): {said}" in ran.out.splitlines()


@contextmanager
def scripted(handle):
    """Answer by `handle`, bytes to bytes, on loopback."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind(("127.0.0.1", 0))

        def serve():
            while True:
                message, peer = sock.recvfrom(4096)
                if not message:
                    return
                sock.sendto(handle(message), peer)

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield f"127.0.0.1:{sock.getsockname()[1]}"
        finally:
            sock.sendto(b"", sock.getsockname())
            thread.join()


def answered(message, rcode):
    end = message.index(b"\0", 12) + 5
    return message[:2] + bytes([0x84, rcode]) + b"\0\1" + bytes(6) + message[12:end]


def servfail(message):
    return answered(message, 2)


def nxdomain(message):
    return answered(message, 3)


OUTSIDE = "@ 300 SOA ns hostmaster 1 7200 1800 86400 300\napi 60 A 192.0.2.7\n"
TO_ADD = (
    "note: set K8SRESOLVE_ABSOLUTE=example.com, or take "
    'attrs.evolve(load_config(), absolute=["example.com"]), for names under example.com to be asked as typed only'
)


@pytest.fixture
def outside(run, shop, tmp_path):
    """Run the command in a pod whose nameserver knows `api.example.com`, for IPv4."""
    file = tmp_path / "resolv.conf"
    file.write_text(f"nameserver 10.96.0.10\nsearch {SHOP} svc.cluster.local cluster.local\noptions ndots:5\n")
    with Cluster.from_manifests(shop, upstream={"example.com": OUTSIDE}).serve() as server:
        where = ("--resolv-conf", str(file), "--nameserver", f"{server.host}:{server.port}")
        yield lambda *argv: run(*where, *argv, *(["--family", "ipv4"] if argv[0] == "explain" else []))


def test_what_to_add_for_a_host_outside_is_told_once(outside):
    lines = outside("explain", "api.example.com").out.splitlines()
    assert lines[:2] == [
        "api.example.com: found 192.0.2.7; 2 questions asked, policy kubernetes",
        "  api.example.com. would ask 1, not 2",
    ]
    assert lines[-1] == TO_ADD
    lines = outside("explain", "api.example.com", "--compare", "glibc,go,kubernetes").out.splitlines()
    assert lines.count(TO_ADD) == 1


def test_with_the_variable_set_there_is_one_candidate_and_explain_says_why(outside, monkeypatch):
    monkeypatch.setenv("K8SRESOLVE_ABSOLUTE", "example.com")
    ran = outside("explain", "api.example.com")
    end, blank, header, row = ran.out.splitlines()
    assert header.split() == ["CANDIDATE", "ASKED", "OUTCOME", "NAMESERVER", "MS", "WHY"]
    assert row.startswith("api.example.com.  A      found    127.0.0.1:")
    assert row.endswith("  as typed, names under example.com are absolute")
    assert (blank, end) == ("", "api.example.com: found 192.0.2.7; 1 question asked, policy kubernetes")
    assert outside("candidates", "api.example.com").out.splitlines()[1:] == [
        "api.example.com.  yes    as typed, names under example.com are absolute"
    ]


def test_a_variable_that_holds_no_domain_is_wrong_usage(outside, monkeypatch):
    monkeypatch.setenv("K8SRESOLVE_ABSOLUTE", "*.example.com")
    ran = outside("explain", "api.example.com")
    assert (ran.status, ran.out) == (2, "")
    assert ran.err.startswith("k8sresolve: K8SRESOLVE_ABSOLUTE in the environment: '*.example.com' is no domain; give ")
