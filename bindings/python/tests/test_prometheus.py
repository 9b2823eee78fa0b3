"""The collector gives prometheus_client what the library says, in the formats of that package."""

from __future__ import annotations

from typing import Any, Callable, Dict, FrozenSet, Iterable, Tuple

import pytest
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.openmetrics.exposition import generate_latest as generate_openmetrics
from prometheus_client.openmetrics.parser import text_string_to_metric_families as parse_openmetrics
from prometheus_client.parser import text_string_to_metric_families as parse

import meshvitals
from meshvitals import Monitor
from meshvitals.prometheus import Collector

Series = Dict[Tuple[str, FrozenSet[Tuple[str, str]]], float]
NAME = 'quo"te \\ back, {系統}'


def series(families: Iterable[Any]) -> Series:
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in families
        for sample in family.samples
    }


@pytest.mark.parametrize(
    ("write", "read"),
    [(generate_latest, parse), (generate_openmetrics, parse_openmetrics)],
    ids=["text", "openmetrics"],
)
def test_what_is_scraped_is_what_the_library_reports(
    manual: Monitor, write: Callable[[Any], bytes], read: Callable[[str], Iterable[Any]]
):
    manual.advance(1_000_000_000)
    manual.register(meshvitals.Heartbeat("1h"), name=NAME, tags=["workers"])
    manual.beat(NAME, value=2.5)
    registry = CollectorRegistry(auto_describe=True)
    registry.register(Collector(manual))
    scraped = series(read(write(registry).decode()))
    assert scraped == series(parse_openmetrics(manual.render("openmetrics")))
    assert scraped["meshvitals_check_value", frozenset({("check", NAME)})] == 2.5
    healthy = frozenset({("check", NAME), ("status", "healthy")})
    assert scraped["meshvitals_check_status", healthy] == 1.0
    assert scraped["meshvitals_check_runs_total", frozenset({("check", NAME)})] == 1.0
    assert scraped["meshvitals_group_answer", frozenset({("group", "workers")})] == 1.0


def test_every_scrape_tells_the_present(manual: Monitor):
    manual.register(meshvitals.Heartbeat("1h"), name="a")
    registry = CollectorRegistry()
    registry.register(Collector(manual))
    of_a = {"check": "a", "status": "unhealthy"}
    assert registry.get_sample_value("meshvitals_check_status", of_a) == 0.0
    manual.override("a", meshvitals.Status.UNHEALTHY)
    assert registry.get_sample_value("meshvitals_check_status", of_a) == 1.0
    manual.unregister("a")
    assert registry.get_sample_value("meshvitals_check_status", of_a) is None


def test_one_registry_takes_one_monitor(manual: Monitor):
    registry = CollectorRegistry(auto_describe=True)
    registry.register(Collector(manual))
    with pytest.raises(ValueError, match="Duplicated"):
        registry.register(Collector(Monitor()))


def test_a_child_that_was_not_started_has_no_metrics_and_breaks_no_scrape():
    class Forked(Monitor):
        def render(self, format: str = "json") -> str:
            raise meshvitals.Forked("started in another process", meshvitals.Code.FORKED)

    assert list(Collector(Forked()).collect()) == []


def test_a_registry_takes_one_collector(monitor: Monitor):
    registry = CollectorRegistry()
    registry.register(Collector(monitor))
    for other in (monitor, Monitor()):
        with pytest.raises(ValueError, match="meshvitals_check_status"):
            registry.register(Collector(other))
