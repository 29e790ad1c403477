"""SQLAlchemy on a writer and a standby, with and without TLS, through what may go wrong and a failover.

Run with the authority's certificate as input. Prints, by driver, what each case came to.
"""

import asyncio
import json
import os
import signal
import socket
import ssl
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg
from sqlalchemy import Engine, create_engine, text
from sqlalchemy.exc import OperationalError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from k8sresolve._default import async_resolver
from k8sresolve.contrib.sqlalchemy import follow
from tests.live import inside, kubectl
from tests.live.parts.postgresql import PORTS, STANDBY, WRITER

WHERE = text("select host(inet_server_addr()), not pg_is_in_recovery()")
POOL: dict[str, Any] = {"pool_pre_ping": True, "pool_size": 1}
Ask = Callable[[], list[Any]]


class Blocking:
    """Engines of a driver that blocks; `tls` is what makes it verify names."""

    def __init__(self, driver: str, certificate: str) -> None:
        self.url = f"postgresql+{driver}://postgres@nowhere.example/postgres"
        self.tls = {"sslmode": "verify-full", "sslrootcert": certificate}
        self._engines: list[Engine] = []

    def engine(self, name: str, port: str | int, query: str = "", **connect_args: Any) -> Ask:
        """Return what asks the Service which server it is, by a connection of its pool."""
        made = create_engine(self.url + query, connect_args=connect_args, **POOL)
        engine = follow(made, name, port)
        self._engines.append(engine)

        def ask() -> list[Any]:
            with engine.connect() as connection:
                return list(connection.execute(WHERE).one())

        return ask

    def close(self) -> None:
        for engine in self._engines:
            engine.dispose()


class Asynchronous:
    """The same in asyncio, all in one loop."""

    loop = asyncio.new_event_loop()

    def __init__(self, driver: str, certificate: str) -> None:
        self.url = f"postgresql+{driver}://postgres@nowhere.example/postgres"
        self.tls: dict[str, Any] = {"sslmode": "verify-full", "sslrootcert": certificate}
        self._engines: list[AsyncEngine] = []
        if driver == "asyncpg":
            self.tls = {"ssl": ssl.create_default_context(cafile=certificate)}

    def engine(self, name: str, port: str | int, query: str = "", **connect_args: Any) -> Ask:
        """See `Blocking.engine`."""
        made = create_async_engine(self.url + query, connect_args=connect_args, **POOL)
        engine = follow(made, name, port)
        self._engines.append(engine)

        async def ask() -> list[Any]:
            async with engine.connect() as connection:
                return list((await connection.execute(WHERE)).one())

        return lambda: self.loop.run_until_complete(ask())

    def close(self) -> None:
        for engine in self._engines:
            self.loop.run_until_complete(engine.dispose())


def outcome(ask: Ask) -> Any:
    """What is answered, or the error, as far as k8sresolve is its cause."""
    try:
        return ask()
    except OperationalError as error:
        cause = error.orig and error.orig.__cause__
        return [type(cause).__name__, str(cause) in str(error)] if cause else str(error)
    except OSError as error:
        return f"{type(error).__name__}: {error}"


def cases(client: Blocking | Asynchronous) -> dict[str, Any]:
    """One engine for each."""
    writer = "?target_session_attrs=read-write"
    told = {
        "address": outcome(client.engine("db-rw.data", 5432)),
        "port's name": outcome(client.engine("db-rw.data", "sql")),
        "standby": outcome(client.engine("db-ro.data.svc.cluster.local", "sql")),
        "writer of two": outcome(client.engine("db.data", "sql", writer)),
        "two": outcome(client.engine("db.data", "sql")),
        "verified service": outcome(client.engine("db-rw.data", "sql", **client.tls)),
        "verified pod": outcome(client.engine("db.data", "sql", writer, **client.tls)),
        "wrong pod": outcome(client.engine("other.data", "sql", **client.tls)),
        "wrong service": outcome(client.engine("other-rw.data", "sql", **client.tls)),
        "missing": outcome(client.engine("nope.data", "sql")),
        "no such port": outcome(client.engine("db-rw.data", "mysql")),
    }
    ask = client.engine("db-rw.data", "sql")
    with kubectl.dns_away():
        told["away at start"] = outcome(ask)
    told["back"] = outcome(ask)
    return told


def lead(address: str) -> None:
    """Have both Services of the writer lead there."""
    kubectl.cluster_ip("data/db-rw", "10.96.242.1", PORTS, {address: "writer"})
    kubectl.headless("data/db-lead", PORTS, {address: "lead-0"})


def until(ask: Ask, wanted: Any) -> Any:
    """What is answered when it is what is waited for, or in the end."""
    deadline = time.monotonic() + 30
    while (told := outcome(ask)) != wanted and time.monotonic() < deadline:
        time.sleep(0.1)
    return told


def gone() -> None:
    """Wait until the writer is: it listens until all who serve its connections have ended."""
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        try:
            socket.create_connection((WRITER, 5432), 5).close()
        except OSError:
            return
        time.sleep(0.05)


def fail_over(clients: dict[str, Any]) -> dict[str, Any]:
    """Lose the writer, and promote the standby; each engine had a connection to the writer in its pool."""
    engines = {
        f"{driver} {name}": client.engine(name, "sql")
        for driver, client in clients.items()
        for name in ("db-rw.data", "db-lead.data")
    }
    lead(WRITER)
    before = {name: until(ask, [WRITER, True]) for name, ask in engines.items()}
    pid = int((Path(inside.SCRATCH) / "postgresql/db-0/postmaster.pid").read_text().split()[0])
    os.kill(pid, signal.SIGQUIT)
    gone()
    lost = {name: outcome(ask) for name, ask in engines.items()}
    with psycopg.connect(host=STANDBY, user="postgres", autocommit=True) as connection:
        connection.execute("select pg_promote()")
    lead(STANDBY)
    after = {name: until(ask, [STANDBY, True]) for name, ask in engines.items()}
    with kubectl.dns_away():
        away = {name: outcome(ask) for name, ask in engines.items()}
    return {"before": before, "lost": lost, "after": after, "away": away}


def main() -> None:
    certificate = json.load(sys.stdin)
    kubectl.headless("data/other", PORTS, {WRITER: "other-0"})
    kubectl.cluster_ip("data/other-rw", "10.96.242.9", PORTS, {WRITER: "other-0"})
    clients = {
        "psycopg": Blocking("psycopg", certificate),
        "psycopg2": Blocking("psycopg2", certificate),
        "psycopg, asyncio": Asynchronous("psycopg", certificate),
        "asyncpg": Asynchronous("asyncpg", certificate),
    }
    told = {driver: cases(client) for driver, client in clients.items()}
    json.dump({"cases": told, "failover": fail_over(clients)}, sys.stdout)
    for client in clients.values():
        client.close()
    Asynchronous.loop.run_until_complete(async_resolver().close())
    Asynchronous.loop.close()


if __name__ == "__main__":
    main()
