/* Callables of every shape as checks and as log functions: what their answers and exceptions become,
   and that each is destroyed once, after its last return, by whoever owns it then. */
#include "choice.hpp"

#include <atomic>
#include <cstddef>
#include <stdexcept>
#include <thread>

/* Counts the lives of callables; a copy of a callable that should have been moved shows. */
struct Counted {
    explicit Counted(std::atomic<int>& alive) : alive_(&alive) { ++*alive_; }
    Counted(Counted&& other) noexcept : alive_(std::exchange(other.alive_, nullptr)) {}
    Counted(const Counted&) = delete;
    ~Counted() {
        if (alive_ != nullptr) --*alive_;
    }
    std::atomic<int>* alive_;
};

static mv::CheckDocument document(const char* name) {
    return mv::CheckDocument(name, mv::Callback{}).interval(1s).initial_delay(0s).jitter(0);
}

/* The one RESULT of a callable after one turn. */
template <class F>
static mv::Event result_of(F&& function) {
    auto monitor = manual();
    auto results = MUST(monitor.subscribe(mv::Kinds::result));
    const mv::Check check =
        MUST(monitor.register_callback(document("f").cookie(7), std::forward<F>(function)));
    MUST(monitor.advance(at(5s)));
    const auto events = MUST(results.poll(0s));
    CHECK_EQ(events.size(), 1);
    CHECK(events[0].check() == check.id() && events[0].cookie() == 7 && events[0].at() == at(5s));
    return events[0];
}

static bool plain() { return true; }

struct Functor {
    mv::RunResult operator()(const mv::Run& run) {
        CHECK(run.cookie() == 7 && run.deadline() == at(10s));
        return mv::RunResult::warn("nearly full").with_value(++calls).with_detail(-3);
    }
    int calls = 0;
};

static void wording_is_no_fault() {
    /* Latin-1, as the messages of some libraries still are. */
    const auto passed = result_of([] { return mv::RunResult::pass().with_message("caf\xe9"); });
    CHECK_EQ(*passed.outcome(), mv::Outcome::pass);
    CHECK_TEXT(passed.text(), "caf\xef\xbf\xbd");
}

static void answers_become_results() {
    CHECK_EQ(*result_of(plain).outcome(), mv::Outcome::pass);
    CHECK_EQ(*result_of([] { return false; }).outcome(), mv::Outcome::fail);
    CHECK_EQ(*result_of([] {}).outcome(), mv::Outcome::pass);
    CHECK_EQ(*result_of([](const mv::Run&) { return true; }).outcome(), mv::Outcome::pass);
    CHECK_EQ(*result_of([] { return mv::RunResult::local("no power"); }).outcome(),
             mv::Outcome::local);
    const mv::Event warning = result_of(Functor{});
    CHECK(*warning.outcome() == mv::Outcome::warn && *warning.value() == 1);
    CHECK_TEXT(warning.text(), "nearly full");
    CHECK_EQ(warning.detail(), -3);
    const mv::Event own = result_of(
        [] { return mv::RunResult(mv::Outcome::fail, mv::Reason{10007}).with_message("mine"); });
    CHECK(own.reason() == mv::Reason{10007} && !own.value());
    CHECK_TEXT(own.text(), "mine");
    // What the library refuses in a result is that run's failure.
    const mv::Event nonsense = result_of([] { return mv::RunResult(mv::Outcome{99}); });
    CHECK_EQ(*nonsense.outcome(), mv::Outcome::fail);
    CHECK(nonsense.text().size() > 0);
}

static void long_messages_are_cut_between_characters() {
    std::string text(157, 'a');
    const mv::Event event = result_of([&] { return mv::RunResult::fail(text + "ü€"); });
    CHECK_TEXT(event.text(), text + "ü");
    CHECK_TEXT(mv::RunResult::fail(text + "€").message(), text);
    CHECK_TEXT(mv::RunResult::fail(text + "bc").message(), text + "bc");
}

static void exceptions_are_failures() {
#if defined(__cpp_exceptions)
    const mv::Event known = result_of([]() -> bool { throw std::runtime_error("disk is gone"); });
    CHECK_EQ(*known.outcome(), mv::Outcome::fail);
    CHECK_EQ(known.reason(), mv::Reason::callback_panicked);
    CHECK_TEXT(known.text(), "disk is gone");
    const mv::Event strange = result_of([] { throw 7; });
    CHECK_EQ(*strange.outcome(), mv::Outcome::fail);
    CHECK_TEXT(strange.text(), "an exception of another type");
#endif
}

