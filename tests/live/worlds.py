"""Random worlds: objects, a server block of a Corefile, and questions, all by a seed.

Names, ports and addresses come from small pools, so that objects share and shadow them; what an API server would
refuse but a store can hold is among them. Nothing of k8sresolve is imported.
"""

import random
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import dns.reversename

Object = dict[str, Any]
Question = tuple[str, str, str]

NAMESPACES = ("default", "x1", "svc", "pod", "arpa", "com", "kube-system")
NAMES = ("a", "svc", "pod", "red", "db-0", "7up", "web", "arpa", "x" * 63)
PORTS = ("http", "http2", "sql", "a", "")
NUMBERS = (53, 80, 443, 8080)
PROTOCOLS = ("TCP", "UDP", "SCTP")
IPV4 = tuple(f"10.0.0.{number}" for number in range(1, 9))
IPV6 = ("fd00::", "fd00::1", "fd00::2", "fd00::a:0:0:3", "fd00:0:0:1::", "FD00::7", "::ffff:10.0.0.9")
CLUSTER_IPS = tuple(f"10.96.0.{number}" for number in range(1, 9)) + tuple(
    f"fd00:96::{number}" for number in range(1, 5)
)
HOSTS = ("api.example.com", "Api.Example.COM.", "txt.example.com", "no.example.com", "else.example.net")
ZONES = ("z1", "z2", "Z1", "r.z3")
LABELS = ({}, {"tier": "front"}, {"tier": "back"}, {"tier": "front", "canary": ""}, {"env": "prod"})
TYPES = ("A", "A", "A", "AAAA", "AAAA", "SRV", "SRV", "CNAME", "PTR", "TXT", "NS", "SOA", "MX", "ANY", "HTTPS")
OUTSIDE_PORT = 5300
OUTSIDE = """\
@ 300 IN SOA ns.example.com. admin.example.com. 1 7200 3600 1209600 60
@ 300 IN NS ns.example.com.
ns 300 IN A 192.0.2.53
api 60 IN A 192.0.2.80
api 60 IN A 192.0.2.81
api 60 IN AAAA 2001:db8::80
www 3 IN CNAME api
txt 300 IN TXT "text"
back 300 IN CNAME a.x1.svc.cluster.local.
*.wild 300 IN A 192.0.2.99
_http._tcp 300 IN SRV 0 1 80 api
"""


class World(NamedTuple):
    """One world. `block` is what stands in the server block's braces; `API` in it stands for the API's address."""

    seed: int
    objects: list[Object]
    block: str
    questions: list[Question]


def make(seed: int, *, plugins: bool = True) -> World:
    """Make a world; with `plugins`, others than `kubernetes` may act, those that depend on time and chance apart."""
    rng = random.Random(seed)
    objects = list(_objects(rng))
    zones, options = _options(rng)
    lines = [
        "errors",
        f"kubernetes {' '.join(zones)} {{",
        "    endpoint API",
        *(f"    {line}" for line in options),
        "}",
    ]
    others = _plugins(rng) if plugins else []
    names = [name for name in _names(rng, objects, zones) if all(len(label) < 64 for label in name.split("."))]
    questions = [
        (_cased(rng, rng.choice(names)), rng.choice(TYPES), rng.choice(("udp1232", "udp1232", "udp512", "tcp")))
        for _ in range(50)
    ]
    return World(seed, objects, "".join(f"    {line}\n" for line in [*lines, *others]), questions)


def _some(rng: random.Random, pool: Sequence[Any], most: int) -> list[Any]:
    return [rng.choice(pool) for _ in range(rng.randint(0, most))]


