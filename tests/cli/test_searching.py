"""`candidates`."""

import os
import pty
import subprocess
import sys

import pytest

NO_SHAPE = "no name under cluster.local has this shape"
SHOP = "shop.svc.cluster.local"


def test_candidates_are_listed_with_what_is_left_out(offline):
    ran = offline("candidates", "payments")
    assert ran.out.splitlines() == [
        "CANDIDATE                         ASKED    WHY",
        "payments.shop.svc.cluster.local.  yes      search domain shop.svc.cluster.local",
        f"payments.svc.cluster.local.       skipped  search domain svc.cluster.local: {NO_SHAPE}",
        f"payments.cluster.local.           skipped  search domain cluster.local: {NO_SHAPE}",
        "payments.                         yes      as typed, after the search list",
    ]
    assert (ran.status, ran.err) == (0, "")


def test_candidates_follow_the_policy(offline):
    told = offline("--json", "candidates", "payments", "--policy", "glibc").json
    assert list(told) == ["candidates"]
    assert [(candidate["name"], candidate["asked"]) for candidate in told["candidates"]] == [
        ("payments.shop.svc.cluster.local.", True),
        ("payments.svc.cluster.local.", True),
        ("payments.cluster.local.", True),
        ("payments.", True),
    ]


@pytest.mark.parametrize("command", ["candidates", "explain"])
def test_what_is_odd_in_resolv_conf_is_noted(run, shop, tmp_path, command):
    path = tmp_path / "resolv.conf"
    path.write_text("nameserver 10.96.0.10\nsearch shop.svc.cluster.local svc.cluster.local\noptions ndots:20\n")
    ran = run("--manifests", shop, "--resolv-conf", str(path), command, "payments")
    assert "payments.shop.svc.cluster.local." in ran.out
    assert ran.out.splitlines()[-1].startswith(f"note: {path}:3: 'ndots:20'")


def test_on_a_terminal_the_last_column_is_wrapped(shop):
    reader, writer = pty.openpty()
    command = [sys.executable, "-m", "k8sresolve", "--manifests", shop, "candidates", "web"]
    environment = {**os.environ, "COLUMNS": "80", "LINES": "24", "NO_COLOR": "1"}
    subprocess.run(command, stdout=writer, env=environment, check=True, timeout=60)
    os.close(writer)
    lines = os.read(reader, 10_000).decode().splitlines()
    os.close(reader)
    assert lines[:3] == [
        "CANDIDATE                       ASKED    WHY",
        "web.default.svc.cluster.local.  yes      search domain default.svc.cluster.local",
        "web.svc.cluster.local.          skipped  search domain svc.cluster.local: no",
    ]
    assert lines[3] == " " * 41 + "name under cluster.local has this shape"
