#pragma once
/// Judges every statement of the program against the newest schema, for the tests: no scan of a table that grows, and
/// no statement on a tenant's table without its workspace. Nothing here runs in a server.

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "sluice/base/result.hpp"
#include "sluice/storage/query.hpp"
#include "sluice/storage/storage.hpp"

namespace sluice::storage {

/// A statement that breaks a rule.
struct AuditFinding {
    std::string query;    ///< its name
    std::string problem;  ///< a sentence: what is wrong and what would mend it
};

/// Prepares each of `queries` on an empty database with all of `migrations` applied, and gives every finding:
/// - a statement that does not compile, or a name that two statements share;
/// - a plan that scans a table (or a whole index of it) which is not in `small_tables`, unless the statement has
///   `Note::scan`; scans of partial indexes, of subqueries and of full-text matches are fine;
/// - a statement on a table with a `workspace_id` column that does not bind `workspace_id = ?1` (or insert it), for each
///   such table it names, unless it has `Note::instance_wide`.
/// Errors: internal (a migration fails). Thread: any; blocking.
Result<std::vector<AuditFinding>> audit_queries(std::span<const Migration> migrations,
                                                std::span<const Query* const> queries,
                                                std::span<const std::string_view> small_tables);

}  // namespace sluice::storage
