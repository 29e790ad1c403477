"""Server blocks with one plugin each, in many of its forms: the offline cluster answers as a real CoreDNS does."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from k8sresolve.testing import Cluster
from tests.live import compare, servers
from tests.live.sandbox import API_PORT, Sandbox
from tests.live.worlds import World

pytestmark = pytest.mark.live

OBJECTS = list(
    yaml.safe_load_all("""
{apiVersion: v1, kind: Namespace, metadata: {name: shop}}
---
{apiVersion: v1, kind: Namespace, metadata: {name: data}}
---
{apiVersion: v1, kind: Service, metadata: {name: web, namespace: shop},
 spec: {type: ClusterIP, clusterIP: 10.96.0.2, clusterIPs: [10.96.0.2], externalIPs: [192.0.2.20, 192.0.2.21],
        ports: [{name: http, port: 80, protocol: TCP}, {name: dns, port: 53, protocol: UDP}]}}
---
{apiVersion: v1, kind: Service, metadata: {name: lb, namespace: shop},
 spec: {type: LoadBalancer, clusterIP: 10.96.0.3, clusterIPs: [10.96.0.3],
        ports: [{name: http, port: 80, protocol: TCP}]},
 status: {loadBalancer: {ingress: [{ip: 192.0.2.30}, {ip: "2001:db8::30"}, {hostname: api.example.com}]}}}
---
{apiVersion: v1, kind: Service, metadata: {name: db, namespace: shop},
 spec: {clusterIP: None, clusterIPs: [None],
        ports: [{name: pg, port: 5432, protocol: TCP}]}}
---
{apiVersion: discovery.k8s.io/v1, kind: EndpointSlice, addressType: IPv4,
 metadata: {name: db-1, namespace: shop, labels: {kubernetes.io/service-name: db}},
 endpoints: [{addresses: [10.1.0.1], hostname: db-0}, {addresses: [10.1.0.2]}],
 ports: [{name: pg, port: 5432, protocol: TCP}]}
---
{apiVersion: v1, kind: Service, metadata: {name: out, namespace: shop},
 spec: {type: ExternalName, externalName: api.example.com}}
""")
)
API = f"http://127.0.0.1:{API_PORT}"
KUBERNETES = """
    kubernetes cluster.local in-addr.arpa {
        endpoint API
        pods insecure
        fallthrough in-addr.arpa
        ttl 30
    }
