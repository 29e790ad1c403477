"""`diff`: what an upgrade changes, in both forms, and its exit status."""

import io
import json
import sys

import pytest

POD = {
    "apiVersion": "v1",
    "kind": "Pod",
    "metadata": {"name": "dual", "namespace": "shop"},
    "spec": {"dnsPolicy": "Default"},
    "status": {"phase": "Running", "podIP": "10.244.0.7", "podIPs": [{"ip": "10.244.0.7"}, {"ip": "fd00::7"}]},
}
COREFILE = """\
.:53 {
    kubernetes cluster.local {
        pods verified
    }
}
"""


@pytest.fixture
def dual(tmp_path):
    """Options that name a pod with two addresses, and a Corefile by which it has a name."""
    (tmp_path / "pod.json").write_text(json.dumps(POD))
    (tmp_path / "Corefile").write_text(COREFILE)
    return ("-f", str(tmp_path / "pod.json"), "--corefile", str(tmp_path / "Corefile"))


def test_nothing_changes_and_is_said(run, shop):
    done = run("diff", "--coredns", "1.14.7,1.15.0", "-f", shop)
    assert (done.status, done.err) == (0, "")
    assert done.out.startswith("CoreDNS 1.14.7 -> 1.15.0: nothing changes for what is here")
    assert "no-options" in done.out
    assert run("diff", "-f", shop, "--json").json == {
        "diff": [{"program": "CoreDNS", "before": "1.14.7", "after": "1.15.0", "changes": []}]
    }


def test_what_changes_is_told_with_whom_it_concerns_and_both_answers(run, dual):
    done = run("diff", *dual)
    assert (done.status, done.err) == (1, "")
    assert done.out.splitlines()[0].startswith("CoreDNS 1.14.7 -> 1.15.0: 2 answers change")
    for line in (
        "pod-ips (coredns/coredns#8635)",
        "  concerns  Pod shop/dual",
        "  example   fd00--7.shop.pod.cluster.local. AAAA",
        "  before    NXDOMAIN AA",
        "  after     NOERROR AA fd00--7.shop.pod.cluster.local. 5 IN AAAA fd00::7",
    ):
        assert line in done.out.splitlines()


@pytest.mark.parametrize("form", [("--json",), ("-o", "json")])
def test_programs_get_all_answers(run, dual, form):
    (pair,) = run("diff", *dual, *form).json["diff"]
    (group,) = pair["changes"]
    assert (group["name"], group["sources"], group["affected"]) == (
        "pod-ips",
        ["coredns/coredns#8635"],
        ["Pod shop/dual"],
    )
    assert [answer["rdtype"] for answer in group["answers"]] == ["A", "AAAA"]


def test_a_corefile_that_does_not_start_any_more_is_a_change(run, dual, tmp_path):
    (tmp_path / "Corefile").write_text(COREFILE.replace("    kube", "    rewrite name regex a b metadata\n    kube"))
    done = run("diff", *dual, "--coredns", "1.15.0,1.14.7")
    assert done.status == 1
    assert "rewrite-metadata" in done.out
    assert "Corefile, line 2" in done.out


def test_versions_of_kubernetes_are_compared_alone_or_beside(run, dual, tmp_path):
    (tmp_path / "resolv.conf").write_text("nameserver fe80::1%eth0\n")
    node = ("--resolv-conf", str(tmp_path / "resolv.conf"))
    done = run("diff", *dual, "--kubernetes", "1.37,1.38", *node)
    assert done.status == 1
    assert "Kubernetes 1.37 -> 1.38: one answer changes" in done.out
    assert "CoreDNS" not in done.out.splitlines()[0]
    both = run("diff", *dual, "--kubernetes", "1.37,1.38", "--coredns", "1.14.7,1.15.0", *node, "--json")
    assert [pair["program"] for pair in both.json["diff"]] == ["CoreDNS", "Kubernetes"]
    assert run("diff", *dual, "--kubernetes", "1.36,1.37").status == 0


@pytest.mark.parametrize(
    ("argv", "problem"),
    [
        (("--coredns", "1.15.0"), "diff takes two versions; give --coredns BEFORE,AFTER"),
        (("--coredns", "1.14.7,1.16.0"), "CoreDNS '1.16.0' is not known here; give one of 1.14.7, 1.15.0"),
        (("--kubernetes", "1.2,1.37"), "Kubernetes '1.2' is not known here; give one of 1.36, 1.37, 1.38"),
        (("--coredns", "1.14.7,"), "CoreDNS '' is not known here"),
        (("--resolv-conf", "/nowhere"), "there is no file '/nowhere'"),
        (("--resolv-conf", "/dev/zero"), "'/dev/zero' has more than 1,048,576 bytes"),
        (("--corefile", "/dev/zero"), "the Corefile '/dev/zero' has more than 1,048,576 bytes"),
    ],
)
def test_wrong_use(run, dual, argv, problem):
    done = run("diff", *dual, *argv)
    assert (done.status, done.out) == (2, "")
    assert problem in done.err


def test_other_commands_take_one_version(run, dual):
    name = "fd00--7.shop.pod.cluster.local"
    manifests = dual[:2]
    assert run("--coredns", "1.16", *manifests, "addresses", name).status == 2
    ran = run("check", *manifests, "--kubernetes", "1.3")
    assert (ran.status, ran.out) == (2, "")
    assert "Kubernetes '1.3' is not known here; give one of 1.36, 1.37, 1.38" in ran.err
    assert run("check", *manifests, "--kubernetes", "1.36").status == 0


def test_something_is_to_be_given(run):
    done = run("diff")
    assert done.status == 2
    assert "give -f PATH, -k DIR, or --corefile FILE" in done.err


def test_a_corefile_alone_is_compared(run, dual, tmp_path):
    assert run("diff", *dual[2:]).status == 0
    (tmp_path / "Corefile").write_text(". {\n forward . 9.9.9.9\n cache\n}\n")
    assert "stored-aa" in run("diff", *dual[2:]).out


def test_a_corefile_may_come_from_standard_input(run, dual, monkeypatch):
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(COREFILE.encode())))
    assert run("diff", *dual[:2], "--corefile", "-").out == run("diff", *dual).out
    both = run("diff", "-f", "-", "--corefile", "-")
    assert (both.status, both.out) == (2, "")
    assert both.err == "k8sresolve: -f and --corefile are both standard input; give one of them as a file\n"


def test_a_version_beside_itself_leaves_nothing_out(run, dual):
    done = run("diff", *dual, "--coredns", "1.15.0,1.15.0")
    assert (done.status, done.out) == (0, "CoreDNS 1.15.0 -> 1.15.0: nothing changes for what is here\n")
