#pragma once
/// Bytes from outside as text that JSON can hold.

#include <string>
#include <string_view>

namespace sluice::nodes {

bool is_utf8(std::string_view bytes);
/// The bytes as UTF-8; each byte that is none becomes U+FFFD.
std::string readable(std::string_view bytes);

}  // namespace sluice::nodes