"""
FORWARD = "    forward . 127.0.0.1:5300\n"
SHOP = [f"{name}.shop.svc.cluster.local." for name in ("web", "WeB", "db", "out", "none", "lb")]
OUTSIDE = ["api.example.com.", "www.example.com.", "no.example.com.", "txt.example.com.", "else.example.net."]
TYPES = ("A", "AAAA", "SRV", "TXT", "ANY", "SOA")
# Go's templates, each in an answer of its own; what is filled with an error is SERVFAIL.
FILLED = (
    "{{ range $i, $m := .Match }}{{ if $i }},{{ end }}{{ $i }}={{ $m }}{{ end }}",
    "{{ range .Match }}{{ if eq . $.Name }}{{ continue }}{{ end }}<{{ . }}>{{ end }}",
    "{{ range $k, $v := .Group }}{{ if gt $k `1` }}{{ break }}{{ end }}{{ $k }}:{{ $v }} {{ end }}",
    "{{ with .Group.b }}b is {{ . }}{{ else }}no b{{ end }} {{ with $x := .Group.a }}{{ $x }}{{ end }}",
    "{{ $n := len .Name }}{{ $n = printf `%03d` $n }}{{ $n }} {{ slice .Name 0 3 }} {{ html `<a&b>` }}",
    "{{ print 1 2 `x` 3 }} {{ urlquery `a b/c~` }} {{ .Group.none }} {{ index .Name 0 }} {{ .Match }}",
    "{{ if .Group.none }}y{{ else }}n{{ end }}{{ range 3 }}{{ . }}{{ end }}{{ range 0 }}{{ else }}none{{ end }}",
    "{{ with .Group.none }}x{{ else with .Group.a }}{{ . }}{{ end }} {{ .Group | len }} {{ $.Zone }} {{ .Group }}",
    "{{ if eq .Group.a `err` }}{{ if eq 1 `1` }}{{ end }}{{ end }}{{ true }} {{ printf `%v %v` true .Match }}",
    "{{ range $i := .Match }}{{ range $j := 2 }}{{ $i }}{{ $j }} {{ end }}{{ end }}",
    "{{ $x := 1 }}{{ if true }}{{ $x = 2 }}{{ $x := 3 }}{{ $x }}{{ end }}{{ $x }}",
    "{{ if eq .Group.a `err` }}{{ index .Match 7 }}{{ else }}{{ slice .Match 1 2 }}{{ end }}",
    "{{ if eq .Group.a `err` }}{{ range .Name }}{{ end }}{{ else if true }}{{if(true)}}{{ .Group.B }}{{end}}{{ end }}",
    "{{ if eq .Group.a `err` }}{{ parseInt `+5` 10 8 }}{{ else }}{{ parseInt `fF` 16 8 }}{{ end }}",
    "{{ if eq .Group.a `err` }}{{ parseInt `1ff` 16 8 }}{{ else }}{{ parseInt `1ff` 16 0 }}{{ end }}",
    "{{ if eq .Group.a `err` }}{{ slice .Name 99 }}{{ else }}{{ slice .Name 2 }}{{ slice `abc` 1 | len }}{{ end }}",
    "{{ if eq .Group.a `err` }}{{ lt .Name 1 }}{{ else }}{{ lt `a` `b` }} {{ ge 2 2 }} {{ not 0 }}{{ end }}",
    "{{ if eq .Group.a `err` }}{{ .Question.None }}{{ else }}{{ .Question.Qtype }}{{ println 1 `a` | len }}{{ end }}",
)
PLUGINS = {
    "Go's templates": "".join(
        f"    template IN TXT t{number}.org {{\n"
        f"        match ^(?P<a>[a-z0-9]+)[.](?P<b>bb)?\n"
        f'        answer "{{{{ .Name }}}} TXT \\"{text}\\""\n    }}\n'
        for number, text in enumerate(FILLED)
    ),
    "template": """
    template IN A example.org {
        match ^ip-(?P<a>[0-9]+)-(?P<b>[0-9]+)[.]example[.]org[.]$
        answer "{{ .Name }} 60 IN A 192.0.{{ .Group.a }}.{{ .Group.b }}"
        fallthrough
    }
    template IN ANY example.org {
        match ^(x|y)[.]example[.]org[.]$
        answer "{{ .Name }} IN TXT \\"{{ .Type }} {{ .Class }} {{ .Zone }} {{ index .Match 1 }} {{ .Question.Name }}\\""
        additional "{{ .Zone }} 5 IN NS ns.{{ .Zone }}"
        rcode NOERROR
    }
    template IN ANY alias.org {
        answer "{{ .Name }} 60 IN CNAME api.example.com"
    }
    template ANY ANY denied.org {
        match deep
        rcode NXDOMAIN
        authority "{{ .Zone }} 60 IN SOA ns.{{ .Zone }} me.{{ .Zone }} (1 60 60 60 60)"
    }
    template ANY A hex.org {
        match "^(?P<hex>[0-9a-f]+)[.]hex[.]org"
        answer "{{ .Name }} 60 IN A {{ printf \\"%d.%d.%d.%d\\" (parseInt .Group.hex 16 8) 0 2 (len .Name) }}"
    }
    template CH A api.example.com
    template IN MX example.com {
        answer "{{ if eq .Name \\"api.example.com.\\" }}{{ .Name }} MX 10 {{ .Zone }}{{ else }}nonsense{{ end }}"
    }
    template IN SRV failing.org {
        rcode SERVFAIL
    }
    template IN A refused.org {
        rcode REFUSED
    }
""",
    "types and classes": """
    rewrite continue type TXT ANY
    rewrite continue type ANY A
    rewrite type AAAA SRV
    rewrite class IN CH
    template CH TXT {
        answer "{{ .Name }} TXT {{ .Class }}"
    }
