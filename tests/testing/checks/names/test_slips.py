"""Plain slips, and names of one family."""

import pytest

from k8sresolve.testing.checks.names.slips import is_akin, is_plain_slip, plain_slip, swapped_letters


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


@pytest.mark.parametrize(
    ("name", "meant"),
    [("postgres-operator-iu", "postgres-operator-ui"), ("optsgres-x", "potsgres-x"), ("usre-db", "user-db")],
)
def test_two_swapped_letters_are_a_slip_in_any_word_of_a_long_name(name, meant):
    assert swapped_letters(name, [meant, "web"]) == meant
    assert swapped_letters(meant, [name, "web"]) == name


@pytest.mark.parametrize(
    ("name", "other"),
    [
        ("bd", "db"),
        ("a-1b", "a-b1"),
        ("node-12", "node-21"),
        ("orders", "orders"),
        ("order-s", "orders-"),
        ("abcdef", "badcfe"),
    ],
)
def test_other_names_of_the_same_letters_are_none(name, other):
    assert swapped_letters(name, [other]) == ""


def test_of_several_names_that_may_be_meant_none_is():
    assert swapped_letters("abcdefg", ["bacdefg", "acbdefg"]) == ""


@pytest.mark.parametrize(
    ("name", "other", "akin"),
    [
        ("rabbit", "rabbitmq", True),
        ("redis", "redis-cart", True),
        ("db", "shop-db", True),
        ("pg-operator-ui", "postgres-operator-ui", True),
        ("dbx", "dbxy", False),
        ("orders-db", "users-db", False),
        ("redis-master", "redis", False),
        ("mysql-read", "mysql", False),
        ("kafka-1", "kafka", False),
        ("cart", "catalogue", False),
    ],
)
def test_names_of_one_thing(name, other, akin):
    assert is_akin(name, other) is is_akin(other, name) is akin
