from uvicorn_worker import UvicornWorker


class Worker(UvicornWorker):
    CONFIG_KWARGS = {"loop": "k8sresolve.contrib.asyncio:new_event_loop"}
