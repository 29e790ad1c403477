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
