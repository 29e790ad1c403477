"""`k8sresolve doctor` in a pod, on a node and on a laptop, sound and broken, with real CoreDNS and a real firewall.

What each must say is written here by hand. The machine is the sandbox's: the addresses of a cluster and of the world
outside are on its loopback interface, and rules of nftables drop what would be dropped between pods.
"""

import re
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import pytest
import yaml

from k8sresolve.testing.versions import COREDNS_VERSIONS
from tests.live import servers
from tests.live.conftest import COREDNS
from tests.live.sandbox import API_PORT, ROOT, Sandbox

pytestmark = pytest.mark.live

DNS, WITHOUT_AAAA, UNSYNCED, OUTSIDE, NOBODY = "10.96.0.10", "10.96.0.11", "10.96.0.12", "192.0.2.53", "10.96.0.99"
NEWER = "10.96.0.15"  # CoreDNS 1.15, which gives no padding back
ADDRESSES = [f"{address}/32" for address in (DNS, WITHOUT_AAAA, UNSYNCED, NEWER, OUTSIDE, NOBODY)]
SEARCH = "search shop.svc.cluster.local svc.cluster.local cluster.local\n"
NDOTS = "options ndots:5\n"
CLUSTER = """\
    errors
    kubernetes cluster.local in-addr.arpa ip6.arpa {
        endpoint http://127.0.0.1:%d
        pods insecure
        fallthrough in-addr.arpa ip6.arpa
        ttl 30
    }
    forward . 192.0.2.53
    cache 30
"""
COREFILE = f"""\
.:53 {{
    bind {DNS}
{CLUSTER % API_PORT}}}
.:53 {{
    bind {WITHOUT_AAAA}
    template IN AAAA {{
        rcode SERVFAIL
    }}
{CLUSTER % API_PORT}}}
example.com:53 {{
    bind {OUTSIDE}
    hosts {{
        203.0.113.7 example.com
    }}
}}
.:53 {{
    bind {OUTSIDE}
    file ROOT .
}}
"""
# The root, in which nothing is but keys as large as its own.
KEY = "AwEAA" + "a" * 339
ROOT_ZONE = """\
. 3600 IN SOA ns.invalid. hostmaster.invalid. 1 7200 1800 86400 30
. 3600 IN NS ns.invalid.
""" + "".join(f". 3600 IN DNSKEY 257 3 8 {number}{KEY[1:]}\n" for number in "ABC")
NEW_COREFILE = f".:53 {{\n    bind {NEWER}\n{CLUSTER % API_PORT}}}\n"
AWAY = f".:53 {{\n    bind {UNSYNCED}\n{CLUSTER % 9}}}\n"  # where no API server is
POD = "# Kubernetes-managed hosts file.\n127.0.0.1\tlocalhost\n::1\tlocalhost\n"
HOST = "127.0.0.1\tlocalhost\n::1\tlocalhost\n"
NEWEST = COREDNS_VERSIONS[-1]
PAGE = ROOT / "docs/how-to/doctor.md"
IN_POD = {"KUBERNETES_SERVICE_HOST": "10.96.0.1"}


def nft(hook: str, *rules: str) -> str:
    chain = f"type filter hook {hook} priority 0; policy accept;\n" + "".join(f"{rule}\n" for rule in rules)
    return f"table ip broken {{\nchain {hook} {{\n{chain}}}\n}}\n"


def resolv_conf(*nameservers: str, search: str = SEARCH, ndots: str = NDOTS) -> str:
    return search + "".join(f"nameserver {address}\n" for address in nameservers) + ndots


class Case(NamedTuple):
    """A set-up, and what must be said of it: the exit status, the findings to mend, and the verdict."""

    resolv_conf: str
    status: int
    rules: Sequence[str]
    verdict: str
    nft: str = ""
    hosts: str = POD
    env: dict[str, str] = IN_POD
    node: bool = False
    argv: Sequence[str] = ()


