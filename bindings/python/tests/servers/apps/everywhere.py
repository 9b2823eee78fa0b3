"""A WSGI application whose monitor runs in every process that it comes to, without a hook of the
server."""

from __future__ import annotations

import os

from app import application
from checks import monitor

__all__ = ["application"]

# Every process that this one forks watches for itself.
monitor.start()
os.register_at_fork(after_in_child=monitor.start)
