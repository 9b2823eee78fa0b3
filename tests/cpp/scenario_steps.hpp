/* What each word of a scenario does, and what it expects; see scenario.hpp. */
#ifndef SCENARIO_STEPS_HPP
#define SCENARIO_STEPS_HPP

#include "scenario.hpp"

class Play : Stage {
   public:
    using Stage::Stage;

    /* Does what a step says. */
    void play(const std::string& text) {
        step = text;
        Words words(text);
        std::string verb = words.next();
        int wanted = MESHVITALS_OK;
        if (verb == "refused") {
            wanted = static_cast<int>(constant("code", words.next()));
            verb = words.next();
        }
        const int code = act(verb, words);
        wrong.unless(code == wanted, name_of("code", code));
    }

   private:
    long long constant(const char* table, const std::string& name) const {
        const ::constant* found = constant_named(table, name.c_str());
        wrong.unless(found != nullptr, name + " is no " + table);
        return found->number;
    }

    mv::Status status_of(const std::string& name) const {
        return static_cast<mv::Status>(constant("status", name));
    }

    std::chrono::nanoseconds time(const std::string& text) const {
        std::size_t end = 0;
        const auto number = std::stoull(text, &end);
        const std::string unit = text.substr(end);
        const auto count = static_cast<std::chrono::nanoseconds::rep>(number);
        if (unit == "s") return std::chrono::seconds(count);
        if (unit == "ms") return std::chrono::milliseconds(count);
        wrong.unless(unit == "ns", text + " is no time");
        return std::chrono::nanoseconds(count);
    }

    /* Compares each `key=value` that is left of a step with what there is. */
    template <class F>
    void expect(Words& words, F field) const {
        while (!words.empty()) {
            const auto [key, wanted] = words.pair();
            const std::optional<std::string> seen = field(key);
            wrong.unless(seen.has_value(), "there is no field " + key);
            wrong.unless(*seen == wanted, key + " is `" + *seen + "`");
        }
    }

    static std::optional<std::string> field(const mv::Event& event, const Actor* about,
                                            const std::string& key) {
        if (key == "at") return as_text(event.at());
        if (key == "deadline") return as_text(event.deadline());
        if (key == "linger") return as_text(event.linger_until());
        if (key == "latency") return as_text(event.latency());
        if (key == "cookie") return std::to_string(event.cookie());
        if (key == "sequence") return std::to_string(event.sequence());
        if (key == "merged") return std::to_string(event.merged());
        if (key == "detail") return std::to_string(event.detail());
        if (key == "group") return event.is_group() ? "yes" : "no";
        if (key == "from") return name_of("status", event.previous());
        if (key == "to") return name_of("status", event.status());
        if (key == "why") return name_of("reason", event.reason());
        if (key == "outcome") return event.outcome() ? name_of("outcome", *event.outcome()) : "0";
        if (key == "value") return as_text(event.value());
        if (key == "text") return std::string(event.text());
        if (key != "token") return std::nullopt;
        if (event.token() == 0) return "none";
        if (about != nullptr && event.token() == about->token) return "due";
        return about != nullptr && event.token() == about->old_token ? "old" : "other";
    }

    static std::optional<std::string> field(const mv::Snapshot& seen, const std::string& key) {
        if (key == "status") return name_of("status", seen.status());
        if (key == "measured") return name_of("status", seen.measured());
        if (key == "why") return name_of("reason", seen.reason());
        if (key == "mask") return as_text(seen.mask());
        if (key == "failures") return std::to_string(seen.failures());
        if (key == "passes") return std::to_string(seen.passes());
        if (key == "in_flight") return std::to_string(seen.in_flight());
        if (key == "runs") return std::to_string(seen.runs());
        if (key == "cookie") return std::to_string(seen.cookie());
        if (key == "since") return as_text(seen.since());
        if (key == "latency") return as_text(seen.latency());
        if (key == "last") return as_text(seen.last(), "none");
        if (key == "next") return as_text(seen.next(), "never");
        if (key == "value") return as_text(seen.value());
        if (key == "text") return std::string(seen.message());
        if (key != "fresh_until") return std::nullopt;
        return seen.fresh_until() == mv::Time() ? "none" : as_text(seen.fresh_until());
    }

