"""multiprocessing and concurrent.futures: each process watches for itself, however it was made."""

from __future__ import annotations

import pytest
from servers.support import expect_output


@pytest.mark.parametrize("method", ["fork", "forkserver", "spawn"])
@pytest.mark.parametrize("maker", ["executor", "pool", "processes"])
def test_each_process_watches_for_itself(maker: str, method: str):
    expect_output("workers.py", maker, method)
