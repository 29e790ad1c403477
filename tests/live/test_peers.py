"""Other nameservers than CoreDNS: Knot, which is authoritative, and Unbound, which recurses and caches.

CNAME chains, negative answers, truncation, and typed lookups where the nameserver sends no glue.
"""

from typing import Any, NamedTuple

import pytest

from tests.live.peers import big
from tests.live.sandbox import Sandbox

pytestmark = pytest.mark.live

NAMESERVERS = {"unbound": "127.0.0.1", "knot": "127.0.0.2"}
NODE4 = ["192.0.2.4"]
NODE = ["192.0.2.80", "2001:db8::80"]
WWW_CHAIN = ["web.corp.example.", "edge.corp.example.", "node.site.corp.example."]


def found(addresses: list[str], candidate: str, *chain: str) -> dict[str, Any]:
    cname = {"targets": list(chain), "leaves_cluster": True} if chain else None
    return {"addresses": addresses, "candidate": candidate, "cname": cname}


class Case(NamedTuple):
    """A call, what it must give, and for which servers: Knot puts no more than five CNAMEs into an answer."""

    call: str
    args: tuple[str, ...]
    want: Any
    family: str = "both"
    only: str = ""


CHAIN8 = [f"chain{number}.corp.example." for number in range(7, -1, -1)]
CASES = [
    Case("addresses", ("www",), found(NODE, "www.corp.example.", *WWW_CHAIN)),
    Case("addresses", ("www",), found(NODE[:1], "www.corp.example.", *WWW_CHAIN), "ipv4"),
    Case("addresses", ("www.corp.example.",), found(NODE, "www.corp.example.", *WWW_CHAIN)),
    Case("addresses", ("Only4.Corp.Example",), found(NODE4, "Only4.Corp.Example.")),
    Case("addresses", ("chain3",), found(["192.0.2.81"], "chain3.corp.example.", *CHAIN8[-3:])),
    Case("addresses", ("chain8",), found(["192.0.2.81"], "chain8.corp.example.", *CHAIN8), only="unbound"),
    Case("addresses", ("chain9.corp.example.",), {"error": "BadResponse"}, only="unbound"),
    Case(
        "addresses",
        ("alias.shop.svc.cluster.example.",),
        found(NODE, "alias.shop.svc.cluster.example.", "www.corp.example.", *WWW_CHAIN),
        only="unbound",
    ),
    Case("addresses", ("circle.corp.example.",), {"error": "BadResponse"}, only="knot"),
    # Unbound sees the circle itself.
    Case("addresses", ("circle.corp.example.",), {"error": "ServerFailure"}, only="unbound"),
    Case("addresses", ("dangling.corp.example.",), {"error": "NoSuchName"}),
    Case("addresses", ("silent",), {"error": "NoData"}),
    Case("addresses", ("text",), {"error": "NoData"}),
    Case("addresses", ("site.corp.example.",), {"error": "NoData"}),
    Case("addresses", ("nothing",), {"error": "NoSuchName"}),
    Case("addresses", ("nothing.example.",), {"error": "NoSuchName"}),
    Case("addresses", ("any.wild",), found(["192.0.2.99"], "any.wild.corp.example.")),
    Case("addresses", ("only4",), found(NODE4, "only4.corp.example.")),
    Case("addresses", ("only4",), {"error": "NoData"}, "ipv6"),
    Case("addresses", ("only6",), found(["2001:db8::6"], "only6.corp.example.")),
    Case("addresses", ("only6",), found(["2001:db8::6"], "only6.corp.example."), "auto"),
    Case("addresses", ("big",), found(big(100), "big.corp.example.")),
    Case("addresses", ("huge",), found(big(3000), "huge.corp.example.")),
    Case("lookup", ("text", "TXT"), {"records": ['"one" "two"'], "cname": None, "truncated": False}),
    Case("lookup", ("mail", "MX"), {"records": ["10 only4.corp.example."], "cname": None, "truncated": False}),
    Case("lookup", ("mail", "A"), {"error": "NoData"}),
    Case("lookup", ("nothing", "TXT"), {"error": "NoSuchName"}),
    Case(
        "lookup", ("www", "A"), {"records": NODE[:1], "cname": found([], "", *WWW_CHAIN)["cname"], "truncated": False}
    ),
    Case(
        "lookup",
        ("_peer._udp", "SRV"),
        {
            "records": sorted(f"0 1 {9000 + n} peer{n}.corp.example." for n in range(60)),
            "cname": None,
            "truncated": False,
        },
    ),
]


def run(peers: Sandbox, nameserver: str, mode: str, jobs: list[dict[str, Any]]) -> list[dict[str, Any]]:
    resolv_conf = f"nameserver {NAMESERVERS[nameserver]}\nsearch corp.example\n"
    return list(peers.run("tests.live.client", {"mode": mode, "jobs": jobs}, resolv_conf=resolv_conf))


