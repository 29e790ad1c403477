"""Put worlds into one cluster, each in a namespace of its own, change them step by step, and record what becomes."""

import time
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from tests.controlplane import rows
from tests.controlplane.api import Answer, Api, Object, collection
from tests.live import ask

World = Mapping[str, Any]

# A controller may rest for some seconds before it tries again.
QUIET_SECONDS = 5.0
LONGEST_SECONDS = 180.0
WATCHED = (("Service", "v1"), ("Pod", "v1"), ("Endpoints", "v1"), ("EndpointSlice", "discovery.k8s.io/v1"))
VERSIONS = {
    **dict.fromkeys(("Service", "Pod", "Endpoints", "ReplicationController"), "v1"),
    **dict.fromkeys(("Deployment", "StatefulSet", "ReplicaSet", "DaemonSet"), "apps/v1"),
    **dict.fromkeys(("Job", "CronJob"), "batch/v1"),
    "EndpointSlice": "discovery.k8s.io/v1",
}


def record(api: Api, worlds: Sequence[World]) -> list[Object]:
    """Make the rows of worlds: their `manifests`, `not_ready`, `steps` and questions are those of earlier rows."""
    _make_namespaces(api, worlds)
    refused: dict[str, list[Object]] = {world["id"]: [] for world in worlds}
    for world in worlds:
        for number, manifest in enumerate(world["manifests"]):
            _note(refused[world["id"]], "manifest", number, api.apply(manifest))
    wait_until_quiet(api)
    for world in worlds:
        _mark_not_ready(api, world)
    wait_until_quiet(api)
    for number in range(max(len(world.get("steps", ())) for world in worlds)):
        for world in worlds:
            for step in world.get("steps", ())[number : number + 1]:
                _note(refused[world["id"]], "step", number, _take(api, world["namespace"], *step))
        wait_until_quiet(api)
    return [_row(api, world, refused[world["id"]]) for world in worlds]


def _make_namespaces(api: Api, worlds: Sequence[World]) -> None:
    for world in worlds:
        api.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": world["namespace"]}})
    # Bare pods are refused before their service account is there.
    wanted = {world["namespace"] for world in worlds}
    deadline = time.monotonic() + LONGEST_SECONDS
    while not wanted <= {one["metadata"]["namespace"] for one in api.items("ServiceAccount")}:
        if time.monotonic() > deadline:
            raise TimeoutError("namespaces without their service account")
        time.sleep(0.5)


def wait_until_quiet(api: Api) -> None:
    """Wait until no Service, pod or endpoint has changed for some seconds."""
    deadline = time.monotonic() + LONGEST_SECONDS
    seen, since = _state(api), time.monotonic()
    while time.monotonic() < since + QUIET_SECONDS:
        time.sleep(0.5)
        now = _state(api)
        if now != seen:
            seen, since = now, time.monotonic()
        if time.monotonic() > deadline:
            raise TimeoutError("the cluster does not come to rest")


def _state(api: Api) -> frozenset[tuple[str, str]]:
    things = (thing["metadata"] for kind, version in WATCHED for thing in api.items(kind, version))
    return frozenset((meta["uid"], meta["resourceVersion"]) for meta in things)


def _mark_not_ready(api: Api, world: World) -> None:
    for pod in api.items("Pod", namespace=world["namespace"]):
        if pod["metadata"]["name"].startswith(tuple(world["not_ready"])):
            conditions = pod["status"]["conditions"]
            told = [{**one, "status": "False"} if one["type"] == "Ready" else one for one in conditions]
            path = f"{collection({'apiVersion': 'v1', **pod, 'kind': 'Pod'})}/{pod['metadata']['name']}/status"
            api.merge(path, {"status": {"conditions": told}})


def _take(api: Api, namespace: str, word: str, *what: Any) -> Answer:
    """Take a step: `apply OBJECT`, `delete KIND NAME`, `scale KIND NAME REPLICAS`, `delete-pod BEGINNING`."""
    if word == "apply":
        return api.apply(what[0])
    if word == "delete-pod":
        names = (pod["metadata"]["name"] for pod in api.items("Pod", namespace=namespace))
        return api.delete(_named("Pod", namespace, min(name for name in names if name.startswith(what[0]))))
    thing = _named(what[0], namespace, what[1])
    if word == "delete":
        return api.delete(thing)
    return api.merge(f"{collection(thing)}/{what[1]}/scale", {"spec": {"replicas": what[2]}})


def _named(kind: str, namespace: str, name: str) -> Object:
    return {"apiVersion": VERSIONS[kind], "kind": kind, "metadata": {"namespace": namespace, "name": name}}


def _note(refused: list[Object], what: str, number: int, answer: Answer) -> None:
    if not answer.accepted:
        said = f"{answer.status} {answer.body.get('reason')}: {answer.body.get('message')}"
        refused.append({what: number, "error": said})


def _row(api: Api, world: World, refused: list[Object]) -> Object:
    place = world["namespace"]
    given = {key: world[key] for key in ("id", "namespace", "manifests", "not_ready", "steps") if key in world}
    return {
        **given,
        "refused": refused,
        "services": [rows.service(thing) for thing in api.items("Service", namespace=place)],
        "pods": [rows.pod(thing) for thing in api.items("Pod", namespace=place)],
        "endpoints": [rows.endpoints(thing) for thing in api.items("Endpoints", namespace=place)],
        "slices": [
            rows.endpoint_slice(thing) for thing in api.items("EndpointSlice", "discovery.k8s.io/v1", namespace=place)
        ],
        "answers": list(_answers(world["questions"])),
    }


def _answers(questions: Iterable[Sequence[str]]) -> Iterable[Object]:
    for name, rdtype in questions:
        row = ask.ask(name, rdtype, "tcp", timeout=1.5)
        told = {key: row[key] for key in ("rcode", "answer", "additional")} if row else {"rcode": None}
        yield {"q": name, "t": rdtype, **told}
