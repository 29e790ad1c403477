"""What a client module is driven by, inside a `Kube` under load: `plan`, then `drive` or `drive_async`.

    async def main() -> None:
        async with httpx.AsyncClient() as client:

            async def get() -> str:  # the name of the pod that answered
                return (await client.get(load.plan["url"])).json()["pod"]

            await load.drive_async(get)

Every request is a line on standard output, whatever becomes of it; the load ends when standard input does.
"""

import asyncio
import json
import sys
import threading
import time
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

WORKERS = 4
PAUSE = 0.02  # seconds between a worker's requests

plan: dict[str, Any] = json.loads(sys.stdin.readline())
_over = threading.Event()
_lock = threading.Lock()


def _wait() -> None:
    sys.stdin.read()
    _over.set()


threading.Thread(target=_wait, daemon=True).start()


def over() -> bool:
    """Whether the load has ended."""
    return _over.is_set()


def record(start: float, pod: str | None, error: str | None = None) -> None:
    """Tell of one request that began at `start`, of `time.monotonic()`, and ends now."""
    with _lock:
        sys.stdout.write(json.dumps([start, time.monotonic(), pod, error]) + "\n")
        sys.stdout.flush()


def _failed(start: float, error: Exception) -> None:
    record(start, None, f"{type(error).__name__}: {error}")


def drive(request: Callable[[], str], workers: int = WORKERS, pause: float = PAUSE) -> None:
    """Make requests from several threads until the load ends."""

    def work() -> None:
        while not over():
            start = time.monotonic()
            try:
                record(start, request())
            except Exception as error:  # noqa: BLE001 - any failure is one of the client's
                _failed(start, error)
            time.sleep(pause)

    with ThreadPoolExecutor(workers) as threads:
        for done in [threads.submit(work) for _ in range(workers)]:
            done.result()


async def drive_async(request: Callable[[], Awaitable[str]], workers: int = WORKERS, pause: float = PAUSE) -> None:
    """Make requests from several tasks of asyncio until the load ends."""

    async def work() -> None:
        while not over():
            start = time.monotonic()
            try:
                record(start, await request())
            except Exception as error:  # noqa: BLE001 - any failure is one of the client's
                _failed(start, error)
            await asyncio.sleep(pause)

    async with asyncio.TaskGroup() as tasks:
        for _ in range(workers):
            tasks.create_task(work())
