#include "sluice/storage/backup.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <fstream>
#include <set>
#include <sstream>

#include "backup_files.hpp"
#include "directory.hpp"
#include "file_copy.hpp"
#include "migrate.hpp"
#include "sluice/base/log.hpp"
#include "sluice/storage/failpoint.hpp"

namespace sluice::storage {
namespace {

namespace fs = std::filesystem;

const Query integrity_query{"storage.integrity_check", "PRAGMA integrity_check(100)",
                            Query::Note::instance_wide};
const Query foreign_keys_query{
    "storage.foreign_key_check",
    "SELECT \"table\", \"parent\" FROM pragma_foreign_key_check LIMIT 100",
    Query::Note::instance_wide};
const Query named_blobs_query{"storage.named_blobs",
                              "SELECT DISTINCT workspace_id, hash, size_bytes FROM blob_ref",
                              Query::Note::instance_scan};

constexpr const char* manifest_name = "manifest.json";
constexpr const char* database_name = "sluice.db";
constexpr const char* last_name = "last_backup.json";
constexpr int format = 1;

Error damaged(const fs::path& what, std::string_view finding) {
    return {ErrorCode::precondition_failed,
            fmt::format("{} cannot be relied on: {}; use another backup", what.string(), finding),
            {},
            false};
}

Error given_up() {
    return {ErrorCode::unavailable, "the backup was given up because the server stops", {}, true};
}

bool is_hash(std::string_view text) {
    return text.size() == 64 && std::all_of(text.begin(), text.end(), [](char c) {
               return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
           });
}

Result<std::vector<NamedBlob>> named_blobs(sqlite::Connection& connection) {
    std::vector<NamedBlob> blobs;
    auto table = connection.scalar(
        "SELECT name FROM sqlite_schema WHERE type = 'table' AND name = 'blob_ref'");
    if (!table) return fail(std::move(table.error()));
    if (table->empty()) return blobs;
    std::string wrong;
    sqlite::SqliteTx tx(connection);
    auto read = tx.each(named_blobs_query, {}, [&](const Row& row) {
        const std::string hash = row.str(1);
        if (row.bytes(0).size() != 16 || !is_hash(hash))
            wrong = hash;
        else
            blobs.push_back({fs::path(row.id<WorkspaceId>(0).str()) / hash.substr(0, 2) / hash,
                             static_cast<std::uint64_t>(row.integer(2))});
        return wrong.empty();
    });
    if (!read) return fail(std::move(read.error()));
    if (!wrong.empty()) return fail(damaged(connection.file(), "it names a blob " + wrong));
    return blobs;
}

Result<Json> read_json(const fs::path& file) {
    std::ifstream in(file, std::ios::binary);
    if (!in) return fail(ErrorCode::not_found, "{} is not there", file.string());
    std::ostringstream text;
    text << in.rdbuf();
    return base::parse_json(text.str());
}

std::optional<BackupReport> report_from(const Json& json) {
    const auto whole = [&](std::string_view key) -> std::uint64_t {
        const Json* value = base::find_member(json, key);
        return value != nullptr && value->is_number_unsigned() ? value->get<std::uint64_t>() : 0;
    };
    BackupReport report;
    report.folder = base::string_or(json, "path", "");
    report.schema = static_cast<unsigned>(whole("schema"));
    report.database_bytes = whole("database_bytes");
    report.database_sha256 = base::string_or(json, "database_sha256", "");
    report.blobs = whole("blobs");
    report.blob_bytes = whole("blob_bytes");
    auto created = base::parse_time(base::string_or(json, "created_at", ""));
    if (!created || report.database_sha256.empty()) return std::nullopt;
    report.created_at = *created;
    return report;
}

/// What an interrupted backup left under the name that this one wants.
Result<void> clear_rest(const fs::path& partial) {
    std::error_code error;
    if (!fs::exists(partial, error)) return {};
    static const std::set<std::string> own{
        manifest_name,       "manifest.json.new",         database_name,
        "sluice.db.partial", "sluice.db.partial-journal", "blobs"};
    for (const auto& entry : fs::directory_iterator(partial, error))
        if (!own.contains(entry.path().filename().string()))
            return fail(ErrorCode::conflict,
                        "{} exists and is no backup's rest; name another place", partial.string());
    fs::remove_all(partial, error);
    if (error)
        return fail(ErrorCode::unavailable, "{} cannot be removed: {}", partial.string(),
                    error.message());
    return {};
}

/// Brings one blob into the backup: the same file under a second name, or a copy where that cannot
/// be.
Result<void> take_blob(const fs::path& from, const fs::path& to, std::uint64_t bytes) {
    const auto folder = to.parent_path();
    for (const auto& made : {folder.parent_path(), folder})
        if (auto done = make_folder(made); !done) return done;
    struct stat info{};
    if (::stat(from.c_str(), &info) != 0)
        return fail(ErrorCode::precondition_failed,
                    "the value {} that the database names is missing, so no backup was made; "
                    "restore {} from an earlier backup",
                    from.filename().string(), from.string());
    if (static_cast<std::uint64_t>(info.st_size) != bytes)
        return fail(damaged(from, fmt::format("it has {} bytes instead of {}",
                                              static_cast<std::uint64_t>(info.st_size), bytes)));
    if (::link(from.c_str(), to.c_str()) == 0) return {};
    auto copied = copy_file_synced(from, to);
    if (!copied) return fail(std::move(copied.error()));
    if (copied->sha256 != from.filename().string())
        return fail(damaged(from, "its content does not match its name"));
    return {};
}

Result<BackupReport> fill(sqlite::Connection& source, const fs::path& directory,
                          const fs::path& partial, Time now,
                          const std::function<bool()>& keep_going) {
    if (auto copied = copy_database(source, partial / database_name, keep_going); !copied)
        return fail(std::move(copied.error()));
    if (failpoint::hit("backup.copied") != failpoint::Outcome::none)
        return fail(ErrorCode::unavailable, "the backup failed at a test's fail-point");
    auto copy = open_copy(partial / database_name);
    if (!copy) return fail(std::move(copy.error()));
    BackupReport report;
    report.schema = copy->schema;
    report.created_at = now;
    if (auto made = make_folder(partial / "blobs"); !made) return fail(std::move(made.error()));
    for (const auto& blob : copy->blobs) {
        if (!keep_going()) return fail(given_up());
        auto taken =
            take_blob(directory / "blobs" / blob.file, partial / "blobs" / blob.file, blob.bytes);
        if (!taken) return fail(std::move(taken.error()));
        ++report.blobs;
        report.blob_bytes += blob.bytes;
    }
    copy->connection.reset();
    auto digest = digest_file(partial / database_name);
    if (!digest) return fail(std::move(digest.error()));
    report.database_bytes = digest->bytes;
    report.database_sha256 = digest->sha256;
    if (failpoint::hit("backup.manifest") != failpoint::Outcome::none)
        return fail(ErrorCode::unavailable, "the backup failed at a test's fail-point");
    Json manifest = to_json(report);
    manifest.erase("path");
    manifest["format"] = format;
    auto written = replace_file(partial / manifest_name, base::dump_json_pretty(manifest));
    if (!written) return fail(std::move(written.error()));
    if (auto synced = sync_tree(partial); !synced) return fail(std::move(synced.error()));
    return report;
}

}  // namespace

Json to_json(const BackupReport& report) {
    return {{"path", report.folder.string()},
            {"schema", report.schema},
            {"created_at", base::format_time(report.created_at)},
            {"database_bytes", report.database_bytes},
            {"database_sha256", report.database_sha256},
            {"blobs", report.blobs},
            {"blob_bytes", report.blob_bytes}};
}

std::string file_stamp(Time now) {
    std::string text = base::format_time(std::chrono::time_point_cast<std::chrono::seconds>(now));
    std::erase_if(text, [](char c) { return c == '-' || c == ':'; });
    return text;
}

Result<std::vector<std::string>> examine(sqlite::Connection& connection) {
    std::vector<std::string> findings;
    sqlite::SqliteTx tx(connection);
    auto done = tx.each(integrity_query, {}, [&](const Row& row) {
        if (row.text(0) != "ok") findings.push_back(row.str(0));
        return true;
    });
    if (!done) return fail(std::move(done.error()));
    done = tx.each(foreign_keys_query, {}, [&](const Row& row) {
        findings.push_back(fmt::format("a row of {} refers to a row of {} that does not exist",
                                       row.text(0), row.text(1)));
        return true;
    });
    if (!done) return fail(std::move(done.error()));
    return findings;
}

Result<CopiedDatabase> open_copy(const fs::path& file) {
    std::error_code error;
    if (!fs::is_regular_file(file, error))
        return fail(ErrorCode::not_found, "{} is not there", file.string());
    CopiedDatabase copy;
    auto opened = sqlite::Connection::open_unchanging(file);
    if (!opened) return fail(damaged(file, opened.error().message));
    copy.connection = std::move(*opened);
    auto findings = examine(*copy.connection);
    if (!findings) return fail(damaged(file, findings.error().message));
    if (!findings->empty()) return fail(damaged(file, findings->front()));
    auto schema = copy.connection->scalar("SELECT max(number) FROM schema_migration");
    if (!schema || schema->empty()) return fail(damaged(file, "it is no database of Sluice"));
    copy.schema = static_cast<unsigned>(std::stoul(*schema));
    auto blobs = named_blobs(*copy.connection);
    if (!blobs) return fail(std::move(blobs.error()));
    copy.blobs = std::move(*blobs);
    return copy;
}

Result<BackupReport> take_backup(sqlite::Connection& source, const fs::path& directory,
                                 const fs::path& wanted, Time now,
                                 const std::function<bool()>& keep_going) {
    std::error_code error;
    auto folder = fs::absolute(wanted, error).lexically_normal();
    if (!folder.has_filename()) folder = folder.parent_path();
    if (fs::exists(fs::symlink_status(folder, error)))
        return fail(ErrorCode::conflict, "{} exists already; name another place", folder.string());
    auto partial = folder;
    partial += ".partial";
    if (auto cleared = clear_rest(partial); !cleared) return fail(std::move(cleared.error()));
    if (!fs::is_directory(folder.parent_path(), error))
        return fail(ErrorCode::not_found, "there is no folder {}; make it first",
                    folder.parent_path().string());
    if (auto made = make_folder(partial); !made) return fail(std::move(made.error()));

    auto report = fill(source, directory, partial, now, keep_going);
    if (report && ::rename(partial.c_str(), folder.c_str()) != 0)
        report = fail(ErrorCode::unavailable, "{} cannot be made: {}", folder.string(),
                      std::strerror(errno));
    if (!report) {
        fs::remove_all(partial, error);
        return report;
    }
    report->folder = folder;
    if (auto synced = sync_directory(folder.parent_path()); !synced)
        return fail(std::move(synced.error()));
    if (auto noted = replace_file(directory / last_name, base::dump_json_pretty(to_json(*report)));
        !noted)
        log::warn("the backup is whole, but could not be noted in the data directory",
                  {{"cause", noted.error().message}});
    return report;
}

Result<BackupReport> back_up_directory(const fs::path& directory, const fs::path& folder,
                                       Time now) {
    if (auto ready = prepare_directory(directory, false); !ready)
        return fail(std::move(ready.error()));
    if (!fs::exists(directory / database_name))
        return fail(ErrorCode::not_found, "there is no database in {}", directory.string());
    auto lock = DirectoryLock::take(directory);
    if (!lock) return fail(std::move(lock.error()));
    if (auto finished = finish_restore(directory); !finished)
        return fail(std::move(finished.error()));
    // The writer's way in: it takes up what a crash left in the log.
    auto source = sqlite::Connection::open(directory / database_name, sqlite::Role::writer);
    if (!source) return fail(std::move(source.error()));
    return take_backup(**source, directory, folder, now, [] { return true; });
}

Result<BackupReport> verify_backup(const fs::path& backup) {
    std::error_code error;
    if (!fs::exists(backup, error))
        return fail(ErrorCode::not_found, "there is no backup {}", backup.string());
    BackupReport report;
    const bool single = !fs::is_directory(backup, error);
    if (!single) {
        auto manifest = read_json(backup / manifest_name);
        if (!manifest)
            return fail(ErrorCode::precondition_failed,
                        "{} is no backup, or one that was not finished: it has no sound {}",
                        backup.string(), manifest_name);
        auto told = report_from(*manifest);
        if (!told) return fail(damaged(backup, "its manifest is incomplete"));
        report = std::move(*told);
        auto digest = digest_file(backup / database_name);
        if (!digest) return fail(damaged(backup, digest.error().message));
        if (digest->sha256 != report.database_sha256)
            return fail(damaged(backup, "its database does not match its manifest"));
    } else {
        auto log = backup;
        log += "-wal";
        if (const auto size = fs::file_size(log, error); !error && size > 0)
            return fail(ErrorCode::precondition_failed,
                        "{} has a write-ahead log beside it, so it is a database in use and no "
                        "copy; make a backup by `sluice backup`",
                        backup.string());
        report.from_manifest = false;
    }
    report.folder = fs::absolute(backup, error).lexically_normal();
    auto copy = open_copy(single ? backup : backup / database_name);
    if (!copy) return fail(std::move(copy.error()));
    report.schema = copy->schema;
    if (single) {
        struct stat info{};
        ::stat(backup.c_str(), &info);
        report.database_bytes = static_cast<std::uint64_t>(info.st_size);
        report.created_at =
            base::from_us(static_cast<std::int64_t>(info.st_mtim.tv_sec) * 1'000'000);
        return report;
    }
    for (const auto& blob : copy->blobs) {
        auto digest = digest_file(backup / "blobs" / blob.file);
        if (!digest || digest->bytes != blob.bytes ||
            digest->sha256 != blob.file.filename().string())
            return fail(damaged(backup, fmt::format("the value {} that it names is {}",
                                                    blob.file.filename().string(),
                                                    digest ? "damaged" : "missing")));
    }
    return report;
}

std::optional<BackupReport> last_backup(const fs::path& directory) {
    auto json = read_json(directory / last_name);
    return json ? report_from(*json) : std::nullopt;
}

}  // namespace sluice::storage
