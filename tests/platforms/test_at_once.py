"""What threads share, where they run at the same time: on a build without the GIL a tenth of the counts was lost here."""

import threading

from k8sresolve.testing import Cluster

_TIMES = 2000


def test_recalls_of_eight_threads_are_all_counted():
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
