import pytest
from fastapi.testclient import TestClient
from fastapi_shop import make_app

from k8sresolve.testing import service

PAYMENTS = service("payments.shop", http=80)


@pytest.fixture
def cluster(k8s_make_cluster):
    return k8s_make_cluster(PAYMENTS)


@pytest.fixture
def api(cluster):
    with TestClient(make_app(cluster.async_resolver(namespace="shop"))) as client:
        yield client


def test_it_finds_payments(api, cluster):
    with cluster.resolver(namespace="shop") as resolver:
        assert api.get("/payments").json() == [
            str(resolver.service("payments").addresses[0])
        ]


def test_an_order_is_paid(api, cluster, payments):
    cluster.route("payments.shop", "http", to=payments)
    with cluster.patch(namespace="shop"):
        assert api.post("/orders/7/payment").json() == "order 7 is paid"


@pytest.mark.parametrize(
    ("method", "url"), [("GET", "/payments"), ("POST", "/orders/7/payment")]
)
def test_without_payments_it_is_404(api, cluster, method, url):
    cluster.delete("Service", "shop/payments")
    assert api.request(method, url).status_code == 404


@pytest.mark.parametrize(
    ("method", "url"), [("GET", "/payments"), ("POST", "/orders/7/payment")]
)
def test_while_dns_fails_it_is_503(api, cluster, method, url):
    cluster.network.rcode("SERVFAIL")
    reply = api.request(method, url)
    assert (reply.status_code, reply.headers["Retry-After"]) == (503, "1")
