"""Run the `py` block of a page with a number, as it stands, beside a listener in the place of each pod of a Service.

Takes the page, the number, the Service, its port by name and number, the pods' hostnames by address, and what a server
says first. Prints what the listeners saw: address, TLS name, first octets; and the last words of the block.
"""

import json
import ssl
import subprocess
import sys
import time
from contextlib import suppress
from tempfile import TemporaryFile
from typing import Any

from tests.contrib.loopback import Listeners, listening
from tests.live import kubectl

PATIENCE = 60.0  # seconds until a client has connected


def tls_name(first: bytes) -> str | None:
    """The name in a ClientHello, if it is one (RFC 6066, section 3)."""
    names: list[str | None] = []
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.sni_callback = lambda _object, name, _context: names.append(name)
    incoming = ssl.MemoryBIO()
    incoming.write(first)
    with suppress(ssl.SSLError):
        context.wrap_bio(incoming, ssl.MemoryBIO(), server_side=True).do_handshake()
    return names[0] if names else None


def run(recipe: dict[str, Any], listeners: Listeners) -> dict[str, Any]:
    """Run the block until all pods have been seen that it is to connect to, or it ends."""
    block = [sys.executable, "-m", "tests.live.clients.snippet", recipe["page"], str(recipe["number"])]
    seen: list[tuple[str, bytes]] = []
    with TemporaryFile() as output, subprocess.Popen(block, stdout=output, stderr=output) as process:
        deadline = time.monotonic() + PATIENCE
        while process.poll() is None and time.monotonic() < deadline:
            seen += listeners.all_seen()
            if len({address for address, _ in seen}) >= recipe["wanted"]:
                break
            time.sleep(0.02)
        process.kill()
        process.wait()
        output.seek(0)
        words = output.read().decode(errors="replace")[-2000:]
    seen += listeners.all_seen()
    told = [[address, tls_name(first), first[:24].hex()] for address, first in seen if first]
    return {"seen": told, "words": words}


def main() -> None:
    recipe = json.load(sys.stdin)
    kubectl.headless(recipe["service"], {recipe["port_name"]: recipe["port"]}, recipe["pods"])
    with listening(*recipe["pods"], port=recipe["port"], greeting=recipe["greeting"].encode()) as listeners:
        told = run(recipe, listeners)
    json.dump(told, sys.stdout)


if __name__ == "__main__":
    main()
