"""kombu: after a failed connect, the next one goes to a server that the Service has then."""

import logging

import pytest
from kombu import Connection
from kombu.exceptions import OperationalError

from k8sresolve import ConfigError, InvalidName
from k8sresolve.contrib.kombu import failover_strategy
from tests.contrib.loopback import cluster_of, listening, service

FIRST, SECOND, VIRTUAL = "127.0.14.1", "127.0.14.2", "127.0.14.9"
NOBODY = "127.0.14.254"
PROTOCOL_HEADER = b"AMQP\x00\x00\x09\x01"  # AMQP 0-9-1, section 2.2.4


@pytest.fixture
def servers():
    """Listeners that read what comes first and hang up, as no RabbitMQ would."""
    with listening(FIRST, SECOND, VIRTUAL) as made:
        yield made


@pytest.fixture
def cluster(servers):
    return cluster_of(
        service("rabbit", [FIRST, SECOND], servers.port, port_name="amqp"),
        service("rabbit-rw", [FIRST], servers.port, cluster_ip=VIRTUAL, port_name="amqp"),
    )


def connect(strategy, servers, *, times=2, url=f"amqp://guest:secret@{NOBODY}:1//"):
    """Try so often; gives where the connections went, and the error."""
    connection = Connection([url], failover_strategy=strategy)
    with pytest.raises(OperationalError) as caught:
        connection.ensure_connection(max_retries=times, interval_start=0, interval_step=0)
    return [address for address, _ in servers.all_seen()], caught.value


def urls(cluster, *args, given="amqp://guest:secret@rabbit.data//"):
    return failover_strategy(*args, resolver=cluster.resolver())([given])


@pytest.mark.parametrize("port", ["amqp", "number"])
def test_after_the_url_itself_each_server_of_the_service_is_tried(servers, cluster, port):
    strategy = failover_strategy("rabbit.data", servers.port if port == "number" else port, resolver=cluster.resolver())
    seen, _ = connect(strategy, servers, times=2)
    assert {*seen} == {FIRST, SECOND}


def test_a_cluster_ip_is_one_server(servers, cluster):
    strategy = failover_strategy("rabbit-rw.data", "amqp", resolver=cluster.resolver())
    connection = Connection([f"amqp://{NOBODY}:1"], failover_strategy=strategy)
    with pytest.raises(OperationalError):
        connection.ensure_connection(max_retries=2, interval_start=0, interval_step=0)
    assert {*servers.all_seen()} == {(VIRTUAL, PROTOCOL_HEADER)}


def test_a_url_keeps_all_but_host_and_port(cluster, servers):
    given = "amqp://user:p%40ss@rabbit.data:5672/vhost?heartbeat=10"
    at = urls(cluster, "rabbit-rw.data", "amqp", given=given)
    assert [next(at), next(at)] == [given, f"amqp://user:p%40ss@{VIRTUAL}:{servers.port}/vhost?heartbeat=10"]


@pytest.mark.parametrize("scheme", ["amqps", "rediss"])
def test_where_tls_may_verify_the_host_it_is_the_pods_name_or_the_services(cluster, servers, scheme):
    at = urls(cluster, "rabbit.data", "amqp", given=f"{scheme}://rabbit.data")
    next(at)
    assert {next(at), next(at)} == {
        f"{scheme}://rabbit-{number}.rabbit.data.svc.cluster.local:{servers.port}" for number in (0, 1)
    }
    at = urls(cluster, "rabbit-rw.data", "amqp", given=f"{scheme}://rabbit-rw.data")
    next(at)
    assert next(at) == f"{scheme}://rabbit-rw.data:{servers.port}"


def test_an_ipv6_address_is_in_brackets(cluster):
    slices = service("six", ["fd00:10:244::7"], 5672, port_name="amqp", hostnames=False)
    slices[1]["addressType"] = "IPv6"
    cluster.apply(slices)
    at = failover_strategy("six.data", "amqp", resolver=cluster.resolver(family="both"))(["amqp://guest@six.data//"])
    next(at)
    assert next(at) == "amqp://guest@[fd00:10:244::7]:5672//"


