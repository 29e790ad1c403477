"""DNS settings recorded from the kubelet of Kubernetes 1.37.2 (`GetPodDNS`)."""

import json
import pathlib

import pytest

from k8sresolve.errors import ConfigError
from k8sresolve.testing.controllers.kubelet import Kubelet, pod_dns
from k8sresolve.testing.objects.manifests import read_objects

DATA = json.loads((pathlib.Path(__file__).parent / "kubelet" / "cases.json").read_text())
CASES = DATA["cases"]


def as_manifest(pod):
    spec = {key: pod[key] for key in ("dnsPolicy", "hostNetwork", "dnsConfig")}
    return {"kind": "Pod", "metadata": {"name": "a", "namespace": pod["namespace"]}, "spec": spec}


def settings(case):
    [pod] = read_objects([as_manifest(case["pod"])])
    node = case["node"]
    kubelet = Kubelet(node["resolv_conf"], tuple(node["cluster_dns"]), node["cluster_domain"], tuple(node["node_ips"]))
    return pod_dns(pod, kubelet)


@pytest.mark.parametrize("case", CASES, ids=[case["id"] for case in CASES])
def test_settings_are_what_the_kubelet_gave(case):
    want = case["want"]
    if "error" in want:
        with pytest.raises(ConfigError) as caught:
            settings(case)
        assert caught.value.problem == want["error"].strip()
        return
    got = settings(case)
    assert {
        "nameservers": list(got.nameservers),
        "searches": list(got.searches),
        "options": sorted(got.options),
        "events": [event.reason for event in got.events],
    } == want


def test_all_cases_are_here():
    assert len(CASES) == 139