KUBERNETES = "kubernetes.default.svc.cluster.local."
LAPTOP = "to examine a cluster from here, name the address of one of its CoreDNS pods"
SOUND = {
    "a pod": Case(resolv_conf(DNS), 0, [], f"sound: {DNS} knows the cluster domain cluster.local"),
    "a pod with ndots:2": Case(
        resolv_conf(DNS, ndots="options ndots:2\n"), 0, [], f"sound: {DNS} knows the cluster domain cluster.local"
    ),
    "a pod of CoreDNS 1.15": Case(resolv_conf(NEWER), 0, [], f"sound: {NEWER} knows the cluster domain cluster.local"),
    "a node": Case(
        resolv_conf(OUTSIDE, search="", ndots=""),
        0,
        [],
        f"this is no pod, and {OUTSIDE} is sound for hosts; {LAPTOP}",
        hosts=HOST,
        env={},
        node=True,
    ),
    "a laptop": Case(
        resolv_conf(OUTSIDE, search="search example.org\n", ndots="options edns0 trust-ad\n"),
        0,
        [],
        f"this is no pod, and {OUTSIDE} is sound for hosts; {LAPTOP}",
        hosts=HOST,
        env={},
    ),
    "a node that asks CoreDNS": Case(
        resolv_conf(OUTSIDE, search="", ndots=""),
        0,
        [],
        f"sound: {DNS} knows the cluster domain cluster.local",
        hosts=HOST,
        env={},
        node=True,
        argv=["--nameserver", DNS],
    ),
}
BROKEN = {
    "no nameserver": Case(
        resolv_conf(),
        3,
        ["nameserver-missing", "nameserver-silent"],
        "no nameserver is stated, so that a libc asks 127.0.0.1 (UDP and TCP: connection refused), where nobody "
        "answers",
    ),
    "a wrong nameserver": Case(
        resolv_conf(NOBODY),
        3,
        ["nameserver-silent"],
        f"no nameserver answers: {NOBODY} (UDP and TCP: no reply); {DNS} does, where many clusters have theirs",
        nft("input", f"ip daddr {NOBODY} drop"),
    ),
    "a wrong nameserver whose port is closed": Case(
        resolv_conf(NOBODY),
        3,
        ["nameserver-silent"],
        f"no nameserver answers: {NOBODY} (UDP and TCP: connection refused); {DNS} does, where many clusters have "
        "theirs",
    ),
    "UDP only": Case(
        resolv_conf(DNS),
        1,
        ["tcp-unanswered"],
        f"to mend: {DNS} answers over UDP, but not over TCP (connection refused): answers that no UDP reply holds, as "
        "of a headless Service with many pods, are not to be had",
        nft("input", "tcp dport 53 reject with tcp reset"),
    ),
    "TCP blocked": Case(
        resolv_conf(DNS),
        1,
        ["tcp-unanswered"],
        f"to mend: {DNS} answers over UDP, but not over TCP (no reply): answers that no UDP reply holds, as of a "
        "headless Service with many pods, are not to be had",
        nft("input", "tcp dport 53 drop"),
    ),
    "UDP blocked": Case(
        resolv_conf(DNS),
        1,
        ["udp-unanswered"],
        f"to mend: {DNS} answers over TCP, but not over UDP (no reply), by which every libc asks",
        nft("input", f"ip daddr {DNS} udp dport 53 drop"),
    ),
    "512 octets only": Case(
        resolv_conf(DNS),
        1,
        ["large-replies-lost"],
        f"to mend: replies of {DNS} over 512 octets get lost (one of 302 came, and none of more): programs that "
        "ask with EDNS, as Go and this library do, wait in vain for many addresses or ports",
        nft("input", "ip saddr 10.96.0.0/16 udp sport 53 udp length > 520 drop"),
    ),
    "512 octets only, of CoreDNS 1.15": Case(
        resolv_conf(NEWER),
        1,
        ["large-replies-lost"],
        f"to mend: replies of {NEWER} over 512 octets get lost (one of 870 came over TCP, and not over UDP): programs "
        "that ask with EDNS, as Go and this library do, wait in vain for many addresses or ports",
        nft("input", "ip saddr 10.96.0.0/16 udp sport 53 udp length > 520 drop"),
    ),
    "EDNS dropped": Case(
        resolv_conf(DNS),
        1,
        ["edns-unanswered"],
        f"to mend: {DNS} answers plain questions, but none with EDNS, with which Go, systemd and this library ask",
        # The count of additional records: behind UDP's header of 8 octets, 10 octets of DNS'.
        nft("input", f"ip daddr {DNS} udp dport 53 @th,144,16 != 0 drop"),
    ),
    "the search list cut": Case(
        resolv_conf(DNS, search="search cluster.local\n"),
        1,
        ["search-list-cut"],
        "to mend: the nameserver knows the cluster domain cluster.local, and by the search list (cluster.local) no "
        "Service is found as `svc` or `svc.ns`",
    ),
    "ndots:1": Case(
        resolv_conf(DNS, ndots="options ndots:1\n"),
        1,
        ["service-not-found"],
        "to mend: the Service 'svc.ns' is not found by musl, because it searches for names of fewer than ndots:1 dots "
        "only",
    ),
    "a foreign nameserver first": Case(
        resolv_conf(OUTSIDE, DNS),
        1,
        ["nameserver-foreign"],
        f"to mend: {OUTSIDE} does not know the cluster: it says NXDOMAIN to {KUBERNETES}, which {DNS} has; it is asked "
        "first, and its answer counts",
    ),
    "AAAA SERVFAIL": Case(
        resolv_conf(WITHOUT_AAAA),
        1,
        ["aaaa-failing"],
        f"to mend: {WITHOUT_AAAA} says SERVFAIL to AAAA {KUBERNETES}, which has an A record: musl (Alpine) reports "
        "that the whole lookup failed",
    ),
    "CoreDNS not synced": Case(
        resolv_conf(UNSYNCED),
        1,
        ["cluster-dns-failing"],
        f"to mend: {UNSYNCED} says SERVFAIL to {KUBERNETES}, which every cluster has: it serves the cluster's zone, "
        "and has not heard of any object",
    ),
    "the node's DNS in a pod": Case(
        resolv_conf(OUTSIDE, search="search example.org\n", ndots=""),
        1,
        ["cluster-domain-unknown"],
        "to mend: neither search list nor nameserver is a cluster's (as with dnsPolicy Default): no Service is found "
        "by name",
    ),
}


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    folder = tmp_path_factory.mktemp("broken")
    (folder / "away").mkdir()
    (folder / "newer").mkdir()
    (folder / "root").write_text(ROOT_ZONE)
    corefile = COREFILE.replace("ROOT", str(folder / "root"))
    newer = servers.coredns(folder / "newer", NEW_COREFILE, NEWEST)
    away = servers.coredns(folder / "away", AWAY)._replace(unready="")
    with (COREDNS / "shop.yaml").open() as file:
        objects = list(yaml.safe_load_all(file))
    with Sandbox(folder, [servers.coredns(folder, corefile), newer, away], objects, ADDRESSES) as sandbox:
        yield sandbox


