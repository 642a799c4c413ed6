#pragma once
// The text of keys and tokens: making it, and telling a typing error from an unknown key.

#include <string>
#include <string_view>

#include "sluice/base/clock.hpp"

namespace sluice::identity {

inline constexpr std::string_view key_start = "slk_";
inline constexpr std::size_t key_name_length = 12, key_secret_length = 43, key_checksum_length = 6;
inline constexpr std::size_t key_length =
    key_start.size() + key_name_length + key_secret_length + key_checksum_length;

/// `length` uniform characters of 0-9A-Za-z; 43 of them hold 256 bits.
std::string random_text(base::Random& random, std::size_t length);
/// slk_ + name + secret + checksum.
std::string make_key_text(base::Random& random);
/// Start, length and checksum are right.
bool is_key_text(std::string_view text);
/// "slk_" and the naming characters.
std::string key_prefix(std::string_view text);

}  // namespace sluice::identity
