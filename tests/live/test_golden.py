"""CoreDNS answers here as it did when the golden data were recorded: the stand-in API serves what a real one would."""

import gzip
import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from k8sresolve.testing import COREDNS_VERSIONS
from tests.golden.own import rows
from tests.live import record

pytestmark = pytest.mark.live


def check(what: str, version: str, folder: Path, objects: list[rows.Row], wanted: list[rows.Row], tally: Any) -> None:
    with record.recorder(folder, objects, version) as sandbox:
        got = record.answers(sandbox, [(row["q"], row["t"], row["via"]) for row in wanted])
    wrong = [
        f"{want['q']} {want['t']} {want['via']}:\n  want {str(want)[:500]}\n  got  {str(answer)[:500]}"
        for want, answer in zip(wanted, got, strict=True)
        if not rows.agree(answer, want)
    ]
    tally(f"golden rows, {what}, CoreDNS {version}", len(wanted) - len(wrong), len(wanted))
    assert not wrong, f"{len(wrong)} of {len(wanted)} differ:\n" + "\n".join(wrong[:5])


@pytest.mark.parametrize("version", COREDNS_VERSIONS)
def test_coredns_answers_for_shop_as_recorded(version: str, tmp_path: Path, tally: Any) -> None:
    objects = list(yaml.safe_load_all((record.COREDNS / "shop.yaml").read_text()))
    with gzip.open(record.COREDNS / "shop-kubeadm.jsonl.gz") as file:
        wanted = [json.loads(line) for line in file]
    check("shop", version, tmp_path, objects, wanted, tally)


@pytest.mark.parametrize("version", COREDNS_VERSIONS)
def test_coredns_answers_for_our_own_world_as_recorded(version: str, tmp_path: Path, tally: Any) -> None:
    """To record anew: `python -m tests.live.record`."""
    wanted = rows.recorded()
    assert [(row["q"], row["t"], row["via"]) for row in wanted] == rows.questions(rows.objects())
    check("own", version, tmp_path, rows.objects(), wanted, tally)
