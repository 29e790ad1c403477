import celery_tasks as tasks
import httpx
import pytest
from celery.exceptions import Retry

from k8sresolve import NoSuchName, ServerFailure
from k8sresolve.testing import service

PAYMENTS = service("payments.shop", http=80)


@pytest.fixture
def cluster(k8s_make_cluster, monkeypatch):
    made = k8s_make_cluster(PAYMENTS)
    tasks.session.cache_clear()
    monkeypatch.setattr(tasks, "in_loops", made.async_resolver(namespace="shop"))
    with made.resolver(namespace="shop") as resolver:
        monkeypatch.setattr(tasks, "blocking", resolver)
        yield made
    tasks.session.cache_clear()


@pytest.mark.parametrize("task", [tasks.settle, tasks.refund])
def test_a_task_finds_payments(cluster, payments, task):
    cluster.route("payments.shop", "http", to=payments)
    with cluster.patch(namespace="shop"):
        assert [task.delay(order).get() for order in (7, 8)] == [
            "order 7 is paid",
            "order 8 is paid",
        ]
    payments = "payments.shop.svc.cluster.local"
    assert cluster.queries.asked(payments, "A") == 1  # by the first of two tasks


def test_without_payments_a_task_fails(cluster):
    cluster.delete("Service", "shop/payments")
    with pytest.raises(httpx.ConnectError) as caught:
        tasks.settle.delay(7)
    assert isinstance(caught.value.__cause__, NoSuchName)


def test_while_dns_fails_a_task_is_tried_again(cluster):
    cluster.network.rcode("SERVFAIL")
    with pytest.raises(Retry) as caught:
        tasks.settle.delay(7)
    assert isinstance(caught.value.exc.__cause__, ServerFailure)
