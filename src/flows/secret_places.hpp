#pragma once
/// How a template may name a secret, and what publishing can know of where its value will go.

#include <string>
#include <string_view>
#include <vector>

#include "sluice/base/json.hpp"

namespace sluice::flows {

/// Whether `pointer` is one of `places` or below it.
bool is_at_or_below(std::string_view pointer, const std::vector<std::string>& places);
/// Whether the reference that begins at `offset` of `text` is `{{ secrets.NAME }}` and nothing else in its braces.
bool stands_alone(std::string_view text, std::size_t offset, std::string_view name);
/// "host:port" of a config's "url" where no template decides it; else empty.
std::string fixed_host(const Json& config);

}  // namespace sluice::flows
