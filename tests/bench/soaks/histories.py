"""Histories of a Service, followed by watches in virtual time: each promise of a watch holds.

Hypothesis makes them from the seed, in batches that both cores take. One that breaks a promise is made as small as can
be, and printed: it is a value, which a test can play again.
"""

import os
import time
from collections.abc import Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from itertools import count as numbers
from itertools import islice
from multiprocessing import get_context
from typing import NamedTuple

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import seed as seeded

from k8sresolve.testing.histories import History, histories
from tests.bench.soaks import keeping
from tests.bench.soaks.keeping import Books
from tests.testing.histories.following import CACHES, PORTS, follow, promises

COUNT = 100_000  # changes
EXAMPLES = 20  # histories in a batch
CHANGES = 1500  # about as many are in one
STEP = 2.0  # seconds between two looks at what a watch has published


class Batch(NamedTuple):
    """What came of a batch of histories: how often something happened and was asked, and what is broken."""

    changes: int
    polls: int
    histories: int
    broken: str


def soak(count: int, seed: int) -> int:
    """Follow histories of so many changes by watches: no delete is lost, no flap, nothing that no answer said."""
    began, books = time.monotonic(), Books()
    changes = polls = lived = 0
    with ProcessPoolExecutor(mp_context=get_context("spawn")) as pool:
        for batch in _in_order(pool, seed, min(1 + count // CHANGES, 2 * (os.cpu_count() or 1))):
            changes, polls, lived = changes + batch.changes, polls + batch.polls, lived + batch.histories
            books.counted["right"] += batch.histories
            if batch.broken:
                print(batch.broken, flush=True)
                books.miss(batch.broken)
            if changes >= count:
                break
        pool.shutdown(cancel_futures=True)
    figures = f"{changes:,} changes in {lived:,} histories, {polls:,} polls, {books.counted['wrong']} violations"
    return keeping.close("histories", seed, began, figures, books)


def _in_order(pool: ProcessPoolExecutor, seed: int, ahead: int) -> Iterator[Batch]:
    """Batch after batch, with so many under way, so that what they come to depends on the seed alone."""
    jobs = (pool.submit(_live, 1_000_000 * seed + number) for number in numbers())
    waiting: list[Future[Batch]] = list(islice(jobs, ahead))
    while True:
        yield waiting.pop(0).result()
        waiting.append(next(jobs))


def _live(number: int) -> Batch:
    caches, port = CACHES[number % 2], PORTS[number // 2 % 2]
    changes = polls = lived = 0

    @seeded(number)
    @settings(
        max_examples=EXAMPLES,
        database=None,
        deadline=None,
        derandomize=False,
        print_blob=False,
        phases=[Phase.generate, Phase.shrink],
        suppress_health_check=list(HealthCheck),
    )
    @given(histories(least=20, most=60))
    def live(history: History) -> None:
        nonlocal changes, polls, lived
        play, cluster = follow(history, caches, port, STEP)
        changes, polls, lived = changes + len(history.events), polls + len(cluster.queries), lived + 1
        play.check(promises(caches, STEP))

    try:
        live()
    except AssertionError as error:
        return Batch(changes, polls, lived, "\n".join([f"batch {number}: {error}", *getattr(error, "__notes__", ())]))
    return Batch(changes, polls, lived, "")
