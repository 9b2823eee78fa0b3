"""Leak loops of the lag of event loops."""

from __future__ import annotations

from meshvitals import Kinds, LoopLag

from leaks import FEW, keep, loop, on_loop, running


@loop("LoopLag", "LoopLag.__eq__", "LoopLag.__hash__", "LoopLag.__repr__", count=FEW)
def loop_lag():
    made = running()
    probe = LoopLag(59_000, 60_000)
    made.register(probe, name="loop", initial_delay="1h")
    events = made.events(Kinds.RESULT)
    keep(events)

    async def call() -> None:
        assert probe == LoopLag(59_000, 60_000) and hash(probe) and repr(probe)
        made.register(LoopLag(), name="other", initial_delay="1h")
        made.unregister("other")
        made.use_loop()
        made.check_now("loop")
        async for event in events:
            if event.name == "loop":
                break

    return on_loop(call)
