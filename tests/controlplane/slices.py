"""Inside a sandbox: how long after a pod is ready, or is deleted, a watch on EndpointSlices tells of it."""

import json
import ssl
import sys
import threading
import time
from http.client import HTTPSConnection
from typing import Any

from tests.controlplane.api import Api
from tests.controlplane.inside import NODES
from tests.controlplane.parts import PORT, TOKEN

SERVICE = {
    "apiVersion": "v1",
    "kind": "Service",
    "metadata": {"name": "db", "namespace": "default"},
    "spec": {"clusterIP": "None", "selector": {"app": "db"}, "ports": [{"name": "sql", "port": 5432}]},
}
SECONDS = 30.0


def pod(number: int) -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": f"db-{number}", "namespace": "default", "labels": {"app": "db"}},
        "spec": {"nodeName": "node-1", "containers": [{"name": "db", "image": "db"}]},
    }


class Watching:
    """What a watch has told so far: when each pod was first in, or out of, what it is about."""

    def __init__(self, path: str) -> None:
        self._told = threading.Condition()
        self._there: set[str] = set()
        self._changed: dict[tuple[str, bool], float] = {}
        context = ssl._create_unverified_context()
        connection = HTTPSConnection("127.0.0.1", PORT, context=context)
        connection.request("GET", path, headers={"Authorization": f"Bearer {TOKEN}"})
        self._lines = connection.getresponse()
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        while line := self._lines.readline():
            event = json.loads(line)
            there = self._ready(event)
            now = time.monotonic()
            with self._told:
                for name in there ^ self._there:
                    self._changed[name, name in there] = now
                self._there = there
                self._told.notify_all()

    def _ready(self, event: dict[str, Any]) -> set[str]:
        thing = event["object"]
        if thing["kind"] == "EndpointSlice":
            ready = [one for one in thing.get("endpoints") or () if one.get("conditions", {}).get("ready")]
            return {one["targetRef"]["name"] for one in ready}
        conditions = {one["type"]: one["status"] for one in thing.get("status", {}).get("conditions", ())}
        is_ready = conditions.get("Ready") == "True" and "deletionTimestamp" not in thing["metadata"]
        name = {thing["metadata"]["name"]}
        return self._there | name if is_ready and event["type"] != "DELETED" else self._there - name

    def when(self, name: str, there: bool) -> float:
        """Wait until it has told that, and return when it did."""
        with self._told:
            if not self._told.wait_for(lambda: (name, there) in self._changed, SECONDS):
                raise TimeoutError(f"{name}, there: {there}")
            return self._changed[name, there]


def measure(pods: int) -> dict[str, list[float]]:
    """Seconds for each pod that comes, one after another, and goes again."""
    with Api() as api:
        api.wait()
        for thing in (*NODES, SERVICE):
            api.create(thing)
        slices = Watching("/apis/discovery.k8s.io/v1/namespaces/default/endpointslices?watch=1&labelSelector="
                          "kubernetes.io/service-name%3Ddb")  # fmt: skip
        ready = Watching("/api/v1/namespaces/default/pods?watch=1")
        came, went = [], []
        for number in range(pods):
            api.create(pod(number))
            name = f"db-{number}"
            came.append(slices.when(name, True) - ready.when(name, True))
        for number in range(pods):
            deleted = time.monotonic()
            api.delete(pod(number))
            went.append(slices.when(f"db-{number}", False) - deleted)
    return {"came": came, "went": went}


if __name__ == "__main__":
    json.dump(measure(json.load(sys.stdin)["pods"]), sys.stdout)
