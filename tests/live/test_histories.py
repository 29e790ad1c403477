"""Watches follow Services through two replicas of CoreDNS that go, come back and disagree, and keep their promises.

The seed is printed in the summary; `K8SRESOLVE_SEED` asks for the same histories again.
"""

import os
import random
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from tests.live.sandbox import Sandbox

pytestmark = pytest.mark.live

SEED = int(os.environ.get("K8SRESOLVE_SEED") or random.SystemRandom().randrange(1_000_000_000))
CHANGES = 200


def followed(folder: Path, *, weather: bool) -> Any:
    folder.mkdir()
    plan = {"seed": SEED, "changes": CHANGES, "weather": weather, "folder": str(folder)}
    with Sandbox(folder, []) as sandbox:
        return sandbox.run("tests.live.following", plan, resolv_conf="nameserver 127.0.0.2\n", timeout=300)


@pytest.mark.timeout(400)
def test_watches_keep_their_promises_with_coredns(tmp_path: Path, tally: Any) -> None:
    """In fair weather and in foul, at once: of a minute each works for two seconds, and waits."""
    with ThreadPoolExecutor() as pool:
        fair = pool.submit(followed, tmp_path / "fair", weather=False)
        foul = pool.submit(followed, tmp_path / "foul", weather=True)
    for told, weather in ((fair.result(), False), (foul.result(), True)):
        tally(f"changes followed, seed {SEED}", told["changes"] - len(told["broken"]), told["changes"])
        assert not told["broken"], f"seed {SEED}:\n" + "\n".join(told["broken"][:3])
        assert told["changes"] >= CHANGES
        assert (told["disturbances"] > 0) is weather
        assert told["published"] > 3 * told["services"]
