// Texts as they are seen: a word that is cut by characters without width, or written in another alphabet's copies of ASCII, is
// read by people and models all the same. Source of what is left out: Default_Ignorable_Code_Point of Unicode 16; of the forms:
// the compatibility decompositions (NFKC) whose result is one character of ASCII, and hyphens and dashes.

#include <algorithm>

#include "llm/guard.hpp"

namespace sluice::llm {
namespace {

constexpr std::uint32_t none = 0xFFFFFFFF;   ///< nothing is seen
constexpr std::uint32_t itself = 0xFFFFFFFE;

struct Range {
    std::uint32_t first, last;
};
constexpr Range unseen[] = {
    {0x00AD, 0x00AD}, {0x034F, 0x034F}, {0x061C, 0x061C}, {0x115F, 0x1160}, {0x17B4, 0x17B5}, {0x180B, 0x180F}, {0x200B, 0x200F},
    {0x202A, 0x202E}, {0x2060, 0x206F}, {0x3164, 0x3164}, {0xFE00, 0xFE0F}, {0xFEFF, 0xFEFF}, {0xFFA0, 0xFFA0}, {0xFFF0, 0xFFFB},
    {0x1BCA0, 0x1BCA3}, {0x1D173, 0x1D17A}, {0xE0000, 0xE0FFF},
};

/// What is seen of a character: one of ASCII, `none`, or `itself`.
std::uint32_t seen_of(std::uint32_t c) {
    for (const auto& range : unseen)
        if (c <= range.last) {
            if (c >= range.first) return none;
            break;
        }
    if (c == 0xA0 || (c >= 0x2000 && c <= 0x200A) || c == 0x202F || c == 0x205F || c == 0x3000) return ' ';
    if ((c >= 0x2010 && c <= 0x2015) || c == 0x2212 || c == 0xFE58 || c == 0xFE63) return '-';
    if (c == 0x2024 || c == 0xFE52) return '.';
    if (c == 0xFE6B) return '@';
    if (c >= 0xFF01 && c <= 0xFF5E) return c - 0xFF01 + 0x21;
    if (c >= 0x2460 && c <= 0x2468) return c - 0x2460 + '1';  // circled
    if (c >= 0x24B6 && c <= 0x24CF) return c - 0x24B6 + 'A';
    if (c >= 0x24D0 && c <= 0x24E9) return c - 0x24D0 + 'a';
    if (c >= 0x1D400 && c <= 0x1D6A3) {
        const auto letter = (c - 0x1D400) % 52;
        return letter < 26 ? letter + 'A' : letter - 26 + 'a';
    }
    if (c >= 0x1D7CE && c <= 0x1D7FF) return (c - 0x1D7CE) % 10 + '0';
    return itself;
}

/// The character that begins there, with its size; broken UTF-8 is bytes.
std::pair<std::uint32_t, std::size_t> character_at(std::string_view text, std::size_t at) {
    const auto byte = [&](std::size_t i) { return static_cast<std::uint32_t>(static_cast<unsigned char>(text[i])); };
    const auto first = byte(at);
    const std::size_t size = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2;
    if (first < 0xC2 || first > 0xF4 || at + size > text.size()) return {0xFFFD, 1};
    auto c = first & (0xFFU >> (size + 1));
    for (std::size_t i = 1; i < size; ++i) {
        if ((byte(at + i) & 0xC0) != 0x80) return {0xFFFD, 1};
        c = c << 6 | (byte(at + i) & 0x3F);
    }
    return {c, size};
}

}  // namespace

std::optional<SeenText> SeenText::of(std::string_view text) {
    std::optional<SeenText> out;
    std::size_t copied = 0;  // of `text`, once there is an `out`
    for (std::size_t at = 0; at < text.size();) {
        if (static_cast<unsigned char>(text[at]) < 0x80) {
            ++at;
            continue;
        }
        const auto [c, size] = character_at(text, at);
        const auto seen = seen_of(c);
        if (seen != itself) {
            if (!out) {
                out.emplace();
                out->text_.reserve(text.size());
                out->steps_.push_back({});
            }
            out->text_.append(text, copied, at - copied);
            copied = at + size;
            if (seen != none) {
                const auto place = static_cast<std::uint32_t>(out->text_.size());
                out->steps_.push_back({place, static_cast<std::uint32_t>(at), static_cast<std::uint32_t>(size)});
                out->text_ += static_cast<char>(seen);
            }
            out->steps_.push_back({static_cast<std::uint32_t>(out->text_.size()), static_cast<std::uint32_t>(copied), 0});
        }
        at += size;
    }
    if (out) out->text_.append(text, copied);
    return out;
}

const SeenText::Step& SeenText::step_at(std::size_t seen) const {
    // Of several at one place the last: those before it stand for nothing that is seen.
    const auto after = std::upper_bound(steps_.begin(), steps_.end(), seen, [](std::size_t at, const Step& step) { return at < step.seen; });
    return *(after - 1);
}

std::size_t SeenText::seen_from(std::size_t at) const {
    const auto after = std::upper_bound(steps_.begin(), steps_.end(), at, [](std::size_t own, const Step& step) { return own < step.own; });
    const auto& step = *(after - 1);
    const auto beyond = at - step.own;
    const auto place = step.own_size > 0 ? step.seen + (beyond > 0 ? 1 : 0) : step.seen + beyond;
    // Inside of what is not seen it is where that ends.
    return after == steps_.end() ? std::min(place, text_.size()) : std::min<std::size_t>(place, after->seen);
}

std::pair<std::size_t, std::size_t> SeenText::own(std::size_t begin, std::size_t end) const {
    const auto& first = step_at(begin);
    const auto& last = step_at(end - 1);
    const auto begins = first.own_size > 0 ? first.own : first.own + (begin - first.seen);
    const auto ends = last.own_size > 0 ? last.own + last.own_size : last.own + (end - last.seen);
    return {begins, ends};
}

}  // namespace sluice::llm
