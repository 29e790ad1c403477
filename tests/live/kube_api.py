"""A read-only stand-in for the Kubernetes API: it lists objects in JSON and holds watches open: all that CoreDNS wants.

It knows five resources, and the selectors that CoreDNS sends: pods whose `status.phase` is none of some, and labels.
Several worlds can be served at once, each below a path of its own.
"""

import json
import re
import threading
import time
from collections.abc import Iterable, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar
from urllib.parse import parse_qs, urlsplit

KINDS = {
    "/api/v1/namespaces": ("v1", "Namespace"),
    "/api/v1/services": ("v1", "Service"),
    "/api/v1/pods": ("v1", "Pod"),
    "/apis/discovery.k8s.io/v1/endpointslices": ("discovery.k8s.io/v1", "EndpointSlice"),
    "/apis/multicluster.x-k8s.io/v1alpha1/serviceimports": ("multicluster.x-k8s.io/v1alpha1", "ServiceImport"),
}
Object = dict[str, Any]


def selected(item: Object, field_selector: str) -> bool:
    """Whether a field selector (`status.phase!=Failed,...`) lets an object through."""
    phase = item.get("status", {}).get("phase", "")
    terms = [term for term in field_selector.split(",") if term]
    unknown = [term for term in terms if not term.startswith("status.phase!=")]
    if unknown:
        raise ValueError(f"field selector {unknown[0]!r} is not known here")
    return phase not in [term.removeprefix("status.phase!=") for term in terms]


def complete(item: Object) -> Object:
    """An object as an API server gives it: a pod's first address stands in `podIP` and in `podIPs`."""
    status = item.get("status", {})
    if item["kind"] != "Pod" or not status.get("podIP") or status.get("podIPs"):
        return item
    return {**item, "status": {**status, "podIPs": [{"ip": status["podIP"]}]}}


_TERM = re.compile(r"(!?)([\w./-]+)(?:(!?=)([\w.-]*)| (in|notin) \(([^)]*)\))?(?:,|$)")


def labelled(item: Object, label_selector: str) -> bool:
    """Whether a label selector, as client-go writes them, lets an object through."""
    labels = item.get("metadata", {}).get("labels") or {}
    at = 0
    while at < len(label_selector):
        term = _TERM.match(label_selector, at)
        if term is None:
            raise ValueError(f"label selector {label_selector!r} is not known here")
        absent, key, sign, value, word, values = term.groups()
        if sign or word:
            inside = labels.get(key) in ([value] if sign else values.split(","))
            fits = inside == (sign == "=" or word == "in")
        else:
            fits = (key in labels) != bool(absent)
        if not fits:
            return False
        at = term.end()
    return True


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    worlds: ClassVar[Mapping[str, list[Object]]]

    def do_GET(self) -> None:
        url = urlsplit(self.path)
        query = {key: values[0] for key, values in parse_qs(url.query).items()}
        world, path = "", url.path
        if path.startswith("/world-"):
            world, _, path = path[1:].partition("/")
            path = f"/{path}"
        if path not in KINDS or world not in self.worlds:
            self._status(404, "NotFound", f"{url.path} is not served here")
        elif query.get("sendInitialEvents") == "true":
            # As a server without the WatchList feature does; client-go then lists and watches.
            self._status(422, "Invalid", "sendInitialEvents is forbidden for watch unless the WatchList feature is on")
        elif query.get("watch") in {"1", "true"}:
            self._watch(float(query.get("timeoutSeconds", "300")))
        else:
            self._list(self.worlds[world], path, query)

    def _list(self, objects: list[Object], path: str, query: Mapping[str, str]) -> None:
        version, kind = KINDS[path]
        items = [
            {**complete(item), "metadata": {"resourceVersion": "1", "uid": f"{kind}-{number}", **item["metadata"]}}
            for number, item in enumerate(objects)
            if item["kind"] == kind
            and selected(item, query.get("fieldSelector", ""))
            and labelled(item, query.get("labelSelector", ""))
        ]
        listing = {"kind": f"{kind}List", "apiVersion": version, "metadata": {"resourceVersion": "1"}, "items": items}
        self._json(200, listing)

    def _watch(self, seconds: float) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        time.sleep(seconds)
        self.wfile.write(b"0\r\n\r\n")

    def _status(self, code: int, reason: str, message: str) -> None:
        failure = {"kind": "Status", "apiVersion": "v1", "status": "Failure", "code": code, "reason": reason}
        self._json(code, {**failure, "message": message})

    def _json(self, code: int, value: Object) -> None:
        body = json.dumps(value).encode()
        self.send_response(code)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name of the standard library
        pass


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 256  # CoreDNS opens several connections for each world at once


def serve(worlds: Mapping[str, Iterable[Object]], port: int) -> None:
    """Serve objects on 127.0.0.1 from now on, in daemon threads: the process's end is the server's end.

    The world with an empty name is served at `/`, any other at `/NAME/`; names start with `world-`.
    """
    handler = type("Handler", (_Handler,), {"worlds": {name: list(objects) for name, objects in worlds.items()}})
    server = _Server(("127.0.0.1", port), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
