import pytest
from flask_shop import make_app

from k8sresolve.testing import service

PAYMENTS = service("payments.shop", http=80)


@pytest.fixture
def cluster(k8s_make_cluster):
    return k8s_make_cluster(PAYMENTS)


@pytest.fixture
def site(cluster):
    with cluster.resolver(namespace="shop") as resolver:
        yield make_app(resolver).test_client()


def test_an_order_is_paid(site, cluster, payments):
    cluster.route("payments.shop", "http", to=payments)
    with cluster.patch(namespace="shop"):
        assert site.post("/orders/7/payment").text == "order 7 is paid"


def test_without_payments_it_is_404(site, cluster):
    cluster.delete("Service", "shop/payments")
    assert site.post("/orders/7/payment").status_code == 404


def test_while_dns_fails_it_is_503(site, cluster):
    cluster.network.rcode("SERVFAIL")
    reply = site.post("/orders/7/payment")
    assert (reply.status_code, reply.headers["Retry-After"]) == (503, "1")
