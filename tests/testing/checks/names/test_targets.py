"""What names mean, by the DNS specification for Kubernetes."""

import pytest

from k8sresolve.testing.checks.names.targets import Target, target_of


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("web", Target("web", "shop")),
        ("WEB.Data", Target("web", "data")),
        ("web.data.svc", Target("web", "data", is_explicit=True)),
        ("web.data.svc.cluster.local.", Target("web", "data", is_explicit=True)),
        ("web-0.web.data", Target("web", "data", "web-0")),
        ("web-0.web.data.svc", Target("web", "data", "web-0", is_explicit=True)),
        ("_http._tcp.web.data.svc", Target("web", "data", port=("http", "TCP"), is_explicit=True)),
        ("_http._tcp.web", Target("web", "shop", port=("http", "TCP"))),
        ("svc", Target("svc", "shop")),
        ("web.svc", Target("web", "svc")),
        ("a.b.c.d", None),
        ("a.b.web.data.svc", None),
        ("web.data.svc.other.local", None),
        ("10-0-0-1.shop.pod.cluster.local", None),
        ("cluster.local", Target("cluster", "local")),
        ("x.cluster.local", None),
    ],
)
def test_a_name_means_a_service_or_nothing(name, expected):
    assert target_of(name, "shop", "cluster.local") == expected
    if expected is not None:
        assert expected.key == f"{expected.namespace}/{expected.service}"
