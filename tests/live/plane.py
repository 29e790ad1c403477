"""The control plane of a sandbox whose objects change: the API's stand-in, and what kube-proxy makes of Services.

Run in a sandbox. CoreDNS watches `http://127.0.0.1:8001/kube`; `kubectl.py` changes what is there. A connection to a
Service's address is to a pod drawn by nftables, for its whole life; where none is ready, it is refused.
"""

import json
import subprocess
import sys
import threading
from collections.abc import Iterable, Iterator
from urllib.parse import unquote

from tests.live.changing_api import Changing, World, serve
from tests.live.kube_api import Object
from tests.live.sandbox import API_PORT

WORLD = "kube"
READY = "the control plane serves"


def rules(objects: Iterable[Object]) -> str:
    """The rules, as nft(8) reads them, in place of those before."""
    # An address of which no rule tells is this machine's own, where nobody listens.
    chain = "type nat hook output priority -100; policy accept;\n" + "".join(sorted(_forwards(list(objects))))
    return f"add table ip kube\nflush table ip kube\ntable ip kube {{\nchain output {{\n{chain}}}\n}}\n"


def _forwards(objects: list[Object]) -> Iterator[str]:
    for service in objects:
        if service["kind"] != "Service" or (address := service["spec"]["clusterIP"]) == "None":
            continue
        for port in service["spec"]["ports"]:
            pods = sorted(_pods(objects, service, port["name"]))
            if pods:
                drawn = ", ".join(f"{number} : {pod}" for number, pod in enumerate(pods))
                yield (
                    f"ip daddr {address} tcp dport {port['port']} "
                    f"dnat ip to numgen random mod {len(pods)} map {{ {drawn} }}\n"
                )


def _pods(objects: list[Object], service: Object, port: str) -> Iterator[str]:
    meta = service["metadata"]
    for part in objects:
        labels = part["metadata"].get("labels", {})
        if (
            part["kind"] == "EndpointSlice"
            and part["metadata"]["namespace"] == meta["namespace"]
            and labels["kubernetes.io/service-name"] == meta["name"]
        ):
            (number,) = (each["port"] for each in part["ports"] if each["name"] == port)
            yield from (f"{end['addresses'][0]} . {number}" for end in part["endpoints"])


class Plane(Changing):
    """The API, which also takes what `kubectl.py` sends: it is changed when that has its answer."""

    lock = threading.Lock()

    def do_PUT(self) -> None:  # noqa: N802 - as the standard library calls it
        items = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        with self.lock:
            for item in items:
                self.worlds[WORLD].put(item)
            self._forward()

    def do_DELETE(self) -> None:  # noqa: N802
        kind, place, name = unquote(self.path).strip("/").split("/")
        with self.lock:
            self.worlds[WORLD].remove((kind, place, name))
            self._forward()

    def _forward(self) -> None:
        subprocess.run(["nft", "-f", "-"], input=rules(self.worlds[WORLD].objects.values()), check=True, text=True)
        self._json(200, {})


def main() -> None:
    serve({WORLD: World()}, API_PORT, Plane)
    sys.stdout.write(READY)
    sys.stdout.flush()
    threading.Event().wait()


if __name__ == "__main__":
    main()
