#pragma once
// A file name that is safe in a header.

#include <string>
#include <string_view>

namespace sluice::artifacts {

/// The value of Content-Disposition that makes a browser save the body as `name` (RFC 6266 with RFC
/// 5987's form for what is not plain ASCII).
std::string attachment(std::string_view name);

}  // namespace sluice::artifacts
