#pragma once
// Following a run to its end, and telling what it did.

#include <string>

#include "cli/command.hpp"

namespace sluice::cli {

/// Shows progress on the error stream until the run ends; false when Ctrl-C came first. On a
/// terminal a view that is drawn again, else a line at most every second or tenth. With --json
/// nothing is shown.
Outcome<bool> follow_run(Context& context, Connection& server, const std::string& id);

/// Prints the run's steps by node, its totals, files and output (or everything as one JSON, with
/// `more` in front). The exit code: exit_no unless the run succeeded.
Outcome<int> print_run(Context& context, Connection& server, const std::string& id,
                       Json more = Json::object());

/// What Ctrl-C leaves behind, told; the exit code.
int tell_interrupted(Context& context, const Connection& server, const std::string& id);

/// The flow's id from its name or id. Failure: exit_no.
Outcome<std::string> flow_id(Connection& server, const std::string& name);
/// --limit. Failure: exit_usage.
Outcome<std::int64_t> whole_number(const Context& context, std::string_view option,
                                   std::int64_t fallback);
/// Items of a list over its pages, newest first, at most `most`.
Outcome<Json> list_items(Connection& server, const std::string& path,
                         std::vector<std::pair<std::string, std::string>> query, std::int64_t most);

}  // namespace sluice::cli
