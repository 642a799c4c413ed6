#include <cmath>

#include "sluice/base/clock.hpp"
#include "sluice/crypto/crypto.hpp"

namespace sluice::crypto {

namespace {

constexpr std::string_view base64_alphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::string_view base64url_alphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
constexpr std::string_view base62_alphabet =
    "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

std::string encode(std::string_view data, std::string_view alphabet, bool padded) {
    std::string out;
    out.reserve((data.size() + 2) / 3 * 4);
    std::uint32_t bits = 0;
    int count = 0;
    for (const char c : data) {
        bits = (bits << 8) | static_cast<unsigned char>(c);
        for (count += 8; count >= 6;) {
            count -= 6;
            out += alphabet[(bits >> count) & 63];
        }
    }
    if (count > 0) out += alphabet[(bits << (6 - count)) & 63];
    if (padded)
        while (out.size() % 4 != 0) out += '=';
    return out;
}

Result<std::string> decode(std::string_view text, std::string_view alphabet,
                           std::string_view name) {
    const auto bad = [&](std::string_view why) {
        return fail(ErrorCode::invalid_argument, "the text is not {}: {}", name, why);
    };
    std::array<std::int8_t, 256> digits;
    digits.fill(-1);
    for (std::size_t i = 0; i < alphabet.size(); ++i)
        digits[static_cast<unsigned char>(alphabet[i])] = static_cast<std::int8_t>(i);
    if (text.ends_with('=')) {
        if (text.size() % 4 != 0) return bad("its padding is wrong");
        text.remove_suffix(text.ends_with("==") ? 2 : 1);
    }
    if (text.size() % 4 == 1) return bad("its length is impossible");
    std::string out;
    out.reserve(text.size() / 4 * 3 + 2);
    std::uint32_t bits = 0;
    int count = 0;
    for (const char c : text) {
        const int digit = digits[static_cast<unsigned char>(c)];
        if (digit < 0) return bad("it has a character outside of the alphabet");
        bits = (bits << 6) | static_cast<std::uint32_t>(digit);
        if ((count += 6) >= 8) {
            count -= 8;
            out += static_cast<char>(bits >> count);
        }
    }
    if ((bits & ((1U << count) - 1)) != 0) return bad("it has stray bits at its end");
    return out;
}

}  // namespace

std::string base64(std::string_view data) { return encode(data, base64_alphabet, true); }
std::string base64url(std::string_view data) { return encode(data, base64url_alphabet, false); }
Result<std::string> from_base64(std::string_view text) {
    return decode(text, base64_alphabet, "base64");
}
Result<std::string> from_base64url(std::string_view text) {
    return decode(text, base64url_alphabet, "base64url");
}

std::string hex(std::string_view data) {
    constexpr std::string_view digits = "0123456789abcdef";
    std::string out;
    out.reserve(data.size() * 2);
    for (const char c : data) {
        out += digits[static_cast<unsigned char>(c) >> 4];
        out += digits[static_cast<unsigned char>(c) & 15];
    }
    return out;
}

Result<std::string> from_hex(std::string_view text) {
    if (text.size() % 2 != 0)
        return fail(ErrorCode::invalid_argument, "the text is not hexadecimal: its length is odd");
    const auto digit = [](char c) {
        if (c >= '0' && c <= '9') return c - '0';
        if (c >= 'a' && c <= 'f') return c - 'a' + 10;
        if (c >= 'A' && c <= 'F') return c - 'A' + 10;
        return -1;
    };
    std::string out;
    out.reserve(text.size() / 2);
    for (std::size_t i = 0; i < text.size(); i += 2) {
        const int high = digit(text[i]), low = digit(text[i + 1]);
        if (high < 0 || low < 0)
            return fail(ErrorCode::invalid_argument,
                        "the text is not hexadecimal: it has a character other than 0-9 and a-f");
        out += static_cast<char>(high * 16 + low);
    }
    return out;
}

std::string random_token(base::Random& random, std::size_t bytes) {
    // Each character holds log2(62) bits; drawing characters rather than encoding bytes keeps them
    // uniform.
    const auto length =
        static_cast<std::size_t>(std::ceil(static_cast<double>(bytes) * 8 / std::log2(62.0)));
    std::string out(length, '0');
    for (auto& c : out) c = base62_alphabet[random.below(base62_alphabet.size())];
    return out;
}

}  // namespace sluice::crypto
