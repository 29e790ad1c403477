"""What threads share, where they run at the same time: without the GIL, up to a tenth of these counts was lost."""

import threading

import pytest

from k8sresolve.testing import Cluster

_TIMES = 10_000


@pytest.mark.parametrize("_", range(5))  # each loses some, about every second time, where the lock is left out
def test_recalls_of_eight_threads_are_all_counted(_):
    with Cluster.from_manifests("docs/examples/shop.yaml").resolver(namespace="shop") as resolver:
        resolver.addresses("payments")
        each = resolver.stats().questions
        gate = threading.Barrier(8)

        def work():
            gate.wait(60)
            for _ in range(_TIMES):
                resolver.addresses("payments")

        threads = [threading.Thread(target=work) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert resolver.stats().questions == each * (1 + 8 * _TIMES)