""",
    "ttls": """
    rewrite continue ttl substring shop 7
    rewrite continue ttl prefix web. 3-5
    rewrite continue ttl regex ^(out|none) 100-
    rewrite ttl suffix .com -20
    rewrite name suffix .corp .shop.svc.cluster.local answer auto
""",
    "rcodes": """
    rewrite continue rcode suffix .com NXDOMAIN NOERROR
    rewrite continue rcode none.shop.svc.cluster.local NXDOMAIN REFUSED
    rewrite continue rcode prefix none. REFUSED NOTIMP
    rewrite rcode regex net SERVFAIL 3
    rewrite continue name exact any.corp web.shop.svc.cluster.local
    rewrite continue rcode substring corp SERVFAIL NXDOMAIN
""",
    "options": """
    rewrite continue edns0 local set 0xffee 0x616263
    rewrite continue edns0 local append 0xffee text
    rewrite continue edns0 local replace 0xffef nothing
    rewrite continue edns0 local set 65000 {qname}
    rewrite continue edns0 local set 65001 {qtype}
    rewrite continue edns0 local set 65002 {client_ip}
    rewrite continue edns0 local set 65003 {protocol}
    rewrite continue edns0 local set 65004 hidden revert
    rewrite continue edns0 local set 65005 {meta/data}
    rewrite continue edns0 subnet set 24 56
    rewrite continue edns0 subnet append 16 56
    rewrite continue edns0 local append 65003 {qname}
    rewrite continue edns0 nsid append
    rewrite continue edns0 local unset 65001
    rewrite continue name suffix .corp .shop.svc.cluster.local
    rewrite edns0 nsid append
    rewrite name suffix .local .corp
""",
    "an option that a reply does not show": """
    rewrite continue name suffix .corp .shop.svc.cluster.local
    rewrite continue edns0 local set 65004 hidden revert
""",
    "an option and no end": """
    rewrite continue edns0 local replace 65000 x
    rewrite edns0 local replace 65001 x
    rewrite name suffix .corp .shop.svc.cluster.local
""",
    "aliases": """
    rewrite continue cname exact api.example.com. NS.example.com
    rewrite continue cname prefix www. api.
    rewrite continue cname suffix .deep.org. .shop.svc.cluster.local.
    rewrite continue cname regex ^a(.*)-(b)?x[.] web.{2}shop{1}.svc.cluster.local.
    rewrite continue cname substring gone db
    rewrite continue name suffix .corp .shop.svc.cluster.local answer auto
    rewrite continue ttl regex . 9
    rewrite cname nodot.example.com. txt.example.com
    template IN ANY alias.org {
        match ^two[.]
        answer "{{ .Name }} 60 IN CNAME b.alias.org."
        answer "b.alias.org. 60 IN CNAME api.example.com."
        answer "api.example.com. 60 IN A 192.0.2.200"
        answer "api.example.com. 60 IN CNAME a-bx.x.org."
        additional "x.alias.org. 60 IN CNAME api.example.com."
        authority "y.alias.org. 60 IN CNAME d.example.com."
        fallthrough
    }
    template IN ANY alias.org {
        match ^(.*)[.]to[.](.*)[.]alias
        answer "{{ .Name }} 60 IN CNAME {{ index .Match 2 }}."
    }
""",
    "an alias without its last dot": """
    rewrite continue cname prefix api. web.shop.svc.cluster.local.
    rewrite continue cname regex ^www[.].*$ web.shop.svc.cluster.local
    rewrite cname suffix .org. .org
    template IN A alias.org {
        match ^(.*)[.]alias
        answer "{{ .Name }} 60 IN CNAME {{ index .Match 1 }}.org."
    }
""",
    "aliases that are dropped": """
    rewrite cname api.example.com. web.shop.svc.cluster.local.
    acl web.shop.svc.cluster.local {
        drop type A
        block type AAAA
    }
