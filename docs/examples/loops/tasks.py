import asyncio

from celery import Celery
from payments import ask

from k8sresolve.contrib.asyncio import new_event_loop

app = Celery("tasks", config_source="celeryconfig")


@app.task
def settle() -> str:
    with asyncio.Runner(loop_factory=new_event_loop) as runner:
        return runner.run(ask())
