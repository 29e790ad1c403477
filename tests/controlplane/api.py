"""A client of an API server on loopback, and what it answered, as kubectl would send it."""

import http.client
import json
import ssl
import time
from collections.abc import Mapping
from types import TracebackType
from typing import Any, NamedTuple, Self
from urllib.parse import urlencode

from tests.controlplane.parts import PORT, TOKEN

Object = dict[str, Any]
CLUSTER_WIDE = frozenset({"Namespace", "Node", "ServiceCIDR"})
READY_SECONDS = 60.0


class Answer(NamedTuple):
    """A status, the object or `Status` that came with it, and the warnings."""

    status: int
    body: Object
    warnings: tuple[str, ...] = ()

    @property
    def accepted(self) -> bool:
        return self.status < 300


class Api:
    """One connection to the API server at a port."""

    def __init__(self, port: int = PORT) -> None:
        context = ssl.create_default_context()
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        self._connection = http.client.HTTPSConnection("127.0.0.1", port, timeout=30, context=context)

    def wait(self) -> None:
        """Wait until everything that the API server makes for itself is there."""
        deadline = time.monotonic() + READY_SECONDS
        while self._ask("GET", "/readyz").status != 200:
            if time.monotonic() > deadline:
                raise TimeoutError("the API server does not become ready")
            time.sleep(0.2)

    def create(self, thing: Object, *, dry_run: bool = False) -> Answer:
        """Create an object as `kubectl create` does."""
        options = {"fieldManager": "kubectl-create", "fieldValidation": "Strict"}
        options |= {"dryRun": "All"} if dry_run else {}
        return self._ask("POST", collection(thing), options, thing)

    def apply(self, thing: Object) -> Answer:
        """Apply an object as `kubectl apply --server-side --force-conflicts` does."""
        options = {"fieldManager": "kubectl", "fieldValidation": "Strict", "force": "true"}
        path = f"{collection(thing)}/{thing['metadata']['name']}"
        return self._ask("PATCH", path, options, thing, "application/apply-patch+yaml")

    def merge(self, path: str, change: Object) -> Answer:
        return self._ask("PATCH", path, {}, change, "application/merge-patch+json")

    def delete(self, thing: Object) -> Answer:
        """Delete an object, and in the background what belongs to it, as `kubectl delete` does."""
        path = f"{collection(thing)}/{thing['metadata']['name']}"
        return self._ask("DELETE", path, {}, {"propagationPolicy": "Background"})

    def gone(self, thing: Object) -> bool:
        return self._ask("GET", f"{collection(thing)}/{thing['metadata']['name']}").status == 404

    def items(self, kind: str, version: str = "v1", namespace: str | None = None) -> list[Object]:
        """List all objects of a kind, in a namespace or all of them."""
        stand_in = {"apiVersion": version, "kind": kind, "metadata": {"namespace": namespace}}
        path = collection(stand_in) if namespace else f"{_group(version)}/{plural(kind)}"
        return list(self._ask("GET", path).body["items"])

    def _ask(
        self,
        method: str,
        path: str,
        options: Mapping[str, str] | None = None,
        body: Object | None = None,
        content: str = "application/json",
    ) -> Answer:
        headers = {"Authorization": f"Bearer {TOKEN}", "Content-Type": content, "Accept": "application/json"}
        target = f"{path}?{urlencode(options)}" if options else path
        self._connection.request(method, target, None if body is None else json.dumps(body), headers)
        reply = self._connection.getresponse()
        text = reply.read()
        warnings = tuple(_warning(value) for value in reply.headers.get_all("Warning") or ())
        is_json = reply.headers.get_content_type() == "application/json"
        return Answer(reply.status, json.loads(text) if is_json else {"message": text.decode()}, warnings)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._connection.close()


def plural(kind: str) -> str:
    word = kind.lower()
    return word if word.endswith("s") else f"{word}s"


def collection(thing: Object) -> str:
    """Say where objects like this one are; one that states no namespace is in `default`."""
    base, kind = _group(thing["apiVersion"]), thing["kind"]
    if kind in CLUSTER_WIDE:
        return f"{base}/{plural(kind)}"
    return f"{base}/namespaces/{thing.get('metadata', {}).get('namespace') or 'default'}/{plural(kind)}"


def _group(version: str) -> str:
    return f"/apis/{version}" if "/" in version else f"/api/{version}"


def _warning(header: str) -> str:
    """Take the text of `299 - "text"`."""
    text = header.partition(' - "')[2].removesuffix('"')
    return text.replace('\\"', '"').replace("\\\\", "\\")
