#pragma once
// Which passwords are taken: long ones that are not made of what everybody uses.

#include <string_view>

#include "sluice/base/result.hpp"

namespace sluice::identity {

inline constexpr std::size_t min_password = 12, max_password = 128;  // characters

/// No rule about kinds of characters. A password is judged by what is left of it once common words
/// (also in disguise: p4$$w0rd), years, runs of a keyboard or an alphabet, repetitions, and the
/// person's own name and address each count as one character: that must be six or more.
/// Errors: invalid_argument, pointing at `pointer`, with what to do.
Result<void> check_new_password(std::string_view password, std::string_view email,
                                std::string_view name, std::string_view pointer = "/password");

}  // namespace sluice::identity
