"""Which Services may come of custom resources."""

import pytest

from k8sresolve.testing.checks.names.makers import Makers
from k8sresolve.testing.objects.kinds import CustomResource


@pytest.mark.parametrize(
    ("kind", "namespace", "service", "expected"),
    [
        ("ServiceMonitor", "shop", "x", False),
        ("Unknown", "shop", "anything", True),
        ("Unknown", "data", "anything", False),
        ("Kafka", "shop", "x", True),
        ("Kafka", "shop", "x-kafka-bootstrap", True),
        ("Kafka", "shop", "xx", False),
        ("Kafka", "data", "x", False),
        ("Prometheus", "shop", "prometheus-operated", True),
        ("Prometheus", "data", "prometheus-operated", False),
        ("HelmRelease", "data", "anything", True),
    ],
)
def test_what_is_known_of_a_kind_tells(kind, namespace, service, expected):
    assert Makers([CustomResource("shop", "x", kind)]).may_make(namespace, service) is expected
    assert not Makers([]).may_make(namespace, service)