def test_each_time_it_is_a_server_that_is_there_then(cluster, servers):
    at = urls(cluster, "rabbit.data", "amqp")
    next(at)
    before = {next(at), next(at)}
    assert before == {f"amqp://guest:secret@{address}:{servers.port}//" for address in (FIRST, SECOND)}
    cluster.apply(service("rabbit", [VIRTUAL], servers.port, port_name="amqp"))
    assert [next(at), next(at)] == [f"amqp://guest:secret@{VIRTUAL}:{servers.port}//"] * 2


def test_a_round_takes_each_server_once(cluster):
    at = urls(cluster, "rabbit.data", "amqp")
    next(at)
    for _ in range(20):
        assert next(at) != next(at)


def test_while_dns_is_away_it_is_where_the_service_was(cluster, servers, caplog):
    caplog.set_level(logging.WARNING, "k8sresolve")
    at = urls(cluster, "rabbit-rw.data", "amqp")
    next(at)
    with cluster.network.rcode("SERVFAIL"):
        assert next(at) == "amqp://guest:secret@rabbit.data//"
    assert "rabbit-rw.data: the nameserver failed (SERVFAIL)" in caplog.text
    caplog.clear()
    assert VIRTUAL in next(at)
    cluster.clock.advance(3600)
    with cluster.network.drop():
        assert VIRTUAL in next(at)
    assert caplog.text == ""


@pytest.mark.parametrize(
    ("name", "port", "says"),
    [
        ("nope.data", "amqp", "there is no Service 'nope'"),
        ("rabbit.data", "sql", "the Service has no port 'sql'"),
        ("rabbit.data", 1, "the Service has no port 1"),
    ],
)
def test_what_is_not_there_yet_is_told_while_the_url_is_tried_again(cluster, servers, caplog, name, port, says):
    caplog.set_level(logging.WARNING, "k8sresolve")
    url = f"amqp://guest@{SECOND}:{servers.port}//"
    seen, _ = connect(failover_strategy(name, port, resolver=cluster.resolver()), servers, times=1, url=url)
    assert {*seen} == {SECOND}
    assert says in caplog.text
    assert "secret" not in caplog.text


@pytest.mark.parametrize(("port", "cause"), [("amqp!", InvalidName), (0, InvalidName)])
def test_what_is_no_name_or_port_is_kombus_error(cluster, servers, port, cause):
    strategy = failover_strategy("rabbit.data", port, resolver=cluster.resolver())
    _, error = connect(strategy, servers)
    assert isinstance(error.__cause__, cause)
    assert str(error.__cause__) == str(error)


def test_it_is_so_each_time_that_kombu_asks(cluster):
    at = urls(cluster, "rabbit.data", "amqp!")
    next(at)
    for _ in range(2):
        with pytest.raises(OperationalError, match="is no port name"):
            next(at)


def test_a_host_in_a_urls_place_is_refused_as_the_connection_is_made(cluster):
    with pytest.raises(ConfigError, match=r"rabbit\.data.* is no URL"):
        Connection(["rabbit.data"], failover_strategy=failover_strategy("rabbit.data", "amqp"))


def test_disabled_is_kombus_own_round(cluster, servers, monkeypatch):
    monkeypatch.setenv("K8SRESOLVE_DISABLE", "1")
    at = failover_strategy("rabbit.data", "amqp", resolver=cluster.resolver())(["amqp://a", "amqp://b"])
    assert [next(at) for _ in range(3)] == ["amqp://a", "amqp://b", "amqp://a"]
    assert len(cluster.queries) == 0


def test_a_resolver_of_another_kind_is_refused_at_once(cluster):
    with pytest.raises(ConfigError, match="is no Resolver"):
        failover_strategy("rabbit.data", "amqp", resolver=cluster.async_resolver())
