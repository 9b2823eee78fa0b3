/* One run of one probe, without a monitor. */
#ifndef MESHVITALS_ONCE_HPP
#define MESHVITALS_ONCE_HPP

#include "document.hpp"
#include "result.hpp"

namespace meshvitals {
inline namespace MESHVITALS_CHOICE {

/// Runs the probe of a check document and waits for its result, at most for the check's timeout.
/// `configuration` is that of a monitor, for its defaults.
inline Result<RunResult> probe_once(const Document& check, const Document& configuration = "{}") {
    meshvitals_result_t out{};
    out.struct_size = sizeof out;
    meshvitals_error_t why;
    const auto code = detail::with_text(configuration, why, [&](const char* outer) {
        return detail::with_text(check, why, [&](const char* inner) {
            return meshvitals_probe_once(outer, inner, &out, &why);
        });
    });
    if (code != MESHVITALS_OK) return detail::refused<RunResult>(Error(why));
    return RunResult(out);
}

}  // namespace MESHVITALS_CHOICE
}  // namespace meshvitals

#endif
