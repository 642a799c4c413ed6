#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <set>

#include "backup_files.hpp"
#include "directory.hpp"
#include "file_copy.hpp"
#include "migrate.hpp"
#include "sluice/base/log.hpp"
#include "sluice/storage/failpoint.hpp"

namespace sluice::storage {
namespace {

namespace fs = std::filesystem;

/// Names the stamp of a restore whose files are all flushed in DIR/restore-STAMP. From its making
/// on, the next who opens the directory carries the restore to its end.
constexpr const char* marker_name = "restore.pending";

fs::path stage_of(const fs::path& directory, const std::string& stamp) {
    return directory / ("restore-" + stamp);
}
fs::path kept_of(const fs::path& directory, const std::string& stamp) {
    return directory / ("before-restore-" + stamp);
}

Error cannot(const fs::path& what, std::string_view doing) {
    const int error = errno;
    return {ErrorCode::unavailable,
            fmt::format("{} cannot be {}: {}", what.string(), doing, std::strerror(error)),
            {},
            false};
}

/// What belongs to the state that a restore replaces. Locks, sockets and what restores kept do not.
bool holds_state(const fs::path& directory) {
    static const std::set<std::string> free{"lock", "admin.sock", "ballast", "lost+found"};
    std::error_code error;
    for (const auto& entry : fs::directory_iterator(directory, error)) {
        const auto name = entry.path().filename().string();
        if (!free.contains(name) && !name.starts_with("restore")) return true;
    }
    return false;
}

/// Stages of restores that ended before they were whole.
void remove_stages(const fs::path& directory) {
    std::error_code error;
    std::vector<fs::path> stages;
    for (const auto& entry : fs::directory_iterator(directory, error))
        if (entry.path().filename().string().starts_with("restore-"))
            stages.push_back(entry.path());
    for (const auto& stage : stages) fs::remove_all(stage, error);
}

/// Files that root makes belong to the directory's owner, who runs the server.
void give_to_owner(const fs::path& directory, const fs::path& stage) {
    struct stat owner{};
    if (::geteuid() != 0 || ::stat(directory.c_str(), &owner) != 0) return;
    std::error_code error;
    [[maybe_unused]] int done = ::lchown(stage.c_str(), owner.st_uid, owner.st_gid);
    for (const auto& entry : fs::recursive_directory_iterator(stage, error))
        done = ::lchown(entry.path().c_str(), owner.st_uid, owner.st_gid);
}

Result<void> stage_files(const BackupReport& backup, const fs::path& stage) {
    if (auto made = make_folder(stage); !made) return made;
    const auto source = backup.from_manifest ? backup.folder / "sluice.db" : backup.folder;
    auto copied = copy_file_synced(source, stage / "sluice.db");
    if (!copied) return fail(std::move(copied.error()));
    auto copy = open_copy(stage / "sluice.db");
    if (!copy) return fail(std::move(copy.error()));
    if (!backup.from_manifest) return sync_directory(stage);
    if (copied->sha256 != backup.database_sha256)
        return fail(ErrorCode::precondition_failed, "{} changed while it was read",
                    backup.folder.string());
    if (auto made = make_folder(stage / "blobs"); !made) return made;
    for (const auto& blob : copy->blobs) {
        const auto to = stage / "blobs" / blob.file;
        for (const auto& made : {to.parent_path().parent_path(), to.parent_path()})
            if (auto done = make_folder(made); !done) return done;
        auto taken = copy_file_synced(backup.folder / "blobs" / blob.file, to);
        if (!taken) return fail(std::move(taken.error()));
        if (taken->sha256 != blob.file.filename().string())
            return fail(ErrorCode::precondition_failed, "{} is damaged: the value {}",
                        backup.folder.string(), blob.file.filename().string());
    }
    return sync_tree(stage);
}

Result<void> move(const fs::path& from, const fs::path& to) {
    if (::rename(from.c_str(), to.c_str()) == 0) return {};
    return fail(cannot(from, "moved"));
}

bool there(const fs::path& path) {
    std::error_code error;
    return fs::exists(fs::symlink_status(path, error));
}

/// The moves, in an order that can be taken up anywhere: the staged database goes last, and while
/// it is staged nothing has been lost.
Result<void> move_in(const fs::path& directory, const std::string& stamp) {
    const auto stage = stage_of(directory, stamp), kept = kept_of(directory, stamp);
    if (!there(stage / "sluice.db")) return {};
    if (auto made = make_folder(kept); !made) return made;
    // The log goes first: beside another database it would be read as that one's.
    for (const auto* name : {"sluice.db-wal", "sluice.db-shm", "blobs", "sluice.db"}) {
        const bool replaced = std::string_view(name) != "blobs" || there(stage / "blobs");
        if (!replaced) continue;
        if (there(directory / name) && !there(kept / name))
            if (auto moved = move(directory / name, kept / name); !moved) return moved;
        if (auto synced = sync_directory(directory); !synced) return synced;
        if (failpoint::hit("restore.move") != failpoint::Outcome::none)
            return fail(ErrorCode::unavailable, "the restore failed at a test's fail-point");
        if (there(stage / name))
            if (auto moved = move(stage / name, directory / name); !moved) return moved;
    }
    if (auto synced = sync_directory(kept); !synced) return synced;
    return sync_directory(directory);
}

std::uint64_t count_missing(const fs::path& directory, const fs::path& database) {
    auto copy = open_copy(database);
    std::uint64_t missing = 0;
    if (copy)
        for (const auto& blob : copy->blobs)
            missing += there(directory / "blobs" / blob.file) ? 0 : 1;
    return missing;
}

}  // namespace

Result<void> finish_restore(const fs::path& directory) {
    std::ifstream marker(directory / marker_name);
    std::string stamp;
    if (!marker || !std::getline(marker, stamp)) return {};
    if (auto moved = move_in(directory, stamp); !moved) return moved;
    if (::unlink((directory / marker_name).c_str()) != 0)
        return fail(cannot(directory / marker_name, "removed"));
    std::error_code ignored;
    fs::remove_all(stage_of(directory, stamp), ignored);
    log::info("a backup was restored",
              {{"directory", directory.string()}, {"kept", kept_of(directory, stamp).string()}});
    return sync_directory(directory);
}

Result<RestoreReport> restore_backup(const fs::path& backup, const fs::path& wanted, bool force,
                                     std::span<const Migration> migrations, Time now) {
    std::error_code error;
    const auto directory = fs::absolute(wanted, error).lexically_normal();
    if (auto ready = prepare_directory(directory, true); !ready)
        return fail(std::move(ready.error()));
    auto lock = DirectoryLock::take(directory);
    if (!lock) return fail(std::move(lock.error()));
    if (auto finished = finish_restore(directory); !finished)
        return fail(std::move(finished.error()));
    const bool replaces = holds_state(directory);
    if (replaces && !force)
        return fail(ErrorCode::invalid_argument,
                    "{} is not empty; name another --data, or add --force: what is there is kept "
                    "beside as before-restore-…",
                    directory.string());
    RestoreReport report;
    auto sound = verify_backup(backup);
    if (!sound) return fail(std::move(sound.error()));
    report.backup = std::move(*sound);
    {
        auto copy = sqlite::Connection::open_unchanging(
            report.backup.from_manifest ? backup / "sluice.db" : backup);
        if (!copy) return fail(std::move(copy.error()));
        if (auto fits = check_schema(**copy, migrations, backup); !fits)
            return fail(std::move(fits.error()));
    }
    remove_stages(directory);
    std::string stamp = file_stamp(now);
    for (int n = 2; there(kept_of(directory, stamp)); ++n)
        stamp = fmt::format("{}-{}", file_stamp(now), n);
    const auto stage = stage_of(directory, stamp);
    auto staged = stage_files(report.backup, stage);
    if (staged && failpoint::hit("restore.staged") != failpoint::Outcome::none)
        staged = fail(ErrorCode::unavailable, "the restore failed at a test's fail-point");
    if (!staged) {
        fs::remove_all(stage, error);
        return fail(std::move(staged.error()));
    }
    give_to_owner(directory, stage);
    if (auto synced = sync_directory(directory); !synced) return fail(std::move(synced.error()));
    if (!report.backup.from_manifest)
        report.missing_blobs = count_missing(directory, stage / "sluice.db");
    // From here on the restore is a fact; the rest may happen now or at the next start.
    if (auto marked = replace_file(directory / marker_name, stamp + "\n"); !marked)
        return fail(std::move(marked.error()));
    if (auto finished = finish_restore(directory); !finished)
        return fail(std::move(finished.error()));
    const auto kept = kept_of(directory, stamp);
    if (fs::is_empty(kept, error))
        fs::remove(kept, error);
    else
        report.kept = kept;
    return report;
}

}  // namespace sluice::storage