    int act(const std::string& verb, Words& words) {
        std::optional<mv::Check> check;
        std::optional<std::vector<mv::Check>> checks;
        std::optional<mv::Event> event;
        int code = MESHVITALS_OK;
        if (verb == "advance") return advance(words);
        if (verb == "subscribe") return subscribe(words);
        if (verb == "report") return report(words, false);
        if (verb == "beat") return report(words, true);
        if (verb == "snapshot") return snapshot(words);
        if (verb == "find") return find(words.rest());
        if (verb == "start") return CODE(monitor.start());
        if (verb == "stop") return CODE(monitor.stop(0s));
        if (verb == "register")
            code = ::take(check, [&] { return monitor.register_check(words.rest()); });
        else if (verb == "replace")
            code = ::take(check, [&] { return monitor.replace(words.rest()); });
        else if (verb == "register_many")
            code = ::take(checks, [&] {
                return monitor.register_many(std::string_view(words.rest()));
            });
        else if (verb == "quiet") {
            code = take(listener(words.rest()), event);
            wrong.unless(!event, "something was said");
        } else if (!look(verb, words)) {
            return act_on(verb, words);
        }
        if (check) learn(*check);
        if (checks)
            for (const mv::Check& one : *checks) learn(one);
        return code;
    }

    /* What is expected rather than done; whether the word was one. */
    bool look(const std::string& verb, Words& words) {
        std::optional<mv::Event> event;
        if (verb == "event") return said(words);
        if (verb == "trace") return trace(words);
        if (verb == "drain") {
            while (take(listener(words.rest()), event) == MESHVITALS_OK && event) continue;
        } else if (verb == "status") {
            const std::string name = words.next();
            const mv::Status seen = name[0] == '@' ? MUST(monitor.group(name.substr(1))).status()
                                                   : actor(name).check.status();
            wrong.unless(seen == status_of(words.rest()), "it is " + name_of("status", seen));
            if (name == "@overall") CHECK_EQ(monitor.overall(), seen);
        } else if (verb == "answer") {
            const mv::Group group = MUST(monitor.group(words.next().substr(1)));
            wrong.unless(MUST(monitor.answer(group)) == (words.rest() == "yes"), "it is not");
        } else if (verb == "due") {
            Listener& from = listener(words.next());
            const std::string seen = as_text(due(from, actor(words.next())).at());
            wrong.unless(seen == words.rest(), "it was at " + seen);
        } else {
            return false;
        }
        return true;
    }

    int act_on(const std::string& verb, Words& words) {
        Actor& on = actor(words.next());
        if (verb == "check_now") return CODE(monitor.check_now(on.check));
        if (verb == "pause") return CODE(monitor.pause(on.check));
        if (verb == "resume") return CODE(monitor.resume(on.check));
        if (verb == "clear") return CODE(monitor.clear_override(on.check));
        if (verb == "unregister") {
            const int code = CODE(monitor.unregister(on.check));
            on.gone |= code == MESHVITALS_OK;
            return code;
        }
        wrong.unless(verb == "override", verb + " is no word");
        const mv::Status forced = status_of(words.next());
        const auto ttl = time(words.rest());
        return CODE(monitor.override_status(on.check, forced, ttl));
    }

    int advance(Words& words) {
        std::optional<std::optional<mv::Time>> next;
        const mv::Time to(time(words.next()));
        const int code = ::take(next, [&] { return monitor.advance(to); });
        if (code == MESHVITALS_OK)
            expect(words, [&](const std::string& key) -> std::optional<std::string> {
                if (key != "next") return std::nullopt;
                return as_text(*next, "never");
            });
        return code;
    }

    int subscribe(Words& words) {
        const std::string name = words.next();
        Words kinds(words.next());
        auto wanted = mv::Kinds{};
        bool groups = false;
        while (!kinds.empty()) {
            const std::string kind = kinds.next('+');
            if (kind == "GROUPS") groups = true;
            else wanted = wanted | static_cast<mv::Kinds>(constant("kind", kind));
        }
        std::optional<mv::Subscription> events;
        const auto capacity = static_cast<std::uint32_t>(std::stoul(words.rest()));
        const int code = ::take(events, [&] { return monitor.subscribe(wanted, capacity); });
        if (events) listeners.push_back(Listener{name, *std::move(events), groups});
        return code;
    }

