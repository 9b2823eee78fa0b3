"""An ASGI application whose monitor is started where it is loaded, and that nobody stops."""

from __future__ import annotations

from asgi import application
from checks import monitor

__all__ = ["application"]

# No loop is there yet, and no hook names one.
monitor.unregister("coroutine")
monitor.start()
