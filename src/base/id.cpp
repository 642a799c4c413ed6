#include "sluice/base/id.hpp"

#include "sluice/base/clock.hpp"

namespace sluice::base {

namespace {

constexpr std::string_view alphabet = "0123456789abcdefghjkmnpqrstvwxyz";

constexpr std::array<std::int8_t, 256> make_digits() {
    std::array<std::int8_t, 256> digits{};
    digits.fill(-1);
    for (std::size_t i = 0; i < alphabet.size(); ++i) {
        const char c = alphabet[i];
        digits[static_cast<unsigned char>(c)] = static_cast<std::int8_t>(i);
        if (c >= 'a')
            digits[static_cast<unsigned char>(c - 'a' + 'A')] = static_cast<std::int8_t>(i);
    }
    for (const char c : {'i', 'I', 'l', 'L'}) digits[static_cast<unsigned char>(c)] = 1;
    for (const char c : {'o', 'O'}) digits[static_cast<unsigned char>(c)] = 0;
    return digits;
}

constexpr auto digits = make_digits();

using Wide = unsigned __int128;

}  // namespace

IdBytes make_uuid7(Time now, Random& random) {
    const auto ms = static_cast<std::uint64_t>(to_us(now) / 1000);
    // The part of the millisecond stands in the next 12 bits (RFC 9562, 6.2, method 3), so that ids of one millisecond sort too.
    const std::uint64_t a = static_cast<std::uint64_t>(to_us(now) % 1000) * 4096 / 1000;
    const std::uint64_t b = random.next();
    IdBytes bytes;
    for (int i = 0; i < 6; ++i)
        bytes[static_cast<std::size_t>(i)] = static_cast<std::uint8_t>(ms >> (40 - 8 * i));
    bytes[6] = static_cast<std::uint8_t>(0x70 | ((a >> 8) & 0x0f));
    bytes[7] = static_cast<std::uint8_t>(a);
    for (int i = 0; i < 8; ++i)
        bytes[static_cast<std::size_t>(8 + i)] = static_cast<std::uint8_t>(b >> (56 - 8 * i));
    bytes[8] = static_cast<std::uint8_t>(0x80 | (bytes[8] & 0x3f));
    return bytes;
}

std::string encode_id(const IdBytes& bytes) {
    Wide value = 0;
    for (const auto byte : bytes) value = (value << 8) | byte;
    std::string text(26, '0');
    for (std::size_t i = 26; i-- > 0;) {
        text[i] = alphabet[static_cast<std::size_t>(value & 31)];
        value >>= 5;
    }
    return text;
}

std::optional<IdBytes> decode_id(std::string_view text) {
    if (text.size() != 26) return std::nullopt;
    Wide value = 0;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const int digit = digits[static_cast<unsigned char>(text[i])];
        if (digit < 0 || (i == 0 && digit > 7))
            return std::nullopt;  // 26 characters hold 130 bits, an id has 128
        value = (value << 5) | static_cast<unsigned>(digit);
    }
    IdBytes bytes;
    for (std::size_t i = bytes.size(); i-- > 0;) {
        bytes[i] = static_cast<std::uint8_t>(value);
        value >>= 8;
    }
    return bytes;
}

}  // namespace sluice::base
