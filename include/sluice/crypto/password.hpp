#pragma once
/// Passwords at rest: Argon2id (RFC 9106) as PHC strings. Every call takes as long and as much memory
/// as its cost says: never on the loop. Any thread.

#include <cstdint>
#include <string>
#include <string_view>

#include "sluice/base/result.hpp"

namespace sluice::crypto {

/// What one hash costs. The floor that the settings keep is 19 MiB and two passes (OWASP, password
/// storage, 2026-11).
struct PasswordCost {
    std::uint32_t memory_kib = 64 << 10;
    std::uint32_t passes = 3;
    std::uint32_t lanes = 1;
    bool operator==(const PasswordCost&) const = default;
};

inline constexpr std::size_t password_salt_bytes = 16;

/// `$argon2id$v=19$m=…,t=…,p=…$salt$hash`. Errors: unavailable (no memory). Throws
/// std::invalid_argument for a salt of another size.
Result<std::string> hash_password(std::string_view password, std::string_view salt,
                                  const PasswordCost& cost);
/// Whether `password` made `phc`; false for a text that is no such string. Errors: unavailable.
Result<bool> verify_password(std::string_view phc, std::string_view password);
/// Whether `phc` was made at another cost than `cost`, so that it should be made anew.
bool password_cost_differs(std::string_view phc, const PasswordCost& cost);

}  // namespace sluice::crypto
