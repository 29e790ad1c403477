"""What manifests say of an answer: the objects behind it, or why there is none."""

from pathlib import Path

import pytest

from k8sresolve.errors import ResolveError
from k8sresolve.testing import Cluster
from k8sresolve.testing.checks.names.behind import behind_found, behind_missing
from k8sresolve.testing.checks.names.world import World

CASES = Path(__file__).parents[3] / "cases"
APP = """\
apiVersion: v1
kind: Service
metadata: {name: web, namespace: shop}
spec: {clusterIP: 10.96.0.7, selector: {app: web}, ports: [{name: http, port: 80}]}
---
apiVersion: v1
kind: Service
metadata: {name: db, namespace: shop}
spec: {clusterIP: None, ports: [{name: sql, port: 5432}]}
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: db-1, namespace: shop, labels: {kubernetes.io/service-name: db}}
addressType: IPv4
endpoints:
  - {addresses: [10.244.0.1], hostname: db-0}
  - {addresses: [10.244.0.2], conditions: {ready: false}}
---
apiVersion: v1
kind: Service
metadata: {name: idle, namespace: shop}
spec: {clusterIP: None, selector: {app: idle}, ports: [{name: http, port: 80}]}
---
apiVersion: v1
kind: Service
metadata: {name: cache, namespace: shop}
spec: {clusterIP: None, selector: {app: cache}, ports: [{name: redis, port: 6379}]}
---
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: cache, namespace: shop}
spec:
  serviceName: cache
  selector: {matchLabels: {app: cache}}
  template: {metadata: {labels: {app: cache}}}
---
apiVersion: v1
kind: Service
metadata: {name: mail, namespace: shop}
spec:
  type: ExternalName
  externalName: Mail.example.com
---
apiVersion: v1
kind: Service
metadata: {name: payments, namespace: billing}
spec: {clusterIP: 10.96.0.8, ports: [{name: http, port: 80}]}
---
apiVersion: v1
kind: Service
metadata: {name: accounts, namespace: billing}
spec: {clusterIP: 10.96.0.9, ports: [{name: http, port: 80}]}
"""
OUTSIDE = {"example.com": "@ 300 SOA ns h 1 7200 1800 86400 300\nmail 60 A 192.0.2.7\n"}


@pytest.fixture
def cluster(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("app.yaml").write_text(APP)
    return Cluster.from_manifests("app.yaml", upstream=OUTSIDE)


def say(cluster, name, *, namespace="shop", family="ipv4", policy="kubernetes"):
    """What is said of a name, each with its place."""
    with cluster.resolver(namespace=namespace, family=family) as resolver:
        told = resolver.explain(name, policy=policy)
        outcomes = {candidate.name: candidate.outcome for candidate in told.candidates if candidate.questions}
        if told.outcome == "found":
            found = [name for name, outcome in outcomes.items() if outcome == "found"]
            said = behind_found(
                cluster.store,
                "cluster.local",
                found[-1],
                told.addresses,
                lambda host: aliases(resolver, host),
                is_made_up=cluster.is_made_up,
            )
        else:
            said = behind_missing(world_of(cluster), name, namespace, outcomes, told.outcome)
    return [f"{one.text} ({one.file}:{one.line})" if one.file else one.text for one in said]


def aliases(resolver, host):
    try:
        return resolver.lookup(host, "CNAME").records
    except ResolveError:
        return ()


def world_of(cluster):
    return World(cluster.store, "cluster.local", lambda _pod, _host: None)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("web", ["Service shop/web has this address (app.yaml:3)"]),
        ("web.shop.svc.cluster.local.", ["Service shop/web has this address (app.yaml:3)"]),
        (
            "db",
            [
                "Service shop/db is headless: these are its pods (app.yaml:8)",
                "EndpointSlice shop/db-1 lists them (app.yaml:13)",
            ],
        ),
        (
            "db-0.db",
            [
                "Service shop/db is headless: these are its pods (app.yaml:8)",
                "EndpointSlice shop/db-1 lists them (app.yaml:13)",
            ],
        ),
        (
            "cache",
            [
                "Service shop/cache is headless: these are its pods, with addresses made up here (app.yaml:26)",
                "StatefulSet shop/cache makes them (app.yaml:31)",
            ],
        ),
        ("mail", ["Service shop/mail is an alias of Mail.example.com (app.yaml:42)"]),
        ("mail.example.com", []),
        ("_http._tcp.web", ["Service shop/web has this address (app.yaml:3)"]),
        ("10-244-0-1.shop.pod", []),
    ],
)
def test_what_an_answer_comes_from(cluster, name, expected):
    assert say(cluster, name) == expected


