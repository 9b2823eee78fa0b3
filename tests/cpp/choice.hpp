/* What the C++ programs of the tests share. Each of them is compiled with exceptions and without:
   MUST(call) is the value of a call that must succeed, CODE(call) the code of one that may not. */
#ifndef CHOICE_HPP
#define CHOICE_HPP

#include "check.h"

#include <meshvitals.hpp>
#include <string>

namespace mv = meshvitals;
using namespace std::chrono_literals;

#if MESHVITALS_EXCEPTIONS

#define MUST(call) (call)

template <class F>
mv::Error error_of(F call) {
    try {
        static_cast<void>(call());
    } catch (const mv::Error& error) {
        return error;
    }
    return mv::Error(mv::Code::ok);
}

#else

inline void must(const mv::Expected<void>& answer) {
    if (!answer) CHECK_FAIL("%s", answer.error().what());
}

template <class T>
T must(mv::Expected<T> answer) {
    if (!answer) CHECK_FAIL("%s", answer.error().what());
    return *std::move(answer);
}

#define MUST(call) (CHECK_FROM, must(call))

template <class F>
mv::Error error_of(F call) {
    const auto answer = call();
    return answer ? mv::Error(mv::Code::ok) : answer.error();
}

#endif

#define ERROR(call) error_of([&] { return call; })
#define CODE(call) static_cast<int>(ERROR(call).code())

/* Ends the program unless two texts are equal; shows both. */
#define CHECK_TEXT(left, right)                                                   \
    do {                                                                          \
        const std::string left_(left), right_(right);                             \
        if (left_ != right_) CHECK_FAIL("%s is %s\nnot %s", #left, left_.c_str(), right_.c_str()); \
    } while (0)

#define CHECK_CODE(code, call) CHECK_EQ(CODE(call), static_cast<int>(mv::Code::code))

#define CHECK_STATUS(left, word) CHECK_EQ(left, mv::Status::word)

/* A manual monitor without checks of its own. */
inline mv::Monitor manual() {
    return MUST(mv::Monitor::make(mv::MonitorDocument{}.clock("manual")));
}

inline mv::Time at(std::chrono::nanoseconds since) { return mv::Time(since); }

#endif
