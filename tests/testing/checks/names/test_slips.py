"""Plain slips, and names of one family."""

import pytest

from k8sresolve.testing.checks.names.slips import is_plain_slip, plain_slip


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("cartservcie", "cartservice"),
        ("cartservce", "cartservice"),
        ("cartsservice", "cartservice"),
        ("cartservike", "cartservice"),
        ("front-end", "frontend"),
        ("rabbitmq", "rabbit-mq"),
        ("order_service", "order-service"),
        ("accounts-dbb", "accounts-db"),
        ("casandra", "cassandra"),
        ("fake-team-api", "fake-teams-api"),
        ("redis-1-mastre", "redis-1-master"),
    ],
)
def test_a_plain_slip_is_one_either_way(name, meant):
    assert is_plain_slip(name, meant)
    assert is_plain_slip(meant, name)


@pytest.mark.parametrize(
    ("name", "other"),
    [
        ("cartservice", "cartservice"),
        ("reviews-v4", "reviews-v3"),
        ("redis1", "redis"),
        ("node-1-1", "node-11"),
        ("cluster-rw", "cluster-ro"),
        ("service-a", "service-b"),
        ("selenium-grid-hub", "selenium-hub"),
        ("mail-server", "main-server"),
        ("auth-proxy", "oauth-proxy"),
        ("web-http", "web-https"),
        ("web", "wep"),
        ("reader-db", "leader-db"),
        ("cartservcie-db", "cartservice-bd"),
        ("frontend", "backend"),
    ],
)
def test_what_may_be_two_names_is_no_plain_slip(name, other):
    assert not is_plain_slip(name, other)
    assert not is_plain_slip(other, name)


def test_of_two_that_may_be_meant_none_is():
    assert plain_slip("order", ["orders", "web"]) == "orders"
    assert plain_slip("orderss", ["orders", "order-ss"]) == ""
