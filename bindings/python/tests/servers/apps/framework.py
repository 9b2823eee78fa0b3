"""A FastAPI application that watches during its lifespan."""

from contextlib import asynccontextmanager
from typing import AsyncIterator

from checks import monitor
from fastapi import FastAPI


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    async with monitor:
        yield


app = FastAPI(lifespan=lifespan)


@app.get("/")
async def health() -> dict:
    """Answers with its own health."""
    from checks import report

    return report()
