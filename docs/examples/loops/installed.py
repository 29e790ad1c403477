from contextlib import asynccontextmanager

from fastapi import FastAPI
from payments import ask

from k8sresolve.contrib.asyncio import install


@asynccontextmanager
async def lifespan(_app: FastAPI):
    with install():
        yield


app = FastAPI(lifespan=lifespan)


@app.get("/")
async def root() -> str:
    return await ask()
