"""A recording beside itself with one thing changed: what a cluster chooses makes no difference, all else does."""

import copy
import json

import pytest

from tests.controlplane import recording
from tests.controlplane.compare import compare

WHOLE = recording.read(recording.GOLDEN)


def only(name):
    """The recording, with one world that has no answers."""
    [world] = [world for world in WHOLE["worlds"] if world["id"] == name]
    return {**WHOLE, "cases": WHOLE["cases"][:20], "worlds": [{**world, "answers": []}], "random": [], "changes": []}


WANT = only("deployment")


def differences(got, want=WANT):
    return [(it.row, it.what) for found in compare(got, want).differences.values() for it in found]


def test_a_recording_agrees_with_itself():
    result = compare(WHOLE, WHOLE)
    assert [result.agreeing(name) for name in result.rows] == [1, 484, 67, 40, 35]


def test_what_a_cluster_chooses_makes_no_difference():
    text = json.dumps(WANT["worlds"])
    [world] = WANT["worlds"]
    chosen = {
        "10.99.240.27": "10.97.1.2",
        **{pod["metadata"]["name"]: f"web-7d4d6857d9-{index}aaaa" for index, pod in enumerate(world["pods"])},
        **{pod["status"]["podIPs"][0]: f"10.244.9.{index}" for index, pod in enumerate(world["pods"])},
        world["slices"][0]["metadata"]["name"]: "web-zzzzz",
        "7d4d6857d9": "5c5c5c5c5c",
        "node-1": "node-2",
        "zone-1": "zone-2",
    }
    for old, new in chosen.items():
        assert old in text
        text = text.replace(old, new)
    assert differences({**WANT, "worlds": json.loads(text)}) == []


@pytest.mark.parametrize(
    ("path", "value", "what"),
    [
        (("pods", 0, "status", "ready"), "False", "pods"),
        (("pods", 0, "metadata", "labels", "app"), "other", "pods"),
        (("services", 0, "spec", "ports", 0, "targetPort"), 80, "services"),
        (("slices", 0, "ports", 0, "port"), 81, "slices"),
        (("slices", 0, "endpoints", 0, "conditions", "ready"), False, "slices"),
        (("slices", 0, "endpoints", 0, "addresses"), ["192.0.2.1"], "slices"),
        (("endpoints", 0, "subsets", 0, "ports", 0, "name"), "x", "endpoints"),
        (("refused",), [{"manifest": 0, "error": "422 Invalid: ..."}], "refused"),
    ],
)
def test_all_else_does(path, value, what):
    got = copy.deepcopy(WANT)
    thing = got["worlds"][0]
    for key in path[:-1]:
        thing = thing[key]
    thing[path[-1]] = value
    assert differences(got) == [("deployment", what)]


def test_a_case_that_is_taken_otherwise_does():
    got = copy.deepcopy(WANT)
    got["cases"][0]["accepted"] = False
    assert differences(got) == [(got["cases"][0]["id"], "accepted")]


def test_answers_are_compared_where_both_have_them():
    [world] = [world for world in WHOLE["worlds"] if world["id"] == "deployment"]
    fewer = {**WHOLE, "worlds": [{**world, "answers": world["answers"][:1]}], "random": [], "changes": []}
    want = {**fewer, "worlds": [world]}
    assert differences(fewer, want) == []
    fewer["worlds"] = [{**world, "answers": [{**world["answers"][0], "rcode": "SERVFAIL"}]}]
    assert differences(fewer, want) == [("deployment", "web.deployment.svc.cluster.local. A")]
