"""What the engine knows of the registered checks.

Registering is cheap and always legal, also from inside a check; the engine is told afterwards, on
the loop and in slices, however many checks there are.
"""

from __future__ import annotations

import itertools
from typing import Any, Awaitable, Callable, Dict, Iterator, Optional, Tuple

from .._native import Check
from .._options import CheckOptions
from ..monitor import Monitor
from ..probes import External
from ._options import schedule
from ._records import Record

__all__ = ["Roster"]

#: Of ordinary checks, and of levels.
_Schedules = Tuple[CheckOptions, CheckOptions]


class Roster:
    """The checks of one monitor; `records` and the configuration are read as they are."""

    def __init__(
        self,
        monitor: Monitor,
        records: Dict[Any, Record],
        config: Callable[[], Any],
        is_driven: bool,
    ) -> None:
        #: Whether the records may be others than those that the engine knows.
        self.is_stale = True
        self._monitor = monitor
        self._records = records
        self._config = config
        self._is_driven = is_driven
        self._numbers = itertools.count(1)
        self._checks: Dict[Record, Tuple[Check, CheckOptions]] = {}
        self._of_id: Dict[int, Record] = {}
        self._settled: Optional[_Schedules] = None

    def __iter__(self) -> Iterator[Tuple[Record, Check]]:
        return iter([(record, check) for record, (check, _) in self._checks.items()])

    def find(self, check: int) -> Optional[Record]:
        """Whose check it is."""
        return self._of_id.get(check)

    @property
    def is_settled(self) -> bool:
        """Whether the engine knows the records as they are, with the present configuration."""
        return not self.is_stale and self._settled == self._schedules()

    @property
    def was_settled(self) -> bool:
        """Whether it ever was."""
        return self._settled is not None

    async def settle(self, breathe: Callable[[], Awaitable[None]]) -> None:
        """Tells the engine what has changed; `breathe` gives the loop its turn."""
        self.is_stale = False
        schedules = self._schedules()
        wanted = dict.fromkeys(self._records.values())
        try:
            for record, check in self:
                if record not in wanted:
                    del self._checks[record], self._of_id[check.id]
                    self._monitor.unregister(check)
                    await breathe()
            for record in wanted:
                self._enter(record, schedules[record.is_level])
                await breathe()
        except BaseException:
            self.is_stale = True
            raise
        self._settled = schedules

    def clear(self) -> None:
        """Lets go of the engine."""
        self._checks.clear()
        self._of_id.clear()

    def _schedules(self) -> _Schedules:
        config = self._config()
        return schedule(config, self._is_driven, False), schedule(config, self._is_driven, True)

    def _enter(self, record: Record, options: CheckOptions) -> None:
        check, present = self._checks.get(record, (None, None))
        if check is None:
            name = f"check-{next(self._numbers)}"
            check = self._monitor.register_function(record.call, name=name, **options)
            self._of_id[check.id] = record
        elif present != options:
            self._monitor.replace(External(), name=check.name, **options)
        self._checks[record] = check, options
