"""Corefiles as people have them: the offline cluster answers as a CoreDNS with the same plugins does."""

from pathlib import Path
from typing import Any

import pytest

from k8sresolve.testing import COREDNS_VERSIONS, Cluster
from tests.golden.own import rows
from tests.live import compare, servers
from tests.live.sandbox import API_PORT, Sandbox

pytestmark = pytest.mark.live

KUBERNETES = f"""\
    kubernetes cluster.local in-addr.arpa ip6.arpa {{
        endpoint http://127.0.0.1:{API_PORT}
        pods PODS
        fallthrough in-addr.arpa ip6.arpa
        ttl 30
    }}
"""
OUTSIDE = compare.OUTSIDE
UPSTREAM = """
.:5300 {
    file OUTSIDE example.com
}
"""
# As `kubeadm init`, minikube and kind write them, with the API's address and an upstream on loopback.
KUBEADM = f"""\
.:53 {{
    errors
    health {{
       lameduck 5s
    }}
    ready
{KUBERNETES.replace("PODS", "insecure")}\
    prometheus :9153
    forward . 127.0.0.1:5300 {{
       max_concurrent 1000
    }}
    cache 30 {{
       disable success cluster.local
       disable denial cluster.local
    }}
    loop
    reload
    loadbalance
}}
"""
MINIKUBE = KUBEADM.replace(
    "    forward .",
    """\
    hosts {
       192.168.49.1 host.minikube.internal
       fallthrough
    }
    forward .""",
)
EKS = f"""\
.:53 {{
    errors
    health {{
        lameduck 5s
      }}
    ready
{KUBERNETES.replace("PODS", "insecure")}\
    prometheus :9153
    forward . 127.0.0.1:5300
    cache 30
    loop
    reload
    loadbalance
}}
"""
AUTOPATH = f"""\
.:53 {{
    errors
    autopath @kubernetes
{KUBERNETES.replace("PODS", "verified")}\
    forward . 127.0.0.1:5300
    cache 30
}}
"""
NODE_LOCAL = f"""\
cluster.local:53 {{
    errors
    cache {{
        success 9984 30
        denial 9984 5
    }}
    reload
    loop
    bind 127.0.0.1
    forward . 127.0.0.1:1053 {{
        force_tcp
    }}
    prometheus :9253
    health 127.0.0.1:8080
}}
in-addr.arpa:53 {{
    errors
    cache 30
    bind 127.0.0.1
    forward . 127.0.0.1:1053 {{
        force_tcp
    }}
}}
.:53 {{
    errors
    cache 30
    bind 127.0.0.1
    forward . 127.0.0.1:5300
}}
.:1053 {{
    errors
{KUBERNETES.replace("PODS", "insecure")}\
}}
"""
REWRITES = f"""\
(common) {{
    errors
    loadbalance round_robin
}}
shop.corp:53 {{
    import common
    rewrite stop {{
        name suffix .shop.corp .shop.svc.cluster.local
        answer auto
    }}
    forward . 127.0.0.1:1053
}}
.:53 {{
    import common
    rewrite name payments.example.org payments.shop.svc.cluster.local
    rewrite name regex (.*)\\.in\\.corp {{1}}.svc.cluster.local answer name (.*)\\.svc\\.cluster\\.local {{1}}.in.corp
    minimal
{KUBERNETES.replace("PODS", "disabled")}\
    forward . 127.0.0.1:5300
}}
.:1053 {{
{KUBERNETES.replace("PODS", "disabled")}\
}}
"""
CLIENT = "10.244.1.99"
NAMES = [
    *("payments.shop.svc.cluster.local.", "PayMents.shop.svc.cluster.local.", "cassandra.data.svc.cluster.local."),
    *("nothing.shop.svc.cluster.local.", "shop.svc.cluster.local.", "dns-version.cluster.local.", "cluster.local."),
    *("_http._tcp.payments.shop.svc.cluster.local.", "api.example.com.", "www.example.com.", "txt.example.com."),
    *("no.example.com.", "else.example.net.", "1.20.96.10.in-addr.arpa.", "9.9.9.9.in-addr.arpa.", "localhost."),
    *("host.minikube.internal.", "1.49.168.192.in-addr.arpa.", "payments.shop.corp.", "nothing.shop.corp."),
    *("payments.example.org.", "payments.shop.in.corp.", "payments.shop.svc.cluster.local.shop.svc.cluster.local."),
    *(
        "cassandra.data.shop.svc.cluster.local.",
        "api.example.com.shop.svc.cluster.local.",
        "10-0-0-1.shop.pod.cluster.local.",
    ),
    *("api.example.com.data.svc.cluster.local.", "shop.svc.cluster.local.shop.svc.cluster.local."),
]
QUESTIONS = [(name, rdtype, "udp1232") for name in NAMES for rdtype in ("A", "AAAA", "SRV", "TXT", "PTR", "SOA")]