@pytest.mark.parametrize(
    ("name", "options", "expected"),
    [
        ("idle", {}, ["Service shop/idle is headless, and none of its pods is ready (app.yaml:21)"]),
        ("db-1.db", {}, ["Service shop/db has no ready pod that is called db-1 (app.yaml:8)"]),
        ("web", {"family": "ipv6"}, ["Service shop/web has no address of the family asked for (app.yaml:3)"]),
        (
            "web",
            {"namespace": "billing"},
            ["the manifests have no Service web in namespace billing", "did you mean Service shop/web? (app.yaml:3)"],
        ),
        (
            "payments",
            {},
            [
                "the manifests have no Service payments in namespace shop",
                "did you mean Service billing/payments? (app.yaml:46)",
            ],
        ),
        (
            "acounts.billing",
            {},
            [
                "the manifests have no Service acounts in namespace billing",
                "did you mean Service billing/accounts? (app.yaml:51)",
            ],
        ),
        ("payments.biling", {}, ["did you mean Service billing/payments? (app.yaml:46)"]),
        (
            "payments.biling.svc",
            {},
            [
                "the manifests have no Service payments in namespace biling",
                "did you mean Service billing/payments? (app.yaml:46)",
            ],
        ),
        ("accountants.billing", {}, ["the manifests have no Service accountants in namespace billing"]),
        ("nowhere", {}, ["the manifests have no Service nowhere in namespace shop"]),
        ("web.example.com", {}, []),
        ("example.com", {}, []),
        ("web.io", {}, []),
        ("web.shop.svc.other.example", {}, []),
    ],
)
def test_why_there_is_no_answer(cluster, name, options, expected):
    assert say(cluster, name, **options) == expected