def _objects(rng: random.Random) -> Any:
    namespaces = rng.sample(NAMESPACES, rng.randint(1, 3))
    for name in namespaces:
        labels = {"kubernetes.io/metadata.name": name, **rng.choice(LABELS)}
        yield {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": labels}}
    if rng.random() < 0.15:
        namespaces = [*namespaces, "gone"]  # one without a Namespace
    seen: set[tuple[str, str, str]] = set()
    for make_one, most in ((_service, 6), (_slice, 7), (_pod, 3), (_import, 2)):
        for number in range(rng.randint(0, most)):
            item = make_one(rng, rng.choice(namespaces), number)
            key = (item["kind"], item["metadata"]["namespace"], item["metadata"]["name"])
            if key not in seen:
                seen.add(key)
                yield item


def _ports(rng: random.Random, most: int = 3) -> list[Object]:
    ports = []
    for _ in range(rng.randint(0, most)):
        port: Object = {"port": rng.choice(NUMBERS), "protocol": rng.choice(PROTOCOLS)}
        if name := rng.choice(PORTS):
            port["name"] = name
        ports.append(port)
    return ports


def _service(rng: random.Random, namespace: str, _number: int) -> Object:
    metadata = {"namespace": namespace, "name": rng.choice(NAMES), "labels": rng.choice(LABELS)}
    kind = rng.choice(("ClusterIP", "ClusterIP", "NodePort", "LoadBalancer", "headless", "headless", "ExternalName"))
    if kind == "ExternalName":
        inside = f"{rng.choice(NAMES)}.{rng.choice(NAMESPACES)}.svc.cluster.local"
        name = rng.choice((*HOSTS, inside, inside, "10.0.0.1", "1.0.0.10.in-addr.arpa", "a.x1.svc.clusterset.local"))
        return {
            "apiVersion": "v1",
            "kind": "Service",
            "metadata": metadata,
            "spec": {"type": kind, "externalName": name},
        }
    ips = ["None"] if kind == "headless" else rng.sample(CLUSTER_IPS, rng.choice((1, 1, 2)))
    spec: Object = {"type": "ClusterIP" if kind == "headless" else kind, "clusterIP": ips[0], "clusterIPs": ips}
    if ports := _ports(rng):
        spec["ports"] = ports
    return {"apiVersion": "v1", "kind": "Service", "metadata": metadata, "spec": spec}


def _slice(rng: random.Random, namespace: str, number: int) -> Object:
    labels: Object = dict(rng.choice(LABELS))
    if rng.random() < 0.85:
        labels["kubernetes.io/service-name"] = rng.choice(NAMES)
    if rng.random() < 0.25:
        labels["multicluster.kubernetes.io/service-name"] = rng.choice(NAMES)
        labels["multicluster.kubernetes.io/source-cluster"] = rng.choice(("c1", "c2"))
    family = rng.choice(("IPv4", "IPv4", "IPv6", "FQDN"))
    hosts = (*HOSTS, f"{rng.choice(NAMES)}.{rng.choice(NAMESPACES)}.svc.cluster.local")
    pool = {"IPv4": IPV4, "IPv6": IPV6, "FQDN": hosts}[family]
    endpoints = [_endpoint(rng, namespace, pool) for _ in range(rng.randint(0, 1 if family == "FQDN" else 4))]
    ports = _ports(rng, 2)
    for port in ports:
        if rng.random() < 0.05:
            del port["port"]
    return {
        "apiVersion": "discovery.k8s.io/v1",
        "kind": "EndpointSlice",
        "addressType": family,
        "metadata": {"namespace": namespace, "name": f"slice-{number}", "labels": labels},
        "endpoints": endpoints,
        "ports": ports,
    }


def _endpoint(rng: random.Random, namespace: str, pool: Sequence[str]) -> Object:
    endpoint: Object = {"addresses": [rng.choice(pool)]}
    if rng.random() < 0.9:
        endpoint["conditions"] = rng.choice(({"ready": True}, {"ready": True}, {"ready": False}, {}))
    if rng.random() < 0.3:
        endpoint["hostname"] = rng.choice(("db-0", "0", "a"))
    if rng.random() < 0.5:
        pod = rng.choice(("db-0", "web-5f7-x", "p" * 63))
        endpoint["targetRef"] = {"kind": "Pod", "namespace": namespace, "name": pod}
    if rng.random() < 0.5:
        endpoint["zone"] = rng.choice(ZONES)
    return endpoint


def _pod(rng: random.Random, namespace: str, number: int) -> Object:
    ips = [rng.choice((*IPV4, *IPV6))]
    if rng.random() < 0.3:
        ips.append(rng.choice(IPV4 if ips[0] in IPV6 else IPV6))
    phase = rng.choice(("Running", "Running", "Pending", "Succeeded", "Failed", "Unknown"))
    metadata: Object = {"namespace": namespace, "name": f"pod-{number}", "labels": rng.choice(LABELS)}
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": metadata,
        "spec": {"containers": [{"name": "app", "image": "app"}]},
        "status": {"phase": phase, "podIP": ips[0], "podIPs": [{"ip": ip} for ip in ips]},
    }


def _import(rng: random.Random, namespace: str, _number: int) -> Object:
    kind = rng.choice(("ClusterSetIP", "Headless"))
    ips = [] if kind == "Headless" else _some(rng, CLUSTER_IPS, 1)
    metadata = {"namespace": namespace, "name": rng.choice(NAMES), "labels": rng.choice(LABELS)}
    return {
        "apiVersion": "multicluster.x-k8s.io/v1alpha1",
        "kind": "ServiceImport",
        "metadata": metadata,
        "spec": {"type": kind, "ips": ips, "ports": _ports(rng, 2)},
    }


