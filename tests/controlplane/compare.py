"""Two recordings beside each other. Addresses that a cluster chose, and the random ends of names, mean nothing."""

import json
import re
from collections.abc import Iterator
from typing import Any, NamedTuple

from tests.controlplane.recording import WORLDS, Recording, Row

# Of a pod that a scheduler puts where it likes, and of templates, whose hash changes with each version's fields.
_HASHES = ("pod-template-hash", "controller-revision-hash")
_UIDS = ("batch.kubernetes.io/controller-uid", "controller-uid")
_PLACES = ("nodeName", "zone", "topology.kubernetes.io/zone")
_PARTS = ("services", "pods", "endpoints", "slices")
_SERVICE = "kubernetes.io/service-name"
_MANAGED = "endpointslice.kubernetes.io/managed-by"
# An answer of more records does not fit, over TCP neither, and which of them come is chance.
_MOST = 500
_NODE_IP = re.compile(r"10\.0\.0\.1[12]|fd00:10::1[12]")


class Difference(NamedTuple):
    """What differs in a row: as the first recording has it, and as the second does."""

    row: str
    what: str
    got: Any
    want: Any

    def __str__(self) -> str:
        return f"{self.row}: {self.what}\n  - {_text(self.want)}\n  + {_text(self.got)}"


class Result(NamedTuple):
    """How many rows each list has, and what differs."""

    rows: dict[str, int]
    differences: dict[str, list[Difference]]

    def agreeing(self, name: str) -> int:
        return self.rows[name] - len({difference.row for difference in self.differences[name]})


def compare(got: Recording, want: Recording) -> Result:
    """Compare by the rows of `want`."""
    found = {"empty": list(_parts("empty", got["empty"], want["empty"]))}
    by_id = {row["id"]: row for row in got["cases"]}
    found["cases"] = [it for row in want["cases"] for it in _parts(row["id"], by_id[row["id"]], row)]
    for name in WORLDS:
        by_id = {row["id"]: row for row in got[name]}
        found[name] = [it for row in want[name] for it in _world(by_id[row["id"]], row)]
    rows = {"empty": 1, **{name: len(want[name]) for name in ("cases", *WORLDS)}}
    return Result(rows, found)


def _parts(row: str, got: Row, want: Row) -> Iterator[Difference]:
    for part in sorted(got.keys() | want.keys()):
        if got.get(part) != want.get(part):
            yield Difference(row, part, got.get(part), want.get(part))


def _world(got: Row, want: Row) -> Iterator[Difference]:
    names, wanted_names = _names(got), _names(want)
    if (left := _refused(got)) != (right := _refused(want)):
        yield Difference(want["id"], "refused", left, right)
    for part in _PARTS:
        left, right = _told(got[part], names), _told(want[part], wanted_names)
        if left != right:
            yield Difference(want["id"], part, _only(left, right), _only(right, left))
    answers = {(row["q"], row["t"]): row for row in got["answers"]}
    for row in want["answers"]:
        key = row["q"], row["t"]
        if key not in answers or min(len(answers[key]["answer"]), len(row["answer"])) > _MOST:
            continue
        if (left := _told(answers[key], names)) != (right := _told(row, wanted_names)):
            yield Difference(want["id"], " ".join(key), left, right)


def _refused(world: Row) -> list[Row]:
    """What was refused, by status and reason: the rest of the text names addresses."""
    return [{**one, "error": one["error"].partition(":")[0]} for one in world["refused"]]


def _only(these: Any, others: Any) -> list[Any]:
    return [thing for thing in these if thing not in others]


def _names(world: Row) -> dict[str, str]:
    """Map what was chosen in a world to what it stands for."""
    manifests = json.dumps([world["manifests"], world.get("steps")])
    names: dict[str, str] = {}
    for pod in world["pods"]:
        name = _pod(pod)
        names[pod["metadata"]["name"]] = name
        for ip in pod["status"]["podIPs"]:
            owner = "node" if _NODE_IP.fullmatch(ip) else name
            names |= _address(ip, f"{owner}/{'v6' if ':' in ip else 'v4'}")
    for service in world["services"]:
        for ip in service["spec"].get("clusterIPs", ()):
            if ip != "None" and f'"{ip}"' not in manifests:
                names |= _address(ip, f"{service['metadata']['name']}/{'v6' if ':' in ip else 'v4'}")
    for part in world["slices"]:
        if _MANAGED in part["metadata"].get("labels", {}):
            names[part["metadata"]["name"]] = f"{part['metadata']['labels'][_SERVICE]}-*"
    return names


def _pod(pod: Row) -> str:
    meta = pod["metadata"]
    if "generateName" not in meta or meta.get("owner", "").startswith("StatefulSet/"):
        return str(meta["name"])
    return f"{_without_hash(meta['generateName'], meta.get('labels', {}))}*"


def _without_hash(name: str, labels: Row) -> str:
    template = labels.get("pod-template-hash")
    return name.replace(f"{template}-", "") if template else name


def _address(ip: str, name: str) -> dict[str, str]:
    """An address, and its form in names. No address is a part of a longer one where both are whole words."""
    return {ip: name, re.sub("[.:]", "-", ip): name}


def _told(thing: Any, names: dict[str, str]) -> Any:
    """Tell a part of a world with names in the place of what was chosen; lists have no order."""
    if isinstance(thing, dict):
        template = thing.get("labels", {}).get("pod-template-hash") if isinstance(thing.get("labels"), dict) else None
        told = {key: _field(key, value, names) for key, value in thing.items()}
        return {key: _cut(value, template) for key, value in told.items()} if template else told
    if isinstance(thing, list):
        return sorted((_told(one, names) for one in thing), key=_text)
    if isinstance(thing, str):
        return _said(thing, names)
    return thing


def _field(key: str, value: Any, names: dict[str, str]) -> Any:
    if key in (*_HASHES, *_UIDS, *_PLACES, "uid") and value:
        return "*"
    if key == "nodePort":
        return "<port>"
    return _told(value, names)


def _cut(value: Any, template: str) -> Any:
    return value.replace(template, "*") if isinstance(value, str) else value


def _said(text: str, names: dict[str, str]) -> str:
    """Replace what was chosen in a text: it is the whole, a label of a name, or the data of a record."""
    if text in names:
        return names[text]
    return re.sub(r"[^ ]+", lambda word: _word(word[0], names), text)


def _word(word: str, names: dict[str, str]) -> str:
    if word in names:
        return names[word]
    first, dot, rest = word.partition(".")
    return f"{names.get(first, first)}{dot}{rest}"


def _text(thing: Any) -> str:
    return json.dumps(thing, sort_keys=True)
