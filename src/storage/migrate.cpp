#include "migrate.hpp"

#include <sys/stat.h>

#include <algorithm>
#include <cctype>
#include <map>

#include "backup_files.hpp"
#include "directory.hpp"
#include "sluice/base/embedded.hpp"
#include "sluice/base/log.hpp"
#include "sluice/storage/failpoint.hpp"

namespace sluice::embedded {
std::span<const base::EmbeddedFile> migrations_sqlite();
}

namespace sluice::storage {
namespace {

const Query applied_query{"storage.migrations_applied",
                          "SELECT number, name, checksum FROM schema_migration ORDER BY number",
                          Query::Note::scan};
const Query record_query{
    "storage.migration_record",
    "INSERT INTO schema_migration (number, name, checksum, applied_at_us) VALUES (?1, ?2, ?3, ?4)"};

struct Applied {
    std::string name;
    std::string checksum;
};

/// FNV-1a, 64 bits: it finds edits by accident, which is all that is asked of it.
std::string checksum_of(std::string_view text) {
    std::uint64_t hash = 14695981039346656037ULL;
    for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211ULL;
    return fmt::format("{:016x}", hash);
}

Result<std::map<unsigned, Applied>> read_applied(sqlite::Connection& connection) {
    std::map<unsigned, Applied> applied;
    auto table = connection.scalar(
        "SELECT name FROM sqlite_schema WHERE type = 'table' AND name = 'schema_migration'");
    if (!table) return fail(std::move(table.error()));
    if (table->empty()) return applied;
    sqlite::SqliteTx tx(connection);
    auto read = tx.each(applied_query, {}, [&](const Row& row) {
        applied[static_cast<unsigned>(row.integer(0))] = {row.str(1), row.str(2)};
        return true;
    });
    if (!read) return fail(std::move(read.error()));
    return applied;
}

/// While it lives, statements may not end the transaction or open other files.
class OnlySchema {
  public:
    explicit OnlySchema(sqlite3* database) : database_(database) {
        sqlite3_set_authorizer(
            database,
            [](void*, int action, const char*, const char*, const char*, const char*) {
                const bool leaves = action == SQLITE_TRANSACTION || action == SQLITE_SAVEPOINT ||
                                    action == SQLITE_ATTACH || action == SQLITE_DETACH;
                return leaves ? SQLITE_DENY : SQLITE_OK;
            },
            nullptr);
    }
    ~OnlySchema() { sqlite3_set_authorizer(database_, nullptr, nullptr); }
    OnlySchema(const OnlySchema&) = delete;
    OnlySchema& operator=(const OnlySchema&) = delete;

