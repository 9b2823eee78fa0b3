"""What the tests with real servers are given."""

from __future__ import annotations

import socket
import sys
from typing import Iterator

import pytest

#: The servers are pinned for these versions.
collect_ignore = [] if sys.version_info >= (3, 10) else ["test_gunicorn.py", "test_uvicorn.py"]


@pytest.fixture
def peer(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Something that listens, which the checks of the applications watch. Nobody takes the
    connections, so there is room for all that a test makes."""
    with socket.create_server(("127.0.0.1", 0), backlog=4096) as listener:
        address = "{}:{}".format(*listener.getsockname())
        monkeypatch.setenv("MESHVITALS_TEST_PEER", address)
        yield
