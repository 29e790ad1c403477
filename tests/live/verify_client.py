"""Inside a sandbox: what docs/verify runs in a pod, but for the watch. Reads what it is given; prints what it tells."""

import json
import sys

from k8sresolve import load_config
from tests.docs.verifying import load


class Kept:
    """A teller that keeps what it is told."""

    def __init__(self) -> None:
        self.lines: list[dict[str, object]] = []

    def tell(self, part: str, **found: object) -> None:
        self.lines.append({"part": part, **found})


def main() -> None:
    given, kept, in_pod = json.load(sys.stdin), Kept(), load("in_pod")
    config = load_config()
    nameserver = config.nameservers[0]
    place = str(nameserver.address), nameserver.port
    in_pod.compare(kept, given["objects"], given["namespace"], config.cluster_domain, place)
    in_pod.walk(kept, None, in_pod.hosts(given["namespace"], config.cluster_domain))
    json.dump(kept.lines, sys.stdout)


if __name__ == "__main__":
    main()
