#pragma once
/// Signatures by Ed25519 (RFC 8032). Pure; any thread.

#include <string>
#include <string_view>

namespace sluice::crypto {

inline constexpr std::size_t ed25519_seed_bytes = 32, ed25519_public_bytes = 32, ed25519_signature_bytes = 64;

/// The public key (32 bytes) of a private one: `seed`, 32 secret random bytes. Throws std::runtime_error for another size.
std::string ed25519_public_key(std::string_view seed);
/// 64 bytes. Throws std::runtime_error for a seed of another size.
std::string ed25519_sign(std::string_view seed, std::string_view message);
/// False for a wrong signature and for a key or signature of another size.
bool ed25519_verify(std::string_view public_key, std::string_view message, std::string_view signature);

}  // namespace sluice::crypto