def _options(rng: random.Random) -> tuple[list[str], list[str]]:
    """Choose the zones and options of the kubernetes plugin."""
    zones = ["cluster.local", "in-addr.arpa", "ip6.arpa"]
    options = [rng.choice(("pods insecure", "pods verified", "pods disabled", ""))]
    if rng.random() < 0.7:
        options.append(f"ttl {rng.choice((0, 5, 30, 3600))}")
    if rng.random() < 0.6:
        options.append(
            rng.choice(("fallthrough in-addr.arpa ip6.arpa", "fallthrough", "fallthrough x1.svc.cluster.local"))
        )
    if rng.random() < 0.25:
        zones.append("clusterset.local")
        options.append("multicluster clusterset.local")
    options += [option for option in ("endpoint_pod_names", "ignore empty_service") if rng.random() < 0.2]
    options += rng.choice(([], [], ["zonal"], ["noendpoints"]))
    selectors = ("tier=front", "tier in (front,back)", "!canary", "tier notin (back),env notin (prod)", "tier")
    if rng.random() < 0.15:
        options.append(f"labels {rng.choice(selectors)}")
    if rng.random() < 0.25:
        options.append(
            rng.choice(
                (f"namespaces {' '.join(rng.sample(NAMESPACES, 3))}", f"namespace_labels {rng.choice(selectors)}")
            )
        )
    if rng.random() < 0.1:
        zones[:1] = ["k8s.corp.example", "cluster.local"]
    return zones, [option for option in options if option]


_REWRITES = r"""
rewrite name exact shop.example.org a.x1.svc.cluster.local

rewrite name shop.example.org web.default.svc.cluster.local

rewrite stop name suffix .in.corp .svc.cluster.local answer auto

rewrite name suffix .in.corp .svc.cluster.local

rewrite continue name substring in.corp svc.cluster.local answer auto

rewrite name prefix api. a. answer auto

rewrite stop {
    name regex (.*)\.in\.corp {1}.svc.cluster.local
    answer name (.*)\.svc\.cluster\.local {1}.in.corp
}

rewrite stop {
    name regex (.*)\.(.*)\.in\.corp {1}.{2}.svc.cluster.local answer auto
}

rewrite name regex (.*)\.in\.corp {1}.svc.cluster.local answer value (.*)\.svc\.cluster\.local {1}.in.corp

rewrite continue cname exact api.example.com ns.example.com

rewrite cname suffix .example.com. .wild.example.com.

rewrite continue cname regex ^(.*)[.](.*)[.]svc[.]cluster[.]local[.]$ {1}.{2}.wild.example.com.
""".strip().split("\n\n")
_HOSTS = """
hosts {
    192.0.2.7 shop.example.org Web.Default.svc.cluster.local
    2001:db8::7 shop.example.org
    10.0.0.1 host.minikube.internal
    fallthrough
}

hosts {
    10.0.0.1 *.in.corp one.in.corp
    ttl 60
    no_reverse
    fallthrough in.corp
}

hosts {
    10.0.0.2 one.in.corp
}
""".strip().split("\n\n")
_CACHES = """
cache 30 {
    disable success cluster.local
    disable denial cluster.local
}

cache {
    success 9984 30
    denial 9984 5
}

cache 30

cache 10 cluster.local

cache 3600 {
    keepttl
    success 100 3600 0
    denial 100 1800 0
}
""".strip().split("\n\n")
_TEMPLATES = r"""
template IN TXT {
    match ^(?P<first>[^.]+)[.]((?P<second>[^.]+)[.])?
    answer "{{ .Name }} 9 TXT {{ range $k, $v := .Group }}\"{{ $k }}={{ $v }}\" {{ end }}"
    answer "{{ .Name }} 9 TXT \"{{ .Meta `kubernetes/service` }} {{ .Meta `kubernetes/namespace` }}\""
    answer "{{ .Name }} 9 TXT \"{{ .Meta `kubernetes/endpoint` }} {{ .Meta `kubernetes/port-name` }}\""
    answer "{{ .Name }} 9 TXT \"{{ .Meta `kubernetes/parse-error` }} {{ .Meta `kubernetes/zone` }}\""
    fallthrough
}

template IN ANY in.corp {
    match ^(?P<name>[a-z]+)[.](?P<ns>[a-z0-9]+)[.]in
    answer "{{ .Name }} 7 CNAME {{ with $n := .Group.name }}{{ $n }}{{ end }}.{{ .Group.ns }}.svc.cluster.local"
    fallthrough
}
""".strip().split("\n\n")
_VIEWS = """
view kinds {
    expr metadata('kubernetes/kind') != 'pod' or type() == 'A'
}

view names {
    expr not (name() contains 'x1' and size() % 2 == 0)
}
""".strip().split("\n\n")
_BEHIND = f"""
forward . 127.0.0.1:{OUTSIDE_PORT}

forward . 127.0.0.1:{OUTSIDE_PORT} {{
    except example.net in-addr.arpa
}}

file OUTSIDE example.com
""".strip().split("\n\n")