  private:
    sqlite3* database_;
};

/// Runs a file's statements one after the other.
Result<void> run_statements(sqlite::Connection& connection, const Migration& migration) {
    const OnlySchema guard(connection.handle());
    const char* at = migration.sql.data();
    const char* const end = at + migration.sql.size();
    while (at < end) {
        if (failpoint::hit("migrate.stmt") != failpoint::Outcome::none)
            return fail(ErrorCode::internal, "migration {:04} failed at a test's fail-point",
                        migration.number);
        sqlite3_stmt* statement = nullptr;
        const char* rest = end;
        int code = sqlite3_prepare_v2(connection.handle(), at, static_cast<int>(end - at),
                                      &statement, &rest);
        if (code == SQLITE_OK && statement != nullptr) {
            code = SQLITE_ROW;
            while (code == SQLITE_ROW) code = sqlite3_step(statement);
            sqlite3_finalize(statement);
            if (code == SQLITE_DONE) code = SQLITE_OK;
        }
        if (code != SQLITE_OK) {
            const std::string detail = sqlite3_errmsg(connection.handle());
            if ((code & 0xff) == SQLITE_FULL) return fail(connection.error_of(code, "migrating"));
            return fail(ErrorCode::internal, "migration {:04} ({}) failed and was undone: {}",
                        migration.number, migration.name, detail);
        }
        at = rest;
    }
    return {};
}

Result<void> check_history(const std::map<unsigned, Applied>& applied,
                           std::span<const Migration> migrations,
                           const std::filesystem::path& directory) {
    const unsigned newest = migrations.empty() ? 0 : migrations.back().number;
    if (!applied.empty() && applied.rbegin()->first > newest)
        return fail(ErrorCode::precondition_failed,
                    "the data in {} was written by a newer Sluice (schema {}, this one knows {}); "
                    "start that newer "
                    "version, or restore the copy from before its upgrade out of {}",
                    directory.string(), applied.rbegin()->first, newest,
                    (directory / "snapshots").string());
    for (const auto& migration : migrations) {
        const auto found = applied.find(migration.number);
        if (found == applied.end()) {
            if (!applied.empty() && migration.number < applied.rbegin()->first)
                return fail(ErrorCode::precondition_failed,
                            "the data in {} skipped migration {:04} ({}); it was written by "
                            "another build. Use that "
                            "build, or a fresh data directory",
                            directory.string(), migration.number, migration.name);
            continue;
        }
        if (found->second.checksum != checksum_of(migration.sql))
            return fail(ErrorCode::precondition_failed,
                        "migration {:04} ({}) in this build differs from the one that {} was made "
                        "with; use the "
                        "released build, or a fresh data directory",
                        migration.number, migration.name, directory.string());
    }
    for (const auto& [number, row] : applied) {
        const bool known =
            std::any_of(migrations.begin(), migrations.end(),
                        [&, n = number](const Migration& m) { return m.number == n; });
        if (!known)
            return fail(ErrorCode::precondition_failed,
                        "the data in {} has migration {:04} ({}), which this build lacks; use the "
                        "build that wrote it",
                        directory.string(), number, row.name);
    }
    return {};
}

/// So many copies from before upgrades are kept.
constexpr std::size_t kept_snapshots = 3;

/// Removes all but the newest copies. A failure keeps a file too many and is no reason to stop.
void prune_snapshots(const std::filesystem::path& folder) {
    std::vector<std::pair<std::filesystem::file_time_type, std::filesystem::path>> files;
    std::error_code error;
    for (const auto& entry : std::filesystem::directory_iterator(folder, error)) {
        const auto name = entry.path().filename().string();
        if (name.starts_with("before-") && name.ends_with(".db"))
            files.emplace_back(entry.last_write_time(error), entry.path());
    }
    std::sort(files.rbegin(), files.rend());
    for (std::size_t i = kept_snapshots; i < files.size(); ++i)
        std::filesystem::remove(files[i].second, error);
}

Result<std::filesystem::path> snapshot(sqlite::Connection& connection,
                                       const std::filesystem::path& directory, unsigned number,
                                       Time now) {
    const auto folder = directory / "snapshots";
    if (::mkdir(folder.c_str(), 0700) != 0 && errno != EEXIST)
        return fail(ErrorCode::unavailable, "{} cannot be made, so the upgrade was not started",
                    folder.string());
    auto file = folder / fmt::format("before-{:04}-{}.db", number, file_stamp(now));
    for (int n = 2; std::filesystem::exists(file); ++n)
        file = folder / fmt::format("before-{:04}-{}-{}.db", number, file_stamp(now), n);
    auto copied = copy_database(connection, file, [] { return true; });
    if (!copied) return fail(std::move(copied.error()));
    if (auto synced = sync_directory(directory); !synced) return fail(std::move(synced.error()));
    prune_snapshots(folder);
    return file;
}

Result<void> run_pending(sqlite::Connection& connection, std::span<const Migration> migrations,
                         unsigned from, Time now) {
    auto done = connection.execute(
        "CREATE TABLE IF NOT EXISTS schema_migration (number INTEGER PRIMARY KEY, name TEXT NOT "
        "NULL, "
        "checksum TEXT NOT NULL, applied_at_us INTEGER NOT NULL) STRICT");
    if (!done) return done;
    sqlite::SqliteTx tx(connection);
    for (const auto& migration : migrations) {
        if (migration.number <= from) continue;
        if (done = run_statements(connection, migration); !done) return done;
        auto recorded = tx.run(record_query, {to_value(migration.number), to_value(migration.name),
                                              to_value(checksum_of(migration.sql)), to_value(now)});
        if (!recorded) return fail(std::move(recorded.error()));
    }
    auto broken = connection.scalar("SELECT \"table\" FROM pragma_foreign_key_check LIMIT 1");
    if (!broken) return fail(std::move(broken.error()));
    if (!broken->empty())
        return fail(ErrorCode::internal,
                    "the upgrade was undone: it would break references of table {}", *broken);
    return {};
}

}  // namespace

Result<void> copy_database(sqlite::Connection& source, const std::filesystem::path& file,
                           const std::function<bool()>& keep_going) {
    // Built under another name: a name without `.partial` is always a whole copy.
    auto partial = file;
    partial += ".partial";
    if (std::filesystem::exists(file))
        return fail(ErrorCode::conflict, "{} exists already; name another file", file.string());
    std::error_code ignored;
    std::filesystem::remove(partial, ignored);
    if (auto made = create_private_file(partial); !made) return made;

    sqlite3* target = nullptr;
    int code = sqlite3_open_v2(partial.c_str(), &target,
                               SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, nullptr);
    bool stopped = false;
    std::string detail;
    if (code == SQLITE_OK) {
        auto* backup = sqlite3_backup_init(target, "main", source.handle(), "main");
        code = backup == nullptr ? sqlite3_errcode(target) : SQLITE_OK;
        while (backup != nullptr && code == SQLITE_OK) {
            if (!keep_going()) {
                stopped = true;
                break;
            }
            code = sqlite3_backup_step(backup, 2048);
        }
        const int finished = sqlite3_backup_finish(backup);
        if (code == SQLITE_DONE) code = finished;
    }
    if (code != SQLITE_OK) detail = sqlite3_errmsg(target);
    sqlite3_close(target);

    const auto undo = [&](Error error) -> Result<void> {
        std::filesystem::remove(partial, ignored);
        return fail(std::move(error));
    };
    if (stopped)
        return undo(
            {ErrorCode::unavailable, "the copy was given up because the server stops", {}, true});
    if (code != SQLITE_OK)
        return undo(
            {ErrorCode::unavailable,
             fmt::format(
                 "the database could not be copied to {}: {}; free space or name another place",
                 file.string(), detail),
             {},
             true});
    if (auto synced = sync_file(partial); !synced) return undo(std::move(synced.error()));
    std::error_code error;
    std::filesystem::rename(partial, file, error);
    if (error)
        return undo({ErrorCode::unavailable,
                     fmt::format("{} cannot be made: {}", file.string(), error.message()),
                     {},
                     false});
    return sync_directory(file.parent_path());
}

Result<void> check_schema(sqlite::Connection& connection, std::span<const Migration> migrations,
                          const std::filesystem::path& place) {
    auto applied = read_applied(connection);
    if (!applied) return fail(std::move(applied.error()));
    return check_history(*applied, migrations, place);
}

Result<void> migrate(sqlite::Connection& connection, const std::filesystem::path& directory,
                     bool fresh, Time now, std::span<const Migration> migrations,
                     OpenReport& report) {
    auto applied = read_applied(connection);
    if (!applied) return fail(std::move(applied.error()));
    if (auto known = check_history(*applied, migrations, directory); !known) return known;
    report.schema_from = applied->empty() ? 0 : applied->rbegin()->first;
    report.schema_to =
        std::max(report.schema_from, migrations.empty() ? 0U : migrations.back().number);
    if (report.schema_to == report.schema_from) return {};

    if (!fresh && report.schema_from > 0) {
        const auto next =
            std::find_if(migrations.begin(), migrations.end(),
                         [&](const Migration& m) { return m.number > report.schema_from; });
        auto taken = snapshot(connection, directory, next->number, now);
        if (!taken) return fail(std::move(taken.error()));
        report.snapshot = std::move(*taken);
        log::info("upgrading the database", {{"from", report.schema_from},
                                             {"to", report.schema_to},
                                             {"snapshot", report.snapshot.string()}});
    }
    // A rebuilt table must not cascade into those that refer to it; run_pending checks all
    // references instead.
    if (auto off = connection.execute("PRAGMA foreign_keys=OFF"); !off) return off;
    auto done = connection.execute("BEGIN IMMEDIATE");
    if (done) {
        done = run_pending(connection, migrations, report.schema_from, now);
        if (done) done = connection.execute("COMMIT");
        if (!done && connection.in_transaction()) (void)connection.execute("ROLLBACK");
    }
    if (auto on = connection.execute("PRAGMA foreign_keys=ON"); !on && done) return on;
    return done;
}

std::span<const Migration> built_in_migrations() {
    static const std::vector<Migration> list = [] {
        std::vector<Migration> migrations;
        for (const auto& file : embedded::migrations_sqlite()) {
            // "0001_storage.sql"
            unsigned number = 0;
            std::string_view name = file.path;
            while (!name.empty() && std::isdigit(static_cast<unsigned char>(name.front())) != 0) {
                number = number * 10 + static_cast<unsigned>(name.front() - '0');
                name.remove_prefix(1);
            }
            if (name.starts_with('_')) name.remove_prefix(1);
            if (name.ends_with(".sql")) name.remove_suffix(4);
            migrations.push_back({number, name, file.content});
        }
        std::sort(migrations.begin(), migrations.end(),
                  [](const Migration& a, const Migration& b) { return a.number < b.number; });
        return migrations;
    }();
    return list;
}

}  // namespace sluice::storage
