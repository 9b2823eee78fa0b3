/* Replays the vectors of documents through the C++ interface, as tests/c/conformance.c does through
   C: every document meets a manual monitor and one with a clock of its own, and a right one may be
   refused only for what the monitor is. */
#include "choice.hpp"
#include "vectors.h"

/* Whether only what the monitor is stands against the document. */
static bool only_the_monitor(const mv::Error& error) {
    return error.code() == mv::Code::mode ||
           (error.key() == "/depends_on" &&
            error.message().find("is not registered") != std::string_view::npos);
}

static mv::Error check_with_a_clock(const char* document) {
    auto monitor = MUST(mv::Monitor::make());
    mv::Error error = ERROR(monitor.register_check(document));
    if (error.code() == mv::Code::document && only_the_monitor(error)) {
        MUST(monitor.register_check(mv::CheckDocument("b", mv::Heartbeat{1s})));
        error = ERROR(monitor.register_check(document));
    }
    if (error.code() == mv::Code::mode) error = ERROR(monitor.register_callback(document, [] {}));
    return error;
}

static mv::Error many_with_a_clock(const char* document) {
    auto monitor = MUST(mv::Monitor::make());
    const auto before = MUST(monitor.list()).size();
    const mv::Error error = ERROR(monitor.register_many(std::string_view(document)));
    if (error.code() != mv::Code::ok) CHECK_EQ(MUST(monitor.list()).size(), before);
    return error;
}

static mv::Error with_a_manual_clock(const char* document, bool many) {
    auto monitor = manual();
    const mv::Error error = many ? ERROR(monitor.register_many(std::string_view(document)))
                                 : ERROR(monitor.register_check(document));
    return only_the_monitor(error) ? mv::Error(mv::Code::ok) : error;
}

static mv::Error whole(const char* document) {
    const mv::Error error = ERROR(mv::Monitor::make(document));
    // A callback has no function in the configuration.
    const bool callback = error.key().find("/callback") != std::string_view::npos;
    return error.code() == mv::Code::mode && callback ? mv::Error(mv::Code::ok) : error;
}

int main(int argc, char** argv) {
    vectors vectors;
    int wrong = 0, count = 0;
    CHECK_EQ(argc, 2);
    vectors_open(&vectors, argv[1]);
    const auto differs = [&](const char* way, const mv::Error& error) {
        return !vector_agrees(&vectors, way, static_cast<meshvitals_code_t>(error.code()),
                              std::string(error.key()).c_str(), error.what());
    };
    while (const vector* now = vectors_next(&vectors)) {
        const std::string_view kind = now->kind;
        if (kind == "monitor") {
            wrong += differs("monitor", whole(now->document));
        } else {
            const bool many = kind == "checks";
            VECTOR_CHECK(&vectors, many || kind == "check");
            wrong += differs("manual", with_a_manual_clock(now->document, many));
            wrong += differs(now->kind, many ? many_with_a_clock(now->document)
                                             : check_with_a_clock(now->document));
        }
        count++;
    }
    vectors_close(&vectors);
    if (count == 0) CHECK_FAIL("%s: no case ran", argv[1]);
    std::printf("%d cases\n", count);
    return wrong != 0;
}
