#include "sluice/crypto/totp.hpp"

#include <array>
#include <stdexcept>

#include <fmt/format.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "sluice/crypto/crypto.hpp"

namespace sluice::crypto {

namespace {

std::string percent_encoded(std::string_view text) {
    std::string out;
    for (const char c : text) {
        const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '.' ||
                           c == '_' || c == '~';
        if (plain) out += c;
        else out += fmt::format("%{:02X}", static_cast<unsigned char>(c));
    }
    return out;
}

}  // namespace

std::int64_t totp_step(Time now) {
    return std::chrono::duration_cast<std::chrono::seconds>(now.time_since_epoch()).count() / totp_step_seconds;
}

std::string totp_code(std::string_view secret, std::int64_t step, int digits) {
    std::array<unsigned char, 8> message{};
    auto rest = static_cast<std::uint64_t>(step);
    for (std::size_t i = message.size(); i-- > 0; rest >>= 8) message[i] = static_cast<unsigned char>(rest & 0xFF);
    std::array<unsigned char, EVP_MAX_MD_SIZE> mac{};
    unsigned size = 0;
    if (HMAC(EVP_sha1(), secret.data(), static_cast<int>(secret.size()), message.data(), message.size(), mac.data(), &size) == nullptr ||
        size != 20)
        throw std::runtime_error("OpenSSL refused HMAC-SHA1");
    const std::size_t at = mac[19] & 0x0FU;  // RFC 4226 §5.3
    const std::uint32_t number = (std::uint32_t(mac[at] & 0x7FU) << 24) | (std::uint32_t(mac[at + 1]) << 16) |
                                 (std::uint32_t(mac[at + 2]) << 8) | mac[at + 3];
    std::uint32_t modulus = 1;
    for (int i = 0; i < digits; ++i) modulus *= 10;
    return fmt::format("{:0{}}", number % modulus, digits);
}

std::optional<std::int64_t> totp_match(std::string_view secret, std::string_view code, Time now, std::int64_t used) {
    std::optional<std::int64_t> found;
    const auto present = totp_step(now);
    for (std::int64_t step = present - 1; step <= present + 1; ++step) {
        const bool same = constant_time_equal(totp_code(secret, step), code);
        if (same && step > used && !found) found = step;
    }
    return found;
}

std::string base32(std::string_view data) {
    constexpr std::string_view alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    std::string out;
    std::uint32_t bits = 0;
    int count = 0;
    for (const char c : data) {
        bits = (bits << 8) | static_cast<unsigned char>(c);
        for (count += 8; count >= 5; count -= 5) out += alphabet[(bits >> (count - 5)) & 31U];
        bits &= (1U << count) - 1;
    }
    if (count > 0) out += alphabet[(bits << (5 - count)) & 31U];
    return out;
}

std::string otpauth_uri(std::string_view issuer, std::string_view account, std::string_view secret) {
    return fmt::format("otpauth://totp/{}:{}?secret={}&issuer={}&algorithm=SHA1&digits={}&period={}", percent_encoded(issuer),
                       percent_encoded(account), base32(secret), percent_encoded(issuer), totp_digits, totp_step_seconds);
}

}  // namespace sluice::crypto
