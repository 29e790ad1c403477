"""A Celery application whose broker is a Service: its task writes down where it came from."""

import os
from pathlib import Path

from celery import Celery

from k8sresolve.contrib.kombu import failover_strategy

app = Celery("tests.live.clients.celery_app", broker=["amqp://guest:guest@queue.data:5672//"])
app.conf.update(
    broker_failover_strategy=failover_strategy("queue.data", "amqp"),
    broker_connection_retry_on_startup=True,
    broker_connection_max_retries=None,
    task_ignore_result=True,
    worker_enable_remote_control=False,
    worker_send_task_events=False,
)


@app.task
def note(word: str) -> None:
    with Path(os.environ["NOTES"]).open("a") as file:
        file.write(f"{word}\n")