@pytest.mark.parametrize("mode", ["sync", "asyncio"])
@pytest.mark.parametrize("nameserver", NAMESERVERS)
def test_hosts(peers: Sandbox, nameserver: str, mode: str, tally: Any) -> None:
    cases = [case for case in CASES if case.only in ("", nameserver)]
    jobs = [{"family": case.family, "call": case.call, "args": case.args} for case in cases]
    results = run(peers, nameserver, mode, jobs)
    wrong = [
        f"{case.call}{case.args}: want {str(case.want)[:300]}, got {str(got['outcome'])[:300]}"
        for case, got in zip(cases, results, strict=True)
        if got["outcome"] != case.want
    ]
    tally(f"hosts, {nameserver}, {mode}", len(cases) - len(wrong), len(cases))
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("mode", ["sync", "asyncio"])
@pytest.mark.parametrize("nameserver", NAMESERVERS)
def test_a_truncated_answer_comes_by_tcp(peers: Sandbox, nameserver: str, mode: str) -> None:
    (got,) = run(peers, nameserver, mode, [{"family": "ipv4", "call": "addresses", "args": ["big"]}])
    assert got["sends"] == [["udp", "A big.corp.example."], ["tcp", "A big.corp.example."]]


@pytest.mark.parametrize("nameserver", NAMESERVERS)
def test_addresses_finds_what_getaddrinfo_finds(peers: Sandbox, nameserver: str, tally: Any) -> None:
    hosts = sorted({case.args[0] for case in CASES if case.call == "addresses" and case.only in ("", nameserver)})
    # glibc follows a chain of any length; ours ends at eight, the cap against loops.
    hosts = [host for host in hosts if not host.startswith("chain9")]
    jobs = [{"family": "both", "call": call, "args": [host]} for host in hosts for call in ("addresses", "getaddrinfo")]
    outcomes = [result["outcome"] for result in run(peers, nameserver, "sync", jobs)]
    wrong = [
        f"{host}: ours {str(ours)[:300]}, getaddrinfo {str(theirs)[:300]}"
        for host, ours, theirs in zip(hosts, outcomes[::2], outcomes[1::2], strict=True)
        if sorted(ours.get("addresses", ())) != sorted(theirs.get("addresses", ()))
    ]
    tally(f"as getaddrinfo, {nameserver}", len(hosts) - len(wrong), len(hosts))
    assert not wrong, "\n".join(wrong)


def port(name: str, service: str, number: Any, targets: list[Any]) -> dict[str, Any]:
    return {
        "name": name,
        "protocol": "tcp",
        "service": service,
        "number": number,
        "headless": any(target[0] != service for target in targets),
        "targets": targets,
    }


PAYMENTS = "payments.shop.svc.cluster.example."
RING = "ring.data.svc.cluster.example."
HTTP = port("http", PAYMENTS, 80, [[PAYMENTS, 80, ["10.96.20.1", "fd00:10:96::1"]]])
API = port(
    "api", RING, "PortsDiffer", [[f"ring-0.{RING}", 8080, ["10.244.2.10"]], [f"ring-1.{RING}", 18080, ["10.244.2.11"]]]
)
SERVICES = [
    # call, arguments, more arguments, what it gives, its questions, and those about targets that came without glue
    ("port", [PAYMENTS, "http"], {}, HTTP, [f"SRV _http._tcp.{PAYMENTS}"], [PAYMENTS]),
    ("port", [RING, "api"], {}, API, [f"SRV _api._tcp.{RING}"], [f"ring-0.{RING}", f"ring-1.{RING}"]),
    (
        "endpoints",
        [RING, "api"],
        {},
        [["10.244.2.10", 8080], ["10.244.2.11", 18080]],
        [f"SRV _api._tcp.{RING}"],
        [f"ring-0.{RING}", f"ring-1.{RING}"],
    ),
    (
        "service",
        [PAYMENTS],
        {"ports": ["http"]},
        {"name": PAYMENTS, "addresses": HTTP["targets"][0][2], "cname": None, "ports": [HTTP]},
        [f"A {PAYMENTS}", f"AAAA {PAYMENTS}", f"SRV _http._tcp.{PAYMENTS}"],
        [PAYMENTS],
    ),
    # RFC 2782: a sole target "." means that the service is decidedly not available.
    ("port", [PAYMENTS, "closed"], {}, {"error": "NoData"}, [f"SRV _closed._tcp.{PAYMENTS}"], []),
    ("port", [PAYMENTS, "nope"], {}, {"error": "NoSuchName"}, [f"A {PAYMENTS}", f"SRV _nope._tcp.{PAYMENTS}"], []),
    (
        "service",
        ["nope.shop.svc.cluster.example"],
        {},
        {"error": "NoSuchName"},
        [f"{t} nope.shop.svc.cluster.example." for t in ("A", "AAAA")],
        [],
    ),
    ("service", ["nope.shop"], {}, {"error": "ConfigError"}, [], []),
]


@pytest.mark.parametrize("mode", ["sync", "asyncio"])
@pytest.mark.parametrize("nameserver", NAMESERVERS)
def test_services_of_another_nameserver(peers: Sandbox, nameserver: str, mode: str, tally: Any) -> None:
    jobs = [
        {"family": "both", "call": call, "args": args, "kwargs": kwargs} for call, args, kwargs, _, _, _ in SERVICES
    ]
    results = run(peers, nameserver, mode, jobs)
    wrong = []
    for (call, args, _, want, questions, bare), got in zip(SERVICES, results, strict=True):
        # Knot sends the targets' addresses along; Unbound, by its default `minimal-responses`, does not.
        glueless = [f"{rdtype} {name}" for name in bare for rdtype in ("A", "AAAA")] if nameserver == "unbound" else []
        if got["outcome"] != want or got["questions"] != sorted({*questions, *glueless}):
            wrong.append(f"{call}{args}: want {want} by {questions + glueless}, got {got}")
    tally(f"services, {nameserver}, {mode}", len(SERVICES) - len(wrong), len(SERVICES))
    assert not wrong, "\n".join(wrong)
