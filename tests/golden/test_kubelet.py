"""DNS settings recorded from the kubelet of Kubernetes 1.37.2 and 1.38.0-beta.0 (`GetPodDNS`)."""

import json
import pathlib

import pytest

from k8sresolve.errors import ConfigError
from k8sresolve.testing.controllers.kubelet import Kubelet, pod_dns
from k8sresolve.testing.objects.manifests import read_objects

FOLDER = pathlib.Path(__file__).parent
CASES = json.loads((FOLDER / "kubelet" / "cases.json").read_text())["cases"]
NEWER = json.loads((FOLDER / "kubelet-1.38" / "cases.json").read_text())["cases"]


def as_manifest(pod):
    spec = {key: pod[key] for key in ("dnsPolicy", "hostNetwork", "dnsConfig")}
    return {"kind": "Pod", "metadata": {"name": "a", "namespace": pod["namespace"]}, "spec": spec}


def settings(case, kubernetes):
    [pod] = read_objects([as_manifest(case["pod"])])
    node = case["node"]
    servers, ips = tuple(node["cluster_dns"]), tuple(node["node_ips"])
    return pod_dns(pod, Kubelet(node["resolv_conf"], servers, node["cluster_domain"], ips, kubernetes=kubernetes))


def check(case, kubernetes, want):
    if "error" in want:
        with pytest.raises(ConfigError) as caught:
            settings(case, kubernetes)
        assert caught.value.problem == want["error"].strip()
        return
    got = settings(case, kubernetes)
    assert {
        "nameservers": list(got.nameservers),
        "searches": list(got.searches),
        "options": sorted(got.options),
        "events": [event.reason for event in got.events],
    } == want


@pytest.mark.parametrize("case", CASES, ids=[case["id"] for case in CASES])
def test_settings_are_what_the_kubelet_gave(case):
    check(case, "1.37", case["want"])


@pytest.mark.parametrize("case", NEWER, ids=[case["id"] for case in NEWER])
def test_settings_are_what_each_version_of_the_kubelet_gave(case):
    check(case, "1.38", case["want"])
    check(case, "1.37", case.get("before", case["want"]))


def test_what_holds_for_both_versions_is_not_told_twice():
    changed = {case["id"] for case in NEWER}
    same = [case for case in CASES if case["id"] not in changed]
    assert len(same) == len(CASES) - 13
    for case in same:
        check(case, "1.38", case["want"])


def test_all_cases_are_here():
    assert (len(CASES), len(NEWER), sum("before" in case for case in NEWER)) == (139, 102, 74)
