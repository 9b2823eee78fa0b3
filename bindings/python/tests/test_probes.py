"""Typed probes have exactly the keys of the documents, and are validated when they are made."""

from __future__ import annotations

import json
from dataclasses import FrozenInstanceError, fields
from datetime import timedelta
from pathlib import Path

import pytest

import meshvitals
from meshvitals import (
    Basic,
    Cpu,
    Disk,
    Expect,
    External,
    Heartbeat,
    Http,
    Memory,
    Monitor,
    Redirects,
    Signal,
    Step,
    Tcp,
    Tls,
    _options,
)

#: Callbacks belong to languages that can be called back.
WITHOUT_A_CLASS = {"callback"}


@pytest.fixture(scope="module")
def schema() -> dict:
    """The schema that is made of the library's types; it lies beside the sources."""
    path = Path(__file__).resolve().parents[3] / "docs" / "schema.json"
    return json.loads(path.read_text())["$defs"]


def keys(definition: dict) -> set:
    return set(definition.get("properties", ()))


def signals_of(schema: dict) -> set:
    """The keys of a check whose object is that of a signal."""
    properties = schema["check"]["properties"].items()
    found = {key for key, value in properties if value.get("$ref") == "#/$defs/signal"}
    assert len(found) > 20
    return found


def test_every_signal_has_an_object(schema: dict):
    for kind in signals_of(schema):
        assert Signal(kind, hold="1m").document() == {kind: {"hold": "1m"}}
    with pytest.raises(meshvitals.InvalidDocument):
        Signal("load")


def test_every_probe_of_the_documents_has_its_class(schema: dict):
    classes = {cls._word: cls for cls in meshvitals.Probe.__subclasses__()}
    options = set(_options.NamedCheckOptions.__annotations__)
    signals = signals_of(schema)
    words = set(classes) - {"signal"}
    assert keys(schema["check"]) - options == words | signals | WITHOUT_A_CLASS
    assert {field.name for field in fields(Signal)} == keys(schema["signal"]) | {"kind"}
    del classes["signal"]
    definitions = {
        word: schema["check"]["properties"][word].get("$ref", "").rpartition("/")[2]
        for word in classes
    }
    definitions["external"] = None
    assert set(definitions) == set(classes)
    for word, definition in definitions.items():
        expected = keys(schema[definition]) if definition else set()
        assert {field.name for field in fields(classes[word])} == expected, word
    for part in (Basic, Expect, Redirects, Step, Tls):
        assert {field.name for field in fields(part)} == keys(schema[part.__name__.lower()])


def test_the_options_are_the_keys_of_the_documents(schema: dict):
    probes = {cls._word for cls in meshvitals.Probe.__subclasses__()} | WITHOUT_A_CLASS
    probes |= signals_of(schema)
    named = set(_options.NamedCheckOptions.__annotations__)
    assert named == keys(schema["check"]) - probes
    assert set(_options.MonitorOptions.__annotations__) == keys(schema["monitor"])


def test_a_probe_is_the_same_document():
    expect = Expect(status=[200, "300-399"], body_contains="ok")
    probe = Http("http://127.0.0.1/x", headers={"Accept": "*/*"}, expect=expect)
    assert probe.document() == {
        "http": {
            "url": "http://127.0.0.1/x",
            "headers": {"Accept": "*/*"},
            "expect": {"status": [200, "300-399"], "body_contains": "ok"},
        }
    }
    assert Heartbeat(timedelta(seconds=1.5)).document() == {"heartbeat": {"ttl": 1.5}}
    assert External().document() == {"external": {}}


@pytest.mark.parametrize(
    ("make", "key"),
    [
        (lambda: Tcp("nowhere"), "/tcp/address"),
        (lambda: Tcp("127.0.0.1:80", connect="half"), "/tcp/connect"),
        (lambda: Http("https//"), "/http/url"),
        (lambda: Http("http://a/", expect=Expect(status=[99])), "/http/expect/status/0"),
        (lambda: Cpu(threshold=1.5), "/cpu/threshold"),
        (lambda: Memory(threshold=0), "/memory/threshold"),
        (lambda: Disk(path=""), "/disk/path"),
        (lambda: Heartbeat(ttl="1 fortnight"), "/heartbeat/ttl"),
    ],
)
def test_a_wrong_value_is_refused_where_it_is_written(make, key):
    with pytest.raises(meshvitals.InvalidDocument) as caught:
        make()
    assert caught.value.key == key


def test_probes_do_not_change():
    probe = Tcp("127.0.0.1:80")
    assert probe == Tcp("127.0.0.1:80") and hash(probe)
    with pytest.raises(FrozenInstanceError):
        probe.address = "127.0.0.1:81"
    with pytest.raises(TypeError):
        Tcp("127.0.0.1:80", adress="x")


def test_every_probe_can_be_registered(monitor: Monitor):
    probes = [Tcp("127.0.0.1:80"), Http("http://127.0.0.1/"), Cpu(), Memory(), Disk(), External()]
    for number, probe in enumerate([*probes, Heartbeat("30s")]):
        check = monitor.register(probe, name=f"n{number}")
        assert check.snapshot().probe == type(probe)._word


def test_secrets_are_not_shown():
    shown = repr(
        [
            Basic("probe", password="hunter2"),
            Step(send="hunter2"),
            Http("http://127.0.0.1/", headers={"X": "hunter2"}, body="hunter2"),
            meshvitals.Redis("127.0.0.1:1", password="hunter2"),
            meshvitals.Grpc("127.0.0.1:1", metadata={"a": "hunter2"}),
            meshvitals.Nats("127.0.0.1:1", token="hunter2"),
        ]
    )
    assert "hunter2" not in shown and "127.0.0.1:1" in shown
