"""A WSGI application that answers with its own health."""

from __future__ import annotations

import json

from checks import report


def application(environ, start_response):
    """Answers every request."""
    body = json.dumps(report()).encode()
    headers = [("Content-Type", "application/json"), ("Content-Length", str(len(body)))]
    start_response("200 OK", headers)
    return [body]
