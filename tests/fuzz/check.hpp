#pragma once
/// What a fuzz target says of its subject beyond "it does not crash".

#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include <fmt/format.h>

namespace sluice::fuzz {

/// Ends the program, which libFuzzer takes for a crash, unless `holds`. `details`: what the report should show.
inline void check(bool holds, std::string_view promise, std::string_view details = {}) {
    if (holds) return;
    fmt::print(stderr, "broken: {}\n{}\n", promise, details);
    std::abort();
}

inline std::string_view text_of(const std::uint8_t* data, std::size_t size) {
    return {reinterpret_cast<const char*>(data), size};
}

/// The text up to `separator`, which is taken off `rest` with it.
inline std::string_view take_until(std::string_view& rest, char separator) {
    const auto end = rest.find(separator);
    const auto out = rest.substr(0, end);
    rest = end == rest.npos ? std::string_view() : rest.substr(end + 1);
    return out;
}

}  // namespace sluice::fuzz
