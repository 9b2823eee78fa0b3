/* Manual mode: external checks with their tokens and deadlines, heartbeats, masks, snapshots and
   groups, at exact instants. */
#include "choice.hpp"

/* The events since the last call that are about a check itself, not about a group. */
static std::vector<mv::Event> drain(mv::Subscription& events) {
    auto all = MUST(events.poll(0s));
    std::vector<mv::Event> own;
    for (const mv::Event& event : all)
        if (event.reason() != mv::Reason::member) own.push_back(event);
    return own;
}

static void an_external_check_is_asked_and_answered() {
    auto monitor = manual();
    auto due = MUST(monitor.subscribe(mv::Kinds::due));
    auto statuses = MUST(monitor.subscribe(mv::Kinds::status | mv::Kinds::result));
    const mv::Check check = MUST(monitor.register_check(mv::CheckDocument("ext", mv::External{})
                                                            .interval(1s)
                                                            .timeout(200ms)
                                                            .confirm_interval(100ms)
                                                            .initial_delay(0s)
                                                            .jitter(0)
                                                            .failure_threshold(2)
                                                            .cookie(99)));
    CHECK_STATUS(check.status(), unknown);
    drain(statuses);
    MUST(monitor.advance(at(1s)));
    CHECK(monitor.now() == at(1s));

    auto asked = drain(due);
    CHECK_EQ(asked.size(), 1);
    CHECK(asked[0].kind() == mv::Kind::check_due && asked[0].check() == check.id());
    CHECK(asked[0].deadline() == at(1200ms) && asked[0].cookie() == 99);
    MUST(monitor.report(asked[0], mv::RunResult::pass().with_value(0.5).with_latency(3ms)));
    CHECK_CODE(stale, monitor.report(asked[0], mv::RunResult::pass()));
    auto told = drain(statuses);
    CHECK_EQ(told.size(), 2);
    const mv::Event& result = told[told[0].kind() == mv::Kind::result ? 0 : 1];
    const mv::Event& change = told[told[0].kind() == mv::Kind::result ? 1 : 0];
    CHECK(result.kind() == mv::Kind::result && *result.outcome() == mv::Outcome::pass);
    CHECK(*result.value() == 0.5 && result.latency() == 3ms && result.token() == asked[0].token());
    CHECK(change.kind() == mv::Kind::status && !change.outcome());
    CHECK(change.previous() == mv::Status::unknown && change.status() == mv::Status::healthy);
    CHECK_STATUS(check.status(), healthy);
    CHECK(check.is_functional());

    // Two failures make UNHEALTHY, and the second run comes one confirm interval after the first.
    auto next = MUST(monitor.advance(at(2s)));
    asked = drain(due);
    CHECK_EQ(asked.size(), 1);
    MUST(monitor.report(asked[0], mv::RunResult::fail("refused")));
    CHECK_STATUS(check.status(), healthy);
    next = MUST(monitor.advance(at(2s)));
    CHECK(next && *next <= at(2100ms));
    MUST(monitor.advance(at(2100ms)));
    asked = drain(due);
    CHECK_EQ(asked.size(), 1);
    MUST(monitor.report(asked[0], mv::RunResult::fail("refused").with_detail(111)));
    CHECK_STATUS(check.status(), unhealthy);
    CHECK_STATUS(monitor.overall(), unhealthy);

    const mv::Snapshot seen = MUST(monitor.snapshot(check));
    CHECK_TEXT(seen.name(), "ext");
    CHECK_TEXT(seen.message(), "refused");
    CHECK(seen.check() == check.id() && seen.cookie() == 99 && seen.failures() == 2);
    CHECK(seen.runs() == 3 && seen.passes() == 0 && seen.in_flight() == 0 && !seen.value());
    CHECK(seen.status() == mv::Status::unhealthy && seen.measured() == seen.status());
    CHECK(seen.since() == at(2100ms) && *seen.last() == at(2100ms) && !seen.mask().any());
    CHECK(!seen.threshold() && seen.next() && seen.fresh_until() > at(2100ms));
    CHECK(seen.since_date() > std::chrono::system_clock::time_point());

    // At the deadline silence is a timeout, and the host is told to stop.
    MUST(monitor.advance(*seen.next()));
    asked = drain(due);
    MUST(monitor.advance(asked[0].deadline()));
    const auto cancelled = drain(due);
    CHECK_EQ(cancelled.size(), 1);
    CHECK(cancelled[0].kind() == mv::Kind::check_cancel);
    CHECK_EQ(cancelled[0].token(), asked[0].token());
    MUST(monitor.unregister(check));
    CHECK_STATUS(check.status(), unknown);
    CHECK_CODE(stale, monitor.snapshot(check));
}

static void a_heartbeat_falls_silent() {
    auto monitor = manual();
    const mv::Check jobs =
        MUST(monitor.register_check(mv::CheckDocument("jobs", mv::Heartbeat{1s})));
    MUST(monitor.advance(at(10s)));
    MUST(monitor.beat(jobs));
    CHECK_STATUS(jobs.status(), healthy);
    CHECK_STATUS(jobs.status_at(at(10s)), healthy);
    CHECK_STATUS(jobs.status_at(at(1h)), unknown);
    MUST(monitor.advance(at(11s)));
    CHECK_STATUS(jobs.status(), unhealthy);
    MUST(monitor.beat(jobs, mv::RunResult::warn("slow")));
    MUST(monitor.beat(jobs, mv::RunResult::pass().with_finished(at(10900ms))));
    CHECK_CODE(range, monitor.beat(jobs, mv::RunResult(mv::Outcome{9})));
}

static void masks_lie_over_what_is_measured() {
    auto monitor = manual();
    const mv::Check jobs = MUST(monitor.register_check(
        mv::CheckDocument("jobs", mv::Heartbeat{1h}).tags({"readiness"})));
    const mv::Group ready = MUST(monitor.group("readiness"));
    MUST(monitor.advance(at(1s)));
    CHECK(!MUST(monitor.answer(ready)));
    MUST(monitor.beat(jobs));
    MUST(monitor.advance(at(1s)));
    CHECK(MUST(monitor.answer(ready)) && ready.status() == mv::Status::healthy);

    MUST(monitor.override_status(jobs, mv::Status::unhealthy, 10s));
    MUST(monitor.advance(at(1s)));
    const mv::Snapshot seen = MUST(monitor.snapshot(jobs));
    CHECK(seen.status() == mv::Status::unhealthy && seen.measured() == mv::Status::healthy);
    CHECK(seen.mask().overridden() && !seen.mask().paused() && !seen.mask().blocked());
    CHECK(!MUST(monitor.answer(ready)));
    MUST(monitor.advance(at(11s)));
    CHECK_STATUS(jobs.status(), healthy);
    MUST(monitor.override_status(jobs, mv::Status::degraded));
    CHECK_STATUS(jobs.status(), degraded);
    CHECK(jobs.is_functional());
    CHECK_CODE(range, monitor.override_status(jobs, mv::Status::unhealthy, -5s));
    CHECK_STATUS(jobs.status(), degraded);
    MUST(monitor.clear_override(jobs));
    CHECK_STATUS(jobs.status(), healthy);
    MUST(monitor.pause(jobs));
    CHECK_STATUS(jobs.status(), unknown);
    CHECK(MUST(monitor.snapshot(jobs)).mask().paused());
    MUST(monitor.resume(jobs));
    CHECK_STATUS(jobs.status(), healthy);
}

int main() {
    an_external_check_is_asked_and_answered();
    a_heartbeat_falls_silent();
    masks_lie_over_what_is_measured();
    return 0;
}
