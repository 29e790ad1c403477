import gc

import pytest

from k8sresolve.testing import Cluster
from k8sresolve.testing.collecting import uncollected

NAMESPACE = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "shop"}}


@pytest.fixture(params=[True, False])
def enabled(request):
    was = gc.isenabled()
    (gc.enable if request.param else gc.disable)()
    yield request.param
    (gc.enable if was else gc.disable)()


def test_the_collector_is_afterwards_as_it_was(enabled):
    with uncollected():
        assert not gc.isenabled()
    assert gc.isenabled() is enabled
    with pytest.raises(KeyError), uncollected():
        raise KeyError
    assert gc.isenabled() is enabled


def test_a_cluster_is_made_without_it():
    seen = []

    def objects():
        seen.append(gc.isenabled())
        yield NAMESPACE

    Cluster.from_objects(objects())
    assert seen == [False]
