"""How a program in a pod finds a host, told by the name that answered."""

import pytest

from k8sresolve.testing import Cluster
from k8sresolve.testing.programs.asking import ask
from tests.testing.checks.objects import deployment, headless, namespace, service, stateful

OBJECTS = [
    namespace("shop"),
    service(),
    deployment(),
    headless("db"),
    stateful(serviceName="db"),
    {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "a", "namespace": "shop"},
        "spec": {"containers": [], "hostAliases": [{"ip": "192.0.2.1", "hostnames": ["alias"]}]},
    },
]


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("web", "web.shop.svc.cluster.local."),
        ("web.shop", "web.shop.svc.cluster.local."),
        ("db-0.db", "db-0.db.shop.svc.cluster.local."),
        ("_http._tcp.web.shop.svc.cluster.local", "_http._tcp.web.shop.svc.cluster.local."),
        ("nobody", None),
        ("_sql._tcp.web.shop.svc.cluster.local", None),
        ("alias", ""),
        ("localhost", ""),
        ("a" * 64, ""),
    ],
)
def test_the_name_that_answers_is_told(host, expected):
    cluster = Cluster.from_objects(OBJECTS)
    assert ask(cluster._place(None, None, "shop/a"), cluster.clock, host) == expected


def test_where_nobody_answers_nothing_is_known():
    cluster = Cluster.from_objects(OBJECTS)
    cluster.network.drop()
    assert ask(cluster._place(None, None, "shop/a"), cluster.clock, "web") == ""
