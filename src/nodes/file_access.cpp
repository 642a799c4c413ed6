#include "nodes/file_access.hpp"

#include <atomic>
#include <cerrno>
#include <cstring>
#include <optional>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace sluice::nodes {

namespace {

namespace fs = std::filesystem;

constexpr std::size_t longest_path = 4096;
constexpr std::size_t deepest_path = 64;

/// A descriptor that closes itself.
class Descriptor {
  public:
    explicit Descriptor(int fd = -1) : fd_(fd) {}
    ~Descriptor() {
        if (fd_ >= 0) ::close(fd_);
    }
    Descriptor(Descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
    Descriptor& operator=(Descriptor&& other) noexcept {
        std::swap(fd_, other.fd_);
        return *this;
    }
    int get() const { return fd_; }
    explicit operator bool() const { return fd_ >= 0; }

  private:
    int fd_;
};

struct FileIdentity {
    dev_t device = 0;
    ino_t inode = 0;
    bool operator==(const FileIdentity&) const = default;
};

std::optional<FileIdentity> identity_of(int fd) {
    struct stat info{};
    if (::fstat(fd, &info) != 0) return std::nullopt;
    return FileIdentity{info.st_dev, info.st_ino};
}

Error system_error(int number, const std::string& path) {
    switch (number) {
        case ENOENT:
            return {ErrorCode::not_found,
                    fmt::format("there is no file {}; check the path", path),
                    {},
                    false};
        case ENOTDIR:
            return {
                ErrorCode::not_found, fmt::format("a part of {} is no folder", path), {}, false};
        case ELOOP:
            return {ErrorCode::forbidden,
                    fmt::format("{} leads through a symbolic link, which file nodes do not follow",
                                path),
                    {},
                    false};
        case EACCES:
        case EPERM:
            return {ErrorCode::forbidden,
                    fmt::format("the server's user may not open {}; change the file's permissions",
                                path),
                    {},
                    false};
        case EISDIR:
            return {ErrorCode::invalid_argument,
                    fmt::format("{} is a folder, not a file", path),
                    {},
                    false};
        case ENAMETOOLONG:
            return {ErrorCode::invalid_argument,
                    fmt::format("a name in {} is too long", path.substr(0, 200)),
                    {},
                    false};
        case ENOSPC:
        case EDQUOT:
            return {ErrorCode::unavailable,
                    fmt::format("the disk is full; {} was not written", path),
                    {},
                    true};
        default:
            return {ErrorCode::internal,
                    fmt::format("{} could not be used: {}", path, std::strerror(number)),
                    {},
                    false};
    }
}

/// The path's parts; no "..", so that it cannot climb even in words.
Result<std::vector<std::string>> split(const std::string& path) {
    if (path.empty()) return fail(ErrorCode::invalid_argument, "the path is empty");
    if (path.size() > longest_path || path.find('\0') != std::string::npos)
        return fail(ErrorCode::invalid_argument, "the path is over {} bytes or holds a zero byte",
                    longest_path);
    std::vector<std::string> parts;
    for (const auto& part : fs::path(path).relative_path()) {
        if (part.empty() || part == ".") continue;
        if (part == "..")
            return fail(ErrorCode::forbidden, "{} climbs with ..; paths stay below their folder",
                        path);
        parts.push_back(part.string());
    }
    if (parts.empty()) return fail(ErrorCode::invalid_argument, "{} names no file", path);
    if (parts.size() > deepest_path)
        return fail(ErrorCode::invalid_argument, "{} is more than {} folders deep", path,
                    deepest_path);
    return parts;
}

/// Whether `path` is `root` or below it, by its words alone.
bool is_below(const fs::path& path, const fs::path& root) {
    auto p = path.begin();
    for (auto r = root.begin(); r != root.end(); ++r) {
        if (r->empty()) continue;  // a trailing slash
        if (p == path.end() || *p != *r) return false;
        ++p;
    }
    return true;
}

/// An opened folder and the names that lead from it.
struct Start {
    Descriptor folder;
    std::vector<std::string> parts;
    bool own = false;  ///< the workspace's folder: inside the data directory on purpose
};

Result<Start> start_of(const FileArea& area, const std::string& path, bool writing) {
    const fs::path wanted(path);
    Start start;
    fs::path base, rest;
    if (wanted.is_relative()) {
        if (area.data_directory.empty() || area.workspace_folder.empty())
            return fail(ErrorCode::forbidden,
                        "{} is relative, and this process has no data directory; name a file below "
                        "files.roots",
                        path);
        const fs::path folder(area.workspace_folder);
        if (folder.has_parent_path() || folder == ".." || folder == ".")
            return fail(ErrorCode::internal, "the workspace's folder {} is no plain name",
                        area.workspace_folder);
        base = area.data_directory / "files" / folder;
        rest = wanted;
        start.own = true;
        std::error_code ignored;  // what fails here fails again, with its reason, at the open below
        if (writing) fs::create_directories(base, ignored);
    } else {
        const fs::path own = area.data_directory.empty()
                                 ? fs::path()
                                 : area.data_directory / "files" / area.workspace_folder;
        if (own.is_absolute() && is_below(wanted.lexically_normal(), own.lexically_normal())) {
            base = own;
            start.own = true;
        }
        for (const auto& root : area.roots)
            if (base.empty() && is_below(wanted, root)) base = root;
        if (base.empty())
            return fail(
                ErrorCode::forbidden,
                "{} is outside the folders that flows may use; use a relative path (below files/{} "
                "in the data directory), or have the operator add a folder to files.roots",
                path, area.workspace_folder);
        rest = wanted.lexically_relative(base);
    }
    auto parts = split(rest.string());
    if (!parts) return fail(std::move(parts.error()));
    start.parts = std::move(*parts);
    start.folder = Descriptor(::open(base.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!start.folder && errno == ENOENT && start.own)
        return fail(ErrorCode::not_found,
                    "there is no file {}; put it into files/{} in the data directory", path,
                    area.workspace_folder);
    if (!start.folder) return fail(system_error(errno, path));
    return start;
}

/// Walks to the folder of the last part. Errors: as `system_error`; forbidden at the data
/// directory.
Result<Descriptor> walk(Start& start, const FileArea& area, const std::string& path,
                        bool make_folders) {
    std::optional<FileIdentity> data;
    if (!start.own && !area.data_directory.empty()) {
        const Descriptor folder(
            ::open(area.data_directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
        if (folder) data = identity_of(folder.get());
        std::error_code ignored;
        const auto inside = fs::weakly_canonical(area.data_directory, ignored);
        char link[64];
        fmt::format_to_n(link, sizeof link, "/proc/self/fd/{}{}", start.folder.get(), '\0');
        const auto root = fs::read_symlink(link, ignored);
        if (!ignored && is_below(root, inside))
            return fail(ErrorCode::forbidden,
                        "{} is inside the data directory, which flows may not use", path);
    }
    const auto refused = [&](int fd) { return data && identity_of(fd) == data; };
    Descriptor at = std::move(start.folder);
    for (std::size_t i = 0; i + 1 < start.parts.size(); ++i) {
        const char* const name = start.parts[i].c_str();
        bool made = false;
        if (make_folders) made = ::mkdirat(at.get(), name, 0755) == 0;
        if (made) ::fsync(at.get());
        Descriptor next(::openat(at.get(), name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
        // A link where a folder should be is ENOTDIR with these flags on Linux; say what it really
        // is.
        if (!next && errno == ENOTDIR) {
            struct stat info{};
            if (::fstatat(at.get(), name, &info, AT_SYMLINK_NOFOLLOW) == 0 && S_ISLNK(info.st_mode))
                errno = ELOOP;
            else
                errno = ENOTDIR;
        }
        if (!next) return fail(system_error(errno, path));
        if (refused(next.get()))
            return fail(ErrorCode::forbidden,
                        "{} is inside the data directory, which flows may not use", path);
        at = std::move(next);
    }
    return at;
}

Result<void> write_all(int fd, std::string_view content, const std::string& path) {
    while (!content.empty()) {
        const auto written = ::write(fd, content.data(), content.size());
        if (written < 0 && errno == EINTR) continue;
        if (written < 0) return fail(system_error(errno, path));
        content.remove_prefix(static_cast<std::size_t>(written));
    }
    if (::fsync(fd) != 0) return fail(system_error(errno, path));
    return {};
}

Result<std::string> read_all(int folder, const std::string& name, const std::string& path,
                             std::size_t max_bytes) {
    // Without O_NONBLOCK a pipe without a writer would hold the thread.
    const Descriptor file(
        ::openat(folder, name.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
    if (!file) return fail(system_error(errno, path));
    struct stat info{};
    if (::fstat(file.get(), &info) != 0) return fail(system_error(errno, path));
    if (S_ISDIR(info.st_mode)) return fail(system_error(EISDIR, path));
    if (!S_ISREG(info.st_mode))
        return fail(ErrorCode::invalid_argument, "{} is no plain file", path);
    std::string content;
    const auto size = static_cast<std::size_t>(info.st_size);
    const auto too_large = [&](std::size_t bytes) {
        return fail(ErrorCode::too_large,
                    "{} has {} bytes, over the limit of {}; raise max_bytes, or split the file",
                    path, bytes, max_bytes);
    };
    if (size > max_bytes) return too_large(size);
    content.resize(size + 1);  // one more, to see whether it grew
    std::size_t filled = 0;
    while (true) {
        const auto got = ::read(file.get(), content.data() + filled, content.size() - filled);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return fail(system_error(errno, path));
        if (got == 0) break;
        filled += static_cast<std::size_t>(got);
        if (filled > max_bytes) return too_large(filled);
        if (filled == content.size()) content.resize(content.size() * 2);
    }
    content.resize(filled);
    return content;
}

Result<void> append_file(int folder, const std::string& name, const std::string& path,
                         std::string_view content) {
    const Descriptor file(
        ::openat(folder, name.c_str(),
                 O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0644));
    if (!file) return fail(system_error(errno, path));
    struct stat info{};
    if (::fstat(file.get(), &info) != 0 || !S_ISREG(info.st_mode))
        return fail(ErrorCode::invalid_argument, "{} is no plain file", path);
    if (auto written = write_all(file.get(), content, path); !written) return written;
    ::fsync(folder);
    return {};
}

}  // namespace

Result<std::string> read_file(const FileArea& area, const std::string& path,
                              std::size_t max_bytes) {
    auto start = start_of(area, path, false);
    if (!start) return fail(std::move(start.error()));
    const std::string name = start->parts.back();
    auto folder = walk(*start, area, path, false);
    if (!folder) return fail(std::move(folder.error()));
    return read_all(folder->get(), name, path, max_bytes);
}

Result<void> write_file(const FileArea& area, const std::string& path, std::string_view content,
                        WriteMode mode) {
    auto start = start_of(area, path, true);
    if (!start) return fail(std::move(start.error()));
    const std::string name = start->parts.back();
    auto folder = walk(*start, area, path, true);
    if (!folder) return fail(std::move(folder.error()));
    if (mode == WriteMode::append) return append_file(folder->get(), name, path, content);

    struct stat info{};
    const bool exists = ::fstatat(folder->get(), name.c_str(), &info, AT_SYMLINK_NOFOLLOW) == 0;
    if (exists && S_ISLNK(info.st_mode)) return fail(system_error(ELOOP, path));
    if (exists && S_ISDIR(info.st_mode)) return fail(system_error(EISDIR, path));
    if (exists && !S_ISREG(info.st_mode))
        return fail(ErrorCode::invalid_argument, "{} is no plain file", path);
    const auto conflict = [&]() -> Result<void> {
        auto present = read_all(folder->get(), name, path, content.size());
        if (present && *present == content) return {};
        return fail(ErrorCode::conflict, "{} exists already; use mode overwrite to replace it",
                    path);
    };
    if (exists && mode == WriteMode::create) return conflict();

    static std::atomic<unsigned> numbers{0};
    const std::string temporary =
        fmt::format(".{}.{}.{}.part", name.substr(0, 200), ::getpid(), ++numbers);
    Descriptor file(::openat(folder->get(), temporary.c_str(),
                             O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644));
    if (!file) return fail(system_error(errno, path));
    auto written = write_all(file.get(), content, path);
    int failed = 0;
    if (written && mode == WriteMode::create) {
        // A link, unlike a rename, never replaces what somebody else has put there meanwhile.
        if (::linkat(folder->get(), temporary.c_str(), folder->get(), name.c_str(), 0) != 0)
            failed = errno;
        ::unlinkat(folder->get(), temporary.c_str(), 0);
    } else if (written) {
        if (::renameat(folder->get(), temporary.c_str(), folder->get(), name.c_str()) != 0)
            failed = errno;
    }
    if (!written || (failed != 0 && mode == WriteMode::overwrite))
        ::unlinkat(folder->get(), temporary.c_str(), 0);
    if (!written) return written;
    if (failed == EEXIST) return conflict();
    if (failed != 0) return fail(system_error(failed, path));
    if (::fsync(folder->get()) != 0) return fail(system_error(errno, path));
    return {};
}

}  // namespace sluice::nodes
