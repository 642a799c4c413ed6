#pragma once
/// Hashes, message authentication and random tokens. Everything here is pure and may be called from
/// any thread.

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "sluice/base/result.hpp"

namespace sluice::base {
class Random;
}

namespace sluice::crypto {

/// 32 bytes of SHA-256 or of a MAC made with it.
using Digest = std::array<std::uint8_t, 32>;

/// The digest's bytes as a string (for blobs and BLOB columns).
inline std::string_view raw(const Digest& digest) {
    return {reinterpret_cast<const char*>(digest.data()), digest.size()};
}

Digest sha256(std::string_view data);
/// 64 lower-case hexadecimal characters.
std::string sha256_hex(std::string_view data);

/// SHA-256 of data that comes in pieces (uploads, blobs).
class Sha256 {
  public:
    Sha256();
    ~Sha256();
    Sha256(Sha256&&) noexcept;
    Sha256& operator=(Sha256&&) noexcept;
    void update(std::string_view data);
    /// The digest of all pieces; the object starts anew afterwards.
    Digest finish();

  private:
    void* context_;
};

/// RFC 2104 with SHA-256.
Digest hmac_sha256(std::string_view key, std::string_view data);
/// SHA-1, for the WebSocket handshake and nothing that has to be safe.
std::array<std::uint8_t, 20> sha1(std::string_view data);

/// Compares without telling by its duration where the texts differ (their lengths may show).
bool constant_time_equal(std::string_view a, std::string_view b);

/// `bytes` random bytes as base62 text (digits and letters) of fixed length: 43 characters for 32
/// bytes.
std::string random_token(base::Random& random, std::size_t bytes = 32);

std::string hex(std::string_view data);
/// Errors: invalid_argument for an odd length or another character.
Result<std::string> from_hex(std::string_view text);

/// RFC 4648 §4, with padding.
std::string base64(std::string_view data);
/// RFC 4648 §5, without padding.
std::string base64url(std::string_view data);
/// Both decoders accept text with or without its padding, but no other alphabet, no spaces and no
/// stray bits at the end. Errors: invalid_argument.
Result<std::string> from_base64(std::string_view text);
Result<std::string> from_base64url(std::string_view text);

/// Overwrites `secret` before it is released; the compiler cannot leave it out.
void wipe(std::string& secret);

}  // namespace sluice::crypto