""",
    "metadata": """
    metadata cluster.local example.com
    template IN TXT {
        match ^(w|_|a|b|d|s|x|c|n|10)
        answer "{{ .Name }} TXT \\"{{ .Meta \\"kubernetes/service\\" }} {{ .Meta \\"kubernetes/endpoint\\" }}\\""
        answer "{{ .Name }} TXT \\"{{ .Meta \\"kubernetes/port-name\\" }} {{ .Meta \\"kubernetes/protocol\\" }}\\""
        answer "{{ .Name }} TXT \\"{{ .Meta \\"kubernetes/namespace\\" }} {{ .Meta \\"kubernetes/kind\\" }}\\""
        answer "{{ .Name }} TXT \\"{{ .Meta \\"kubernetes/parse-error\\" }} {{ .Meta \\"no/such\\" }}\\""
        answer "{{ .Name }} TXT \\"{{ .Meta \\"kubernetes/zone\\" }} {{ .Meta \\"kubernetes/cluster\\" }}\\""
        fallthrough
    }
    rewrite continue name suffix .corp .shop.svc.cluster.local
    rewrite continue edns0 local set 65001 {kubernetes/namespace}
    rewrite continue edns0 local set 65002 {kubernetes/parse-error}
    rewrite continue edns0 local set 65003 {kubernetes/kind}
""",
    "acl": """
    acl shop.svc.cluster.local {
        block type AAAA net 10.0.0.0/8 127.0.0.1
        filter type TXT MX net *
        drop type SOA net ::1 127.0.0.0/8
        ALLOW type A
        block
    }
    acl com. {
        allow net 10.0.0.0/8
        block type * net 127.0.0.1/32
    }
    acl web.shop.svc.cluster.local {
        block type A
    }
""",
    "any": "    any\n    rewrite name any.corp web.shop.svc.cluster.local\n",
    "bufsize": "    bufsize 512\n    loop\n",
    "header": """
    header {
        response set ra rd
        response clear AA
        query clear rd
    }
    hosts {
        10.0.0.1 any.corp
        fallthrough cluster.local com net
    }
""",
    "extended errors": """
    template ANY ANY com {
        rcode NXDOMAIN
        ederror 21 "Blocked according to ICP2"
    }
""",
    "k8s_external": """
    k8s_external corp.example in-addr.arpa {
        ttl 9
        headless
        fallthrough in-addr.arpa
    }
""",
    "k8s_external by the book": """
    k8s_external corp.example {
        apex name
        fallthrough
    }
    template IN A corp.example {
        match ^fell
        answer "{{ .Name }} 1 IN A 192.0.2.1"
        fallthrough
    }
