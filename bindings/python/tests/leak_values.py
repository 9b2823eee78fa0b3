"""Leak loops of values: probes, results, snapshots, enumerations, errors."""

from __future__ import annotations

import pickle

import meshvitals
from meshvitals import Outcome, Result

from leaks import each, loop, monitor

PROBES = {
    "Tcp": lambda: meshvitals.Tcp("127.0.0.1:80"),
    "Http": lambda: meshvitals.Http("http://127.0.0.1/", headers={"Accept": "*/*"}),
    "Cpu": meshvitals.Cpu,
    "Memory": meshvitals.Memory,
    "Disk": lambda: meshvitals.Disk("/"),
    "Signal": lambda: meshvitals.Signal("disk_inodes", path="/", hold="1m"),
    "Heartbeat": lambda: meshvitals.Heartbeat("30s"),
    "External": meshvitals.External,
    "Udp": lambda: meshvitals.Udp("127.0.0.1:123", send="ping"),
    "Dns": lambda: meshvitals.Dns("db.example", expect=["127.0.0.1"]),
    "Exec": lambda: meshvitals.Exec(["/bin/true"]),
    "Grpc": lambda: meshvitals.Grpc("127.0.0.1:50051", metadata={"a": "b"}),
    **{
        word: lambda word=word: getattr(meshvitals, word)("127.0.0.1:1", tls=meshvitals.Tls())
        for word in ("Amqp", "Memcached", "Mqtt", "Mysql", "Nats", "Postgres", "Redis", "Smtp")
    },
}

PARTS = {
    "Expect": lambda: meshvitals.Expect(status=[200], body_contains="ok"),
    "Tls": lambda: meshvitals.Tls(ca_file="/etc/ssl/own.pem"),
    "Basic": lambda: meshvitals.Basic("probe", password="secret"),
    "Redirects": lambda: meshvitals.Redirects(max=2),
    "Step": lambda: meshvitals.Step(expect="220 "),
}


for _word, _make in PROBES.items():
    operators = [f"{_word}.{name}" for name in ("__eq__", "__hash__", "__repr__", "document")]

    @loop(_word, *operators)
    def probe(make=_make):
        return lambda: (make() == make(), hash(meshvitals.Tcp("127.0.0.1:80")), repr(make()),
                        make().document())  # fmt: skip


@loop("Probe", "Probe.document", "Probe.__eq__", "Probe.__hash__", "Probe.__repr__")
def refused_probe():
    def call() -> None:
        try:
            meshvitals.Probe()
        except meshvitals.InvalidDocument:
            pass

    return call


for _word, _make in PARTS.items():
    operators = [f"{_word}.{name}" for name in ("__eq__", "__hash__", "__repr__", "document")]

    @loop(_word, *operators)
    def part(make=_make):
        return lambda: (make() == make(), hash(meshvitals.Redirects()), repr(make()),
                        make().document())  # fmt: skip


@loop("Result", "Result.__eq__", "Result.__hash__", "Result.__repr__")
def result():
    made = Result(Outcome.PASS)
    return lambda: (Result(Outcome.WARN, value=1.0, message="x") == made, repr(made))


@loop("Snapshot", "Snapshot.__eq__", "Snapshot.__hash__", "Snapshot.__repr__")
def snapshot():
    made = monitor("a")
    return lambda: (
        made.snapshot("a") == made.snapshot("a"),
        hash(made.snapshot()),
        repr(made.snapshot()),
    )


@each("Status", "Outcome", "Reason", "Code", "Kind", "Kinds", "Mask")
def enumeration(name: str):
    of = getattr(meshvitals, name)
    return lambda: [pickle.loads(pickle.dumps(of(int(member)))) for member in of]


@loop(*meshvitals.errors.__all__)
def errors():
    def call() -> None:
        for code in meshvitals.Code:
            try:
                raise meshvitals.errors._CLASSES.get(int(code), meshvitals.Error)("what", code)
            except meshvitals.Error as error:
                pickle.loads(pickle.dumps(error))

    return call


@loop("probe_once")
def probe_once():
    return lambda: meshvitals.probe_once(meshvitals.Disk("/"), {"slack": "5ms"})
