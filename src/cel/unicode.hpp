#pragma once
/// Text by code points. Strings from JSON and literals are UTF-8; a stray byte counts as one character.

#include <cstdint>
#include <string_view>

namespace sluice::cel {

/// The bytes of the character at `at`; 1 for a stray byte.
inline std::size_t utf8_size(std::string_view text, std::size_t at) {
    const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[at + i]); };
    const unsigned first = byte(0);
    std::size_t size = first < 0xc2 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : first < 0xf5 ? 4 : 1;
    if (at + size > text.size()) return 1;
    for (std::size_t i = 1; i < size; ++i)
        if ((byte(i) & 0xc0) != 0x80) return 1;
    if (size == 3 && ((first == 0xe0 && byte(1) < 0xa0) || (first == 0xed && byte(1) >= 0xa0))) return 1;
    if (size == 4 && ((first == 0xf0 && byte(1) < 0x90) || (first == 0xf4 && byte(1) >= 0x90))) return 1;
    return size;
}

/// The character at `at`, whose size is `size`; U+FFFD for a stray byte.
inline std::uint32_t code_point(std::string_view text, std::size_t at, std::size_t size) {
    const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[at + i]); };
    switch (size) {
        case 1: return byte(0) < 0x80 ? byte(0) : 0xfffd;
        case 2: return (byte(0) & 0x1fU) << 6 | (byte(1) & 0x3fU);
        case 3: return (byte(0) & 0x0fU) << 12 | (byte(1) & 0x3fU) << 6 | (byte(2) & 0x3fU);
        default: return (byte(0) & 0x07U) << 18 | (byte(1) & 0x3fU) << 12 | (byte(2) & 0x3fU) << 6 | (byte(3) & 0x3fU);
    }
}

inline std::size_t count_characters(std::string_view text) {
    std::size_t count = 0;
    for (std::size_t at = 0; at < text.size(); at += utf8_size(text, at)) ++count;
    return count;
}

inline bool valid_utf8(std::string_view text) {
    for (std::size_t at = 0; at < text.size();) {
        const std::size_t size = utf8_size(text, at);
        if (size == 1 && static_cast<unsigned char>(text[at]) >= 0x80) return false;
        at += size;
    }
    return true;
}

/// The byte offset of character `index`; the size for the one past the end; npos beyond.
inline std::size_t byte_offset(std::string_view text, std::size_t index) {
    std::size_t at = 0;
    while (index > 0 && at < text.size()) {
        at += utf8_size(text, at);
        --index;
    }
    return index == 0 ? at : std::string_view::npos;
}

}  // namespace sluice::cel
