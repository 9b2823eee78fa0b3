/* Callables that the library calls from threads of its own.

   The library owns the callable from a successful registration on and destroys it once, after its
   last return, on any thread. It need not be copyable. An exception that leaves it is a failure of
   its check and of nothing else. */
#ifndef MESHVITALS_CALLBACK_HPP
#define MESHVITALS_CALLBACK_HPP

#include <memory>
#include <type_traits>

#include "check.hpp"
#include "event.hpp"
#include "result.hpp"

namespace meshvitals {
inline namespace MESHVITALS_CHOICE {

/// What a run of a callback is told; valid during the call.
class Run {
   public:
    explicit Run(const meshvitals_run_t& raw) noexcept : raw_(raw) {}

    [[nodiscard]] CheckId check() const noexcept { return CheckId{raw_.check}; }
    /// The number given in its document.
    [[nodiscard]] std::uint64_t cookie() const noexcept { return raw_.cookie; }
    /// When the result must be there.
    [[nodiscard]] Time deadline() const noexcept { return detail::time_of(raw_.deadline_ns); }

   private:
    const meshvitals_run_t& raw_;
};

namespace detail {

// The choice of how our calls fail says nothing about the callable: it throws if it can.
#if defined(__cpp_exceptions)
#define MESHVITALS_TRY try
#define MESHVITALS_CATCH(what, then)                                   \
    catch (const std::exception& error) { const char* what = error.what(); then; } \
    catch (...) { const char* what = "an exception of another type"; then; }
#else
#define MESHVITALS_TRY
#define MESHVITALS_CATCH(what, then)
#endif

/// Whether an F can be a check, and how it is called.
template <class F>
constexpr bool takes_run = std::is_invocable_v<F&, const Run&>;

template <class F>
RunResult measure(F& function, const Run& run) {
    const auto call = [&]() -> decltype(auto) {
        if constexpr (takes_run<F>) {
            return function(run);
        } else {
            return function();
        }
    };
    using Answer = decltype(call());
    if constexpr (std::is_void_v<Answer>) {
        call();
        return RunResult::pass();
    } else if constexpr (std::is_same_v<std::decay_t<Answer>, bool>) {
        return RunResult(call() ? Outcome::pass : Outcome::fail);
    } else {
        return call();
    }
}

/// A callable on its way through C: what `user` points to.
template <class F>
struct Owned {
    F function;

    static void drop(void* user) noexcept { delete static_cast<Owned*>(user); }

    static std::int32_t run(void* user, const meshvitals_run_t* told,
                            meshvitals_result_t* out) noexcept {
        const std::uint32_t size = out->struct_size;
        RunResult result = RunResult::pass();
        MESHVITALS_TRY { result = measure(static_cast<Owned*>(user)->function, Run(*told)); }
        MESHVITALS_CATCH(what, result = RunResult(Outcome::fail, Reason::callback_panicked)
                                            .with_message(what))
        // A library of another version has a struct of another size.
        std::memcpy(out, &result.raw(), (std::min)(std::size_t{size}, sizeof result.raw()));
        out->struct_size = size;
        return 0;
    }

    static void log(void* user, std::int32_t level, const char* text) noexcept {
        MESHVITALS_TRY {
            static_cast<Owned*>(user)->function(static_cast<LogLevel>(level),
                                                std::string_view(text));
        }
        MESHVITALS_CATCH(what, static_cast<void>(what))
    }
};

template <class F>
std::unique_ptr<Owned<std::decay_t<F>>> own(F&& function) {
    using Kept = Owned<std::decay_t<F>>;
    return std::unique_ptr<Kept>(new Kept{std::forward<F>(function)});
}

}  // namespace detail
}  // namespace MESHVITALS_CHOICE
}  // namespace meshvitals

#undef MESHVITALS_TRY
#undef MESHVITALS_CATCH

#endif
