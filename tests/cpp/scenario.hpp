/* Plays the scenarios of the shared vectors through the C++ interface. The words of their steps are
   explained in tests/conformance/README.md. What does not come as a step says ends the program. */
#ifndef SCENARIO_HPP
#define SCENARIO_HPP

#include "choice.hpp"
#include "vectors.h"

/* The words of a text, from its front. */
class Words {
   public:
    explicit Words(std::string text) : rest_(std::move(text)) {}
    bool empty() const { return rest_.empty(); }
    const std::string& rest() const { return rest_; }
    std::string next(char end = ' ') {
        const auto at = rest_.find(end);
        std::string word = rest_.substr(0, at);
        rest_ = at == std::string::npos ? "" : rest_.substr(at + 1);
        return word;
    }
    /* `key=value`; that of text= is the rest. */
    std::pair<std::string, std::string> pair() {
        std::string key = next('=');
        if (key == "text") return {key, std::exchange(rest_, "")};
        return {key, next()};
    }

   private:
    std::string rest_;
};

/* A check that was registered; it keeps its place when it is gone. */
struct Actor {
    std::string name;
    mv::Check check;
    std::uint64_t token = 0, old_token = 0;
    bool gone = false;
};

/* A subscription; of groups it hears only if it asked for them. */
struct Listener {
    std::string name;
    mv::Subscription events;
    bool groups;
};

/* The value of a call that may fail, and its code, in both choices. */
template <class T, class F>
int take(std::optional<T>& out, F call) {
#if MESHVITALS_EXCEPTIONS
    try {
        out.emplace(call());
    } catch (const mv::Error& error) {
        return static_cast<int>(error.code());
    }
#else
    auto answer = call();
    if (!answer) return static_cast<int>(answer.error().code());
    out.emplace(*std::move(answer));
#endif
    return MESHVITALS_OK;
}

/* What a field of an event or snapshot is, as a step says it. */
inline std::string as_text(std::chrono::nanoseconds time) {
    const auto ns = time.count();
    if (ns % 1000000000 == 0) return std::to_string(ns / 1000000000) + "s";
    if (ns % 1000000 == 0) return std::to_string(ns / 1000000) + "ms";
    return std::to_string(ns) + "ns";
}

inline std::string as_text(mv::Time time) { return as_text(time.time_since_epoch()); }

/* An instant that may be none. */
inline std::string as_text(const std::optional<mv::Time>& time, const char* none) {
    return time ? as_text(*time) : none;
}

inline std::string as_text(const std::optional<double>& value) {
    char text[32] = "none";
    if (value) std::snprintf(text, sizeof text, "%g", *value);
    return text;
}

template <class E>
std::string name_of(const char* table, E value) {
    const auto number = static_cast<long long>(value);
    const char* name = constant_name(table, number);
    return name == nullptr ? std::to_string(number) : name;
}

inline std::string as_text(mv::Mask mask) {
    std::string names;
    const auto put = [&](bool set, const char* name) {
        if (set) names += names.empty() ? name : std::string("+") + name;
    };
    put(mask.overridden(), "OVERRIDE");
    put(mask.paused(), "PAUSED");
    put(mask.blocked(), "BLOCKED");
    put(mask.stale(), "STALE");
    return mask.any() ? names : "none";
}

/* What does not hold, in its place. */
class Wrong {
   public:
    Wrong(const vectors& file, const std::string& step) : file_(file), step_(step) {}
    void unless(bool holds, const std::string& problem) const {
        if (holds) return;
        CHECK_FAIL("%s:%d: %s: `%s`: %s", file_.path, file_.now.line, file_.now.why,
                   step_.c_str(), problem.c_str());
    }

   private:
    const vectors& file_;
    const std::string& step_;
};

/* The actors of a scenario, and what is said of them. */
class Stage {
   public:
    explicit Stage(const vectors& file)
        : wrong(file, step), monitor(MUST(mv::Monitor::make(file.now.monitor))) {}

    /* The last check that was registered under this name. */
    Actor& actor(const std::string& name) {
        for (auto at = actors.rbegin(); at != actors.rend(); ++at)
            if (at->name == name) return *at;
        wrong.unless(false, "nobody is called " + name);
        return actors.front();
    }

    Actor* actor(mv::CheckId id) {
        for (Actor& actor : actors)
            if (actor.check.id() == id) return &actor;
        return nullptr;
    }

    /* Notes a check that was registered or replaced; the latter keeps its id. */
    void learn(const mv::Check& check) {
        const std::string name(MUST(monitor.snapshot(check)).name());
        for (const Actor& actor : actors) {
            if (actor.name != name || actor.gone) continue;
            wrong.unless(actor.check == check, name + " has another id");
            return;
        }
        actors.push_back(Actor{name, check});
    }

    Listener& listener(const std::string& name) {
        for (Listener& listener : listeners)
            if (listener.name == name) return listener;
        wrong.unless(false, "no subscription is called " + name);
        return listeners.front();
    }

    /* Takes one event, if there is one. */
    int take(Listener& from, std::optional<mv::Event>& event) {
        for (;;) {
            std::optional<std::vector<mv::Event>> taken;
            event.reset();
            const int code = ::take(taken, [&] { return from.events.poll(0s, 1); });
            if (code != MESHVITALS_OK || taken->empty()) return code;
            Actor* const about = actor(taken->front().check());
            if (about == nullptr && taken->front().check() != mv::CheckId{} && !from.groups)
                continue;
            event = taken->front();
            if (event->kind() == mv::Kind::check_due)
                about->old_token = std::exchange(about->token, event->token());
            return code;
        }
    }

    /* Moves on from turn to turn until a check is asked to run; the rest is dropped. */
    mv::Event due(Listener& from, const Actor& asked) {
        std::optional<mv::Event> event;
        for (int turn = 0; turn < 1000; turn++) {
            const auto next = MUST(monitor.advance(monitor.now()));
            while (take(from, event) == MESHVITALS_OK && event)
                if (event->kind() == mv::Kind::check_due && event->check() == asked.check.id())
                    return *event;
            wrong.unless(next.has_value(), "nothing is planned");
            MUST(monitor.advance(*next));
        }
        wrong.unless(false, "it is never asked to run");
        return *event;
    }

    std::string step = "monitor";
    Wrong wrong;
    mv::Monitor monitor;
    std::vector<Actor> actors;
    std::vector<Listener> listeners;
};

#endif
