#pragma once
// Where in a JSON text a value stands, for messages to the person who wrote it.

#include <string>
#include <string_view>
#include <unordered_map>

namespace sluice::llm {

/// The line (from 1) of each value of `text` by its JSON pointer; of a member, the line of its name. `text` must be valid.
std::unordered_map<std::string, int> lines_of(std::string_view text);

}  // namespace sluice::llm
