"""SQLAlchemy: each new connection of an engine goes to where its Service is then."""

import asyncio
from ssl import create_default_context

import psycopg
import pytest
import sqlalchemy
from asyncpg.connect_utils import SSLMode
from sqlalchemy import create_engine
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from k8sresolve import ConfigError, InvalidName, NoData, NoSuchName, TemporaryFailure
from k8sresolve.contrib.sqlalchemy import follow
from tests.contrib.loopback import cluster_of, listening, service

FIRST, SECOND, VIRTUAL = "127.0.14.1", "127.0.14.2", "127.0.14.9"
SSL_REQUEST = bytes.fromhex("0000000804d2162f")  # PostgreSQL, "Message Formats": SSLRequest
# Where nobody listens: what the URL says is not used.
ELSEWHERE = "app@127.0.14.254:1/orders"
URL = f"postgresql+psycopg://{ELSEWHERE}"
ASYNCPG = f"postgresql+asyncpg://{ELSEWHERE}"


@pytest.fixture
def servers():
    """Listeners that read what comes first and hang up, as no PostgreSQL would."""
    with listening(FIRST, SECOND, VIRTUAL) as made:
        yield made


def connect(engine):
    """Connect, which fails as nobody there is a PostgreSQL; gives the error."""
    with pytest.raises(DBAPIError) as caught:
        engine.connect()
    engine.dispose()
    return caught.value


def connect_async(cluster, url, *args, **options):
    """The same of an asynchronous engine, in a loop of its own."""

    async def main():
        engine = follow(create_async_engine(url, **options), *args, resolver=cluster.async_resolver(namespace="shop"))
        with pytest.raises((DBAPIError, OSError)) as caught:
            async with engine.connect():
                pass
        await engine.dispose()
        return caught.value

    return asyncio.run(main())


def addresses(servers):
    return [address for address, _ in servers.all_seen()]


@pytest.fixture
def db(servers):
    return cluster_of(
        service("db", [FIRST], servers.port), service("db-rw", [FIRST, SECOND], servers.port, cluster_ip=VIRTUAL)
    )


@pytest.mark.parametrize("port", ["main", "number"])
@pytest.mark.parametrize(("name", "address"), [("db.data", FIRST), ("data/db", FIRST), ("db-rw.data", VIRTUAL)])
def test_a_connection_goes_to_the_service(servers, db, name, port, address):
    engine = create_engine(URL)
    assert follow(engine, name, servers.port if port == "number" else port, resolver=db.resolver()) is engine
    connect(engine)
    assert servers.all_seen()[0] == (address, SSL_REQUEST)


@pytest.mark.parametrize("url", [URL, ASYNCPG])
@pytest.mark.parametrize(("name", "address"), [("db.data", FIRST), ("db-rw.data", VIRTUAL)])
def test_so_does_one_of_an_asynchronous_engine(servers, db, url, name, address):
    connect_async(db, url, name, "main")
    assert servers.all_seen()[0] == (address, SSL_REQUEST)


@pytest.mark.parametrize("driver", ["psycopg", "asyncpg"])
def test_the_next_connection_goes_where_the_service_is_then(servers, db, driver):
    resolver = db.resolver()
    if driver == "psycopg":
        engine = follow(create_engine(URL), "db.data", "main", resolver=resolver)
        connect(engine)
        db.apply(service("db", [SECOND], servers.port))
        connect(engine)
    else:
        connect_async(db, ASYNCPG, "db.data", "main")
        db.apply(service("db", [SECOND], servers.port))
        connect_async(db, ASYNCPG, "db.data", "main")
    assert list(dict.fromkeys(addresses(servers))) == [FIRST, SECOND]


def written(url, cluster, *args, resolver=None, **options):
    """What the driver is given: by a listener of the same event that comes after ours."""
    engine = follow(create_engine(url, **options), *args, resolver=resolver or cluster.resolver())
    given = {}

    @sqlalchemy.event.listens_for(engine, "do_connect")
    def keep(_dialect, _record, _arguments, parameters):
        given.update(parameters)
        raise psycopg.OperationalError("enough")

    connect(engine)
    return given


def test_libpq_is_given_addresses_and_verifies_the_name_of_the_pod_or_of_the_service(servers, db):
    of_pod = written(URL, db, "db.data", "main")
    assert (of_pod["host"], of_pod["hostaddr"]) == ("db-0.db.data.svc.cluster.local", FIRST)
    of_service = written(URL, db, "db-rw.data.svc", "main")
    assert (of_service["host"], of_service["hostaddr"]) == ("db-rw.data.svc", VIRTUAL)
    assert written(URL, db, "data/db-rw", "main")["host"] == "db-rw.data.svc.cluster.local"
    # Nor one with a dot at its end.
    assert written(URL, db, "db-rw.data.svc.cluster.local.", "main")["host"] == "db-rw.data.svc.cluster.local"
    # No certificate has the name that CoreDNS makes of an address.
    db.apply(service("db", [FIRST], servers.port, hostnames=False))
    assert written(URL, db, "db.data", "main")["host"] == "db.data"


