// Where the root key comes from, and the files that hold it.

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <system_error>

#include "sluice/base/clock.hpp"
#include "sluice/crypto/crypto.hpp"
#include "sluice/crypto/key_ring.hpp"

namespace sluice::crypto {

namespace {

namespace fs = std::filesystem;

constexpr std::string_view credential_name = "sluice-root-key";
constexpr std::size_t least_passphrase = 12;

struct Descriptor {
    explicit Descriptor(int opened) : number(opened) {}
    ~Descriptor() {
        if (number >= 0) ::close(number);
    }
    Descriptor(const Descriptor&) = delete;
    Descriptor& operator=(const Descriptor&) = delete;
    int number;
};

bool inside(const fs::path& file, const fs::path& folder) {
    if (folder.empty()) return false;
    std::error_code ignored;
    const auto whole = fs::weakly_canonical(file, ignored), parent = fs::weakly_canonical(fs::absolute(folder, ignored), ignored);
    const auto relative = whole.lexically_relative(parent);
    return !relative.empty() && *relative.begin() != "..";
}

/// A key file has one form of three; the text is wiped.
Result<SecretKey> parse_key(std::string& text, const fs::path& file) {
    std::string key;
    if (text.size() == SecretKey::size) {
        key = text;
    } else {
        std::string_view trimmed = text;
        while (!trimmed.empty() && std::string_view(" \t\r\n").find(trimmed.back()) != std::string_view::npos) trimmed.remove_suffix(1);
        auto decoded = trimmed.size() == 2 * SecretKey::size ? from_hex(trimmed) : from_base64(trimmed);
        if (decoded) key = std::move(*decoded);
    }
    wipe(text);
    if (key.size() != SecretKey::size) {
        wipe(key);
        return fail(ErrorCode::sealed, "{} is no key; it has 32 raw bytes, 64 hexadecimal digits or their base64", file.string());
    }
    SecretKey out(key);
    wipe(key);
    return out;
}

Result<SecretKey> read_key(const fs::path& file, bool judge_mode) {
    const Descriptor opened(::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
    if (opened.number < 0)
        return fail(ErrorCode::sealed, "the root key's file {} cannot be read: {}", file.string(), std::strerror(errno));
    struct stat info{};
    if (::fstat(opened.number, &info) != 0 || !S_ISREG(info.st_mode))
        return fail(ErrorCode::sealed, "{} is no file that holds a root key", file.string());
    if (judge_mode && (info.st_mode & 07777) != 0400)
        return fail(ErrorCode::sealed, "the root key's file {} has mode {:04o}, so others may have read it; chmod 0400 {}",
                    file.string(), static_cast<unsigned>(info.st_mode & 07777), file.string());
    if (judge_mode && info.st_uid != ::geteuid() && info.st_uid != 0)
        return fail(ErrorCode::sealed, "the root key's file {} belongs to another user; chown it to the server's", file.string());
    std::string text(256, '\0');
    const auto got = ::read(opened.number, text.data(), text.size());
    text.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
    return parse_key(text, file);
}

Result<void> sync_folder(const fs::path& file) {
    const auto parent = file.parent_path();
    const Descriptor folder(::open(parent.empty() ? "." : parent.c_str(), O_RDONLY | O_CLOEXEC | O_DIRECTORY));
    if (folder.number < 0 || ::fsync(folder.number) != 0)
        return fail(ErrorCode::unavailable, "the folder of {} cannot be synced: {}", file.string(), std::strerror(errno));
    return {};
}

fs::path named_by_id(const fs::path& file, const SecretKey& key) { return fs::path(file.string() + "." + root_id(key)); }

/// The files FILE.<8 hexadecimal digits>.
std::vector<fs::path> siblings(const fs::path& file) {
    std::vector<fs::path> out;
    const std::string start = file.filename().string() + ".";
    std::error_code ignored;
    for (const auto& entry : fs::directory_iterator(file.parent_path().empty() ? fs::path(".") : file.parent_path(), ignored)) {
        const std::string name = entry.path().filename().string();
        if (name.size() == start.size() + 8 && name.starts_with(start) &&
            name.find_first_not_of("0123456789abcdef", start.size()) == std::string::npos)
            out.push_back(entry.path());
    }
    return out;
}

bool matches(const SecretKey& key, const KnownRoot& known) { return constant_time_equal(check_value(key), known.check_value); }

Result<FoundRoot> make_file(const fs::path& file, const fs::path& data, base::Random& random) {
    if (inside(file, data))
        return fail(ErrorCode::sealed, "the root key may not lie in the data directory, which backups hold; set vault.key_file to a "
                    "place outside of {}", data.string());
    FoundRoot found;
    found.key = SecretKey::make(random);
    found.file = file;
    found.made = true;
    auto written = write_key_beside(file, found.key);
    if (written)
        if (auto settled = settle_key_file(file, found.key); settled) return found;
    return fail(ErrorCode::sealed, "no root key could be made at {}; set vault.key_file (SLUICE_VAULT_KEY_FILE) to a place outside of "
                "the data directory that the server may write, or make it: openssl rand -hex 32, mode 0400", file.string());
}

Result<FoundRoot> from_file(const fs::path& file, const RootSources& sources, const std::optional<KnownRoot>& known,
                            base::Random& random) {
    std::error_code ignored;
    const bool there = fs::exists(fs::symlink_status(file, ignored));
    if (!known && !there) return make_file(file, sources.data, random);
    auto key = read_key_file(file, sources.data);
    if (key && (!known || matches(*key, *known))) return FoundRoot{std::move(*key), RootOrigin::key_file, file, {}, false};
    // A rotation that was cut short, or a backup from before one: the right key has its id in its name.
    for (const auto& other : siblings(file)) {
        auto candidate = read_key_file(other, sources.data);
        if (!candidate || !known || !matches(*candidate, *known)) continue;
        if (auto settled = settle_key_file(file, *candidate); !settled) return fail(std::move(settled.error()));
        return FoundRoot{std::move(*candidate), RootOrigin::key_file, file, {}, false};
    }
    if (!key && there) return fail(std::move(key.error()));
    if (!key)
        return fail(ErrorCode::sealed, "the root key's file {} is missing; bring it back from where it is kept, or name its place by "
                    "vault.key_file", file.string());
    return fail(ErrorCode::sealed, "the key in {} is not the one this data directory was sealed with ({} is wanted, it is {}); name the "
                "right one by vault.key_file", file.string(), hex(known->check_value).substr(0, 8), root_id(*key));
}

Result<FoundRoot> from_passphrase(const std::string& passphrase, const std::optional<KnownRoot>& known, base::Random& random) {
    if (passphrase.size() < least_passphrase)
        return fail(ErrorCode::sealed, "the vault's passphrase is too short; take at least {} characters", least_passphrase);
    FoundRoot found;
    found.origin = RootOrigin::passphrase;
    found.salt = known ? known->salt : std::string(16, '\0');
    if (!known) random.fill({reinterpret_cast<std::uint8_t*>(found.salt.data()), found.salt.size()});
    if (found.salt.empty())
        return fail(ErrorCode::sealed, "this data directory was sealed with a key file, not with a passphrase; unset "
                    "vault.passphrase, or name the file by vault.key_file");
    auto key = stretch_passphrase(passphrase, found.salt);
    if (!key) return fail(ErrorCode::sealed, "{}", key.error().message);
    if (known && !matches(*key, *known))
        return fail(ErrorCode::sealed, "the vault's passphrase is not the one this data directory was sealed with");
    found.key = std::move(*key);
    return found;
}

}  // namespace

std::string_view to_string(RootOrigin origin) {
    switch (origin) {
        case RootOrigin::credential: return "credential";
        case RootOrigin::key_file: return "key_file";
        case RootOrigin::passphrase: return "passphrase";
    }
    return "key_file";
}

fs::path key_file_beside(const fs::path& data) {
    std::error_code ignored;
    fs::path whole = fs::weakly_canonical(fs::absolute(data, ignored), ignored);
    if (!whole.has_filename()) whole = whole.parent_path();
    return fs::path(whole.string() + ".key");
}

Result<SecretKey> read_key_file(const fs::path& file, const fs::path& data) {
    if (inside(file, data))
        return fail(ErrorCode::sealed, "the root key {} lies in the data directory, which backups hold; move it out and name its place by "
                    "vault.key_file", file.string());
    return read_key(file, true);
}

Result<fs::path> write_key_beside(const fs::path& file, const SecretKey& key) {
    const auto target = named_by_id(file, key);
    const fs::path fresh(target.string() + ".new");
    ::unlink(fresh.c_str());  // what an interrupted attempt left
    std::string text = hex(key.bytes()) + "\n";
    bool good = false;
    {
        const Descriptor out(::open(fresh.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0400));
        good = out.number >= 0 && ::write(out.number, text.data(), text.size()) == static_cast<ssize_t>(text.size()) &&
               ::fsync(out.number) == 0;
    }
    const int cause = errno;
    wipe(text);
    if (!good || ::rename(fresh.c_str(), target.c_str()) != 0)
        return fail(ErrorCode::unavailable, "the key file {} cannot be written: {}", target.string(),
                    std::strerror(good ? errno : cause));
    if (auto synced = sync_folder(target); !synced) return fail(std::move(synced.error()));
    return target;
}

Result<void> settle_key_file(const fs::path& file, const SecretKey& key) {
    const auto target = named_by_id(file, key);
    std::error_code ignored;
    if (!fs::exists(target, ignored)) return {};
    const auto cannot = [&] {
        return fail(ErrorCode::unavailable, "the key file {} cannot take its place: {}", target.string(), std::strerror(errno));
    };
    if (auto old = read_key(file, false); old && root_id(*old) != root_id(key))
        if (::rename(file.c_str(), named_by_id(file, *old).c_str()) != 0) return cannot();
    if (::rename(target.c_str(), file.c_str()) != 0) return cannot();
    return sync_folder(file);
}

Result<FoundRoot> find_root(const RootSources& sources, const std::optional<KnownRoot>& known, base::Random& random) {
    std::error_code ignored;
    if (!sources.credentials.empty()) {
        const auto file = sources.credentials / credential_name;
        if (fs::exists(file, ignored)) {
            auto key = read_key(file, false);  // the service manager guards it, by an access list that shows in its mode
            if (!key) return fail(std::move(key.error()));
            if (known && !matches(*key, *known))
                return fail(ErrorCode::sealed, "the systemd credential {} is not the key this data directory was sealed with",
                            credential_name);
            return FoundRoot{std::move(*key), RootOrigin::credential, file, {}, false};
        }
    }
    if (!sources.key_file.empty()) return from_file(sources.key_file, sources, known, random);
    if (!sources.passphrase.empty()) return from_passphrase(sources.passphrase, known, random);
    if (known && !known->salt.empty())
        return fail(ErrorCode::sealed, "this data directory was sealed with a passphrase; give it by SLUICE_VAULT_PASSPHRASE, or run "
                    "`sluice vault unseal`");
    return from_file(key_file_beside(sources.data), sources, known, random);
}

}  // namespace sluice::crypto
