/* Why a call was refused, and how the caller learns of it.

   One macro chooses: with MESHVITALS_EXCEPTIONS 1 a call that can fail returns its T and throws
   Error; with 0 it returns Expected<T>, which must be looked at. Without the macro the compiler's
   own setting decides, so -fno-exceptions just works. Each choice lives in an inline namespace of
   its own: two files of one program may choose differently and still link. A file without
   exceptions has one for itself, because there a callable that throws is not caught. */
#ifndef MESHVITALS_ERROR_HPP
#define MESHVITALS_ERROR_HPP

#include <meshvitals.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <string_view>
#include <utility>
#include <variant>

#if !defined(MESHVITALS_EXCEPTIONS)
#if defined(__cpp_exceptions)
#define MESHVITALS_EXCEPTIONS 1
#else
#define MESHVITALS_EXCEPTIONS 0
#endif
#endif

#if MESHVITALS_EXCEPTIONS
#define MESHVITALS_CHOICE throwing
#elif defined(__cpp_exceptions)
#define MESHVITALS_CHOICE returning
#else
#define MESHVITALS_CHOICE returning_without_exceptions
#endif

namespace meshvitals {
inline namespace MESHVITALS_CHOICE {

/// The stable codes of refusals; `ok` is never the code of an Error.
enum class Code : std::int32_t {
    ok = MESHVITALS_OK,
    null = MESHVITALS_ERROR_NULL,
    utf8 = MESHVITALS_ERROR_UTF8,
    document = MESHVITALS_ERROR_DOCUMENT,
    range = MESHVITALS_ERROR_RANGE,
    exists = MESHVITALS_ERROR_EXISTS,
    not_found = MESHVITALS_ERROR_NOT_FOUND,
    stale = MESHVITALS_ERROR_STALE,
    busy = MESHVITALS_ERROR_BUSY,
    stopped = MESHVITALS_ERROR_STOPPED,
    not_running = MESHVITALS_ERROR_NOT_RUNNING,
    timeout = MESHVITALS_ERROR_TIMEOUT,
    deadlock = MESHVITALS_ERROR_DEADLOCK,
    forked = MESHVITALS_ERROR_FORKED,
    struct_size = MESHVITALS_ERROR_STRUCT_SIZE,
    mode = MESHVITALS_ERROR_MODE,
    unsupported = MESHVITALS_ERROR_UNSUPPORTED,
    limit = MESHVITALS_ERROR_LIMIT,
    panic = MESHVITALS_ERROR_PANIC,
};

/// The English text of a code.
inline const char* text(Code code) noexcept {
    return meshvitals_code_text(static_cast<meshvitals_code_t>(code));
}

/// Why a call was refused. It owns its texts and allocates nothing, so it can be thrown and copied
/// when there is no memory.
class Error : public std::exception {
   public:
    /// The error that a call of the C interface filled in.
    explicit Error(const meshvitals_error_t& raw) noexcept : raw_(raw) {}

    /// An error of a call that tells its code only.
    explicit Error(Code code) noexcept : Error(code, text(code)) {}

    /// An error with a sentence of its own, cut to what fits.
    Error(Code code, std::string_view message) noexcept : raw_{} {
        raw_.code = static_cast<meshvitals_code_t>(code);
        const std::size_t length = (std::min)(message.size(), sizeof raw_.message - 1);
        std::memcpy(raw_.message, message.data(), length);
    }

    /// The stable code.
    [[nodiscard]] Code code() const noexcept { return static_cast<Code>(raw_.code); }

    /// The place in the document as a JSON pointer (`/tcp/address`), or the argument; may be empty.
    [[nodiscard]] std::string_view key() const noexcept { return raw_.key; }

    /// What is wrong, where, and what is allowed. Never contains a secret.
    [[nodiscard]] std::string_view message() const noexcept { return raw_.message; }

    /// The message, as std::exception has it.
    [[nodiscard]] const char* what() const noexcept override { return raw_.message; }

    /// The struct of the C interface.
    [[nodiscard]] const meshvitals_error_t& raw() const noexcept { return raw_; }

   private:
    meshvitals_error_t raw_;
};

/// A T, or the Error that stands in its place. Reading the one that is not there ends the program.
template <class T>
class [[nodiscard]] Expected {
   public:
    Expected(T value) : either_(std::in_place_index<0>, std::move(value)) {}
    Expected(const Error& error) : either_(std::in_place_index<1>, error) {}

    /// Whether there is a T.
    [[nodiscard]] bool has_value() const noexcept { return either_.index() == 0; }
    explicit operator bool() const noexcept { return has_value(); }

    /// The T.
    T& value() & { return *need(std::get_if<0>(&either_)); }
    const T& value() const& { return *need(std::get_if<0>(&either_)); }
    T&& value() && { return std::move(*need(std::get_if<0>(&either_))); }
    T& operator*() & { return value(); }
    const T& operator*() const& { return value(); }
    T&& operator*() && { return std::move(*this).value(); }
    T* operator->() { return &value(); }
    const T* operator->() const { return &value(); }

    /// The T, or another one in the place of an error.
    template <class U>
    T value_or(U&& other) const& {
        return has_value() ? value() : static_cast<T>(std::forward<U>(other));
    }

    /// The error.
    const Error& error() const { return *need(std::get_if<1>(&either_)); }

   private:
    template <class P>
    static P* need(P* pointer) {
        if (pointer == nullptr) std::abort();
        return pointer;
    }

    std::variant<T, Error> either_;
};

/// The same for calls that yield nothing.
template <>
class [[nodiscard]] Expected<void> {
   public:
    Expected() : either_(std::monostate{}) {}
    Expected(const Error& error) : either_(error) {}

    /// Whether the call succeeded.
    [[nodiscard]] bool has_value() const noexcept { return either_.index() == 0; }
    explicit operator bool() const noexcept { return has_value(); }

    /// Ends the program if there is an error.
    void value() const {
        if (!has_value()) std::abort();
    }

    /// The error.
    const Error& error() const {
        const Error* error = std::get_if<Error>(&either_);
        if (error == nullptr) std::abort();
        return *error;
    }

   private:
    std::variant<std::monostate, Error> either_;
};

#if MESHVITALS_EXCEPTIONS

/// What a call that can fail returns.
template <class T>
using Result = T;

namespace detail {
template <class T>
[[noreturn]] Result<T> refused(const Error& error) {
    throw error;
}
inline void done() {}
}  // namespace detail

#else

/// What a call that can fail returns.
template <class T>
using Result = Expected<T>;

namespace detail {
template <class T>
Result<T> refused(const Error& error) {
    return error;
}
inline Expected<void> done() { return {}; }
}  // namespace detail

#endif

namespace detail {
/// The answer to a call that tells its code only.
inline Result<void> answer(meshvitals_code_t code) {
    if (code != MESHVITALS_OK) return refused<void>(Error(static_cast<Code>(code)));
    return done();
}

/// The answer to a call that explains its code.
inline Result<void> answer(meshvitals_code_t code, const meshvitals_error_t& why) {
    if (code != MESHVITALS_OK) return refused<void>(Error(why));
    return done();
}
}  // namespace detail

}  // namespace MESHVITALS_CHOICE
}  // namespace meshvitals

#endif
