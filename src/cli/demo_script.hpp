#pragma once
// The demonstration as it is written down: documents of flows and the rows of what is done with them, embedded packed.

#include <string>
#include <string_view>

#include "sluice/base/json.hpp"
#include "sluice/base/result.hpp"

namespace sluice::cli {

/// An embedded file of examples/, by its name. Errors: internal (not there, broken).
Result<std::string> demo_file(std::string_view name);

/// The value without its abbreviations: in lists, {"$times": 3, "as": "k", "of": …} stands for three copies (of a list: of its
/// members), in whose texts %k is the number of the copy and %k+ the next one; {"$text": 100, "of": "ab"} is a text of
/// that length.
Json spelled_out(const Json& value);

}  // namespace sluice::cli
