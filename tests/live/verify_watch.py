"""Inside a `Kube`: the watch of docs/verify in a roll-out, whose steps come when the watch knows the one before.

Prints what it tells, and the addresses before and after.
"""

import asyncio
import json
import sys

from tests.docs.verifying import load
from tests.live import kubectl

OLD, NEW = ([f"10.244.{side}.{number}" for number in (1, 2, 3)] for side in (1, 2))
# One more than there are to be, and never one less.
STEPS = [[*OLD[gone:], *NEW[:come]] for gone, come in ((0, 0), (0, 1), (1, 1), (1, 2), (2, 2), (2, 3), (3, 3))]


class Rolling:
    """A teller that keeps what it is told, and goes a step on when a step is known."""

    def __init__(self) -> None:
        self.lines: list[dict[str, object]] = []
        self._steps = iter(STEPS)
        self.step()

    def step(self) -> None:
        self._there = next(self._steps, None)
        if self._there is not None:
            pods = {address: f"peer-{address.replace('.', '-')}" for address in self._there}
            kubectl.headless("shop/peers", {"http": 8080}, pods)

    def tell(self, part: str, **found: object) -> None:
        self.lines.append({"part": part, **found})
        if part == "watching" or (part == "change" and found["current"] == self._there):
            self.step()


def main() -> None:
    rolling, in_pod = Rolling(), load("in_pod")
    asyncio.run(in_pod.follow(rolling, None, len(OLD), interval=(0.5, 5.0)))
    json.dump({"told": rolling.lines, "pods": {"before": OLD, "after": NEW}}, sys.stdout)


if __name__ == "__main__":
    main()
