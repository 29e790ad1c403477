"""What a real control plane made of worlds that change: the state after the last step, and the steps it refused."""

import functools

import pytest

from k8sresolve.errors import ManifestError
from tests.golden.test_apiserver_worlds import cluster_from, endpoints, pods, pods_of, read, services

WORLDS = read("changes.json.gz")


@functools.cache
def changed(name):
    """Make all steps. Returns the cluster, and the numbers of those that are refused."""
    world = WORLDS[name]
    cluster = cluster_from(world)
    refused = []
    for number, step in enumerate(world["steps"]):
        try:
            take(cluster, world, *step)
        except ManifestError:
            refused.append(number)
    return cluster, refused


def take(cluster, world, word, *what):
    place = world["namespace"]
    match word:
        case "apply":
            cluster.apply(*what)
        case "delete":
            cluster.delete(what[0], f"{place}/{what[1]}")
        case "scale":
            cluster.scale(f"{place}/{what[1]}", what[2])
        case "delete-pod":
            first = min(pod.name for pod in pods_of(cluster, world) if pod.name.startswith(what[0]))
            cluster.delete("Pod", f"{place}/{first}")


def differences(name):
    """Tell in what the cluster is otherwise than the real one."""
    cluster, refused = changed(name)
    world = WORLDS[name]
    found = [] if refused == [step["step"] for step in world["refused"]] else ["refused"]
    for what in (services, pods, endpoints):
        got, want = what(cluster, world)
        if got != want:
            found.append(what.__name__)
    return found


@pytest.mark.parametrize("name", WORLDS)
def test_after_its_changes_a_world_is_what_it_was_in_a_real_cluster(name):
    assert differences(name) == []


def test_all_worlds_are_here():
    assert len(WORLDS) == 35
