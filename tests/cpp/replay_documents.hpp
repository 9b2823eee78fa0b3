/* Replays the vectors of documents through the C++ interface, as tests/c/documents.h does through C:
   every document meets a manual monitor and one with a clock of its own, and a right one may be
   refused only for what the monitor is. */
#ifndef REPLAY_DOCUMENTS_HPP
#define REPLAY_DOCUMENTS_HPP

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

/* Whether the case that was read last is answered as it says. */
static bool document_agrees(const vectors& file) {
    const vector& now = file.now;
    VECTOR_CHECK(&file, now.kind != nullptr && now.document != nullptr);
    const auto agrees = [&](const char* way, const mv::Error& error) {
        return vector_agrees(&file, way, static_cast<meshvitals_code_t>(error.code()),
                             std::string(error.key()).c_str(), error.what()) != 0;
    };
    const std::string_view kind = now.kind;
    if (kind == "monitor") return agrees("monitor", whole(now.document));
    const bool many = kind == "checks";
    VECTOR_CHECK(&file, many || kind == "check");
    const bool manual = agrees("manual", with_a_manual_clock(now.document, many));
    return agrees(now.kind, many ? many_with_a_clock(now.document)
                                 : check_with_a_clock(now.document)) && manual;
}

#endif
