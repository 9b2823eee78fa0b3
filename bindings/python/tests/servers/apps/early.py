"""A WSGI application that starts its monitor where it is loaded: with prefork that is too early."""

from __future__ import annotations

import json
import os

from app import application as healthy
from checks import monitor
from threads import engines

import meshvitals

monitor.start()


def application(environ, start_response):
    """Answers what the monitor says, or why it says nothing."""
    try:
        return healthy(environ, start_response)
    except meshvitals.Forked as error:
        told = {"error": str(error), "engines": engines(os.getpid())}
        start_response("200 OK", [("Content-Type", "application/json")])
        return [json.dumps(told).encode()]
