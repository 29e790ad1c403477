"""Recordings on disk, as in `tests/golden/apiserver`: a row a line, compressed."""

import gzip
import json
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

GOLDEN = Path(__file__).resolve().parents[1] / "golden/apiserver"
WORLDS = ("worlds", "random", "changes")
LISTS = ("cases", *WORLDS)

Row = dict[str, Any]
Recording = dict[str, Any]

_RANDOM = re.compile("[0-9]+[.-][0-9]+|arpa|--")


def read(folder: Path) -> Recording:
    found: Recording = {"empty": json.loads((folder / "empty.json").read_text())}
    for name in LISTS:
        with gzip.open(folder / f"{name}.json.gz", "rt") as lines:
            found[name] = [json.loads(line) for line in lines]
    return found


def write(folder: Path, recording: Recording) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "empty.json").write_text(json.dumps(recording["empty"], indent=1) + "\n")
    for name in LISTS:
        lines = "".join(json.dumps(row, separators=(",", ":")) + "\n" for row in recording[name])
        (folder / f"{name}.json.gz").write_bytes(gzip.compress(lines.encode(), mtime=0))


def inputs(recording: Recording) -> Recording:
    """Say what has to be sent to record the same again."""
    return {
        "cases": [_some(row, ("id", "before", "object")) for row in recording["cases"]],
        **{
            name: [
                {
                    **_some(row, ("id", "namespace", "manifests", "not_ready", "steps")),
                    "questions": [(it["q"], it["t"]) for it in row["answers"] if is_same_anywhere(it["q"], row)],
                }
                for row in recording[name]
            ]
            for name in WORLDS
        },
    }


def is_same_anywhere(name: str, world: Row) -> bool:
    """Tell whether a name has neither an address that the cluster gives nor what is random in a pod's name."""
    pods = [pod["metadata"] for pod in world["pods"]]
    chosen = [pod["name"] for pod in pods if "apps.kubernetes.io/pod-index" not in pod.get("labels", {})]
    beside = name.replace(world["namespace"], "")
    return not _RANDOM.search(beside) and not any(pod in beside for pod in chosen)


def _some(row: Row, keys: Iterable[str]) -> Row:
    return {key: row[key] for key in keys if key in row}
