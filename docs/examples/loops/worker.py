from typing import ClassVar

from uvicorn_worker import UvicornWorker


class Worker(UvicornWorker):
    CONFIG_KWARGS: ClassVar = {"loop": "k8sresolve.contrib.asyncio:new_event_loop"}