@pytest.fixture
def outside(tmp_path: Path) -> Path:
    path = tmp_path / "outside.zone"
    path.write_text(OUTSIDE)
    return path


@pytest.mark.parametrize("version", COREDNS_VERSIONS)
@pytest.mark.parametrize("name", ["kubeadm", "minikube", "eks", "autopath", "node-local", "rewrites"])
def test_a_corefile_as_people_have_it(
    name: str, version: str, tmp_path: Path, outside: Path, objects: list[Any], tally: Any
) -> None:
    corefile = {
        "kubeadm": KUBEADM,
        "minikube": MINIKUBE,
        "eks": EKS,
        "autopath": AUTOPATH,
        "node-local": NODE_LOCAL,
        "rewrites": REWRITES,
    }[name]
    pod = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "client", "namespace": "shop"},
        "status": {"phase": "Running", "podIP": CLIENT},
    }
    world = [*objects, pod]
    how = {"upstream": {"example.com": OUTSIDE}, "upstream_authoritative": True, "coredns": version}
    cluster = Cluster.from_objects(world, corefile=corefile, built_ins=False, **how)
    assert cluster.warnings == ()
    ours = [compare.answer(cluster, *question, CLIENT) for question in QUESTIONS]
    cluster.clock.advance(2)
    ours += [compare.answer(cluster, *question, CLIENT) for question in QUESTIONS]

    (tmp_path / "hosts").write_text(compare.POD_HOSTS)
    asked = [[*question, 53, 5.0, CLIENT] for question in QUESTIONS]
    live = servers.coredns(tmp_path, corefile + UPSTREAM.replace("OUTSIDE", str(outside)), version)
    addresses = [f"{CLIENT}/32", "10.244.0.2/32"]
    with Sandbox(tmp_path, [live], world, addresses) as sandbox:
        conf = "nameserver 127.0.0.1\n"
        theirs = sandbox.run("tests.live.ask", [*asked, 2, *asked], resolv_conf=conf, hosts=compare.POD_HOSTS)
    wrong = [
        f"{want['q']} {want['t']}\n  CoreDNS {want}\n  offline {got}"
        for got, want in zip(ours, theirs, strict=True)
        if not compare.agree(got, want, cached="cache" in corefile)
    ]
    tally(f"Corefile of {name}, CoreDNS {version}", len(ours) - len(wrong), len(ours))
    assert not wrong, f"{len(wrong)} of {len(ours)} differ:\n" + "\n".join(wrong[:5])
    if "loadbalance" in corefile:
        assert {order(row) for row in ours} == {order(row) for row in theirs}


def order(row: rows.Row) -> tuple[str, tuple[str, ...]]:
    """What `loadbalance` leaves of the order of an answer: that of the types."""
    return row["q"], tuple(dict.fromkeys(record.split(" ")[2] for record in row["answer"]))
