"""requests within `cluster.patch()`, and a route to a local server."""

import json
import sys

import requests

from k8sresolve.testing import Cluster
from tests.live.clients import web


def get(url: str) -> str:
    try:
        return requests.get(url, timeout=5).text
    except requests.ConnectionError as error:
        return type(error.args[0].reason).__name__


def main() -> None:
    cluster = Cluster.from_manifests(*sys.argv[1:])
    with web.stand_in() as port:
        cluster.route("payments.shop", "http", to=("127.0.0.1", port))
        with cluster.patch(namespace="shop"):
            told = {url: get(url) for url in ("http://payments/", "http://nope/", "http://payments:9090/")}
    told["asked"] = cluster.queries.asked("payments.shop.svc.cluster.local", "A")
    json.dump(told, sys.stdout)


if __name__ == "__main__":
    main()
