"""A collector for ``prometheus_client``, which this module needs.

>>> import meshvitals
>>> from prometheus_client import CollectorRegistry
>>> from meshvitals.prometheus import Collector
>>> registry = CollectorRegistry()
>>> registry.register(Collector(meshvitals.Monitor()))
"""

from __future__ import annotations

from typing import Iterator

from prometheus_client.core import Metric
from prometheus_client.openmetrics.parser import text_string_to_metric_families
from prometheus_client.registry import Collector as Base

from ._calls import Calls
from .errors import Forked

__all__ = ["Collector"]


class Collector(Base):
    """The metrics of ``monitor.render("openmetrics")``, made anew at each scrape, so that their
    names are the same in every language. One registry takes the collector of one monitor.

    >>> import meshvitals
    >>> from meshvitals.prometheus import Collector
    >>> next(Collector(meshvitals.Monitor()).collect()).name
    'meshvitals_check_status'
    """

    def __init__(self, monitor: Calls) -> None:
        self._monitor = monitor

    def describe(self) -> Iterator[Metric]:
        """The families without samples: by their names a registry refuses a second collector."""
        for family in self.collect():
            family.samples = []
            yield family

    def collect(self) -> Iterator[Metric]:
        """Every family; none in a forked child whose monitor was not started."""
        try:
            text = self._monitor.render("openmetrics")
        except Forked:
            return
        yield from text_string_to_metric_families(text)  # type: ignore[no-untyped-call]
