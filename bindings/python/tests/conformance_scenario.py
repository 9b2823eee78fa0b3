"""Plays the scenarios of the shared vectors; tests/conformance/README.md explains their words."""

from __future__ import annotations

from typing import Any, Dict, Iterator, List, Optional, Tuple

import meshvitals
from meshvitals import Check, Event, Handle, Kind, Kinds, Mask, Monitor, Outcome, Snapshot, Status

#: The names of the vectors that Python writes otherwise.
EVENTS = {Kind.DUE: "CHECK_DUE", Kind.CANCEL: "CHECK_CANCEL"}
OUTCOMES = {"p": Outcome.PASS, "w": Outcome.WARN, "f": Outcome.FAIL, "x": Outcome.LOCAL}
SECOND = 1_000_000_000


def named(table: str, member: Any) -> str:
    """The name that the vectors give a member of an enumeration."""
    if member is None:
        return "0"
    if table == "event":
        return EVENTS.get(member, member.name)
    # A reason of the host program is known by its number.
    return str(int(member)) if member.name == f"HOST_{int(member)}" else member.name


def nanoseconds(text: str) -> int:
    for unit, scale in (("ms", SECOND // 1000), ("ns", 1), ("s", SECOND)):
        if text.endswith(unit):
            return int(text[: -len(unit)]) * scale
    raise AssertionError(f"{text} is no time")


def time(ns: int) -> str:
    for unit, scale in (("s", SECOND), ("ms", SECOND // 1000)):
        if ns % scale == 0:
            return f"{ns // scale}{unit}"
    return f"{ns}ns"


def span(seconds: float) -> str:
    """Dates are floats, which are exact to a microsecond or so."""
    return time(round(seconds * 1e6) * 1000)


def pairs(words: str) -> Iterator[Tuple[str, str]]:
    """The ``key=value`` of a step; ``text=`` takes the rest."""
    while words:
        key, _, words = words.partition("=")
        if key == "text":
            yield key, words
            return
        value, _, words = words.partition(" ")
        yield key, value


class Scenario:
    """A monitor whose clock the steps of a case move."""

    def __init__(self, monitor: str) -> None:
        self.monitor = Monitor(monitor)
        self.began = self.monitor.snapshot().since
        #: Checks by name, and the names of all that ever were by id.
        self.checks: Dict[str, Check] = {}
        self.names: Dict[int, str] = {}
        self.removed: List[Check] = []
        #: The tokens of the last request of a check and of the one before.
        self.tokens: Dict[int, Tuple[int, int]] = {}
        self.listeners: Dict[str, Tuple[meshvitals.Events, bool]] = {}

    def step(self, step: str) -> None:
        wanted, action = "OK", step
        if step.startswith("refused "):
            _, wanted, action = step.split(" ", 2)
        verb, _, words = action.partition(" ")
        refused = None
        try:
            getattr(self, f"do_{verb}")(words)
        except meshvitals.Error as error:
            refused = error
        assert ("OK" if refused is None else refused.code.name) == wanted, refused

    # What is done.

    def do_advance(self, words: str) -> None:
        to, _, rest = words.partition(" ")
        following = self.monitor.advance(nanoseconds(to))
        for key, wanted in pairs(rest):
            assert key == "next"
            assert wanted == ("never" if following is None else time(following))

    def do_start(self, _: str) -> None:
        self.monitor.start()

    def do_stop(self, _: str) -> None:
        self.monitor.stop(0)

    def learn(self, check: Check) -> None:
        known = self.checks.get(check.name)
        assert known is None or known == check or known in self.removed, "another id"
        self.checks[check.name] = check
        self.names[check.id] = check.name
        self.tokens.setdefault(check.id, (0, 0))

    def do_register(self, document: str) -> None:
        self.learn(self.monitor.register(document))

    def do_replace(self, document: str) -> None:
        self.learn(self.monitor.replace(document))

    def do_register_many(self, documents: str) -> None:
        for check in self.monitor.register_many(documents):
            self.learn(check)

    def do_unregister(self, name: str) -> None:
        self.monitor.unregister(self.checks[name])
        self.removed.append(self.checks[name])

    def do_subscribe(self, words: str) -> None:
        name, kinds, capacity = words.split(" ")
        wanted = kinds.split("+")
        mask = Kinds(sum(Kinds[kind] for kind in wanted if kind != "GROUPS"))
        events = self.monitor.events(mask, int(capacity))
        self.listeners[name] = (events, "GROUPS" in wanted)

    def do_report(self, words: str, token: Optional[int] = None) -> None:
        name, outcome, *rest = words.split(" ", 2)
        check = self.checks[name]
        last, before = self.tokens[check.id]
        given: Dict[str, Any] = {}
        token = last if token is None else token
        for key, value in pairs(rest[0] if rest else ""):
            if key == "token":
                token = {"old": before, "wrong": last ^ 1 << 30}[value]
            elif key == "at":
                given["finished_ns"] = nanoseconds(value)
            elif key == "latency":
                given["latency"] = nanoseconds(value) / SECOND
            elif key == "value":
                given["value"] = float(value)
            elif key == "text":
                given["message"] = value
            else:
                assert key in ("detail", "reason")
                given[key] = int(value)
        check.report(token, Outcome[outcome], **given)

    def do_beat(self, words: str) -> None:
        self.do_report(words, token=0)

    def do_check_now(self, name: str) -> None:
        self.monitor.check_now(self.checks[name])

    def do_pause(self, name: str) -> None:
        self.monitor.pause(self.checks[name])

    def do_resume(self, name: str) -> None:
        self.monitor.resume(self.checks[name])

    def do_override(self, words: str) -> None:
        name, status, ttl = words.split(" ")
        self.monitor.override(self.checks[name], Status[status], nanoseconds(ttl) / SECOND)

    def do_clear(self, name: str) -> None:
        self.monitor.override(self.checks[name], None)

    # What is expected.

    def handle(self, name: str) -> Handle:
        return self.monitor.group(name[1:]) if name.startswith("@") else self.checks[name]

    def do_find(self, name: str) -> None:
        if name.startswith("@"):
            self.monitor.group(name[1:])
        else:
            assert self.monitor[name] == self.checks[name]

    def do_status(self, words: str) -> None:
        name, wanted = words.split(" ")
        handle = self.handle(name)
        assert (handle.status.name, handle.fresh_status.name) == (wanted, wanted)

    def do_answer(self, words: str) -> None:
        name, wanted = words.split(" ")
        assert self.monitor.group(name[1:]).answer == (wanted == "yes")

    def do_snapshot(self, words: str) -> None:
        name, _, rest = words.partition(" ")
        seen = self.handle(name).snapshot()
        for key, wanted in pairs(rest):
            assert (key, self.field_of_snapshot(seen, key)) == (key, wanted)

    def field_of_snapshot(self, seen: Snapshot, key: str) -> str:
        if key in ("last", "next", "fresh_until"):
            date = getattr(seen, key)
            none = "never" if key == "next" else "none"
            return none if date is None else span(date - self.began)
        return {
            "status": lambda: seen.status.name,
            "measured": lambda: seen.measured.name,
            "why": lambda: named("reason", seen.reason),
            "mask": lambda: "+".join(m.name for m in Mask if m in seen.mask) or "none",
            "since": lambda: span(seen.since - self.began),
            "latency": lambda: span(seen.latency),
            "value": lambda: "none" if seen.value is None else f"{seen.value:g}",
            "text": lambda: seen.message,
        }.get(key, lambda: str(getattr(seen, key)))()

    def take(self, listener: str) -> Optional[Event]:
        """One event, and of groups only where they are listened to."""
        events, groups = self.listeners[listener]
        while True:
            taken = events.poll(1, 0)
            if not taken:
                return None
            event = taken[0]
            if event.kind == Kind.DUE:
                self.tokens[event.id] = (event.token, self.tokens[event.id][0])
            if groups or event.id == 0 or event.id in self.names:
                return event

    def do_quiet(self, listener: str) -> None:
        assert self.take(listener) is None

    def do_drain(self, listener: str) -> None:
        while self.take(listener) is not None:
            pass

    def do_event(self, words: str) -> None:
        listener, kind, name, *rest = words.split(" ", 3)
        event = self.take(listener)
        assert event is not None, "nothing was said"
        about = self.names.get(event.id, f"@{event.name}" if event.id else "-")
        assert (named("event", event.kind), about) == (kind, name)
        if event.id in self.names and event.kind in (Kind.REGISTERED, Kind.REMOVED):
            assert event.name == name
        for key, wanted in pairs(rest[0] if rest else ""):
            assert (key, self.field_of_event(event, key)) == (key, wanted)

    def field_of_event(self, event: Event, key: str) -> str:
        last, before = self.tokens.get(event.id, (0, 0))
        words = {0: "none", before: "old", last: "due"} if event.token else {0: "none"}
        return {
            "at": lambda: time(event.at_ns),
            "group": lambda: "yes" if event.is_group else "no",
            "deadline": lambda: time(event.deadline_ns),
            "linger": lambda: time(event.linger_until_ns),
            "latency": lambda: span(event.latency),
            "from": lambda: event.previous.name,
            "to": lambda: event.status.name,
            "why": lambda: named("reason", event.reason),
            "outcome": lambda: named("outcome", event.outcome),
            "value": lambda: "none" if event.value is None else f"{event.value:g}",
            "token": lambda: words.get(event.token, "other"),
            "text": lambda: event.message,
        }.get(key, lambda: str(getattr(event, key)))()

    def due(self, listener: str, check: Check) -> Event:
        """Moves on from turn to turn until a check is asked to run."""
        for _ in range(1000):
            following = self.monitor.advance(self.monitor.now_ns)
            while True:
                event = self.take(listener)
                if event is None:
                    break
                if event.kind == Kind.DUE and event.id == check.id:
                    return event
            assert following is not None, "nothing is planned"
            self.monitor.advance(following)
        raise AssertionError("it is never asked to run")

    def do_due(self, words: str) -> None:
        listener, name, wanted = words.split(" ")
        assert time(self.due(listener, self.checks[name]).at_ns) == wanted

    def do_trace(self, words: str) -> None:
        listener, name, letters, wanted = words.split(" ")
        check, seen = self.checks[name], ""
        for letter in letters:
            asked = self.due(listener, check)
            if letter == "s":
                self.monitor.advance(asked.deadline_ns)
                cancel = self.take(listener)
                assert cancel is not None
                assert cancel.kind == Kind.CANCEL
            else:
                check.report(asked.token, OUTCOMES[letter])
            seen += "?HDU"[check.status]
        assert seen == wanted


def replay_scenario(case: Dict[str, Any]) -> None:
    scenario = Scenario(case["monitor"])
    assert case["steps"]
    for step in case["steps"]:
        try:
            scenario.step(step)
        except Exception as error:
            raise AssertionError(f"`{step}`: {error}") from error