""",
}
CORP = [
    *(
        f"{name}.corp.example."
        for name in ("web.shop", "WEB.shop", "lb.shop", "db.shop", "out.shop", "no.shop", "shop")
    ),
    *("_http._tcp.web.shop.corp.example.", "_dns._udp.web.shop.corp.example.", "_pg._tcp.db.shop.corp.example."),
    *("db-0.db.shop.corp.example.", "10-1-0-2.db.shop.corp.example.", "x.db.shop.corp.example.", "no.corp.example."),
    *("x.web.shop.corp.example.", "_no._tcp.web.shop.corp.example.", "a.b.c.web.shop.corp.example.", "corp.example."),
    *(
        "Corp.example.",
        "dns.corp.example.",
        "ns1.dns.corp.example.",
        "ns2.dns.corp.example.",
        "x.ns1.dns.corp.example.",
    ),
    *("name.corp.example.", "ns1.name.corp.example.", "20.2.0.192.in-addr.arpa.", "30.2.0.192.in-addr.arpa."),
    *("2.0.96.10.in-addr.arpa.", "9.9.9.9.in-addr.arpa.", "fell.shop.corp.example.", "data.corp.example."),
]
NAMES = {
    "Go's templates": [f"{name}.t{number}.org." for number in range(len(FILLED)) for name in ("a1", "a1.bb", "err")],
    "k8s_external": CORP,
    "k8s_external by the book": CORP,
    "acl": [],
    "metadata": [
        *(
            "web.corp.",
            "10-1-0-1.shop.pod.cluster.local.",
            "_http._tcp.web.shop.svc.cluster.local.",
            "svc.cluster.local.",
        ),
        *("a.b.web.shop.svc.cluster.local.", "a.b.c.web.shop.svc.cluster.local.", "db-0.db.shop.svc.cluster.local."),
        *("cluster.local.", "shop.svc.cluster.local.", "x.cluster.local.", "a.pin._zone.web.shop.svc.cluster.local."),
    ],
    "aliases": [
        *("two.alias.org.", "x.to.a-bx.x.alias.org.", "x.to.gone.shop.svc.cluster.local.alias.org."),
        *("x.to.api.example.com.alias.org.", "X.to.www.example.com.alias.org.", "x.to.web.deep.org.alias.org."),
        *(
            "x.to.none.deep.org.alias.org.",
            "x.to.www.example.net.alias.org.",
            "x.to.nodot.example.com.alias.org.",
            "out.corp.",
            "web.corp.",
        ),
        "x.to.api.Example.com.alias.org.",
    ],
    "an alias without its last dot": ["api.alias.org.", "www.alias.org.", "x.alias.org."],
    "aliases that are dropped": [],
    "options": ["web.corp.", "none.corp."],
    "an option that a reply does not show": ["web.corp.", "none.corp."],
    "an option and no end": ["web.corp.", "none.corp."],
    "any": ["any.corp."],
    "bufsize": ["many.example.com."],
    "header": ["any.corp.", "none.corp."],
    "extended errors": [],
    "types and classes": [],
    "ttls": ["web.corp.", "none.corp."],
    "rcodes": ["any.corp.", "x.corp."],
    "template": [
        *("ip-2-9.example.org.", "IP-2-9.example.org.", "ip-2-999.example.org.", "x.example.org.", "z.example.org."),
        *(
            "alias.org.",
            "a.alias.org.",
            "deep.denied.org.",
            "flat.denied.org.",
            "ff.hex.org.",
            "fff.hex.org.",
            "z.hex.org.",
        ),
        *("failing.org.", "refused.org.", "org."),
    ],
}


def world(number: int, name: str) -> World:
    names = [*NAMES[name], *SHOP, *OUTSIDE]
    questions = [(asked, rdtype, "udp1232") for asked in names for rdtype in (*TYPES, "MX", "CNAME", "NS", "PTR")]
    questions += [(asked, "A", via) for asked in names for via in ("udp512", "tcp")]
    return World(number, OBJECTS, f"    errors\n{PLUGINS[name]}{KUBERNETES}{FORWARD}", questions)


def test_a_plugin_in_many_forms(tmp_path: Path, tally: Any) -> None:
    batch = [world(number, name) for number, name in enumerate(PLUGINS)]
    found = list(compare.compare(tmp_path, batch, again=1))
    wrong = [f"{list(PLUGINS)[one.seed]}: {one}" for one in found if one is not None]
    tally("plugins in many forms", len(found) - len(wrong), len(found))
    assert not wrong, f"{len(wrong)} of {len(found)} differ:\n" + "\n".join(wrong[:40])


STALE = (
    "serve_stale",
    "serve_stale 1h verify",
    "serve_stale 1h immediate 7s",
    "serve_stale 1h verify 2s 7s",
    "servfail 1s",
)
STALE = (*STALE, "prefetch 1 1m 90%", "serve_stale\n keepttl", "serve_stale\n serve_stale_policy prefer_positive")


def test_replies_past_their_end(tmp_path: Path, tally: Any) -> None:
    """Asked, asked again when the second of life is over, and twice more: TTLs are exact."""
    names = ["web.shop.svc.cluster.local.", "none.shop.svc.cluster.local."]
    blocks = [
        f"    cache {{\n success 100 2 0\n denial 100 2 0\n {option}\n}}\n{KUBERNETES.replace('API', API)}"
        for option in STALE
    ]
    asked: list[Any] = []
    ours: list[Any] = []
    clusters = [Cluster.from_objects(OBJECTS, corefile=f".:53 {{\n{block}}}\n") for block in blocks]
    for pause in (0.1, 3.0, 0.4, 0.1):
        asked.append(pause)
        for number, made in enumerate(clusters):
            made.clock.advance(pause)
            asked += [[name, "A", "tcp", 1000 + number] for name in names]
            ours += [compare.answer(made, name, "A", "tcp") for name in names]
    text = "".join(f".:{1000 + number} {{\n{block}}}\n" for number, block in enumerate(blocks))
    with Sandbox(tmp_path, [servers.coredns(tmp_path, text)], OBJECTS) as sandbox:
        theirs = sandbox.run("tests.live.ask", asked, resolv_conf="nameserver 127.0.0.1\n")
    wrong = [
        f"{STALE[index // 2 % len(STALE)]}, round {index // 2 // len(STALE)}\n  CoreDNS {want}\n  offline {got}"
        for index, (got, want) in enumerate(zip(ours, theirs, strict=True))
        if not compare.agree(got, want, cached=False)
    ]
    tally("replies past their end", len(ours) - len(wrong), len(ours))
    assert not wrong, "\n".join(wrong)


EXPRESSIONS = [
    "incidr(client_ip(), '10.244.1.0/24') && type() == 'TXT'",
    "client_ip() == '10.244.1.99' and name() endsWith 'b.corp.'",
    "name() matches '^[a-c][.]' and not (type() in ['A', 'AAAA'])",
    "class() == 'IN' and proto() != 'udp' && bufsize() > 2000",
    "type() not in ['SRV'] ? do() : name() startsWith 'x.' or opcode() == 4",
    "name() contains 'corp' and bufsize() == 512",
    "metadata('a/b') != '' or incidr('nonsense', '10.0.0.0/8')",
    "name() < 'b' and 2 + 2 * 3 == 8 and opcode() in 0..3",
    "metadata('kubernetes/client-namespace') == 'shop' and metadata('kubernetes/client-label/app') == 'web'",
    "metadata('kubernetes/client-pod-name') == 'two' and metadata('view/name') == 'v9'",
    "metadata('kubernetes/parse-error') != ''",
    "server_port() == '1053' and size() > 38 and id() >= 0 and id() < 65536",
    "size() == 24 or size() == 35 + 2 * 0",
    "split(name(), '.')[0] == 'wxyz' and len(name()) == 14 and proto() == 'tcp'",
    "name()[2:-1] == 'corp' and name()[:1] == 'a' and bufsize() == 512 and type() == 'SRV'",
    "indexOf(name(), 'no') in [2] and last(split(trimSuffix(name(), '.'), '.')) == upper('LOCAL')",
    "hasPrefix(replace(name(), 'b', 'q'), 'q') and int('1') + max(1, 2) == min([4, 3]) and type() == 'A'",
    "server_ip() == '::' and port() != '53'",
    "server_ip() == '127.0.0.1' and metadata('kubernetes/kind') == ''",
]
PODS = list(
    yaml.safe_load_all("""
{apiVersion: v1, kind: Namespace, metadata: {name: shop}}
---
{apiVersion: v1, kind: Pod, metadata: {name: one, namespace: shop, labels: {app: web}},
 status: {podIP: 10.244.1.98, podIPs: [{ip: 10.244.1.98}], phase: Running}}
