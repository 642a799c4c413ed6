#include "sluice/storage/audit.hpp"

#include <catch2/catch.hpp>

using namespace sluice;
using namespace sluice::storage;

namespace {

const Migration schema[] = {
    {1, "tables",
     "CREATE TABLE run (workspace_id BLOB NOT NULL, id BLOB NOT NULL, status TEXT NOT NULL, at_us "
     "INTEGER NOT NULL, "
     "PRIMARY KEY (workspace_id, id)) STRICT, WITHOUT ROWID;"
     "CREATE INDEX run_active ON run (at_us) WHERE status = 'running';"
     "CREATE INDEX run_time ON run (at_us);"
     "CREATE TABLE step (workspace_id BLOB NOT NULL, run_id BLOB NOT NULL, path TEXT NOT NULL, "
     "PRIMARY KEY (workspace_id, run_id, path)) STRICT, WITHOUT ROWID;"
     "CREATE TABLE tariff (name TEXT PRIMARY KEY, price INTEGER NOT NULL) STRICT;"
     "CREATE VIRTUAL TABLE doc USING fts5 (body);"},
};
constexpr std::string_view small_tables[] = {"tariff"};

std::vector<std::string> problems(const Query& query) {
    const Query* list[] = {&query};
    auto findings = audit_queries(schema, list, small_tables);
    REQUIRE(findings);
    std::vector<std::string> out;
    for (const auto& finding : *findings) {
        CHECK(finding.query == query.name());
        out.push_back(finding.problem);
    }
    return out;
}

using Note = Query::Note;

// Static, because a Query stays in the program's list.
const Query good[] = {
    {"audit.get", "SELECT status FROM run WHERE workspace_id = ?1 AND id = ?2"},
    {"audit.get_reversed", "SELECT status FROM run WHERE ?1 = workspace_id AND id = ?2"},
    {"audit.row_value", "SELECT status FROM run WHERE (workspace_id, id) = (?1, ?2)"},
    {"audit.newest",
     "SELECT r.id FROM run AS r WHERE r.workspace_id = ?1 ORDER BY r.id DESC LIMIT 50"},
    {"audit.insert",
     "INSERT INTO run (workspace_id, id, status, at_us) VALUES (?1, ?2, 'queued', ?3)"},
    {"audit.upsert",
     "INSERT INTO run (workspace_id, id, status, at_us) VALUES (?1, ?2, ?3, ?4) ON CONFLICT DO "
     "NOTHING"},
    {"audit.update", "UPDATE run SET status = ?3 WHERE workspace_id = ?1 AND id = ?2"},
    {"audit.delete", "DELETE FROM step WHERE workspace_id = ?1 AND run_id = ?2"},
    {"audit.join",
     "SELECT s.path FROM run r JOIN step s ON s.workspace_id = r.workspace_id AND s.run_id = r.id "
     "WHERE r.workspace_id = ?1 AND r.id = ?2"},
    {"audit.copy",
     "INSERT INTO step (workspace_id, run_id, path) SELECT ?1, ?3, path FROM step WHERE "
     "workspace_id = ?1 AND run_id = ?2"},
    {"audit.active",
     "SELECT id FROM run INDEXED BY run_active WHERE status = 'running' ORDER BY at_us",
     Note::instance_wide},
    {"audit.tariffs", "SELECT name, price FROM tariff"},
    {"audit.wanted_scan", "SELECT count(*) FROM doc", Note::scan},
    {"audit.match", "SELECT rowid FROM doc WHERE doc MATCH ?1 ORDER BY rowid DESC LIMIT 20"},
    {"audit.series",
     "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 9) SELECT i FROM n"},
};

struct Bad {
    Query query;
    const char* says;
};
const Bad bad[] = {
    {{"audit.broken", "SELECT nothing FROM run WHERE workspace_id = ?1"}, "does not compile"},
    {{"audit.all", "SELECT id FROM run", Note::instance_wide}, "reads all of table run"},
    {{"audit.aliased", "SELECT r.id FROM run r WHERE r.status = ?1", Note::instance_wide},
     "reads all of table run"},
    {{"audit.whole_index", "SELECT at_us FROM run ORDER BY at_us", Note::instance_wide},
     "reads all of table run"},
    {{"audit.update_all", "UPDATE run SET status = 'failed' WHERE status = ?1",
      Note::instance_wide},
     "reads all of table run"},
    {{"audit.whole_text", "SELECT rowid FROM doc WHERE body LIKE ?1", Note::instance_wide},
     "reads all of table doc"},
    {{"audit.no_workspace", "SELECT id FROM run WHERE at_us > ?1"}, "without `workspace_id = ?1`"},
    {{"audit.second_parameter", "SELECT id FROM run WHERE id = ?1 AND workspace_id = ?2"},
     "without `workspace_id = ?1`"},
    {{"audit.delete_any", "DELETE FROM step WHERE run_id = ?1", Note::scan},
     "without `workspace_id = ?1`"},
    {{"audit.half_join",
      "SELECT s.path FROM run r JOIN step s ON s.run_id = r.id WHERE r.workspace_id = ?1 AND r.id "
      "= ?2",
      Note::scan},
     "ties only 1"},
    {{"audit.insert_without",
      "INSERT INTO run (id, workspace_id, status, at_us) VALUES (?1, ?2, ?3, ?4)"},
     "without `workspace_id = ?1`"},
};

const Query twice[] = {{"audit.twice", "SELECT 1"}, {"audit.twice", "SELECT 2"}};

}  // namespace

TEST_CASE("statements that keep the rules have no findings", "[storage][audit]") {
    for (const auto& query : good) {
        CAPTURE(query.name());
        const auto found = problems(query);
        CAPTURE(found);
        CHECK(found.empty());
    }
}

TEST_CASE("statements that break a rule are named with what would mend them", "[storage][audit]") {
    for (const auto& [query, says] : bad) {
        CAPTURE(query.name());
        const auto found = problems(query);
        CAPTURE(found);
        CHECK(std::any_of(found.begin(), found.end(), [&, text = says](const std::string& problem) {
            return problem.find(text) != std::string::npos;
        }));
    }
}

TEST_CASE("two statements of one name are found", "[storage][audit]") {
    const Query* list[] = {&twice[0], &twice[1]};
    const auto findings = audit_queries(schema, list, {});
    REQUIRE(findings);
    REQUIRE(findings->size() == 1);
    CHECK((*findings)[0].problem.find("two statements") != std::string::npos);
}

TEST_CASE("storage's own statements keep the rules", "[storage][audit]") {
    std::vector<const Query*> own;
    for (const auto* query : Query::all())
        if (std::string_view(query->name()).starts_with("storage.")) own.push_back(query);
    REQUIRE(own.size() >= 4);
    const Migration* storage_only = &built_in_migrations().front();
    REQUIRE(storage_only->name == "storage");
    const auto findings = audit_queries({storage_only, 1}, own, {});
    REQUIRE(findings);
    for (const auto& finding : *findings) {
        CAPTURE(finding.query, finding.problem);
        CHECK(finding.query.empty());
    }
}
