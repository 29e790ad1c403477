import pytest
from app import look

pytestmark = pytest.mark.k8s_manifests("app.yaml", namespace="shop")


def test_payments_are_found(k8s_resolver):
    found = "payments.shop.svc.cluster.local: http/tcp 80"
    assert look(k8s_resolver) == (200, found)


def test_where_there_are_none_it_is_404(k8s_resolver, k8s_cluster):
    k8s_cluster.delete("Service", "shop/payments")
    assert look(k8s_resolver) == (404, "no port 'http' (tcp)")


def test_where_dns_fails_it_is_503(k8s_resolver, k8s_cluster):
    k8s_cluster.network.rcode("SERVFAIL")
    assert look(k8s_resolver) == (503, "the nameserver failed (SERVFAIL)")
