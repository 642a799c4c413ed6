#include "file_copy.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <vector>

#include "directory.hpp"
#include "sluice/crypto/crypto.hpp"

namespace sluice::storage {
namespace {

constexpr std::size_t piece_bytes = 256 * 1024;

struct Descriptor {
    int value;
    explicit Descriptor(int descriptor) : value(descriptor) {}
    ~Descriptor() {
        if (value >= 0) ::close(value);
    }
    Descriptor(const Descriptor&) = delete;
    Descriptor& operator=(const Descriptor&) = delete;
};

Error failed(const std::filesystem::path& file, std::string_view doing) {
    const int error = errno;
    if (error == ENOENT)
        return {ErrorCode::not_found, fmt::format("{} is not there", file.string()), {}, false};
    if (error == ENOSPC || error == EDQUOT)
        return {
            ErrorCode::unavailable,
            fmt::format("there is no room for {}; free space or name another place", file.string()),
            {},
            true};
    return {ErrorCode::unavailable,
            fmt::format("{} cannot be {}: {}", file.string(), doing, std::strerror(error)),
            {},
            false};
}

/// Reads `from` to its end; each piece goes to the hash and, unless it is negative, to descriptor
/// `to`.
Result<FileDigest> pump(const std::filesystem::path& from, int to,
                        const std::filesystem::path& to_name) {
    const Descriptor source(::open(from.c_str(), O_RDONLY | O_CLOEXEC));
    if (source.value < 0) return fail(failed(from, "read"));
    crypto::Sha256 hash;
    FileDigest digest;
    std::vector<char> piece(piece_bytes);
    while (true) {
        const auto got = ::read(source.value, piece.data(), piece.size());
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return fail(failed(from, "read"));
        if (got == 0) break;
        hash.update({piece.data(), static_cast<std::size_t>(got)});
        digest.bytes += static_cast<std::uint64_t>(got);
        for (ssize_t done = 0; to >= 0 && done < got;) {
            const auto wrote =
                ::write(to, piece.data() + done, static_cast<std::size_t>(got - done));
            if (wrote < 0 && errno == EINTR) continue;
            if (wrote < 0) return fail(failed(to_name, "written"));
            done += wrote;
        }
    }
    const auto raw = hash.finish();
    digest.sha256 = crypto::hex(crypto::raw(raw));
    return digest;
}

}  // namespace

Result<FileDigest> digest_file(const std::filesystem::path& file) { return pump(file, -1, {}); }

Result<FileDigest> copy_file_synced(const std::filesystem::path& from,
                                    const std::filesystem::path& to) {
    const Descriptor target(::open(to.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
    if (target.value < 0) {
        if (errno == EEXIST) return fail(ErrorCode::conflict, "{} exists already", to.string());
        return fail(failed(to, "made"));
    }
    auto digest = pump(from, target.value, to);
    if (digest && ::fsync(target.value) != 0) digest = fail(failed(to, "flushed to disk"));
    if (!digest) ::unlink(to.c_str());
    return digest;
}

Result<void> replace_file(const std::filesystem::path& file, std::string_view content) {
    auto temporary = file;
    temporary += ".new";
    {
        const Descriptor target(
            ::open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
        if (target.value < 0) return fail(failed(temporary, "made"));
        std::size_t done = 0;
        while (done < content.size()) {
            const auto wrote = ::write(target.value, content.data() + done, content.size() - done);
            if (wrote < 0 && errno == EINTR) continue;
            if (wrote < 0) return fail(failed(temporary, "written"));
            done += static_cast<std::size_t>(wrote);
        }
        if (::fsync(target.value) != 0) return fail(failed(temporary, "flushed to disk"));
    }
    if (::rename(temporary.c_str(), file.c_str()) != 0) return fail(failed(file, "replaced"));
    return sync_directory(file.parent_path());
}

Result<void> make_folder(const std::filesystem::path& folder) {
    if (::mkdir(folder.c_str(), 0700) == 0 || errno == EEXIST) return {};
    return fail(failed(folder, "made"));
}

Result<void> sync_tree(const std::filesystem::path& directory) {
    std::error_code error;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(directory, error))
        if (entry.is_directory(error))
            if (auto synced = sync_directory(entry.path()); !synced) return synced;
    return sync_directory(directory);
}

}  // namespace sluice::storage
