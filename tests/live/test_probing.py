"""`k8sresolve probe` on a real CoreDNS, among Services that are set up well and badly: see `probed.yaml`."""

import json
import re
import shutil
from collections.abc import Iterator
from typing import Any

import pytest

from tests.live import servers
from tests.live.authority import Authority
from tests.live.kube import NETWORKS, RESOLV_CONF
from tests.live.probing import MANIFESTS
from tests.live.sandbox import ROOT, Sandbox

pytestmark = pytest.mark.live

PAGE = ROOT / "docs/how-to/probe.md"
FILE = "shop.yaml"  # as the page calls the manifests
OFFLINE = ("-f", str(MANIFESTS), "-n", "shop")


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    import yaml

    folder = tmp_path_factory.mktemp("probing")
    objects = list(yaml.safe_load_all(MANIFESTS.read_text()))
    with Sandbox(folder, [servers.coredns(folder, servers.ALONE)], objects, NETWORKS) as sandbox:
        yield sandbox


def run(sandbox: Sandbox, *commands: list[str], **env: str) -> list[dict[str, Any]]:
    authority = Authority(sandbox.folder / "authority")
    pem = authority.issue("secure.prod.svc", "secure.prod.svc.cluster.local")
    given = {"pem": str(pem), "folder": str(sandbox.folder), "commands": commands}
    env = {"SSL_CERT_FILE": str(authority.certificate), **env}
    return list(sandbox.run("tests.live.probing", given, resolv_conf=RESOLV_CONF, env=env))


def probe(sandbox: Sandbox, *argv: str) -> tuple[int, dict[str, Any]]:
    (told,) = run(sandbox, ["probe", *argv, "--timeout", "1", "--json"])
    assert told["error"] == ""
    return told["status"], json.loads(told["told"])


def outcomes(data: dict[str, Any]) -> dict[str, list[str]]:
    return {one["address"]: [stage["outcome"] for stage in one["stages"]] for one in data["endpoints"]}


def found(data: dict[str, Any]) -> list[tuple[str, str, int]]:
    return [(one["rule"], one["field"], one["line"]) for one in data["findings"]]


def test_each_pod_of_a_headless_service_is_told_on_its_own(sandbox):
    status, data = probe(sandbox, "db", "sql")
    assert status == 4
    assert outcomes(data) == {
        "10.244.1.1": ["connected"],
        "10.244.1.2": ["connection refused"],
        "10.244.1.3": ["no answer"],
    }
    assert [one["target"] for one in data["endpoints"]] == [f"db-{n}.db.shop.svc.cluster.local." for n in range(3)]
    assert data["headless"] is True
    refused, silent = data["advice"]
    assert "spec.ports[].targetPort" in refused
    assert "NetworkPolicy" in silent


def test_a_headless_service_by_a_number_that_its_pods_have_not(sandbox):
    status, data = probe(sandbox, "db", "80")
    assert status == 4
    assert data["advice"][0].startswith("the pods of this headless Service have no port 80 but 5432, as DNS tells")


@pytest.mark.parametrize("how", [(), OFFLINE], ids=["by CoreDNS", "from manifests"])
def test_a_service_without_pods(sandbox, how):
    status, data = probe(sandbox, "empty", "http", *how)
    assert status == 4
    assert outcomes(data) == {"10.96.1.2": ["connection refused by ICMP"]}
    (advice,) = data["advice"]
    assert advice.startswith("refused by ICMP at a ClusterIP usually means that no pod is ready behind it")
    assert "kubectl -n shop get endpointslices -l kubernetes.io/service-name=empty" in advice
    assert found(data) == ([("selector-no-pods", "spec.selector", _line("app: wbe"))] if how else [])


@pytest.mark.parametrize("how", [(), OFFLINE], ids=["by CoreDNS", "from manifests"])
def test_a_wrong_target_port(sandbox, how):
    status, data = probe(sandbox, "wrong", "http", *how)
    assert status == 4
    assert outcomes(data) == {"10.96.1.3": ["connection refused"]}
    assert "do not listen on the Service's spec.ports[].targetPort" in data["advice"][0]
    told = [(one["rule"], one["object"], one["field"], one["line"]) for one in data["findings"]]
    assert told == (
        [("target-port-number", "Service shop/wrong", "spec.ports[0].targetPort", _line("8081,"))] if how else []
    )


def test_one_that_is_right(sandbox):
    status, data = probe(sandbox, "right", "80", "--path", "/healthz")
    assert (status, outcomes(data), data["advice"]) == (0, {"10.96.1.4": ["connected", "200 OK"]}, [])


def test_a_port_that_the_service_has_not(sandbox):
    status, data = probe(sandbox, "right", "8080")
    assert status == 4
    assert data["advice"] == ["the Service has no port 8080 but 80, as DNS tells: compare with its spec.ports[].port"]


def test_a_certificate_for_another_name(sandbox):
    status, data = probe(sandbox, "secure", "https", "--https")
    assert status == 4
    problem = "hostname mismatch, certificate is not valid for 'secure'"
    assert outcomes(data) == {"10.96.1.5": ["connected", f"not verified: {problem}", "200 OK"]}
    assert data["endpoints"][0]["certificate"]["names"] == ["secure.prod.svc", "secure.prod.svc.cluster.local"]
    assert data["endpoints"][0]["status"] == 200
    assert "connect by one of its names, secure.prod.svc" in data["advice"][0]


def test_what_the_page_shows_is_what_is_printed(sandbox):
    shown = re.findall(r"^```text\n\$ k8sresolve (.*?)\n(.*?)^```$", PAGE.read_text(), re.MULTILINE | re.DOTALL)
    assert shown
    shutil.copy(MANIFESTS, sandbox.folder / FILE)
    told = run(sandbox, *(line.split() for line, _ in shown), COLUMNS="80")
    for (line, text), one in zip(shown, told, strict=True):
        assert _timeless(one["told"]) == _timeless(text), line


def _line(text: str) -> int:
    """Find the first line of the manifests that has a text."""
    return next(number for number, line in enumerate(MANIFESTS.read_text().split("\n"), 1) if text in line)


def _timeless(text: str) -> str:
    """Leave out how long things took, and what depends on the day."""
    return re.sub(r" +", " ", re.sub(r"[\d.,]+ ms|\d{4}-\d\d-\d\d", "N", text))
