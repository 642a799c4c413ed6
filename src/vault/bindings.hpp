#pragma once
// Bindings as JSON and as rules.

#include <cstdint>
#include <string>
#include <string_view>

#include "sluice/base/json.hpp"
#include "sluice/vault/vault.hpp"

namespace sluice::vault {

Json bindings_json(const Bindings& bindings);
/// Members that are missing are empty. What has been checked by a schema or written by `bindings_json`.
Bindings bindings_from(const Json& json);
/// Errors: invalid_argument with the pointer of the bad entry (hosts, too many).
Result<void> check_bindings(const Bindings& bindings);
/// Whether `pattern` of a binding covers the host.
bool covers(std::string_view pattern, std::string_view host, std::uint16_t port);
/// "api.example.com:8443" and "[::1]:80" in two; the port is 0 where none is written.
std::pair<std::string_view, std::uint16_t> split_host(std::string_view text);
/// Letters, digits and '_', not a digit first, at most 64.
bool is_secret_name(std::string_view name);

}  // namespace sluice::vault
