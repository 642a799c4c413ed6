#pragma once
// Addresses and names of people, as they are stored and compared.

#include <string>
#include <string_view>

#include "sluice/base/result.hpp"

namespace sluice::identity {

/// The address in lower case without spaces around it; two that differ in case alone are one account.
/// Errors: invalid_argument, pointing at /email.
Result<std::string> normal_email(std::string_view text);
/// A person's name as it will be shown: 1 to 100 characters on one line. Errors: invalid_argument,
/// pointing at /name.
Result<std::string> checked_person_name(std::string_view text);
/// Characters (code points) of UTF-8 text.
std::size_t count_characters(std::string_view text);

}  // namespace sluice::identity
