"""kombu and a Celery worker, through what may go wrong, and while their RabbitMQ is replaced by another one."""

import json
import logging
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from kombu import Connection
from kombu.exceptions import OperationalError

from k8sresolve import Resolver
from k8sresolve.contrib.kombu import failover_strategy
from tests.live import inside, kubectl
from tests.live.clients.celery_app import app, note
from tests.live.parts.rabbitmq import ADDRESS, OWNER, PORTS, broker
from tests.live.parts.starting import Part

OTHER = "10.244.8.2"
BRISK: dict[str, Any] = {"interval_start": 0.1, "interval_step": 0.0, "interval_max": 0.1}


def lead(address: str) -> None:
    kubectl.headless("data/queue", PORTS, {address: "queue-0"})


def outcome(connection: Connection, times: int = 1) -> str:
    """Where it connects to, or the error."""
    try:
        connection.ensure_connection(max_retries=times, **BRISK)
    except OperationalError as error:
        return f"OperationalError: {error}"
    return str(connection.connection.transport.sock.getpeername()[0])


def once(connection: Connection) -> str:
    with connection:
        return outcome(connection)


def warned(connection: Connection) -> list[str]:
    """What is logged while it tries in vain."""
    texts: list[str] = []
    handler = logging.Handler(logging.WARNING)
    handler.emit = lambda record: texts.append(record.getMessage())  # type: ignore[method-assign]
    logging.getLogger("k8sresolve").addHandler(handler)
    outcome(connection)
    logging.getLogger("k8sresolve").removeHandler(handler)
    return texts


def until(notes: Path, word: str) -> list[str]:
    """What the worker has written when it has this, or in the end."""
    deadline = time.monotonic() + 60
    while word not in (written := notes.read_text().split()) and time.monotonic() < deadline:
        time.sleep(0.1)
    return written


def replace(resolver: Resolver, notes: Path) -> dict[str, Any]:
    """Have another broker in the place of the only one, while there are connections to it."""
    part = Part("another rabbitmq", OWNER)
    server = part.start(broker(part.folder, OTHER, "other", 25673))
    # Its URL is of no use once the broker is gone.
    strategy = failover_strategy("queue.data", "amqp", resolver=resolver)
    connection = Connection([f"amqp://guest:guest@{ADDRESS}:5672//"], failover_strategy=strategy)
    told: dict[str, Any] = {"before": outcome(connection)}
    note.delay("first")
    told["first"] = until(notes, "first")
    lead(OTHER)
    os.kill(int((Path(inside.SCRATCH) / "rabbitmq/pid").read_text()), signal.SIGKILL)
    connection.close()
    told["after"] = outcome(connection, 300)
    connection.release()
    urls = strategy(["amqp://guest:guest@queue.data//"])
    next(urls)
    with kubectl.dns_away():  # in which RabbitMQ keeps who comes waiting
        told["away in between"] = next(urls)
    note.apply_async(["then"], retry_policy={"max_retries": 100, **BRISK})
    told["then"] = until(notes, "then")
    app.pool.force_close_all()
    server.kill()
    server.wait()
    return told


def main() -> None:
    lead(ADDRESS)
    closed = "amqp://guest:guest@10.244.8.9:1//"
    with Resolver() as resolver, TemporaryDirectory() as folder:

        def at(name: str, port: str | int) -> Connection:
            return Connection([closed], failover_strategy=failover_strategy(name, port, resolver=resolver))

        told: dict[str, Any] = {
            "headless": once(at("queue.data", "amqp")),
            "address": once(at("mq-rw.data", 5672)),
            "missing": warned(at("nope.data", "amqp")),
            "no such port": warned(at("mq-rw.data", "sql")),
            "no name": outcome(at("a..b", "sql")),
        }
        connection = at("mq-rw.data", "amqp")
        with kubectl.dns_away():
            told["away"] = warned(connection)
        told["back"] = once(connection)
        notes = Path(folder, "notes")
        notes.touch()
        worker = subprocess.Popen(
            [sys.executable, "-m", "celery", "-A", "tests.live.clients.celery_app", "worker", "--pool", "solo"],
            env={**os.environ, "NOTES": str(notes), "C_FORCE_ROOT": "1"},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            told["replaced"] = replace(resolver, notes)
        finally:
            worker.terminate()
            worker.wait()
    json.dump(told, sys.stdout)


if __name__ == "__main__":
    main()
