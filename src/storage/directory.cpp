#include "directory.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string>
#include <utility>

namespace sluice::storage {
namespace {

std::string reason(int error) { return std::strerror(error); }

/// Owns a descriptor within a function.
struct Descriptor {
    int value = -1;
    explicit Descriptor(int descriptor) : value(descriptor) {}
    ~Descriptor() {
        if (value >= 0) ::close(value);
    }
    Descriptor(const Descriptor&) = delete;
    Descriptor& operator=(const Descriptor&) = delete;
};

Result<void> sync_path(const std::filesystem::path& path, int flags) {
    const Descriptor descriptor(::open(path.c_str(), flags | O_CLOEXEC));
    if (descriptor.value < 0 || ::fsync(descriptor.value) != 0)
        return fail(ErrorCode::unavailable, "{} cannot be flushed to disk: {}", path.string(),
                    reason(errno));
    return {};
}

}  // namespace

DirectoryLock::DirectoryLock(DirectoryLock&& other) noexcept
    : descriptor_(std::exchange(other.descriptor_, -1)) {}

DirectoryLock& DirectoryLock::operator=(DirectoryLock&& other) noexcept {
    std::swap(descriptor_, other.descriptor_);
    return *this;
}

DirectoryLock::~DirectoryLock() { release(); }

void DirectoryLock::release() {
    if (descriptor_ >= 0) ::close(std::exchange(descriptor_, -1));
}

Result<DirectoryLock> DirectoryLock::take(const std::filesystem::path& directory) {
    const auto file = directory / "lock";
    DirectoryLock lock;
    lock.descriptor_ = ::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (lock.descriptor_ < 0)
        return fail(ErrorCode::unavailable, "{} cannot be opened: {}", file.string(),
                    reason(errno));
    if (::flock(lock.descriptor_, LOCK_EX | LOCK_NB) != 0) {
        if (errno != EWOULDBLOCK)
            return fail(ErrorCode::unavailable, "{} cannot be locked: {}", file.string(),
                        reason(errno));
        char pid[32] = {};
        const auto size = ::pread(lock.descriptor_, pid, sizeof pid - 1, 0);
        std::string holder(pid, size > 0 ? static_cast<std::size_t>(size) : 0);
        while (!holder.empty() && holder.back() == '\n') holder.pop_back();
        return fail(ErrorCode::conflict,
                    "the data directory {} is in use by process {}; stop it, or use another --data",
                    directory.string(), holder.empty() ? "(unknown)" : holder);
    }
    const std::string pid = std::to_string(::getpid()) + "\n";
    if (::ftruncate(lock.descriptor_, 0) != 0 ||
        ::pwrite(lock.descriptor_, pid.data(), pid.size(), 0) != static_cast<ssize_t>(pid.size()))
        // The lock holds without its text; on a full disk that must not keep the server from
        // starting.
        [[maybe_unused]]
        const auto emptied = ::ftruncate(lock.descriptor_, 0);
    return lock;
}

bool is_network_file_system(unsigned long type) {
    switch (type & 0xffffffffUL) {
        case 0x6969UL:      // NFS
        case 0xff534d42UL:  // CIFS
        case 0xfe534d42UL:  // SMB2
        case 0x517bUL:      // SMB
        case 0x5346414fUL:  // AFS
        case 0x6b414653UL:  // kAFS
        case 0x00c36400UL:  // Ceph
        case 0x01021997UL:  // 9p (WSL's mounts of Windows disks, some VM shares)
        case 0x73757245UL:  // Coda
        case 0x564cUL:      // NCP
        case 0x0bd00bd0UL:  // Lustre
        case 0x47504653UL:  // GPFS
            return true;
        default: return false;
    }
}

Result<void> prepare_directory(const std::filesystem::path& directory, bool create) {
    std::error_code error;
    const auto status = std::filesystem::status(directory, error);
    if (!std::filesystem::exists(status)) {
        if (!create)
            return fail(ErrorCode::not_found,
                        "there is no data directory {}; start `sluice serve` once to make it",
                        directory.string());
        const auto parent =
            std::filesystem::absolute(directory, error).lexically_normal().parent_path();
        if (!error) std::filesystem::create_directories(parent, error);
        if (error)
            return fail(ErrorCode::unavailable, "the data directory {} cannot be made: {}",
                        directory.string(), error.message());
        auto plain = directory.string();
        while (plain.size() > 1 && plain.back() == '/') plain.pop_back();
        if (::mkdir(plain.c_str(), 0700) != 0 && errno != EEXIST)
            return fail(ErrorCode::unavailable, "the data directory {} cannot be made: {}",
                        directory.string(), reason(errno));
        if (auto synced = sync_directory(parent); !synced) return synced;
    } else if (!std::filesystem::is_directory(status)) {
        return fail(ErrorCode::unavailable, "{} is a file, not a directory; name another --data",
                    directory.string());
    }
    struct statfs system{};
    if (::statfs(directory.c_str(), &system) == 0 &&
        is_network_file_system(static_cast<unsigned long>(system.f_type)))
        return fail(
            ErrorCode::unavailable,
            "{} is on a network file system, whose locks a database cannot trust; use a local disk",
            directory.string());
    if (::access(directory.c_str(), R_OK | W_OK | X_OK) != 0)
        return fail(ErrorCode::unavailable,
                    "the data directory {} is not writable: {}; check its owner and permissions",
                    directory.string(), reason(errno));
    return {};
}

Result<void> create_private_file(const std::filesystem::path& file) {
    const Descriptor descriptor(
        ::open(file.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
    if (descriptor.value >= 0) return {};
    if (errno == EEXIST)
        return fail(ErrorCode::conflict, "{} exists already; name another file", file.string());
    return fail(ErrorCode::unavailable, "{} cannot be made: {}", file.string(), reason(errno));
}

Result<void> sync_directory(const std::filesystem::path& directory) {
    return sync_path(directory.empty() ? std::filesystem::path(".") : directory,
                     O_RDONLY | O_DIRECTORY);
}

Result<void> sync_file(const std::filesystem::path& file) { return sync_path(file, O_RDONLY); }

std::int64_t free_bytes(const std::filesystem::path& directory) {
    struct statvfs system{};
    if (::statvfs(directory.c_str(), &system) != 0) return -1;
    return static_cast<std::int64_t>(system.f_bavail) * static_cast<std::int64_t>(system.f_frsize);
}

}  // namespace sluice::storage
