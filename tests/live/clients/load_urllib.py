"""A client of the standard library under load: a connection for each request, or a name looked up once and for all."""

import json
import socket
import urllib.request
from urllib.parse import urlsplit, urlunsplit

from tests.live import load


def get(url: str) -> str:
    with urllib.request.urlopen(url, timeout=5) as reply:
        return str(json.load(reply)["pod"])


def main() -> None:
    url = load.plan["url"]
    if load.plan.get("pinned"):
        parts = urlsplit(url)
        address = socket.gethostbyname(parts.hostname or "")
        url = urlunsplit(parts._replace(netloc=f"{address}:{parts.port or 80}"))
    load.drive(lambda: get(url))


if __name__ == "__main__":
    main()
