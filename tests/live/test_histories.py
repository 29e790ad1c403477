"""Watches follow Services through two replicas of CoreDNS that go, come back and disagree, and keep their promises.

The seed is printed in the summary; `K8SRESOLVE_SEED` asks for the same histories again.
"""

import os
import random
from pathlib import Path
from typing import Any

import pytest

from tests.live.sandbox import Sandbox

pytestmark = pytest.mark.live

SEED = int(os.environ.get("K8SRESOLVE_SEED") or random.SystemRandom().randrange(1_000_000_000))
CHANGES = 200


@pytest.mark.timeout(400)
@pytest.mark.parametrize("weather", [False, True])
def test_watches_keep_their_promises_with_coredns(weather: bool, tmp_path: Path, tally: Any) -> None:
    plan = {"seed": SEED, "changes": CHANGES, "weather": weather, "folder": str(tmp_path)}
    with Sandbox(tmp_path, []) as sandbox:
        told = sandbox.run("tests.live.following", plan, resolv_conf="nameserver 127.0.0.2\n", timeout=300)
    tally(f"changes followed, seed {SEED}", told["changes"] - len(told["broken"]), told["changes"])
    assert not told["broken"], f"seed {SEED}:\n" + "\n".join(told["broken"][:3])
    assert told["changes"] >= CHANGES
    assert (told["disturbances"] > 0) is weather
    assert told["published"] > 3 * told["services"]
