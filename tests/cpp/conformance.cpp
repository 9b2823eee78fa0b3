/* Replays the shared vectors through the C++ interface: `conformance FILE...`. A file that it does
   not know, and one without a case, is a failure. */
#include "replay_documents.hpp"
#include "scenario_steps.hpp"

static bool replay_scenario(const vectors& file) {
    CHECK(file.now.monitor != nullptr && file.now.steps[0] != nullptr);
    Play play(file);
    for (char* const* step = file.now.steps; *step != nullptr; step++) play.play(*step);
    return true;
}

/* A number, its name both ways, and its text. */
static bool replay_constant(const vectors& file) {
    const vector& now = file.now;
    VECTOR_CHECK(&file, now.table != nullptr && now.name != nullptr);
    const std::string_view table = now.table;
    const auto number = static_cast<std::int32_t>(now.number);
    std::string_view text;
    if (table == "code") text = mv::text(mv::Code{number});
    if (table == "reason") text = mv::text(mv::Reason{number});
    const char* const name = constant_name(now.table, now.number);
    const constant* const here = constant_named(now.table, now.name);
    bool fits = text == (now.text == nullptr ? "" : now.text);
    // Without a name it is a number that nobody gave out.
    fits = fits && (*now.name == 0 ? name == nullptr : here != nullptr && here->number == now.number);
    if (fits && table == "status") fits = mv::text(mv::Status{number}) == now.name;
    if (fits && table == "mask")
        fits = as_text(mv::Mask(static_cast<std::uint32_t>(now.number))) == now.name;
    if (!fits)
        std::fprintf(stderr, "%s:%d: %s: not so\n", file.path, file.now.line, file.now.why);
    return fits;
}

static constexpr struct {
    std::string_view name;
    bool (*replay)(const vectors& file);
} runners[] = {
    {"documents.jsonl", document_agrees},  {"codes.jsonl", replay_constant},
    {"thresholds.jsonl", replay_scenario}, {"schedules.jsonl", replay_scenario},
    {"reports.jsonl", replay_scenario},    {"aggregation.jsonl", replay_scenario},
    {"freshness.jsonl", replay_scenario},  {"masks.jsonl", replay_scenario},
    {"events.jsonl", replay_scenario},
};

static int replay_file(const std::string& path) {
    const std::string name = path.substr(path.rfind('/') + 1);
    for (const auto& runner : runners) {
        if (runner.name != name) continue;
        vectors file;
        int wrong = 0, count = 0, named = 0;
        for (vectors_open(&file, path.c_str()); vectors_next(&file) != nullptr; count++) {
            wrong += !runner.replay(file);
            named += file.now.table != nullptr && *file.now.name != 0;
        }
        vectors_close(&file);
        if (count == 0) CHECK_FAIL("%s: no case ran", path.c_str());
        // Nothing of ours is missing there either.
        if (runner.replay == replay_constant) CHECK_EQ(named, CONSTANTS);
        std::printf("%s: %d cases\n", name.c_str(), count);
        return wrong;
    }
    CHECK_FAIL("%s: nobody replays it", path.c_str());
}

int main(int argc, char** argv) {
    int wrong = 0;
    CHECK(argc > 1);
    for (int at = 1; at < argc; at++) wrong += replay_file(argv[at]);
    return wrong != 0;
}
