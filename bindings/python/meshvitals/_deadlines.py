"""Whose fault a silence is, asked shortly before each deadline.

At the deadline the engine convicts the check of every run that was not answered. A run is asked
about twice before: first its loop is asked for a sign of life, then the silence is judged, and a
run that could not go on is reported as LOCAL in time.
"""

from __future__ import annotations

import heapq
import itertools
import time
from typing import List, Optional, Tuple

from ._run import Run

__all__ = ["Deadlines"]

#: So many entries may be out of date before they are taken out.
_SLACK = 64


class Deadlines:
    """The deadlines of one thread's runs, soonest first."""

    def __init__(self) -> None:
        #: When, a number that makes entries differ, the run, and whether its loop was asked.
        self._entries: List[Tuple[int, int, Run, bool]] = []
        self._numbers = itertools.count()
        self._limit = _SLACK

    def add(self, run: Optional[Run]) -> None:
        """Watches the deadline of a run."""
        if run is None or run.over:
            return
        if len(self._entries) >= self._limit:
            self._entries = [entry for entry in self._entries if not entry[2].over]
            heapq.heapify(self._entries)
            self._limit = 2 * len(self._entries) + _SLACK
        self._push(run.deadline_ns - 2 * run.margin_ns, run, False)

    def patience(self) -> Optional[float]:
        """The seconds until the next question; None if there is none."""
        if not self._entries:
            return None
        return max(0.0, (self._entries[0][0] - time.monotonic_ns()) / 1e9)

    def judge(self) -> None:
        """Asks what is due."""
        while self._entries and self._entries[0][0] <= time.monotonic_ns():
            _, _, run, asked = heapq.heappop(self._entries)
            if run.over:
                continue
            if asked:
                run.judge()
            else:
                run.ask()
                self._push(run.deadline_ns - run.margin_ns, run, True)

    def _push(self, at_ns: int, run: Run, asked: bool) -> None:
        heapq.heappush(self._entries, (at_ns, next(self._numbers), run, asked))
