"""The Services of `certified.py` in the namespace `shop`, by Python's TLS. Run with the authority's folder."""

import asyncio
import os
import sys
from pathlib import Path

from tests.live.parts.certified import declare
from tests.live.parts.web import Pod


async def main() -> None:
    pods = [Pod(spec) for spec in declare(Path(sys.argv[1]), "shop", 240)]
    for pod in pods:
        await pod.listen()
    os.write(1, b"https serves")
    await pods[0].gone()


if __name__ == "__main__":
    asyncio.run(main())
