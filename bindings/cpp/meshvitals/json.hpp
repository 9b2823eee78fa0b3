/* Writes the JSON of documents, exactly as far as documents need it. Not for programs: they use
   the types of document.hpp and probe.hpp. */
#ifndef MESHVITALS_JSON_HPP
#define MESHVITALS_JSON_HPP

#include <charconv>
#include <chrono>
#include <cmath>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "error.hpp"

namespace meshvitals {
inline namespace MESHVITALS_CHOICE {
namespace json {

/// A text in quotes. Bytes that are no UTF-8 pass: the library names what is wrong with them.
inline std::string quoted(std::string_view text) {
    constexpr char digits[] = "0123456789abcdef";
    std::string json = "\"";
    for (const char letter : text) {
        const auto byte = static_cast<unsigned char>(letter);
        if (byte < 0x20) {
            json += "\\u00";
            json += digits[byte >> 4];
            json += digits[byte & 15];
        } else {
            if (letter == '"' || letter == '\\') json += '\\';
            json += letter;
        }
    }
    return json += '"';
}

/// A number. What JSON cannot say becomes null, which no key takes, so the error names the key.
template <class N>
std::string number(N value) {
    char digits[64];
    if constexpr (std::is_floating_point_v<N>) {
        if (!std::isfinite(value)) return "null";
    }
    const auto end = std::to_chars(digits, digits + sizeof digits, value).ptr;
    return std::string(digits, end);
}

inline std::string boolean(bool value) { return value ? "true" : "false"; }

/// A duration as text with the largest unit that says it exactly.
inline std::string duration(std::chrono::nanoseconds value) {
    const auto ns = value.count();
    for (const auto& [size, unit] : {std::pair(1000000000LL, "s"), std::pair(1000000LL, "ms"),
                                     std::pair(1000LL, "us")}) {
        if (ns % size == 0) return quoted(number(ns / size) + unit);
    }
    return quoted(number(ns) + "ns");
}

/// An array of what `write` makes of each element.
template <class Range, class Write>
std::string array(const Range& range, Write write) {
    std::string json;
    for (const auto& element : range) {
        json += json.empty() ? "" : ", ";
        json += write(element);
    }
    return "[" + json + "]";
}

/// An object whose keys keep the order in which they were first set; setting one again replaces
/// its value, so that documents can be made from others.
class Object {
   public:
    void set(std::string_view key, std::string json) {
        for (auto& member : members_) {
            if (member.first == key) {
                member.second = std::move(json);
                return;
            }
        }
        members_.emplace_back(key, std::move(json));
    }

    [[nodiscard]] std::string text() const {
        std::string json;
        for (const auto& [key, value] : members_) {
            json += json.empty() ? "" : ", ";
            json += quoted(key) + ": " + value;
        }
        return "{" + json + "}";
    }

   private:
    std::vector<std::pair<std::string, std::string>> members_;
};

}  // namespace json
}  // namespace MESHVITALS_CHOICE
}  // namespace meshvitals

#endif
