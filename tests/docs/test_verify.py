"""docs/verify: what runs in the pod finds wrong answers, and what runs kubectl leaves nothing behind.

The nameserver is the offline cluster on loopback; with real CoreDNS it is asked in `tests/live/test_verify.py`.
"""

import asyncio
import base64
import copy
import io
import json
import signal
import socket
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import attrs
import pytest

from k8sresolve import ResolverConfig
from k8sresolve.testing import Cluster
from tests.docs.verifying import listed, load

in_pod, verify = load("in_pod"), load("verify")
SPACE, DOMAIN = "k8sresolve-verify-0000", "cluster.local"
WORLD = verify.world(SPACE, DOMAIN, "python", 65534)


@pytest.fixture
def objects() -> list[Any]:
    return [verify.namespace(SPACE), *listed(SPACE, WORLD)]


def of(objects: list[Any], kind: str) -> list[Any]:
    return [thing for thing in objects if thing["kind"] == kind]


class Told:
    """A teller that keeps what it is told, and calls when a watch begins."""

    def __init__(self, watching: Callable[[], None] = lambda: None) -> None:
        self._out, self._watching = io.StringIO(), watching
        self._teller = in_pod.Teller(ResolverConfig.for_cluster("10.96.0.10", namespace=SPACE), self._out)

    def tell(self, part: str, **found: Any) -> None:
        self._teller.tell(part, **found)
        if part == "watching":
            self._watching()

    @property
    def lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self._out.getvalue().splitlines()]

    def of(self, part: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = verify.of(self.lines, part)
        return found


def asked(objects: list[Any], cluster: Cluster) -> list[tuple[str, Any, Any]]:
    """Have the nameserver of a cluster asked; return what is said to differ."""
    told = Told()
    with cluster.serve() as server:
        same = in_pod.compare(told, objects, SPACE, DOMAIN, (server.host, server.port), settle=0)
    questions = told.of("question")
    assert len(questions) > 60
    differ = [one for one in questions if one["expected"] != one["got"]]
    assert same == (not differ)
    return [(" ".join(one["question"]), one["expected"], one["got"]) for one in differ]


def changed(objects: list[Any], kind: str, name: str) -> tuple[list[Any], Any]:
    copied = copy.deepcopy(objects)
    (thing,) = [thing for thing in copied if (thing["kind"], thing["metadata"]["name"]) == (kind, name)]
    return copied, thing


@pytest.mark.parametrize("pods", ["insecure", "verified", "disabled"])
def test_what_coredns_answers_is_taken_for_that(objects: list[Any], pods: str) -> None:
    assert asked(objects, in_pod.coredns(objects, DOMAIN, pods)) == []


def test_the_questions_are_of_every_kind(objects: list[Any]) -> None:
    cluster = in_pod.coredns(objects, DOMAIN, "insecure")
    answers = {question: in_pod.expected(cluster, question) for question in in_pod.questions(objects, SPACE, DOMAIN)}
    assert {via for _, _, via in answers} == {"udp", "udp1232", "tcp"}
    assert {rdtype for _, rdtype, _ in answers} == {"A", "AAAA", "SRV", "CNAME", "MX", "TXT", "PTR"}
    assert {tuple(answer) for answer in answers.values()} >= {("NOERROR", "soa"), ("NXDOMAIN", "soa")}
    for rdtype in ("A", "SRV", "CNAME", "TXT", "PTR"):
        assert any(len(answer) > 1 and answer[1] != "soa" for (_, of, _), answer in answers.items() if of == rdtype)


def test_another_address_is_found(objects: list[Any]) -> None:
    other, web = changed(objects, "Service", "web")
    web["spec"] |= {"clusterIP": "10.96.7.99", "clusterIPs": ["10.96.7.99"]}
    found = asked(objects, in_pod.coredns(other, DOMAIN, "insecure"))
    name = f"web.{SPACE}.svc.cluster.local. A udp1232"
    assert (name, ["NOERROR", "a 10.96.7.1"], ["NOERROR", "a 10.96.7.99"]) in found
    assert {question.split()[0].partition(".")[0] for question, _, _ in found} == {"web", "WEB", "alias", "1"}


def test_a_pod_that_is_missing_is_found(objects: list[Any]) -> None:
    other, slice_of_peers = changed(objects, "EndpointSlice", "peers-abcde")
    del slice_of_peers["endpoints"][1]
    found = [question for question, _, _ in asked(objects, in_pod.coredns(other, DOMAIN, "insecure"))]
    assert f"peers.{SPACE}.svc.cluster.local. A udp1232" in found
    assert f"_http._tcp.peers.{SPACE}.svc.cluster.local. SRV udp1232" in found
    assert f"10-244-1-11.peers.{SPACE}.svc.cluster.local. A udp1232" in found


@pytest.mark.parametrize(
    ("fault", "got"),
    [
        (lambda network, name: network.rcode("NXDOMAIN", name, "AAAA"), ["NXDOMAIN"]),
        (lambda network, name: network.rcode("SERVFAIL", name, "AAAA"), ["SERVFAIL"]),
        (lambda network, name: network.truncate(name, "AAAA"), ["NOERROR", "truncated"]),
        (lambda network, name: network.reset(name, "AAAA", transport="tcp"), ["no reply"]),
    ],
    ids=["nxdomain-for-nodata", "servfail", "truncated", "no-tcp"],
)
def test_a_fault_is_found(objects: list[Any], fault: Any, got: list[str]) -> None:
    cluster = in_pod.coredns(objects, DOMAIN, "insecure")
    fault(cluster.network, f"alias.{SPACE}.svc.cluster.local")
    found = asked(objects, cluster)
    assert found
    assert all(question.startswith("alias.") and answer == got for question, _, answer in found)


def test_a_nameserver_that_is_no_coredns_is_found_by_what_it_does_not_list(objects: list[Any]) -> None:
    cluster = in_pod.coredns(objects, DOMAIN, "insecure")
    cluster.network.rcode("NOERROR", f"web.{SPACE}.svc.cluster.local", "SRV")
    found = asked(objects, cluster)
    assert {question for question, _, _ in found} == {
        f"web.{SPACE}.svc.cluster.local. SRV {via}" for via in ("udp", "udp1232", "tcp")
    }


# getaddrinfo.


def walked(objects: list[Any], system: Any) -> list[dict[str, Any]]:
    told = Told()
    with Cluster.from_objects(objects).serve() as server:
        config = ResolverConfig.for_cluster(f"{server.host}:{server.port}", namespace=SPACE)
        same = in_pod.walk(told, config, in_pod.hosts(SPACE, DOMAIN), system)
    calls = told.of("getaddrinfo")
    assert same == all(call["agrees"] for call in calls)
    return calls


@pytest.fixture
def libc(objects: list[Any]) -> Iterator[Any]:
    """What stands for the C library: the offline cluster's, which the live tests hold against the real ones."""
    with Cluster.from_objects(objects).resolver(namespace=SPACE, policy="glibc", family="both") as made:
        yield made.getaddrinfo


def test_getaddrinfo_agrees_and_questions_are_counted(objects: list[Any], libc: Any) -> None:
    calls = {call["name"]: call for call in walked(objects, libc)}
    assert all(call["agrees"] for call in calls.values())
    assert calls["web"]["theirs"] == {"addresses": ["10.96.7.1"]}
    assert calls["nothing"]["theirs"] == {"error": "EAI_NONAME"}
    assert calls["web"]["questions"] == 2  # A and AAAA of the first candidate
    assert calls[f"web.{SPACE}.svc.{DOMAIN}"]["questions"] == 8  # behind three of the search list: ndots:5
    assert calls[f"web.{SPACE}.svc.{DOMAIN}."]["questions"] == 2
    assert calls["127.0.0.1"]["questions"] == 0


def test_getaddrinfo_that_finds_otherwise_is_told(objects: list[Any], libc: Any) -> None:
    def other(host: str, port: int, **hints: Any) -> Any:
        if host == "peers":
            return libc(host, port, **hints)[:1]
        if host == "idle":
            raise socket.gaierror(socket.EAI_AGAIN, "later")
        return libc(host, port, **hints)

    assert [call["name"] for call in walked(objects, other) if not call["agrees"]] == ["peers", "idle"]


# The watch, and the report.


def followed(objects: list[Any], after: list[Any] | None) -> tuple[list[dict[str, Any]], dict[str, list[str]]]:
    """Follow a roll-out in which the cluster goes over to other pods at once; None: nothing happens."""
    cluster = in_pod.coredns(objects, DOMAIN, "insecure")
    worlds = {"before": objects, "after": after or objects}

    def roll_out() -> None:
        if after is not None:
            cluster.network.responders = in_pod.coredns(after, DOMAIN, "insecure").network.responders

    told, seconds = Told(roll_out), 60.0 if after else 0.5
    with cluster.serve() as server:
        config = ResolverConfig.for_cluster(f"{server.host}:{server.port}", namespace=SPACE)
        asyncio.run(in_pod.follow(told, config, verify.REPLICAS, seconds, interval=(0.05, 0.1)))
    return told.lines, {name: sorted(verify.addresses(of(world, "Pod"), "web")) for name, world in worlds.items()}


def test_a_roll_out_is_followed_to_its_end(objects: list[Any]) -> None:
    after = [verify.namespace(SPACE), *listed(SPACE, WORLD, generation=2)]
    found, pods = followed(objects, after)
    assert pods == {"before": [f"10.244.1.1{n}" for n in range(3)], "after": [f"10.244.2.2{n}" for n in range(3)]}
    assert verify.roll_out_faults(found, pods) == []


def test_a_roll_out_that_the_watch_does_not_see_is_told(objects: list[Any]) -> None:
    found, pods = followed(objects, None)
    pods["after"] = ["10.244.2.20"]
    assert verify.roll_out_faults(found, pods) == [
        "never added: 10.244.2.20",
        "never removed: 10.244.1.10, 10.244.1.11, 10.244.1.12",
        "it did not end with the pods that are there",
    ]
    assert verify.roll_out_faults([], pods) == ["the watch told nothing"]


# What runs kubectl.


class Tried:
    """A cluster behind a kubectl that is none, and what was done with it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def plan(self, **plan: Any) -> None:
        (self.folder / "plan.json").write_text(json.dumps(plan))

    def run(self, *words: str) -> tuple[int, str]:
        report = self.folder / "report.md"
        status = verify.main(["--context", "kind-kind", "--output", str(report), *words])
        return status, report.read_text() if report.exists() else ""

    def read(self, name: str) -> list[Any]:
        return [json.loads(line) for line in (self.folder / name).read_text().splitlines()]

    @property
    def is_deleted(self) -> bool:
        *_, last = self.read("calls.jsonl")
        made = self.read("created.jsonl")[0]["metadata"]["name"]
        return last[:3] == ["delete", "namespace", made]


@pytest.fixture
def tried(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Tried]:
    kubectl = tmp_path / "kubectl"
    kubectl.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m tests.docs.fake_kubectl "$@"\n')
    kubectl.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[2]))
    monkeypatch.setenv("K8SRESOLVE_FAKE_KUBECTL", str(tmp_path))
    wheel = tmp_path / "k8sresolve-0-py3-none-any.whl"
    wheel.write_bytes(bytes(1_500_000))
    monkeypatch.setattr(verify, "wheels_of", lambda _source, _folder: [wheel])
    handlers = {number: signal.getsignal(number) for number in verify.ENDING}
    yield Tried(tmp_path)
    for number, handler in handlers.items():
        signal.signal(number, handler)


@pytest.fixture
def logs(objects: list[Any], libc: Any) -> dict[str, str]:
    """What the two Jobs tell, in a cluster where all is well."""
    told, cluster = Told(), Cluster.from_objects(objects)
    told.tell("machine", k8sresolve="0", python="3", libc="glibc 2.41", nameservers=["10.96.0.10"], search=[], ndots=5)
    with cluster.serve() as server:
        config = ResolverConfig.for_cluster(f"{server.host}:{server.port}", namespace=SPACE)
        in_pod.compare(told, objects, SPACE, DOMAIN, (server.host, server.port), settle=0)
        in_pod.walk(told, config, ["web", "nothing"], libc)
    told.tell("doctor", status=0, output={"verdict": "sound"})
    old, new = ([f"10.244.{n}.{n}{m}" for m in range(3)] for n in (1, 2))
    told.tell("watching", addresses=old)
    for added, removed, current in ((old, [], old), (new, [], old + new), ([], old, new)):
        told.tell("change", seconds=1.5, stale=False, added=added, removed=removed, current=current)
    told.tell("end")
    text = "\n".join(map(json.dumps, told.lines))
    return {"glibc": text, "musl": f"{text}\n"}


def test_all_that_is_well_is_reported_so(
    tried: Tried, logs: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    tried.plan(logs=logs)
    status, text = tried.run()
    assert status == 0, capsys.readouterr().err
    assert "the watch lost nothing in the roll-out" in text
    assert "## Answers that differ\n\nNone of " in text
    assert "| images of the DNS pods | coredns:v1.14.7 |" in text  # and no registry
    assert '"verdict": "sound"' in text
    assert "kind-kind" not in text
    assert tried.is_deleted
    check_privilege(tried.read("created.jsonl"))


def check_privilege(created: list[Any]) -> None:
    """What is made asks for none."""
    assert {thing["kind"] for thing in created} == {
        *("Namespace", "ConfigMap", "Deployment", "StatefulSet", "Service", "Job"),
    }
    assert created[0]["metadata"]["labels"]["pod-security.kubernetes.io/enforce"] == "restricted"
    specs = [thing["spec"]["template"]["spec"] for thing in created if "template" in thing.get("spec", {})]
    assert len(specs) == 4
    for spec in specs:
        assert spec["automountServiceAccountToken"] is False
        assert spec["securityContext"]["runAsUser"] == verify.NOBODY
    octets = [len(base64.b64decode(part)) for thing in created for part in thing.get("binaryData", {}).values()]
    assert sum(octets) == 1_500_000
    assert max(octets) < 1 << 20


def test_openshift_chooses_the_user(tried: Tried) -> None:
    tried.plan(logs={}, api=["security.openshift.io/v1"], waiting="ErrImagePull")
    assert tried.run()[0] == 3
    assert {"Deployment", "StatefulSet"} <= {thing["kind"] for thing in tried.read("created.jsonl")}
    assert "runAsUser" not in (tried.folder / "created.jsonl").read_text()


def test_each_thing_that_differs_is_reported(tried: Tried, logs: dict[str, str]) -> None:
    lines = logs["glibc"].splitlines()
    question = next(n for n, line in enumerate(lines) if '"question"' in line and '"SRV"' in line)
    call = next(n for n, line in enumerate(lines) if '"getaddrinfo"' in line)
    lines[question] = json.dumps({**json.loads(lines[question]), "got": ["SERVFAIL"]})
    lines[call] = json.dumps({**json.loads(lines[call]), "agrees": False})
    lines = [line for line in lines if '"seconds": 1.5' not in line or '"added": []' not in line]
    tried.plan(logs={**logs, "glibc": "\n".join(lines)})
    status, text = tried.run()
    assert status == 1
    assert "SRV udp1232` | " in text
    assert " | SERVFAIL |" in text
    assert "the watch: never removed: 10.244.1.10, 10.244.1.11, 10.244.1.12; it did not end with the pods" in text
    assert tried.is_deleted


@pytest.mark.parametrize(
    ("plan", "said"),
    [
        ({"waiting": "ImagePullBackOff"}, "pod web-0: ImagePullBackOff: no such image"),
        ({"refuse": "rollout"}, "kubectl rollout restart deployment/web: Error from server (Forbidden)"),
        ({"logs": {"musl": "Traceback"}, "job": {"failed": 1}}, "job musl failed: Traceback"),
    ],
    ids=["image", "refused", "job"],
)
def test_what_cannot_be_tried_is_said_and_leaves_nothing(
    tried: Tried, logs: dict[str, str], plan: Any, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    tried.plan(**{"logs": logs, **plan})
    assert tried.run() == (3, "")
    assert f"verify: {said}\nPod   web-0   0/1 nodes are available" in capsys.readouterr().err
    assert tried.is_deleted


@pytest.mark.parametrize("word", ["api-versions", "logs", "rollout"])
def test_an_interruption_leaves_nothing(tried: Tried, logs: dict[str, str], word: str) -> None:
    tried.plan(logs=logs, interrupt=word)
    assert tried.run() == (130, "")
    assert tried.is_deleted


def test_search_domains_that_are_not_the_clusters_are_left_out() -> None:
    out = io.StringIO()
    search = (f"{SPACE}.svc.cluster.local", "svc.cluster.local", "cluster.local", "Secret.example", "example", "local")
    config = attrs.evolve(ResolverConfig.for_cluster("10.96.0.10", namespace=SPACE), search=search)
    texts = ["web.cluster.local", "web.secret.example.", "in EXAMPLE", "an-example localhost"]
    in_pod.Teller(config, out).tell("doctor", output=texts)
    assert json.loads(out.getvalue())["output"] == [
        *("web.cluster.local", "web.outside-1.invalid.", "in outside-2.invalid", "an-example localhost"),
    ]