---
{apiVersion: v1, kind: Pod, metadata: {name: two, namespace: shop},
 status: {podIP: 10.244.1.99, podIPs: [{ip: 10.244.1.99}], phase: Running}}
""")
)


def test_views(tmp_path: Path, tally: Any) -> None:
    """The block that answers writes its number."""
    blocks = [f"view v{number} {{\n expr {text}\n}}" for number, text in enumerate(EXPRESSIONS)] + [""]
    kubernetes = KUBERNETES.replace("API", API).replace("insecure", "verified")
    text = "".join(
        f'.:53 .:1053 {{\nmetadata\n{view}\ntemplate ANY ANY {{\n answer "{{{{ .Name }}}} 1 IN TXT {number}"\n}}\n'
        f"{kubernetes}}}\n"
        for number, view in enumerate(blocks)
    )
    # The offline cluster is the nameserver at the first port.
    made = {
        port: Cluster.from_objects(PODS, corefile=text.replace(*ports), server_addresses=["127.0.0.1"])
        for port, ports in {53: ("", ""), 1053: (".:53 .:1053", ".:1053")}.items()
    }
    assert made[53].warnings == ()
    asked = [
        [name, rdtype, via, port, 5.0, client]
        for name in ("a.corp.", "b.corp.", "x.b.corp.", "X.corp.", "d.org.", "x.no.cluster.local.", "wxyz.long.org.")
        for rdtype in ("A", "TXT", "SRV")
        for via in ("udp1232", "udp512", "tcp")
        for port in (53, 1053)
        for client in ("10.244.1.99", "10.244.1.98", "127.0.0.1")
    ]
    ours = [compare.answer(made[port], name, rdtype, via, client) for name, rdtype, via, port, _, client in asked]
    addresses = ["10.244.1.98/32", "10.244.1.99/32"]
    with Sandbox(tmp_path, [servers.coredns(tmp_path, text)], PODS, addresses) as sandbox:
        theirs = sandbox.run("tests.live.ask", asked, resolv_conf="nameserver 127.0.0.1\n")
    pairs = list(zip(asked, ours, theirs, strict=True))
    wrong = [f"{question}: {got} {want}" for question, got, want in pairs if not compare.agree(got, want, cached=False)]
    tally("views", len(ours) - len(wrong), len(ours))
    assert not wrong, "\n".join(wrong)
    assert len({row["answer"][0].split()[-1] for row in ours}) > 10


MANY = "@ 60 IN SOA ns admin 1 2 3 4 5\n@ 60 IN NS ns\n" + "".join(
    f"many 60 IN A 192.0.2.{number}\n" for number in range(100)
)
ALIAS = {
    "apiVersion": "v1",
    "kind": "Service",
    "metadata": {"name": "many", "namespace": "shop"},
    "spec": {"type": "ExternalName", "externalName": "many.example.com"},
}


def test_an_upstream_that_cuts(tmp_path: Path, tally: Any) -> None:
    """A reply that came cut is not remembered: TTLs tell."""
    path = tmp_path / "many.zone"
    path.write_text(MANY)
    blocks = [
        f"    cache 30\n    forward . 127.0.0.1:5300 {{\n {option}\n}}\n{KUBERNETES.replace('API', API)}"
        for option in ("", "force_tcp", "prefer_udp")
    ]
    how = {"upstream": {"example.com": MANY}, "upstream_authoritative": True}
    clusters = [Cluster.from_objects([*OBJECTS, ALIAS], corefile=f".:53 {{\n{block}}}\n", **how) for block in blocks]
    asked: list[Any] = []
    ours: list[Any] = []
    for pause, via in ((0.0, "udp1232"), (1.0, "tcp"), (1.0, "udp512"), (1.0, "udp1232"), (1.0, "tcp")):
        asked.append(pause)
        for number, made in enumerate(clusters):
            made.clock.advance(pause)
            for name in ("many.example.com.", "many.shop.svc.cluster.local."):
                asked.append([name, "A", via, 1000 + number])
                ours.append(compare.answer(made, name, "A", via))
    text = "".join(f".:{1000 + number} {{\n{block}}}\n" for number, block in enumerate(blocks))
    text += f".:5300 {{\n    file {path} example.com\n}}\n"
    with Sandbox(tmp_path, [servers.coredns(tmp_path, text)], [*OBJECTS, ALIAS]) as sandbox:
        theirs = sandbox.run("tests.live.ask", asked, resolv_conf="nameserver 127.0.0.1\n")
    pairs = list(zip(ours, theirs, strict=True))
    wrong = [f"{got}\n  {want}" for got, want in pairs if not compare.agree(got, want, cached=False)]
    tally("an upstream that cuts", len(ours) - len(wrong), len(ours))
    assert not wrong, "\n".join(wrong)
