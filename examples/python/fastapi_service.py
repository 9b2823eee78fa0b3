"""A FastAPI service with a check of its own: the quick start of the package's README.

``uvicorn fastapi_service:app``, then ``curl -i "http://127.0.0.1:8000/readyz?verbose"``.
"""

from contextlib import asynccontextmanager
from typing import AsyncIterator, Dict, List, Union

from fastapi import FastAPI

import meshvitals
from meshvitals.web.asgi import Health

monitor = meshvitals.Monitor()
orders: List[str] = []


@monitor.check("orders", interval="5s", tags=["readiness"])
async def orders_are_few() -> Dict[str, Union[str, int]]:
    return {"status": "healthy" if len(orders) < 100 else "unhealthy", "value": len(orders)}


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    async with monitor:
        yield


app = FastAPI(lifespan=lifespan)
# Answers /livez, /readyz, /startupz and /health, before everything else.
app.add_middleware(Health, monitor=monitor)


@app.post("/orders/{name}")
async def order(name: str) -> int:
    orders.append(name)
    return len(orders)