static void each_callable_is_destroyed_once() {
    std::atomic<int> alive{0};
    {
        auto monitor = manual();
        const mv::Check check = MUST(monitor.register_callback(
            document("removed"), [counted = Counted(alive)] { return counted.alive_ != nullptr; }));
        MUST(monitor.register_callback(document("freed"), [counted = Counted(alive)] {}));
        CHECK_EQ(alive, 2);
        // What was refused was never the library's.
        CHECK_CODE(exists, monitor.register_callback(document("freed"),
                                                     [counted = Counted(alive)] {}));
        CHECK_CODE(range, monitor.register_callback(document(""), [counted = Counted(alive)] {}));
        CHECK_CODE(mode, monitor.register_callback(mv::CheckDocument("x", mv::External{}),
                                                   [counted = Counted(alive)] {}));
        CHECK_EQ(alive, 2);
        MUST(monitor.advance(at(1s)));
        CHECK_EQ(check.status(), mv::Status::healthy);
        MUST(monitor.unregister(check));
        CHECK_EQ(alive, 1);
    }
    CHECK_EQ(alive, 0);
}

static void the_log_function_is_owned_too() {
    std::atomic<int> alive{0};
    auto monitor = manual();
    const auto listen = [&] {
        return monitor.set_log(mv::LogLevel::detail,
                               [counted = Counted(alive)](mv::LogLevel, std::string_view) {});
    };
    MUST(listen());
    MUST(listen());
    CHECK_EQ(alive, 1);
    MUST(monitor.clear_log());
    CHECK_EQ(alive, 0);
    MUST(listen());
    monitor = manual();
    CHECK_EQ(alive, 0);
}

/* The engine says little, so the way of a line is walked without it. */
static void a_line_arrives_and_what_its_reader_throws_is_lost() {
    std::string seen;
    const auto owned = mv::detail::own([&](mv::LogLevel level, std::string_view line) {
        seen = std::to_string(static_cast<int>(level)) + " " + std::string(line);
#if defined(__cpp_exceptions)
        throw std::runtime_error("this leads nowhere");
#endif
    });
    owned->log(owned.get(), 2, "suspended");
    CHECK_TEXT(seen, "2 suspended");
}

/* A library of another version hands over a struct of another size. */
static void structs_of_other_sizes_are_filled_as_far_as_they_go() {
    const auto owned = mv::detail::own([] { return mv::RunResult::fail("no"); });
    meshvitals_run_t told{};
    for (const std::size_t more : {std::size_t{0}, std::size_t{16}}) {
        std::vector<meshvitals_result_t> out(2);
        const std::uint32_t size = static_cast<std::uint32_t>(sizeof out[0] + more);
        out[0].struct_size = size;
        out[1].struct_size = 77;
        CHECK_EQ(owned->run(owned.get(), &told, out.data()), 0);
        CHECK(out[0].struct_size == size && out[0].outcome == MESHVITALS_OUTCOME_FAIL);
        CHECK_TEXT(out[0].message, "no");
        CHECK_EQ(out[1].struct_size, 77);
    }
    meshvitals_result_t out{};
    out.struct_size = offsetof(meshvitals_result_t, message);
    CHECK_EQ(owned->run(owned.get(), &told, &out), 0);
    CHECK(out.outcome == MESHVITALS_OUTCOME_FAIL && out.message[0] == 0);
}

static void a_pool_calls_and_a_callable_may_remove_its_own_check() {
    std::atomic<int> alive{0}, calls{0};
    std::atomic<bool> on_another_thread{false};
    const auto here = std::this_thread::get_id();
    auto monitor = MUST(mv::Monitor::make(mv::MonitorDocument{}.system_checks(false)));
    auto life = MUST(monitor.subscribe(mv::Kinds::life));
    MUST(monitor.register_callback(
        document("once"), [&, counted = Counted(alive)](const mv::Run& run) {
            on_another_thread = std::this_thread::get_id() != here;
            CHECK(run.deadline() > mv::Clock::now());
            // Removal takes no part in the failure of a check that is gone already.
            if (calls++ == 0) MUST(monitor.unregister(run.check()));
            return true;
        }));
    MUST(monitor.start());
    for (bool removed = false; !removed;)
        for (const mv::Event& event : MUST(life.poll()))
            removed = removed || event.kind() == mv::Kind::removed;
    MUST(monitor.stop(std::chrono::milliseconds(PATIENCE_MS)));
    CHECK(calls == 1 && alive == 0 && on_another_thread);
}

int main() {
    wording_is_no_fault();
    answers_become_results();
    long_messages_are_cut_between_characters();
    exceptions_are_failures();
    each_callable_is_destroyed_once();
    the_log_function_is_owned_too();
    a_line_arrives_and_what_its_reader_throws_is_lost();
    structs_of_other_sizes_are_filled_as_far_as_they_go();
    a_pool_calls_and_a_callable_may_remove_its_own_check();
    return 0;
}