def examine(machine: Sandbox, case: Case, columns: int = 0) -> dict[str, Any]:
    plan = {"nft": case.nft, "node": case.node, "argv": ["doctor", *case.argv]}
    told: dict[str, Any] = machine.run(
        "tests.live.examining",
        plan,
        resolv_conf=case.resolv_conf,
        hosts=case.hosts,
        env={**case.env, "COLUMNS": str(columns or "")},
    )
    return told


@pytest.mark.parametrize("name", [*SOUND, *BROKEN])
def test_the_verdict_and_its_cause_are_right(machine: Sandbox, name: str) -> None:
    case = {**SOUND, **BROKEN}[name]
    told = examine(machine, case)
    data = told["data"]
    print(f"{name}: exit {told['status']}: {data['verdict']}")  # noqa: T201 - with -s, a table
    assert [finding["rule"] for finding in data["findings"] if finding["severity"] != "remark"] == case.rules
    assert (data["verdict"], told["status"]) == (case.verdict, case.status)
    assert " ".join(told["text"].split()).startswith(case.verdict)
    assert not [check for check in data["checks"] if name in SOUND and check["mark"] == "wrong"]
    assert data["questions"] <= 100
    assert data["seconds"] < 20


def test_the_page_shows_what_is_printed(machine: Sandbox) -> None:
    shown = re.findall(r"```text\n(.*?)```", PAGE.read_text(), re.DOTALL)
    printed = [examine(machine, case, 80)["text"] for case in (SOUND["a pod"], BROKEN["TCP blocked"])]
    assert [timeless(text) for text in shown[:2]] == [timeless(text) for text in printed]


def timeless(text: str) -> str:
    """Leave out what is another time each time, and the blanks that it moves."""
    return re.sub(r"[0-9.]+ ms", "N ms", text)


def test_no_privilege_is_needed_and_nothing_is_written(machine: Sandbox) -> None:
    case = SOUND["a pod"]
    plan = {"nft": "", "node": False, "argv": ["doctor"], "confined": True}
    told = machine.run("tests.live.examining", plan, resolv_conf=case.resolv_conf, hosts=case.hosts, env=case.env)
    assert (told["status"], told["text"].splitlines()[0]) == (0, case.verdict)
