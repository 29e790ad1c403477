"""The benchmark runs: what it prints is for people to judge, and no time is judged here."""

import json
import subprocess
import sys

import pytest

from tests.live.sandbox import ROOT

pytestmark = pytest.mark.live


def test_a_goal_is_measured_beside_its_peers_before_knot_and_coredns():
    command = [sys.executable, "-m", "tests.bench", "--only", "G1", "--quick", "--rounds", "1", "--json"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    rows = json.loads(done.stdout)["rows"]
    whats = {row["what"].rpartition(" / ")[::2] for row in rows if row["figure"] > 0}
    sides = [f"{server}, cold A, CPU µs: k8sresolve" for server in ("knot", "coredns")]
    assert whats == {(side, peer) for side in sides for peer in ("dnspython", "raw", "getaddrinfo")}
