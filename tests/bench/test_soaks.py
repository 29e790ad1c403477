"""The long runs, a hundredth of each: in full they run on demand, `python -m tests.bench soak`. K19, K20."""

import subprocess
import sys

import pytest

from tests.bench.__main__ import SOAKS
from tests.live.sandbox import ROOT


@pytest.mark.parametrize("soak", SOAKS)
def test_a_hundredth_of_a_long_run_holds(soak):  # K19, K20
    count = SOAKS[soak].COUNT // 100
    command = [sys.executable, "-W", "error", "-m", "tests.bench", "soak", soak, "--count", str(count)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.startswith(f"soak {soak}: held;")
    assert done.stderr == ""
