"""Endpoints for the probes of orchestrators and load balancers.

``meshvitals.web.asgi`` for FastAPI, Starlette and every other ASGI application,
``meshvitals.web.wsgi`` for Flask, Django and every other WSGI application,
``meshvitals.web.aiohttp`` for aiohttp. None of them needs a framework to be imported; what they
share is here, for servers that are none of these.

>>> import meshvitals
>>> from meshvitals.web import Endpoints
>>> endpoints = Endpoints(meshvitals.Monitor())
>>> endpoints.reply("GET", "/livez").body
b'{"status":"pass"}\\n'
"""

from .endpoints import PATHS, Endpoints, Reply

__all__ = ["PATHS", "Endpoints", "Reply"]
