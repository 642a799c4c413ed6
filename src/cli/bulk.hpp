#pragma once
// What the commands that make a bulk action share.

#include <string>
#include <string_view>

#include "cli/command.hpp"

namespace sluice::cli {

/// --rate, --canary and --dry-run as the API's members. Failure: exit_usage.
Outcome<Json> bulk_pace(const Context& context);
/// Posts it and tells what came of it: with --dry-run how many `what` match, else the action, which is followed to its
/// end with --wait (or where this process is the server). Exits 1 when not all was done.
Outcome<int> begin_bulk(Context& context, Connection& server, const std::string& path, const Json& body, std::string_view what);

}  // namespace sluice::cli