@pytest.mark.parametrize(
    ("ssl", "mode", "host"),
    [
        (True, "", "db-0.db.data.svc.cluster.local"),
        ("verify-full", "", "db-0.db.data.svc.cluster.local"),
        (SSLMode.verify_full, "", "db-0.db.data.svc.cluster.local"),
        (create_default_context(), "", "db-0.db.data.svc.cluster.local"),
        (None, "verify-full", "db-0.db.data.svc.cluster.local"),
        (False, "verify-full", FIRST),
        ("verify-ca", "verify-full", FIRST),
        (SSLMode.require, "", FIRST),
        (None, "verify-ca", FIRST),
        (None, "", FIRST),
    ],
    ids=["true", "full", "full-enum", "context", "env", "false", "ca", "require", "env-ca", "none"],
)
def test_asyncpg_is_given_names_where_it_verifies_them_and_addresses_elsewhere(
    servers, db, monkeypatch, ssl, mode, host
):
    given = {}
    monkeypatch.delenv("PGSSLMODE", raising=False)
    if mode:
        monkeypatch.setenv("PGSSLMODE", mode)

    async def main():
        engine = create_async_engine(ASYNCPG, connect_args={"ssl": ssl})
        follow(engine, "db.data", "main", resolver=db.async_resolver())

        @sqlalchemy.event.listens_for(engine.sync_engine, "do_connect")
        def keep(dialect, _record, _arguments, parameters):
            given.update(parameters)
            raise dialect.loaded_dbapi.OperationalError("enough")

        with pytest.raises(OperationalError, match="enough"):
            async with engine.connect():
                pass

    asyncio.run(main())
    assert (given["host"], given["port"]) == ([host], [servers.port])


@pytest.mark.parametrize("url", [f"{URL}?target_session_attrs=read-write", f"{URL}?target_session_attrs=any"])
def test_the_driver_finds_the_writer_among_several_where_it_is_told_how(servers, url):
    cluster = cluster_of(service("db", [FIRST, SECOND], servers.port))
    given = written(url, cluster, "db.data", "main")
    assert sorted(zip(given["host"].split(","), given["hostaddr"].split(","), strict=True)) == [
        ("db-0.db.data.svc.cluster.local", FIRST),
        ("db-1.db.data.svc.cluster.local", SECOND),
    ]
    assert given["port"] == f"{servers.port},{servers.port}"
    connect(follow(create_engine(url), "db.data", "main", resolver=cluster.resolver()))
    assert {*addresses(servers)} == {FIRST, SECOND}


def test_asyncpg_tries_several_where_it_is_told_how(servers):
    cluster = cluster_of(service("db", [FIRST, SECOND], servers.port))
    connect_async(cluster, f"{ASYNCPG}?target_session_attrs=read-write", "db.data", "main")
    assert {*addresses(servers)} == {FIRST, SECOND}


@pytest.mark.parametrize("url", [URL, ASYNCPG])
def test_which_of_several_writes_is_not_guessed(servers, url):
    cluster = cluster_of(service("db", [FIRST, SECOND], servers.port))
    if url == URL:
        error = connect(follow(create_engine(url), "db.data", "main", resolver=cluster.resolver()))
    else:
        error = connect_async(cluster, url, "db.data", "main")
    assert isinstance(error, OperationalError)
    assert isinstance(error.orig.__cause__, ConfigError)
    assert "db.data is 2 servers" in str(error)
    assert "target_session_attrs=read-write" in str(error)
    assert addresses(servers) == []


@pytest.mark.parametrize(("pods", "refused"), [(1, False), (2, True)])
@pytest.mark.parametrize("hostnames", [True, False])
def test_a_server_may_have_an_address_of_each_family(servers, pods, refused, hostnames):
    four = service("db", [FIRST, SECOND][:pods], servers.port, hostnames=hostnames)
    _, six = service("db", ["fd00::1", "fd00::2"][:pods], servers.port, hostnames=hostnames)
    six["metadata"]["name"], six["addressType"] = "db-6", "IPv6"
    four[0]["spec"] |= {"ipFamilies": ["IPv4", "IPv6"], "ipFamilyPolicy": "RequireDualStack"}
    resolver = cluster_of([*four, six]).resolver(family="both")
    assert len(resolver.port("db.data", "main").targets) in (pods, 2 * pods)
    error = connect(follow(create_engine(URL), "db.data", "main", resolver=resolver))
    assert isinstance(error.orig.__cause__, ConfigError) == refused
    assert ("db.data is 2 servers" in str(error)) == refused