def test_an_alias_of_nothing_is_told(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("app.yaml").write_text(APP)
    cluster = Cluster.from_manifests("app.yaml")
    assert say(cluster, "mail") == ["Service shop/mail is an alias of Mail.example.com (app.yaml:42)"]


def test_a_search_list_that_leads_nowhere_is_told(cluster):
    [said] = behind_missing(world_of(cluster), "web", "shop", {"web.": "nxdomain"}, "nxdomain")
    assert said.text == "Service shop/web is there, but no search domain leads to web.shop.svc.cluster.local."


def test_a_failure_says_nothing_of_manifests(cluster):
    for outcomes, end in (({}, "servfail"), ({"web.shop.svc.cluster.local.": "servfail"}, "nxdomain")):
        assert behind_missing(world_of(cluster), "web", "shop", outcomes, end) == []


def test_of_two_addresses_the_one_that_is_made_up_is_told(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("app.yaml").write_text("""\
apiVersion: v1
kind: Service
metadata: {name: both, namespace: shop}
spec: {clusterIP: 10.96.7.7, ipFamilies: [IPv4, IPv6], ipFamilyPolicy: RequireDualStack, ports: [{port: 80}]}
""")
    cluster = Cluster.from_manifests("app.yaml")
    made_up = cluster.store.service("shop", "both").cluster_ips[1]
    told = f"Service shop/both has these addresses, made up here: {made_up} (app.yaml:3)"
    assert say(cluster, "both", family="both") == [told]
    assert say(cluster, "both") == ["Service shop/both has this address (app.yaml:3)"]


COREFILE = """\
.:53 {{
    {plugin}
    kubernetes cluster.local
}}
"""


@pytest.mark.parametrize(
    "plugin",
    [
        "hosts {\n        192.0.2.9 web.shop.svc.cluster.local\n        fallthrough\n    }",
        "rewrite name web.shop.svc.cluster.local db.shop.svc.cluster.local",
        'template IN A web.shop.svc.cluster.local {\n        answer "{{ .Name }} 60 IN A 192.0.2.9"\n    }',
    ],
    ids=["hosts", "rewrite", "template"],
)
def test_what_another_plugin_answers_is_not_put_down_to_the_service(tmp_path, monkeypatch, plugin):
    monkeypatch.chdir(tmp_path)
    Path("app.yaml").write_text(APP)
    cluster = Cluster.from_manifests("app.yaml", corefile=COREFILE.format(plugin=plugin))
    with cluster.resolver(namespace="shop", family="ipv4") as resolver:
        assert str(resolver.addresses("web").addresses[0]) in ("192.0.2.9", "10.244.0.1")
    assert say(cluster, "web") == []


def test_nor_is_it_to_a_headless_one_whose_pods_have_other_addresses(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("app.yaml").write_text(APP)
    plugin = "hosts {\n        192.0.2.9 db.shop.svc.cluster.local\n        fallthrough\n    }"
    cluster = Cluster.from_manifests("app.yaml", corefile=COREFILE.format(plugin=plugin))
    assert say(cluster, "db", family="ipv4") == []


def test_no_unrelated_service_is_proposed():
    case = CASES / "advice-names-an-unrelated-service"
    cluster = Cluster.from_manifests(case, apply_namespace="argo")
    [said] = say(cluster, "ship-application-controller", namespace="argo")
    assert said == "the manifests have no Service ship-application-controller in namespace argo"


def test_hand_made_endpoints_and_pods_of_no_workload_are_told(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("app.yaml").write_text("""\
apiVersion: v1
kind: Service
metadata: {name: old, namespace: shop}
spec: {clusterIP: None, ports: [{port: 80}]}
---
apiVersion: v1
kind: Endpoints
metadata: {name: old, namespace: shop}
subsets: [{addresses: [{ip: 192.0.2.8}], ports: [{port: 80}]}]
---
apiVersion: v1
kind: Service
metadata: {name: one, namespace: shop}
spec: {clusterIP: None, selector: {app: one}, ports: [{port: 80}]}
---
apiVersion: v1
kind: Pod
metadata: {name: one-0, namespace: shop, labels: {app: one}}
""")
    cluster = Cluster.from_manifests("app.yaml")
    assert say(cluster, "old")[1:] == ["Endpoints shop/old lists them (app.yaml:8)"]
    assert say(cluster, "one")[1:] == ["Pod shop/one-0 is one of them (app.yaml:18)"]


def test_a_namespace_that_lacks_is_told(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("app.yaml").write_text(f"apiVersion: v1\nkind: Namespace\nmetadata: {{name: billing}}\n---\n{APP}")
    cluster = Cluster.from_manifests("app.yaml")
    assert say(cluster, "web") == [
        "Service shop/web lies in a namespace that the manifests do not have (app.yaml:7)",
    ]


def test_at_most_three_are_proposed():
    def service(namespace):
        meta = {"name": "payments", "namespace": namespace}
        return {"apiVersion": "v1", "kind": "Service", "metadata": meta, "spec": {"ports": [{"port": 80}]}}

    cluster = Cluster.from_objects([service(f"team-{number}") for number in range(5)])
    # Of objects that are in no file there is no line to tell.
    assert [one.text for one in behind_missing(world_of(cluster), "payments", "shop", {}, "nxdomain")] == [
        "the manifests have no Service payments in namespace shop"
    ]
