"""Random worlds: the offline cluster answers as CoreDNS does, whatever objects and plugins meet.

The seed is printed with a difference and in the summary. `K8SRESOLVE_SEED` asks for worlds again, `K8SRESOLVE_WORLDS`
says how many. The newer CoreDNS is asked about a fifth of them.
"""

import os
import random
from pathlib import Path
from typing import Any

import pytest

from tests.live import compare, worlds

pytestmark = pytest.mark.live

COUNT = int(os.environ.get("K8SRESOLVE_WORLDS", "200"))
BATCH = 40
SEED = int(os.environ.get("K8SRESOLVE_SEED") or random.SystemRandom().randrange(1_000_000_000))


@pytest.mark.timeout(60 + COUNT)
@pytest.mark.parametrize(("version", "count"), [("1.14.7", COUNT), ("1.15.0", COUNT // 5)])
def test_random_worlds_are_answered_as_coredns_answers_them(
    version: str, count: int, tmp_path: Path, tally: Any
) -> None:
    seeds = range(SEED, SEED + count)
    wrong, asked = [], 0
    for start in range(0, count, BATCH):
        folder = tmp_path / str(start)
        folder.mkdir()
        batch = [worlds.make(seed) for seed in seeds[start : start + BATCH]]
        for difference in compare.compare(folder, batch, version=version):
            asked += 1
            if difference is not None:
                wrong.append(str(difference))
    tally(f"random worlds, CoreDNS {version}, seeds {seeds[0]} to {seeds[-1]}", asked - len(wrong), asked)
    assert asked == 50 * count
    assert not wrong, f"{len(wrong)} of {asked} differ:\n" + "\n".join(wrong[:5])


def test_a_seed_gives_the_same_world_again() -> None:
    assert worlds.make(SEED) == worlds.make(SEED)
