"""What is remembered takes about as much memory as it is counted for: see tracemalloc(3)."""

import sys
import tracemalloc

import pytest

from tests.core.world import headless, ipv4_cluster, pods
from tests.memory import in_use

# Fewer might be made of what the interpreter keeps of objects that are no more, which tracemalloc(3) does not count.
COPIES = 200
CALLS = {
    "addresses": lambda r, n: r.addresses(f"many-{n}.data"),
    "service": lambda r, n: r.service(f"many-{n}.data", ports=["http"]),
    "port": lambda r, n: r.port(f"many-{n}.data", "http"),
    "endpoints": lambda r, n: r.endpoints(f"many-{n}.data", "http"),
    "lookup": lambda r, n: r.lookup(f"many-{n}.data.svc.cluster.local.", "A"),
    "reverse": lambda r, n: r.reverse(f"10.99.{n}.1"),
    "pod": lambda r, n: r.pod(f"10.99.{n}.1", "data"),
}


@pytest.mark.parametrize("times", [1, 2], ids=["answers", "answers and result"])
@pytest.mark.parametrize("count", [1, 10])
@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
def test_f9_what_a_call_leaves_is_estimated_to_a_tenth(call, count, times):
    cluster = ipv4_cluster(
        *(headless(f"data/many-{n}", "http 80 TCP") for n in range(COPIES)),
        *(
            pods(f"data/many-{n}", *(f"10.99.{n}.{k} pod-{k}" for k in range(1, count + 1)), ports=["http 80"])
            for n in range(COPIES)
        ),
    )
    with cluster.resolver(namespace="shop", family="ipv4") as resolver:
        for n in range(COPIES):
            call(resolver, n)  # what is made only once is made now, plans of names among it
        resolver.forget()
        kept = resolver._line.cache
        in_use()  # names of Services that were read, too, are a program's own
        tracemalloc.start()
        try:
            for n in range(COPIES):
                for _ in range(times):
                    call(resolver, n)
            cluster.queries.clear()
            before = in_use()
            told = kept.octets
            resolver.forget()
            # The dictionary stays as large as it was.
            taken = before - in_use() + sys.getsizeof(kept._kept)
        finally:
            tracemalloc.stop()
    assert 0.9 * taken <= told <= 1.1 * taken, (told / COPIES, taken / COPIES)
