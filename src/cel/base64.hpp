#pragma once
/// Base64 (RFC 4648, section 4). Not `crypto`'s: that module stands on the same line of the layers.

#include <optional>
#include <string>
#include <string_view>

namespace sluice::cel {

std::string encode_base64(std::string_view data);
/// Padding may be missing. Nothing for other characters or a cut group.
std::optional<std::string> decode_base64(std::string_view text);

}  // namespace sluice::cel