@pytest.mark.parametrize(
    ("name", "port", "cause", "says"),
    [
        ("nope.data", "main", NoSuchName, "there is no Service 'nope'"),
        ("db.data", "sql", NoSuchName, "the Service has no port 'sql'"),
        ("db.data", 99, NoData, "the Service has no port 99"),
        ("db..data", "main", InvalidName, "a label is empty"),
    ],
)
@pytest.mark.parametrize("url", [URL, ASYNCPG])
def test_what_is_not_there_is_the_drivers_error_with_our_text(servers, db, url, name, port, cause, says):
    if url == URL:
        error = connect(follow(create_engine(url), name, port, resolver=db.resolver()))
    else:
        error = connect_async(db, url, name, port)
    assert isinstance(error, OperationalError)
    assert isinstance(error.orig.__cause__, cause)
    assert says in str(error)
    assert str(error.orig.__cause__) in str(error)
    assert addresses(servers) == []


def test_while_dns_is_away_connections_go_where_the_service_was(servers, db):
    engine = follow(create_engine(URL), "db.data", "main", resolver=db.resolver())
    with db.network.rcode("SERVFAIL"):
        error = connect(engine)
        assert isinstance(error.orig.__cause__, TemporaryFailure)
    assert addresses(servers) == []
    connect(engine)
    assert {*addresses(servers)} == {FIRST}
    db.clock.advance(3600)
    for fault in (db.network.rcode("SERVFAIL"), db.network.drop()):
        with fault:
            before = db.clock.monotonic()
            connect(engine)
            assert db.clock.monotonic() - before < 2.5
            assert {*addresses(servers)} == {FIRST}
    db.apply(service("db", [SECOND], servers.port))
    connect(engine)
    assert {*addresses(servers)} == {SECOND}


def test_the_pods_that_left_are_an_answer(servers, db):
    engine = follow(create_engine(URL), "db.data", "main", resolver=db.resolver())
    connect(engine)
    servers.all_seen()
    db.apply(service("db", [], servers.port))
    assert isinstance(connect(engine).orig.__cause__, NoSuchName)
    assert addresses(servers) == []


def test_disabled_is_as_if_it_were_not_there(servers, db, monkeypatch):
    monkeypatch.setenv("K8SRESOLVE_DISABLE", "1")
    url = f"postgresql+psycopg://app@{SECOND}:{servers.port}/orders"
    connect(follow(create_engine(url), "db.data", "main", resolver=db.resolver()))
    assert {*addresses(servers)} == {SECOND}
    other = follow(create_engine("sqlite://"), "db.data", "main")
    other.connect().close()
    other.dispose()
    assert len(db.queries) == 0


def test_a_driver_or_resolver_of_another_kind_is_refused_at_once(db):
    with pytest.raises(ConfigError, match=r"does not know the driver 'pysqlite'.*psycopg, psycopg2, asyncpg"):
        follow(create_engine("sqlite://"), "db.data", "main")
    with pytest.raises(ConfigError, match="is no AsyncResolver"):
        follow(create_async_engine(ASYNCPG), "db.data", "main", resolver=db.resolver())
    with pytest.raises(ConfigError, match="is no Resolver"):
        follow(create_engine(URL), "db.data", "main", resolver=db.async_resolver())


@pytest.mark.parametrize("option", ["creator", "pool"])
def test_an_engine_that_never_asks_where_to_connect_is_refused_at_once(option):
    def creator():
        raise AssertionError

    engine = create_engine(URL, **{option: creator if option == "creator" else NullPool(creator)})
    with pytest.raises(ConfigError, match="connects by a creator of its own; make it without creator= and pool="):
        follow(engine, "db.data", "main")


def test_so_is_what_is_no_engine_and_an_engine_that_follows_already(servers, db):
    with pytest.raises(ConfigError, match="'postgresql://db' is no engine"):
        follow("postgresql://db", "db.data", "main")
    engine = follow(create_engine(URL), "db.data", "main", resolver=db.resolver())
    for again in (engine, engine.execution_options(isolation_level="AUTOCOMMIT")):
        with pytest.raises(ConfigError, match="follows a Service already"):
            follow(again, "db-rw.data", "main")
    connect(engine)
    assert {*addresses(servers)} == {FIRST}