def _plugins(rng: random.Random) -> list[str]:
    """Choose other plugins. What stands behind `kubernetes` is a zone of its own, or a forward to one."""
    chosen = [rng.choice(_BEHIND)] if rng.random() < 0.8 else []
    if rng.random() < 0.4:
        chosen += rng.sample(_REWRITES, rng.choice((1, 1, 2)))
    for plugin, chance in (
        (rng.choice(_HOSTS), 0.3),
        ("minimal", 0.2),
        ("loadbalance", 0.3),
        (rng.choice(_CACHES), 0.4),
        ("metadata", 0.3),
        (rng.choice(_TEMPLATES), 0.2),
        (rng.choice(_VIEWS), 0.1),
    ):
        if rng.random() < chance:
            chosen.append(plugin)
    rng.shuffle(chosen)
    return [line for text in chosen for line in text.splitlines()]


def _names(rng: random.Random, objects: Sequence[Object], zones: Sequence[str]) -> list[str]:
    """Names that the objects may give, and such as are near them."""
    names = [
        "shop.example.org.",
        "one.in.corp.",
        "api.example.com.",
        "www.example.com.",
        "back.example.com.",
        "else.example.net.",
        "a.x1.in.corp.",
        "web.default.in.corp.",
        "api.x1.svc.cluster.local.",
        "x.wild.example.com.",
        "_http._tcp.example.com.",
        "host.minikube.internal.",
        "localhost.",
    ]
    for zone in zones:
        names += [f"{prefix}{zone}." for prefix in ("", "svc.", "pod.", "ns.dns.", "dns-version.", "foo.", "x.y.z.")]
    forward = [zone for zone in zones if not zone.endswith("arpa")]
    for item in objects:
        zone = rng.choice(forward)
        namespace = item["metadata"].get("namespace") or item["metadata"]["name"]
        names.append(f"{namespace}.{rng.choice(('svc', 'pod'))}.{zone}.")
        for make_names in _OF_KIND.get(item["kind"], ()):
            names += make_names(rng, item, namespace, zone)
    pods = [address.replace(".", "-").replace(":", "-") for address in rng.sample((*IPV4, *IPV6), 3)]
    names += [f"{pod}.{rng.choice(NAMESPACES)}.pod.{rng.choice(forward)}." for pod in (*pods, "10-0-0-300", "x")]
    names += [
        dns.reversename.from_address(ip.lower()).to_text() for ip in rng.sample((*IPV4, *IPV6[:6], *CLUSTER_IPS), 8)
    ]
    return names


def _of_service(rng: random.Random, item: Object, namespace: str, zone: str) -> list[str]:
    whole = f"{item['metadata']['name']}.{namespace}.svc.{zone}."
    zonal = f"{rng.choice(ZONES)}.{rng.choice(('pin', 'prefer'))}._zone.{whole}"
    return [
        whole,
        whole,
        whole,
        f"{rng.choice(('db-0', '0', '10-0-0-1', 'fd00--1', 'fd00--0'))}.{whole}",
        f"_{rng.choice(PORTS)}._{rng.choice(PROTOCOLS).lower()}.{whole}",
        f"_.{whole}",
        zonal,
        f"{rng.choice(PORTS) or 'x'}.tcp.{whole}",
        f"db-0.c1.{whole}",
        f"{item['metadata']['name']}.{namespace}.in.corp.",
    ]


def _of_slice(rng: random.Random, item: Object, namespace: str, zone: str) -> list[str]:
    labels = item["metadata"]["labels"]
    name = labels.get("kubernetes.io/service-name") or labels.get("multicluster.kubernetes.io/service-name") or "a"
    found = []
    for endpoint in item["endpoints"]:
        label = endpoint.get("hostname") or endpoint["addresses"][0].replace(".", "-").replace(":", "-")
        found += [f"{label}.{name}.{namespace}.svc.{zone}.", f"{label}.c1.{name}.{namespace}.svc.{zone}."]
        if item["addressType"] != "FQDN":
            found.append(dns.reversename.from_address(endpoint["addresses"][0].lower()).to_text())
    found += [
        f"_{port.get('name', '')}._{port['protocol'].lower()}.{name}.{namespace}.svc.{zone}." for port in item["ports"]
    ]
    return [text for text in found if not text.startswith("-") and ".." not in text]


_OF_KIND: dict[str, tuple[Callable[..., list[str]], ...]] = {
    "Service": (_of_service,),
    "ServiceImport": (_of_service,),
    "EndpointSlice": (_of_slice,),
}


def _cased(rng: random.Random, name: str) -> str:
    if rng.random() < 0.85:
        return name
    return "".join(letter.upper() if rng.random() < 0.3 else letter for letter in name)
