"""Programs that fork while a monitor runs: the parent holds what it held, and each child may
begin anew."""

from __future__ import annotations

import pytest
from servers.support import expect_output

CASES = [
    "many",
    "generations",
    "unstarted",
    "following",
    "forked_by_a_check",
    "loops",
    "finished",
]


@pytest.mark.parametrize("case", CASES)
def test_forks_harm_nobody(case: str):
    expect_output("forks.py", case)
