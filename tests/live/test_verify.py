"""What docs/verify does in a pod, beside real CoreDNS and this machine's C library."""

from pathlib import Path
from typing import Any

import pytest

from k8sresolve.testing import COREDNS_VERSIONS
from tests.docs.verifying import listed, load
from tests.live import servers
from tests.live.kube import Kube
from tests.live.sandbox import Sandbox

pytestmark = pytest.mark.live

verify = load("verify")
SPACE, DOMAIN = "k8sresolve-verify-0000", "cluster.local"
RESOLV_CONF = f"""\
nameserver 127.0.0.1
search {SPACE}.svc.{DOMAIN} svc.{DOMAIN} {DOMAIN}
options ndots:5
"""
# Behind the cluster is an Internet in which no name exists.
COREFILE = f"""\
cluster.local:53 in-addr.arpa:53 ip6.arpa:53 {{
    errors
{servers.KUBERNETES}}}
.:53 {{
    template ANY ANY {{
        rcode NXDOMAIN
    }}
}}
"""


@pytest.mark.parametrize("pods", ["insecure", "verified"])
@pytest.mark.parametrize("version", COREDNS_VERSIONS)
def test_coredns_answers_what_is_expected_of_it(version: str, pods: str, tmp_path: Path, tally: Any) -> None:
    objects = [verify.namespace(SPACE), *listed(SPACE, verify.world(SPACE, DOMAIN, "python", 1))]
    corefile = COREFILE.replace("pods insecure", f"pods {pods}")
    with Sandbox(tmp_path, [servers.coredns(tmp_path, corefile, version)], objects) as sandbox:
        given = {"objects": objects, "namespace": SPACE}
        told = sandbox.run("tests.live.verify_client", given, resolv_conf=RESOLV_CONF)
    questions, calls = verify.of(told, "question"), verify.of(told, "getaddrinfo")
    differ = [one for one in questions if one["expected"] != one["got"]]
    astray = [one for one in calls if not one["agrees"]]
    tally(f"verify, CoreDNS {version}, pods {pods}", len(questions) - len(differ), len(questions))
    tally(f"verify, getaddrinfo, CoreDNS {version}", len(calls) - len(astray), len(calls))
    assert verify.of(told, "found") == [{"part": "found", "pods": pods}]
    assert len(questions) > 60
    assert len(calls) > 15
    assert not differ
    assert not astray


def test_the_watch_loses_nothing_in_a_roll_out(tmp_path: Path) -> None:
    with Kube(tmp_path, ttl=1) as kube:
        rolled = kube.run("tests.live.verify_watch", timeout=300)
    assert verify.roll_out_faults(rolled["told"], rolled["pods"]) == []
    there = [set(change["current"]) for change in verify.of(rolled["told"], "change")]
    assert min(map(len, there)) == len(rolled["pods"]["before"])
