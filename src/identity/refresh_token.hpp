#pragma once
// The text of refresh tokens: `slr_` and 43 characters. A successor is made of the token before it and
// a salt that is stored, so that it can be given again without being stored, and made by nobody who
// has only the database.

#include <string>
#include <string_view>

#include "sluice/base/clock.hpp"

namespace sluice::identity {

inline constexpr std::string_view refresh_token_start = "slr_";
inline constexpr std::size_t refresh_salt_bytes = 16;
/// How long a used token gives the same successor again, for a client whose answer was lost.
inline constexpr Duration refresh_repeat = std::chrono::seconds(10);

std::string make_refresh_token(base::Random& random);
std::string refresh_successor(std::string_view token, std::string_view salt);
/// What is stored: 32 raw bytes.
std::string refresh_token_hash(std::string_view token);
std::string make_refresh_salt(base::Random& random);

}  // namespace sluice::identity
