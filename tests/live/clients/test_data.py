"""Databases and queues: the adapters with the real clients and servers, on a cluster that changes."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.live.kube import Kube

pytestmark = pytest.mark.live
CLIENTS = "tests.live.clients"
WRITER, STANDBY = "10.244.242.1", "10.244.242.2"


@pytest.fixture(scope="module")
def spare(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kube]:
    """A cluster of our own, whose servers are lost in the end."""
    with Kube(tmp_path_factory.mktemp("spare")) as made:
        yield made


# SQLAlchemy.

DRIVERS = ("psycopg", "psycopg2", "psycopg, asyncio", "asyncpg")


@pytest.fixture(scope="module")
def sqlalchemy(spare: Kube) -> Any:
    spare.part("postgresql")
    return spare.run(f"{CLIENTS}.sqlalchemy_client", str(spare.authority.certificate), timeout=300)


@pytest.mark.parametrize("driver", DRIVERS)
def test_sqlalchemy_connects_to_the_service_and_verifies_its_or_the_pods_name(sqlalchemy: Any, driver: str) -> None:
    told = sqlalchemy["cases"][driver]
    for case in ("address", "port's name", "writer of two", "verified service", "verified pod", "back"):
        assert told[case] == [WRITER, True], case
    assert told["standby"] == [STANDBY, False]
    assert told["two"] == ["ConfigError", True]
    for case in ("wrong pod", "wrong service"):
        assert "other" in told[case], case
        assert "certificate" in told[case], case
    assert told["missing"] == ["NoSuchName", True]
    assert told["no such port"] == ["NoSuchName", True]
    assert told["away at start"] == ["LookupTimeout", True]


@pytest.mark.parametrize("driver", DRIVERS)
@pytest.mark.parametrize("name", ["db-rw.data", "db-lead.data"])
def test_engines_go_on_after_a_failover_with_the_new_writer(sqlalchemy: Any, driver: str, name: str) -> None:
    told, engine = sqlalchemy["failover"], f"{driver} {name}"
    assert told["before"][engine] == [WRITER, True]
    assert WRITER not in told["lost"][engine][:1]
    assert told["after"][engine] == [STANDBY, True]
    assert told["away"][engine] == [STANDBY, True]


# redis-py.

KINDS = ("blocking", "asyncio")
MASTER, REPLICA = "10.244.243.1", "10.244.243.2"


@pytest.fixture(scope="module")
def redis(spare: Kube) -> Any:
    spare.part("redis")
    return spare.run(f"{CLIENTS}.redis_client", str(spare.authority.certificate), timeout=300)


@pytest.mark.parametrize("kind", KINDS)
def test_redis_py_connects_to_the_service_and_verifies_its_or_the_pods_name(redis: Any, kind: str) -> None:
    told = redis["cases"][kind]
    for case in ("address", "SRV host", "verified service", "back", "away in between"):
        assert told[case] == f"master {MASTER}", case
    assert told["pod"] == f"slave {REPLICA}"
    assert told["verified pod"] in (f"master {MASTER}", f"slave {REPLICA}")
    for case in ("wrong pod", "wrong service"):
        assert told[case].startswith("ConnectionError: "), case
        assert "certificate" in told[case], case
    assert told["missing"] == ["NoSuchName", True]
    assert told["no such port"] == ["NoSuchName", True]
    assert told["away"] == ["LookupTimeout", True]


@pytest.mark.parametrize("kind", KINDS)
def test_a_redis_pod_that_is_replaced_is_found_while_its_old_one_is_not_tried(redis: Any, kind: str) -> None:
    told = redis["replaced"]
    assert told["before"][kind] == "master 10.244.7.1"
    assert told["after"][kind] == "master 10.244.7.2"
    assert told["away"][kind].startswith("ConnectionError: ")
    assert told["again"][kind] == "master 10.244.7.2"


@pytest.mark.parametrize("kind", KINDS)
def test_sentinels_tell_of_the_new_master_after_a_failover(redis: Any, kind: str) -> None:
    assert redis["failover"]["before"][kind] == MASTER
    assert redis["failover"]["after"][kind] == REPLICA


# kombu and Celery.

ADDRESS, BROKER, ANOTHER = "10.96.244.1", "10.244.244.1", "10.244.8.2"


@pytest.fixture(scope="module")
def kombu(spare: Kube) -> Any:
    spare.part("rabbitmq")
    return spare.run(f"{CLIENTS}.kombu_client", timeout=300)


def test_kombu_connects_to_the_service_when_its_url_fails(kombu: Any) -> None:
    assert kombu["headless"] == BROKER
    assert kombu["address"] == kombu["back"] == ADDRESS


def test_kombu_goes_on_and_we_say_why_there_is_no_server(kombu: Any) -> None:
    assert "there is no Service 'nope'" in kombu["missing"][0]
    assert "has no port 'sql'" in kombu["no such port"][0]
    assert "no answer in time" in kombu["away"][0]
    assert kombu["no name"].startswith("OperationalError: a..b: ")


def test_kombu_finds_the_broker_in_place_of_the_one_that_is_gone(kombu: Any) -> None:
    told = kombu["replaced"]
    assert told["before"] == BROKER
    assert told["after"] == ANOTHER
    assert told["away in between"] == f"amqp://guest:guest@{ANOTHER}:5672//"


def test_a_celery_worker_goes_on_with_the_new_broker(kombu: Any) -> None:
    assert kombu["replaced"]["first"] == ["first"]
    assert kombu["replaced"]["then"] == ["first", "then"]
