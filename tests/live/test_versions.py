"""Each version of CoreDNS answers the golden worlds as it did when they were recorded.

Not replayed are those that need an upstream or change on the way.
"""

from pathlib import Path
from typing import Any

import pytest

from k8sresolve.testing import COREDNS_VERSIONS
from tests.golden.own import rows
from tests.live import compare, record

pytestmark = pytest.mark.live


def agree(got: rows.Row, want: rows.Row, corefile: str) -> bool:
    if "silent" in got or "silent" in want:
        return got == want
    return got.get("opt") == want.get("opt") and compare.agree(got, want, cached="cache" in corefile)


@pytest.mark.parametrize("version", COREDNS_VERSIONS)
def test_a_version_answers_as_recorded(version: str, tmp_path: Path, tally: Any) -> None:
    """To record another: `python -m tests.live.record VERSION`."""
    worlds = record.replayable(version)
    right, wrong = 0, []
    for world, answers in zip(worlds, record.replayed(tmp_path, worlds, version), strict=True):
        steps = [step for step in world["steps"] if "q" in step]
        for step, got in zip(steps, answers, strict=True):
            right += (fits := agree(got, step[version], world["corefile"]))
            if not fits:
                wrong.append(f"{world['id']}: {step}\n  got {got}")
    tally(f"worlds of versions, CoreDNS {version}", right, right + len(wrong))
    assert right + len(wrong) > 300
    assert not wrong, f"{len(wrong)} differ:\n" + "\n".join(wrong[:5])
