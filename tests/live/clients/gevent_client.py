"""A monkey-patched program: the blocking `Resolver` waits in its greenlet while others go on; and `cluster.patch()`."""

from gevent import monkey

monkey.patch_all()

import json  # noqa: E402
import socket  # noqa: E402
import sys  # noqa: E402
import urllib.request  # noqa: E402

import gevent  # noqa: E402

from k8sresolve import NoSuchName, Resolver  # noqa: E402
from k8sresolve.testing import Cluster  # noqa: E402
from tests.live.clients import web  # noqa: E402

ticks: list[None] = []


def tick() -> None:
    while True:
        ticks.append(None)
        gevent.sleep(0)


def get(url: str) -> str:
    with urllib.request.urlopen(url, timeout=5) as reply:
        return str(reply.read().decode())


def main() -> None:
    ticker = gevent.spawn(tick)
    with Resolver() as resolver:
        before = len(ticks)
        service = resolver.service("payments", ports=["http"])
        after = len(ticks)
        names = ["payments", "web", "cassandra.data", "nope"] * 5
        greenlets = [gevent.spawn(addresses, resolver, name) for name in names]
        gevent.joinall(greenlets)
    # What follows waits for threads of gevent's, which a busy greenlet would let run now and then only.
    ticker.kill()
    told = {
        "addresses": [str(address) for address in service.addresses],
        "port": service.ports[0].number,
        "ticks while it waited": after - before,
        "together": dict(zip(names, [greenlet.value for greenlet in greenlets], strict=True)),
        "getaddrinfo": socket.getaddrinfo("payments", 80, socket.AF_INET, socket.SOCK_STREAM)[0][4],
        "page": get("http://payments/"),
    }
    cluster = Cluster.from_manifests(*sys.argv[1:])
    with web.stand_in() as port:
        cluster.route("payments.shop", "http", to=("127.0.0.1", port))
        with cluster.patch(namespace="shop"):
            told["page within patch"] = get("http://payments/")
    json.dump(told, sys.stdout)


def addresses(resolver: Resolver, name: str) -> list[str] | str:
    try:
        return sorted(str(address) for address in resolver.service(name, fresh=True).addresses)
    except NoSuchName as error:
        return type(error).__name__


if __name__ == "__main__":
    main()
