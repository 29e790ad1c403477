import pytest
from starlette.testclient import TestClient
from starlette_shop import make_app

from k8sresolve.testing import service

PAYMENTS = service("payments.shop", http=80)


@pytest.fixture
def cluster(k8s_make_cluster):
    return k8s_make_cluster(PAYMENTS)


@pytest.fixture
def api(cluster):
    with TestClient(make_app(cluster.async_resolver(namespace="shop"))) as client:
        yield client


def test_it_finds_the_port(api):
    assert api.get("/payments").json() == {
        "host": "payments.shop.svc.cluster.local",
        "port": 80,
    }


def test_without_payments_it_is_404(api, cluster):
    cluster.delete("Service", "shop/payments")
    assert api.get("/payments").status_code == 404


def test_while_dns_fails_it_is_503(api, cluster):
    cluster.network.rcode("SERVFAIL")
    assert api.get("/payments").status_code == 503
