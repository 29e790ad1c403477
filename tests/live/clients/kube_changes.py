"""What getaddrinfo(3) finds while a Service changes, DNS is away, and the Service is gone."""

import json
import socket
import sys
import time

from tests.live import kubectl

NAME, PORTS = "shop/changing", {"http": 8080}
HOST = "changing.shop.svc.cluster.local."


def found() -> list[str] | int | None:
    try:
        return sorted({sockaddr[0] for *_, sockaddr in socket.getaddrinfo(HOST, 80, socket.AF_INET)})  # type: ignore[misc]
    except socket.gaierror as error:
        return error.errno


def until(wanted: object) -> object:
    """What is found, when it is what is waited for, or in the end."""
    deadline = time.monotonic() + 20
    while (seen := found()) != wanted and time.monotonic() < deadline:
        time.sleep(0.02)
    return seen


def main() -> None:
    first, then = {"10.244.9.1": "a"}, {"10.244.9.2": "b", "10.244.9.3": "c"}
    kubectl.headless(NAME, PORTS, first)
    told = {"first": until([*first])}
    kubectl.headless(NAME, PORTS, then)
    told["then"] = until([*then])
    with kubectl.dns_away():
        told["away"] = found()
    told["back"] = found()
    kubectl.delete("Service", *NAME.split("/"))
    told["gone"] = until(socket.EAI_NONAME)
    json.dump(told, sys.stdout)


if __name__ == "__main__":
    main()
