"""A stand-in for the Kubernetes API whose objects change, of which watches are told, as CoreDNS's are.

Beside `kube_api`, whose worlds stand still. Each replica of CoreDNS has a world of its own, which can be held: then
that replica hears nothing new, as one does that has lost its connection.
"""

import json
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from typing import Any, ClassVar
from urllib.parse import parse_qs, urlsplit

from tests.live.kube_api import KINDS, Object, _Handler, _Server, complete

Key = tuple[str, str, str]


class World:
    """Objects by kind, namespace and name, and each change of them by its number, the resource version."""

    def __init__(self) -> None:
        self.version = 1
        self.objects: dict[Key, Object] = {}
        self._changes: list[tuple[int, str, Object]] = []
        self._held: list[Object] | None = None
        self._changed = threading.Condition()

    def put(self, item: Object) -> None:
        """Put an object in, or in place of the one of its name."""
        with self._changed:
            if self._held is not None:
                self._held.append(item)
            else:
                self._put(item)

    def _put(self, item: Object) -> None:
        meta = item["metadata"]
        key = item["kind"], meta.get("namespace", ""), meta["name"]
        event = "MODIFIED" if key in self.objects else "ADDED"
        self.version += 1
        version = {"resourceVersion": str(self.version), "uid": "-".join(key)}
        self.objects[key] = {**complete(item), "metadata": {**meta, **version}}
        self._changes.append((self.version, event, self.objects[key]))
        self._changed.notify_all()

    def remove(self, key: Key) -> None:
        """Take an object away."""
        with self._changed:
            if (item := self.objects.pop(key, None)) is not None:
                self.version += 1
                meta = {**item["metadata"], "resourceVersion": str(self.version)}
                self._changes.append((self.version, "DELETED", {**item, "metadata": meta}))
                self._changed.notify_all()

    def hold(self) -> None:
        """Tell nobody of what changes from now on."""
        with self._changed:
            self._held = [] if self._held is None else self._held

    def release(self) -> None:
        """Tell all of it."""
        with self._changed:
            held, self._held = self._held or [], None
            for item in held:
                self._put(item)

    def since(self, version: int, until: float) -> list[tuple[int, str, Object]]:
        """Wait for changes that came after one, until then."""
        with self._changed:
            while self.version <= version and (left := until - time.monotonic()) > 0:
                self._changed.wait(left)
            return [change for change in self._changes if change[0] > version]


class Changing(_Handler):
    worlds: ClassVar[Mapping[str, World]]  # type: ignore[assignment]

    def do_GET(self) -> None:  # noqa: N802 - as the standard library calls it
        url = urlsplit(self.path)
        query = {key: values[0] for key, values in parse_qs(url.query).items()}
        world, _, path = url.path[1:].partition("/")
        if f"/{path}" not in KINDS or world not in self.worlds:
            self._status(404, "NotFound", f"{url.path} is not served here")
        elif query.get("sendInitialEvents") == "true":
            self._status(422, "Invalid", "sendInitialEvents is forbidden for watch unless the WatchList feature is on")
        elif query.get("watch") in {"1", "true"}:
            self._follow(self.worlds[world], KINDS[f"/{path}"][1], query)
        else:
            self._tell(self.worlds[world], *KINDS[f"/{path}"])

    def _tell(self, world: World, version: str, kind: str) -> None:
        told = str(world.version)
        items = [item for (of, _, _), item in tuple(world.objects.items()) if of == kind]
        listing = {"kind": f"{kind}List", "apiVersion": version, "metadata": {"resourceVersion": told}, "items": items}
        self._json(200, listing)

    def _follow(self, world: World, kind: str, query: Mapping[str, str]) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        until = time.monotonic() + float(query.get("timeoutSeconds", "300"))
        version = int(query.get("resourceVersion") or "0")
        while changes := world.since(version, until):
            for version, event, item in changes:  # noqa: B007 - the last one is where it goes on
                if item["kind"] == kind:
                    line = json.dumps({"type": event, "object": item}).encode() + b"\n"
                    self.wfile.write(b"%x\r\n%b\r\n" % (len(line), line))
                    self.wfile.flush()
        self.wfile.write(b"0\r\n\r\n")

    def handle(self) -> None:
        with suppress(ConnectionError):  # of a CoreDNS that was killed
            super().handle()


def serve(worlds: Mapping[str, World], port: int, handler: type[Changing] = Changing) -> None:
    """Serve each world at `/NAME/` on 127.0.0.1 from now on, in daemon threads."""
    server = _Server(("127.0.0.1", port), type("Handler", (handler,), {"worlds": worlds}))
    threading.Thread(target=server.serve_forever, daemon=True).start()


def namespace(name: str) -> Object:
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}


def service(place: str, name: str, ports: Mapping[str, int], address: str = "None") -> Object:
    """Make a Service, headless unless it has an address, of TCP ports by name."""
    spec: dict[str, Any] = {
        "clusterIP": address,
        "clusterIPs": [address],
        "ports": _ports(ports),
        "type": "ClusterIP",
    }
    return {"apiVersion": "v1", "kind": "Service", "metadata": {"name": name, "namespace": place}, "spec": spec}


def endpoint_slice(place: str, name: str, addresses: Mapping[str, str], ports: Mapping[str, int]) -> Object:
    """The slice of a Service: hostnames by the addresses of its ready pods, and their ports."""
    ends = [
        {"addresses": [address], "hostname": hostname, "conditions": {"ready": True}}
        for address, hostname in addresses.items()
    ]
    meta = {"name": f"{name}-1", "namespace": place, "labels": {"kubernetes.io/service-name": name}}
    return {
        "apiVersion": "discovery.k8s.io/v1",
        "kind": "EndpointSlice",
        "metadata": meta,
        "addressType": "IPv4",
        "endpoints": ends,
        "ports": _ports(ports),
    }


def _ports(ports: Mapping[str, int]) -> list[Object]:
    return [{"name": name, "port": number, "protocol": "TCP"} for name, number in ports.items()]
