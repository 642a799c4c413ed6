#include "sluice/storage/audit.hpp"

#include <algorithm>
#include <cctype>
#include <map>
#include <set>

#include "migrate.hpp"
#include "sqlite_connection.hpp"

namespace sluice::storage {
namespace {

using Words = std::vector<std::string>;

bool is_word(char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || c == '?';
}

/// The statement's lower-case words and signs, without comments and string literals.
Words split(std::string_view sql) {
    Words words;
    for (std::size_t at = 0; at < sql.size();) {
        const char c = sql[at];
        if (std::isspace(static_cast<unsigned char>(c)) != 0) {
            ++at;
        } else if (sql.substr(at, 2) == "--") {
            at = std::min(sql.find('\n', at), sql.size());
        } else if (sql.substr(at, 2) == "/*") {
            const auto end = sql.find("*/", at);
            at = end == std::string_view::npos ? sql.size() : end + 2;
        } else if (c == '\'') {
            at = std::min(sql.find('\'', at + 1), sql.size() - 1) + 1;
            words.emplace_back("''");
        } else if (is_word(c)) {
            std::string word;
            for (; at < sql.size() && is_word(sql[at]); ++at)
                word.push_back(
                    static_cast<char>(std::tolower(static_cast<unsigned char>(sql[at]))));
            words.push_back(std::move(word));
        } else {
            words.emplace_back(1, c);
            ++at;
        }
    }
    return words;
}

std::string word_at(const Words& words, std::size_t at) {
    return at < words.size() ? words[at] : std::string();
}

class Audit {
  public:
    Audit(sqlite::Connection& connection, std::span<const std::string_view> small)
        : connection_(connection) {
        for (const auto name : small) small_.emplace(name);
    }

    Result<void> learn_schema();
    std::vector<AuditFinding> judge(std::span<const Query* const> queries);

  private:
    void judge_one(const Query& query);
    void judge_plan(const Query& query, const Words& words);
    void judge_scan(const Query& query, const Words& words, std::string_view detail);
    void judge_tenancy(const Query& query, const Words& words);
    std::string table_of(const Words& words, const std::string& name) const;
    void find(const Query& query, std::string problem) {
        findings_.push_back({query.name(), std::move(problem)});
    }
    Result<std::vector<std::string>> column(const char* sql);

