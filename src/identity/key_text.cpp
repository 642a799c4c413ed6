#include "key_text.hpp"

#include <cstdint>

namespace sluice::identity {
namespace {

constexpr std::string_view alphabet =
    "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

// CRC-32 (ISO-HDLC), as secret scanners expect it of prefixed tokens.
std::uint32_t crc32(std::string_view text) {
    std::uint32_t crc = 0xFFFFFFFFu;
    for (unsigned char c : text) {
        crc ^= c;
        for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ (0xEDB88320u & (0u - (crc & 1u)));
    }
    return ~crc;
}

std::string checksum(std::string_view text) {
    auto value = crc32(text);
    std::string out(key_checksum_length, '0');
    for (auto at = out.rbegin(); at != out.rend(); ++at) {
        *at = alphabet[value % alphabet.size()];
        value /= alphabet.size();
    }
    return out;
}

}  // namespace

std::string random_text(base::Random& random, std::size_t length) {
    std::string out;
    out.reserve(length);
    while (out.size() < length) out.push_back(alphabet[random.below(alphabet.size())]);
    return out;
}

std::string make_key_text(base::Random& random) {
    auto text = std::string(key_start) + random_text(random, key_name_length + key_secret_length);
    text += checksum(text);
    return text;
}

bool is_key_text(std::string_view text) {
    if (text.size() != key_length || !text.starts_with(key_start)) return false;
    const auto body = text.substr(0, text.size() - key_checksum_length);
    return checksum(body) == text.substr(body.size());
}

std::string key_prefix(std::string_view text) {
    return std::string(text.substr(0, key_start.size() + key_name_length));
}

}  // namespace sluice::identity
