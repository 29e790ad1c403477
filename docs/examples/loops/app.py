from fastapi import FastAPI
from payments import ask

app = FastAPI()


@app.get("/")
async def root() -> str:
    return await ask()
