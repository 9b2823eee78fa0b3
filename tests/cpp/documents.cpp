/* What the builders write, that the library takes every key of theirs, and what it says about
   values that are wrong. */
#include "choice.hpp"

#include <limits>

static mv::CheckDocument every_key() {
    return mv::CheckDocument("all", mv::External{})
        .interval(10s)
        .timeout(2500ms)
        .confirm_interval(1s)
        .initial_delay(7s)
        .jitter(0.25)
        .failure_threshold(5)
        .success_threshold(4)
        .degraded_threshold(6)
        .first_result_decides("any")
        .degraded_is_failure(true)
        .start_grace(30s)
        .linger(0s)
        .max_in_flight(1)
        .policy("thresholds")
        .critical(true)
        .role("gate")
        .tags({"readiness", "b"})
        .depends_on({"first"})
        .cookie(18446744073709551615u);
}

static void texts_are_exact() {
    CHECK_TEXT(mv::CheckDocument("db", mv::Tcp{"10.0.0.5:5432"}.connect("fast")).interval(2s).text(),
               R"({"name": "db", "tcp": {"address": "10.0.0.5:5432", "connect": "fast"}, )"
               R"("interval": "2s"})");
    CHECK_TEXT(mv::json::quoted("a\"b\\c\n\x01\x7fü/"), "\"a\\\"b\\\\c\\u000a\\u0001\x7fü/\"");
    CHECK_TEXT(mv::json::quoted(std::string_view("a\0b", 3)), R"("a\u0000b")");
    const auto heartbeat = [](auto ttl) {
        return mv::Heartbeat{ttl}.keys().text();
    };
    CHECK_TEXT(heartbeat(90s), R"({"ttl": "90s"})");
    // Longer than nanoseconds can say is as long as they can say, and too long.
    CHECK_TEXT(heartbeat(std::chrono::hours(5124096)), R"({"ttl": "9223372036854775807ns"})");
    CHECK_TEXT(heartbeat((std::chrono::hours::min)()), R"({"ttl": "-9223372036854775808ns"})");
    CHECK_TEXT(heartbeat(std::chrono::duration<double>(0.25)), R"({"ttl": "250ms"})");
    CHECK_TEXT(heartbeat(1500ms), R"({"ttl": "1500ms"})");
    CHECK_TEXT(heartbeat(1001us), R"({"ttl": "1001us"})");
    CHECK_TEXT(heartbeat(1000000001ns), R"({"ttl": "1000000001ns"})");
    CHECK_TEXT(heartbeat(0s), R"({"ttl": "0s"})");
    CHECK_TEXT(mv::Cpu{0.1}.keys().text(), R"({"threshold": 0.1})");
    static_assert(mv::key(mv::SignalKind::cpu_utilisation) == "cpu_utilisation");
    static_assert(mv::key(mv::SignalKind::memory_pressure) == "memory_pressure");
    static_assert(mv::key(mv::SignalKind::clock_sync) == "clock_sync");
    CHECK_TEXT(mv::json::number(1e300), "1e+300");
    const auto expect = mv::Expect{}.status({200, {300, 399}, "404"}).body_contains("ok").body_limit(9);
    CHECK_TEXT(expect.keys().text(),
               R"({"status": [200, "300-399", "404"], "body_contains": "ok", "body_limit": 9})");
    CHECK_TEXT(mv::Http{"http://h/"}.header("X-A", "1").header("X-B", "\"").keys().text(),
               R"({"url": "http://h/", "headers": {"X-A": "1", "X-B": "\""}})");
}

static void a_key_that_is_set_again_replaces() {
    auto base = mv::CheckDocument("a", mv::External{}).interval(2s).tags({"x"});
    const auto other = base.interval(5s);
    CHECK_TEXT(other.text(),
               R"({"name": "a", "external": {}, "interval": "5s", "tags": ["x"]})");
}

static void the_library_takes_every_key() {
    const auto configuration =
        mv::MonitorDocument{}
            .system_checks(false)
            .cpu_threshold(0.5)
            .memory_threshold(0.6)
            .disk_threshold(0.7)
            .disk_paths({"/", "/tmp"})
            .policy("thresholds")
            .jitter(0.2)
            .slack(1ms)
            .max_runs(10)
            .max_handshakes(4)
            .start_spread(0s)
            .allow_exec(false)
            .stop_timeout(1s)
            .anchor("127.0.0.1:1")
            .all_down_means("unknown")
            .clock("system")
            .defaults(mv::Defaults{}.interval(1s).role("inform"))
            .checks({mv::CheckDocument("first", mv::Heartbeat{30s}),
                     mv::CheckDocument("second", mv::External{})});
    auto monitor = MUST(mv::Monitor::make(configuration));
    const mv::Check all = MUST(monitor.register_check(every_key()));
    CHECK_EQ(MUST(monitor.snapshot(all)).cookie(), UINT64_MAX);
    CHECK_EQ(MUST(monitor.list()).size(), 4 /* with meshvitals.self */);
    for (const mv::Probe& probe : std::initializer_list<mv::Probe>{
             mv::Tcp{"127.0.0.1:1"}.connect("full"),
             mv::Http{"http://127.0.0.1/"}
                 .address("127.0.0.1:80")
                 .method("POST")
                 .header("X-Token", "t")
                 .body("{}")
                 .host("h.example")
                 .expect(mv::Expect{}.status({200, {300, 399}}).body_contains("ok").body_limit(9)),
             mv::Cpu{0.5}, mv::Cpu{}, mv::Memory{0.5}, mv::Disk{"/"}.threshold(0.5), mv::Disk{},
             mv::Signal{mv::SignalKind::disk_inodes}.path("/").degraded(80, 70).unhealthy(95, 90).hold(
                 std::chrono::minutes(2)),
             mv::Heartbeat{1s}, mv::External{}}) {
        const mv::Check check = MUST(monitor.register_check({mv::CheckDocument("p", probe)}));
        MUST(monitor.unregister(check));
    }
    MUST(monitor.register_callback(mv::CheckDocument("f", mv::Callback{}), [] {}));
}

static void wrong_values_are_named_by_the_library() {
    auto monitor = manual();
    const auto refused = [&](const mv::Document& document, mv::Code code, const char* key) {
        const mv::Error error = ERROR(monitor.register_check(document));
        CHECK_EQ(error.code(), code);
        CHECK_TEXT(error.key(), key);
        CHECK(error.message().size() > 0 && error.message() == error.what());
    };
    const auto external = [](const char* name = "a") {
        return mv::CheckDocument(name, mv::External{});
    };
    refused(external().interval(-1s), mv::Code::document, "/interval");
    refused(external().interval(1ns), mv::Code::range, "/interval");
    refused(external().failure_threshold(-1), mv::Code::range, "/failure_threshold");
    refused(external().jitter(std::numeric_limits<double>::quiet_NaN()), mv::Code::document,
            "/jitter");
    refused(external("a\nb"), mv::Code::range, "/name");
    refused(external("\xff"), mv::Code::utf8, "");
    refused("{\"name\": \"a\"", mv::Code::document, "");
    refused(std::string("{\"name\": \"a\", \"external\": {}}\0 rest", 37), mv::Code::document, "");
    refused(mv::CheckDocument("a", mv::Heartbeat{0s}), mv::Code::range, "/heartbeat/ttl");
    CHECK_CODE(range, mv::Monitor::make(mv::MonitorDocument{}.cpu_threshold(2)));
    CHECK_CODE(document, mv::Monitor::make("[]"));
    CHECK_CODE(document, mv::probe_once("{}"));
    CHECK_CODE(mode, mv::probe_once(external()));
    CHECK(MUST(monitor.list()).empty());
}

int main() {
    texts_are_exact();
    a_key_that_is_set_again_replaces();
    the_library_takes_every_key();
    wrong_values_are_named_by_the_library();
    return 0;
}
