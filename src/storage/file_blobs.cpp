#include "file_blobs.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "directory.hpp"
#include "sluice/crypto/crypto.hpp"
#include "sluice/storage/failpoint.hpp"

namespace sluice::storage {
namespace {

const Query reference_query{
    "storage.blob_reference",
    "INSERT INTO blob_ref (workspace_id, owner, hash, size_bytes) VALUES (?1, ?2, ?3, ?4) "
    "ON CONFLICT DO NOTHING"};
const Query release_query{"storage.blob_release",
                          "DELETE FROM blob_ref WHERE workspace_id = ?1 AND owner = ?2"};
const Query in_use_query{"storage.blob_in_use",
                         "SELECT 1 FROM blob_ref WHERE workspace_id = ?1 AND hash = ?2 LIMIT 1"};

/// Files younger than this may belong to a unit that has not committed yet.
constexpr auto grace = std::chrono::hours(1);

bool is_hash(std::string_view text) {
    return text.size() == 64 && std::all_of(text.begin(), text.end(), [](char c) {
               return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
           });
}

Error disk_error(const std::filesystem::path& file, int error) {
    if (error == ENOSPC || error == EDQUOT)
        return {ErrorCode::unavailable,
                fmt::format("the disk of {} is full, so a value could not be stored; nothing "
                            "earlier is lost. Free space "
                            "there: storing resumes by itself",
                            file.parent_path().string()),
                {},
                true};
    return {ErrorCode::unavailable,
            fmt::format("{} cannot be written or read: {}; check the disk and its permissions",
                        file.string(), std::strerror(error)),
            {},
            true};
}

struct Descriptor {
    int value;
    explicit Descriptor(int descriptor) : value(descriptor) {}
    ~Descriptor() {
        if (value >= 0) ::close(value);
    }
    Descriptor(const Descriptor&) = delete;
    Descriptor& operator=(const Descriptor&) = delete;
};

timespec to_timespec(Time time) {
    const auto us = base::to_us(time);
    return {static_cast<time_t>(us / 1'000'000), static_cast<long>(us % 1'000'000) * 1000};
}

Time changed_at(const struct stat& info) {
    return base::from_us(static_cast<std::int64_t>(info.st_mtim.tv_sec) * 1'000'000 +
                         info.st_mtim.tv_nsec / 1000);
}

/// Reads `length` bytes from `offset` (less at the end of the file).
Result<std::string> read_range(const std::filesystem::path& file, std::uint64_t offset,
                               std::size_t length, std::size_t refuse_over) {
    const Descriptor descriptor(::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
    struct stat info{};
    if (descriptor.value < 0 || ::fstat(descriptor.value, &info) != 0) {
        if (errno == ENOENT)
            return fail(ErrorCode::not_found, "the stored value is gone: {}",
                        file.filename().string());
        return fail(disk_error(file, errno));
    }
    const auto size = static_cast<std::uint64_t>(info.st_size);
    if (size > refuse_over)
        return fail(ErrorCode::too_large, "the stored value has {} bytes; {} are allowed here",
                    size, refuse_over);
    std::string content;
    if (offset >= size) return content;
    content.resize(static_cast<std::size_t>(std::min<std::uint64_t>(length, size - offset)));
    std::size_t done = 0;
    while (done < content.size()) {
        const auto got = ::pread(descriptor.value, content.data() + done, content.size() - done,
                                 static_cast<off_t>(offset + done));
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return fail(disk_error(file, errno));
        if (got == 0) break;
        done += static_cast<std::size_t>(got);
    }
    content.resize(done);
    return content;
}

/// Runs a job with a value on a reader thread.
template <class T, class Job>
Awaitable<Result<T>> on_reader(Readers& readers, Job job, JobLength length = JobLength::moments) {
    auto slot = std::make_shared<std::optional<Result<T>>>();
    ReaderJob work = [slot, job = std::move(job)](ReaderThread& thread) mutable -> Result<void> {
        slot->emplace(job(thread));
        return {};
    };
    auto running = readers.run(std::move(work), length);
    auto done = co_await std::move(running);
    if (!done) co_return fail(std::move(done.error()));
    co_return std::move(**slot);
}

}  // namespace

FileBlobs::FileBlobs(std::filesystem::path directory, Readers& readers, base::Clock& clock,
                     bool counted)
    : root_(std::move(directory)), readers_(readers), clock_(clock) {
    if (counted) total_bytes_ = count_bytes();
}

std::uint64_t FileBlobs::count_bytes() const {
    std::uint64_t bytes = 0;
    std::error_code error;
    for (std::filesystem::recursive_directory_iterator entry(root_, error), end;
         !error && entry != end; entry.increment(error)) {
        std::error_code gone;
        if (!entry->is_regular_file(gone)) continue;
        const auto size = entry->file_size(gone);
        if (!gone) bytes += size;
    }
    return bytes;
}

std::filesystem::path FileBlobs::path_of(WorkspaceId workspace, std::string_view hash) const {
    return root_ / workspace.str() / std::string(hash.substr(0, 2)) / std::string(hash);
}

void FileBlobs::remember(const std::string& hash) {
    const auto now = clock_.now();
    std::lock_guard lock(recent_mutex_);
    if (recent_.size() > 10'000)
        std::erase_if(recent_, [&](const auto& entry) { return now - entry.second > grace; });
    recent_[hash] = now;
}

bool FileBlobs::has(const std::string& hash) {
    if (!is_hash(hash)) return false;
    {
        std::lock_guard lock(recent_mutex_);
        if (recent_.contains(hash)) return true;
    }
    // Stored by an earlier process: looked for in every workspace, which is rare.
    std::error_code error;
    for (const auto& entry : std::filesystem::directory_iterator(root_, error))
        if (std::filesystem::exists(entry.path() / hash.substr(0, 2) / hash, error)) return true;
    return false;
}

Awaitable<Result<std::string>> FileBlobs::put(WorkspaceId workspace, std::string content) {
    auto job = [this, workspace, content = std::move(content)](ReaderThread&) {
        return store(workspace, content);
    };
    auto running = on_reader<std::string>(readers_, std::move(job));
    co_return co_await std::move(running);
}

Result<std::string> FileBlobs::store(WorkspaceId workspace, const std::string& content) {
    std::string hash = crypto::sha256_hex(content);
    const auto file = path_of(workspace, hash);
    const auto folder = file.parent_path();
    bool present = false;
    {
        std::lock_guard lock(mutex_);
        struct stat info{};
        if (::stat(file.c_str(), &info) == 0 &&
            static_cast<std::size_t>(info.st_size) == content.size()) {
            // Young again, so that it is not collected before the unit that names it commits.
            const timespec times[2] = {to_timespec(clock_.now()), to_timespec(clock_.now())};
            present = ::utimensat(AT_FDCWD, file.c_str(), times, 0) == 0;
        }
    }
    if (!present) {
        for (const auto& made : {root_, root_ / workspace.str(), folder}) {
            if (::mkdir(made.c_str(), 0700) == 0) {
                if (auto synced = sync_directory(made.parent_path()); !synced)
                    return fail(std::move(synced.error()));
            } else if (errno != EEXIST) {
                return fail(disk_error(made, errno));
            }
        }
        if (auto written = write_file(file, content); !written)
            return fail(std::move(written.error()));
        total_bytes_.fetch_add(content.size(), std::memory_order_relaxed);
        added_bytes_.fetch_add(content.size(), std::memory_order_relaxed);
    }
    // Also when the file was there: another put may have renamed it a moment ago and not be this
    // far yet.
    if (auto synced = sync_directory(folder); !synced) return fail(std::move(synced.error()));
    remember(hash);
    return hash;
}

Result<void> FileBlobs::write_file(const std::filesystem::path& file, const std::string& content) {
    std::uint64_t number = 0;
    {
        std::lock_guard lock(mutex_);
        number = ++temporary_;
    }
    const auto temporary = file.parent_path() / fmt::format(".tmp-{}-{}", ::getpid(), number);
    const auto undo = [&](int error) -> Result<void> {
        ::unlink(temporary.c_str());
        return fail(disk_error(file, error));
    };
    const Descriptor descriptor(
        ::open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
    if (descriptor.value < 0) return undo(errno);
    std::size_t done = 0;
    while (done < content.size()) {
        const auto wrote = ::write(descriptor.value, content.data() + done, content.size() - done);
        if (wrote < 0 && errno == EINTR) continue;
        if (wrote < 0) return undo(errno);
        done += static_cast<std::size_t>(wrote);
    }
    const timespec times[2] = {to_timespec(clock_.now()), to_timespec(clock_.now())};
    ::futimens(descriptor.value, times);
    switch (failpoint::hit("blob.sync")) {
        case failpoint::Outcome::error:
        case failpoint::Outcome::torn:
            return undo(EIO);
        case failpoint::Outcome::full:
        case failpoint::Outcome::half:
            return undo(ENOSPC);
        case failpoint::Outcome::none:
            break;
    }
    if (::fsync(descriptor.value) != 0) return undo(errno);
    if (::rename(temporary.c_str(), file.c_str()) != 0) return undo(errno);
    return {};
}

Awaitable<Result<std::string>> FileBlobs::get(WorkspaceId workspace, std::string hash,
                                              std::size_t max_bytes) {
    if (!is_hash(hash)) co_return fail(ErrorCode::not_found, "{} names no stored value", hash);
    auto job = [file = path_of(workspace, hash), hash,
                max_bytes](ReaderThread&) -> Result<std::string> {
        auto content = read_range(file, 0, max_bytes, max_bytes);
        if (content && crypto::sha256_hex(*content) != hash) {
            log::error("a blob does not match its hash; the disk changed it",
                       {{"file", file.string()}});
            return fail(ErrorCode::internal,
                        "the stored value {} is damaged; restore it from a backup", hash);
        }
        return content;
    };
    auto running = on_reader<std::string>(readers_, std::move(job));
    co_return co_await std::move(running);
}

Awaitable<Result<std::string>> FileBlobs::read_part(WorkspaceId workspace, std::string hash,
                                                    std::uint64_t offset, std::size_t length) {
    if (!is_hash(hash)) co_return fail(ErrorCode::not_found, "{} names no stored value", hash);
    auto job = [file = path_of(workspace, hash), offset, length](ReaderThread&) {
        return read_range(file, offset, length, std::numeric_limits<std::size_t>::max());
    };
    auto running = on_reader<std::string>(readers_, std::move(job));
    co_return co_await std::move(running);
}

Awaitable<Result<std::uint64_t>> FileBlobs::size(WorkspaceId workspace, std::string hash) {
    if (!is_hash(hash)) co_return fail(ErrorCode::not_found, "{} names no stored value", hash);
    auto job = [file = path_of(workspace, hash)](ReaderThread&) -> Result<std::uint64_t> {
        struct stat info{};
        if (::stat(file.c_str(), &info) == 0) return static_cast<std::uint64_t>(info.st_size);
        if (errno == ENOENT)
            return fail(ErrorCode::not_found, "the stored value is gone: {}",
                        file.filename().string());
        return fail(disk_error(file, errno));
    };
    auto running = on_reader<std::uint64_t>(readers_, std::move(job));
    co_return co_await std::move(running);
}

void FileBlobs::append_reference(WriteUnit& unit, WorkspaceId workspace, std::string_view hash,
                                 std::uint64_t size_bytes, std::string_view owner) {
    unit.add(reference_query, workspace, Bytes{std::string(owner)}, hash, size_bytes);
}

void FileBlobs::append_release(WriteUnit& unit, WorkspaceId workspace, std::string_view owner) {
    unit.add(release_query, workspace, Bytes{std::string(owner)});
}

Awaitable<Result<std::size_t>> FileBlobs::collect() {
    auto job = [this](ReaderThread& thread) { return sweep(thread); };
    auto running = on_reader<std::size_t>(readers_, std::move(job), JobLength::minutes);
    co_return co_await std::move(running);
}

Result<std::size_t> FileBlobs::sweep(ReaderThread& thread) {
    auto connection = thread.connection();
    if (!connection) return fail(std::move(connection.error()));
    const Time before = clock_.now() - grace;
    std::size_t removed = 0;
    std::error_code error;
    for (const auto& workspace : std::filesystem::directory_iterator(root_, error)) {
        const auto id = WorkspaceId::parse(workspace.path().filename().string());
        if (!id) continue;
        for (const auto& folder : std::filesystem::directory_iterator(workspace.path(), error))
            for (const auto& entry : std::filesystem::directory_iterator(folder.path(), error)) {
                if (thread.stopping()) return removed;
                auto gone = sweep_file(**connection, *id, entry.path(), before);
                if (!gone) return fail(std::move(gone.error()));
                if (*gone) ++removed;
            }
    }
    // What was stored meanwhile may be counted twice until the next collection.
    const auto added = added_bytes_.load(std::memory_order_relaxed);
    total_bytes_ = count_bytes() + (added_bytes_.load(std::memory_order_relaxed) - added);
    return removed;
}

Result<bool> FileBlobs::sweep_file(sqlite::Connection& connection, WorkspaceId workspace,
                                   const std::filesystem::path& file, Time before) {
    const auto name = file.filename().string();
    std::lock_guard lock(mutex_);
    struct stat info{};
    if (::stat(file.c_str(), &info) != 0 || changed_at(info) >= before) return false;
    if (name.starts_with(".tmp-")) {  // of a process that died while writing
        ::unlink(file.c_str());
        return false;
    }
    if (!is_hash(name)) return false;
    sqlite::SqliteTx tx(connection);
    auto used = tx.find<bool>(in_use_query, {to_value(workspace), to_value(name)},
                              [](const Row&) { return true; });
    if (!used) return fail(std::move(used.error()));
    if (*used) return false;
    if (::unlink(file.c_str()) != 0) return false;
    std::lock_guard recent(recent_mutex_);
    recent_.erase(name);
    return true;
}

}  // namespace sluice::storage