    sqlite::Connection& connection_;
    std::set<std::string> small_, tables_, tenant_tables_, partial_indexes_;
    std::vector<AuditFinding> findings_;
};

Result<std::vector<std::string>> Audit::column(const char* sql) {
    std::vector<std::string> values;
    sqlite3_stmt* statement = nullptr;
    const int code = sqlite3_prepare_v2(connection_.handle(), sql, -1, &statement, nullptr);
    if (code != SQLITE_OK) return fail(connection_.error_of(code, sql));
    while (sqlite3_step(statement) == SQLITE_ROW)
        values.emplace_back(reinterpret_cast<const char*>(sqlite3_column_text(statement, 0)));
    sqlite3_finalize(statement);
    return values;
}

Result<void> Audit::learn_schema() {
    auto tables = column("SELECT lower(name) FROM sqlite_schema WHERE type = 'table'");
    auto tenants = column(
        "SELECT lower(s.name) FROM sqlite_schema s, pragma_table_info(s.name) c "
        "WHERE s.type = 'table' AND c.name = 'workspace_id'");
    auto partial = column(
        "SELECT lower(i.name) FROM sqlite_schema s, pragma_index_list(s.name) i WHERE s.type = "
        "'table' AND i.partial");
    for (auto* read : {&tables, &tenants, &partial})
        if (!*read) return fail(std::move(read->error()));
    tables_ = {tables->begin(), tables->end()};
    tenant_tables_ = {tenants->begin(), tenants->end()};
    partial_indexes_ = {partial->begin(), partial->end()};
    return {};
}

std::vector<AuditFinding> Audit::judge(std::span<const Query* const> queries) {
    std::map<std::string_view, int> names;
    for (const auto* query : queries) {
        if (++names[query->name()] == 2)
            find(*query, "two statements have this name; give each its own");
        judge_one(*query);
    }
    return std::move(findings_);
}

void Audit::judge_one(const Query& query) {
    sqlite3_stmt* statement = nullptr;
    const int code = sqlite3_prepare_v2(connection_.handle(), query.sql(), -1, &statement, nullptr);
    if (code != SQLITE_OK) {
        find(query, fmt::format("it does not compile: {}", sqlite3_errmsg(connection_.handle())));
        return;
    }
    sqlite3_finalize(statement);
    const Words words = split(query.sql());
    judge_plan(query, words);
    judge_tenancy(query, words);
}

void Audit::judge_plan(const Query& query, const Words& words) {
    if (query.note() == Query::Note::scan || query.note() == Query::Note::instance_scan ||
        word_at(words, 0) == "pragma")
        return;
    const std::string explain = std::string("EXPLAIN QUERY PLAN ") + query.sql();
    sqlite3_stmt* statement = nullptr;
    if (sqlite3_prepare_v2(connection_.handle(), explain.c_str(), -1, &statement, nullptr) ==
        SQLITE_OK)
        while (sqlite3_step(statement) == SQLITE_ROW)
            judge_scan(query, words,
                       reinterpret_cast<const char*>(sqlite3_column_text(statement, 3)));
    sqlite3_finalize(statement);
}

/// "SCAN run", "SCAN r USING INDEX run_by_status", "SCAN doc VIRTUAL TABLE INDEX 0:M1".
void Audit::judge_scan(const Query& query, const Words& words, std::string_view detail) {
    const Words plan = split(detail);
    if (word_at(plan, 0) != "scan") return;
    const std::string table = table_of(words, word_at(plan, 1));
    if (table.empty() || small_.contains(table)) return;
    const auto index = std::find(plan.begin(), plan.end(), "index");
    if (index != plan.end() && index + 1 != plan.end()) {
        const bool is_virtual = std::find(plan.begin(), plan.end(), "virtual") != plan.end();
        // A virtual table names its plan "number:text"; text is what narrows the read.
        if (is_virtual ? plan.end() - index > 3 : partial_indexes_.contains(*(index + 1))) return;
    }
    find(query, fmt::format("it reads all of table {} ({}); add an index that serves it, or mark "
                            "it Note::scan with the "
                            "reason if the table is small",
                            table, detail));
}

/// The table behind a name or an alias; empty for a subquery, a common table expression or a
/// table-valued function.
std::string Audit::table_of(const Words& words, const std::string& name) const {
    for (std::size_t i = 0; i < words.size(); ++i) {
        if (!tables_.contains(words[i])) continue;
        const auto& next =
            word_at(words, i + 1) == "as" ? word_at(words, i + 2) : word_at(words, i + 1);
        if (next == name) return words[i];
    }
    // `WITH name AS (…)` hides a table of the same name.
    for (std::size_t i = 0; i + 2 < words.size(); ++i)
        if (words[i] == name && words[i + 1] == "as" && words[i + 2] == "(") return {};
    return tables_.contains(name) ? name : std::string();
}

/// How often each place of the statement is tied to a workspace.
std::size_t workspace_ties(const Words& words) {
    std::size_t ties = 0;
    for (std::size_t i = 0; i < words.size(); ++i) {
        if (words[i] != "workspace_id") continue;
        if (word_at(words, i + 1) == "=") ++ties;  // workspace_id = ?1, = a.workspace_id
        else if (i >= 2 && words[i - 1] == "=" && words[i - 2] == "?1")
            ++ties;  // ?1 = workspace_id
        else if (i >= 1 && words[i - 1] == "(" && i >= 2 && words[i - 2] == "using") ++ties;
        else if (i >= 1 && words[i - 1] == "(") {
            // The first of a row value, (workspace_id, id) = (?1, ?2), or of an INSERT's columns.
            auto close = i;
            while (close < words.size() && words[close] != ")") ++close;
            const auto& next = word_at(words, close + 1);
            if (next == "=" || next == "in" || next == "values" || next == "select" ||
                next == "with")
                ++ties;
        }
    }
    return ties;
}

bool binds_first(const Words& words) {
    for (std::size_t i = 0; i + 1 < words.size(); ++i) {
        if (words[i] == "workspace_id" && words[i + 1] == "=" && word_at(words, i + 2) == "?1")
            return true;
        if (words[i] == "?1" && words[i + 1] == "=") {
            auto at = i + 2;
            if (word_at(words, at + 1) == ".") at += 2;
            if (word_at(words, at) == "workspace_id") return true;
        }
        if ((words[i] == "(" || words[i] == "select") && words[i + 1] == "?1") {
            // VALUES (?1, …), (…) = (?1, …) or INSERT … SELECT ?1, … with the workspace as the
            // first column.
            for (std::size_t j = 0; j < i; ++j)
                if (words[j] == "(" && word_at(words, j + 1) == "workspace_id") return true;
        }
    }
    return false;
}

void Audit::judge_tenancy(const Query& query, const Words& words) {
    if (query.note() == Query::Note::instance_wide || query.note() == Query::Note::instance_scan)
        return;
    std::set<std::string> named;
    std::size_t places = 0;
    bool in_from = false;  // a comma before a name means a table only there
    for (std::size_t i = 1; i < words.size(); ++i) {
        const auto& before = words[i - 1];
        if (before == "from" || before == "join") in_from = true;
        else if (before == "where" || before == "set" || before == "select" || before == "on" ||
                 before == "order")
            in_from = false;
        if (!tenant_tables_.contains(words[i])) continue;
        if (before == "from" || before == "join" || before == "into" || before == "update" ||
            before == "ignore" || (before == "," && in_from)) {
            named.insert(words[i]);
            ++places;
        }
    }
    if (places == 0) return;
    std::string list;
    for (const auto& table : named) list += (list.empty() ? "" : ", ") + table;
    if (!binds_first(words))
        find(query,
             fmt::format(
                 "it touches {} without `workspace_id = ?1`; bind the workspace first, or mark it "
                 "Note::instance_wide with the reason",
                 list));
    else if (workspace_ties(words) < places)
        find(query, fmt::format("it names {} {} times but ties only {} of them to a workspace; add "
                                "`workspace_id = ` for each",
                                list, places, workspace_ties(words)));
}

}  // namespace

Result<std::vector<AuditFinding>> audit_queries(std::span<const Migration> migrations,
                                                std::span<const Query* const> queries,
                                                std::span<const std::string_view> small_tables) {
    auto connection = sqlite::Connection::open_in_memory();
    if (!connection) return fail(std::move(connection.error()));
    OpenReport report;
    auto migrated = migrate(**connection, {}, true, Time{}, migrations, report);
    if (!migrated) return fail(std::move(migrated.error()));
    std::vector<std::string_view> small(small_tables.begin(), small_tables.end());
    small.emplace_back("schema_migration");
    Audit audit(**connection, small);
    if (auto learnt = audit.learn_schema(); !learnt) return fail(std::move(learnt.error()));
    return audit.judge(queries);
}

}  // namespace sluice::storage
