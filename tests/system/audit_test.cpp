// Every statement of the whole program against the newest schema.

#include <catch2/catch.hpp>

#include "sluice/app/app.hpp"
#include "sluice/storage/audit.hpp"

using namespace sluice;

namespace {

/// Tables whose rows people make one by one and which a scan may read as a whole.
constexpr std::string_view small_tables[] = {"workspace", "project", "instance_secret", "root_key", "schema_migration"};

}  // namespace

TEST_CASE("no statement of the program scans a growing table or leaves its workspace out", "[system][audit]") {
    // Refers to the composition root, so that the linker keeps every module with its statements.
    auto* volatile create = &app::App::create;
    REQUIRE(create != nullptr);
    const auto queries = storage::Query::all();
    CAPTURE(queries.size());
    CHECK(queries.size() > 60);
    for (const char* module : {"artifacts.", "engine.", "events.", "flows.", "identity.", "storage.", "vault."}) {
        CAPTURE(module);
        CHECK(std::any_of(queries.begin(), queries.end(),
                          [&](const storage::Query* query) { return std::string_view(query->name()).starts_with(module); }));
    }
    auto findings = storage::audit_queries(storage::built_in_migrations(), queries, small_tables);
    REQUIRE(findings);
    for (const auto& finding : *findings) {
        UNSCOPED_INFO(finding.query << ": " << finding.problem);
    }
    CHECK(findings->empty());
}