    int report(Words& words, bool is_beat) {
        const Actor& about = actor(words.next());
        const auto outcome = static_cast<mv::Outcome>(constant("outcome", words.next()));
        std::uint64_t token = is_beat ? 0 : about.token;
        mv::RunResult result(outcome);
        while (!words.empty()) {
            const auto [key, value] = words.pair();
            if (key == "value") result = result.with_value(std::stod(value));
            else if (key == "detail") result = result.with_detail(std::stoi(value));
            else if (key == "latency") result = result.with_latency(time(value));
            else if (key == "at") result = result.with_finished(mv::Time(time(value)));
            else if (key == "text") result = result.with_message(value);
            else if (key == "reason") result = mv::RunResult(outcome, mv::Reason{std::stoi(value)})
                                                   .with_value(result.value().value_or(NAN))
                                                   .with_detail(result.detail())
                                                   .with_latency(result.latency());
            else token = value == "old" ? about.old_token : about.token ^ std::uint64_t{1} << 30;
        }
        return CODE(monitor.report(about.check, token, result));
    }

    int snapshot(Words& words) {
        std::optional<mv::Snapshot> seen;
        const std::string name = words.next();
        const int code = ::take(seen, [&] {
            const mv::CheckId id = name[0] == '@' ? MUST(monitor.group(name.substr(1))).id()
                                                  : actor(name).check.id();
            return monitor.snapshot(id);
        });
        if (seen) expect(words, [&](const std::string& key) { return field(*seen, key); });
        return code;
    }

    int find(const std::string& name) {
        std::optional<mv::Check> check;
        if (name[0] == '@') return CODE(monitor.group(name.substr(1)));
        const int code = ::take(check, [&] { return monitor.find(name); });
        if (check) wrong.unless(*check == actor(name).check, "it is another check");
        return code;
    }

    bool said(Words& words) {
        std::optional<mv::Event> event;
        take(listener(words.next()), event);
        wrong.unless(event.has_value(), "nothing was said");
        const std::string kind = name_of("event", event->kind());
        wrong.unless(kind == words.next(), "it is " + kind);
        const Actor* const about = Stage::actor(event->check());
        const bool named = event->kind() == mv::Kind::registered || event->kind() == mv::Kind::removed;
        std::string name = about != nullptr ? about->name : "-";
        if (about == nullptr && event->check() != mv::CheckId{})
            name = "@" + std::string(named ? event->text()
                                           : MUST(monitor.snapshot(event->check())).name());
        wrong.unless(name == words.next(), "it is about " + name);
        if (about != nullptr && named) CHECK_TEXT(event->text(), name);
        expect(words, [&](const std::string& key) { return field(*event, about, key); });
        return true;
    }

    /* Runs a check once for each letter and compares the status after each. */
    bool trace(Words& words) {
        Listener& from = listener(words.next());
        const Actor& runs = actor(words.next());
        std::string seen;
        for (const char letter : words.next()) {
            std::optional<mv::Event> event = due(from, runs);
            const mv::Event asked = *event;
            switch (letter) {
                case 'p': MUST(monitor.report(asked, mv::RunResult::pass())); break;
                case 'w': MUST(monitor.report(asked, mv::RunResult::warn(""))); break;
                case 'f': MUST(monitor.report(asked, mv::RunResult::fail(""))); break;
                case 'x': MUST(monitor.report(asked, mv::RunResult::local(""))); break;
                default:
                    wrong.unless(letter == 's', "it is no result");
                    MUST(monitor.advance(asked.deadline()));
                    take(from, event);
                    CHECK(event && event->kind() == mv::Kind::check_cancel);
            }
            seen += "?HDU"[static_cast<int>(runs.check.status())];
        }
        wrong.unless(seen == words.rest(), "it was " + seen);
        return true;
    }
};

#endif
