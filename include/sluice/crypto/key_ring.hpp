#pragma once
/// Keys at rest: secret keys in guarded memory, authenticated encryption that is bound to its place,
/// and where the root key of an instance comes from. The root key wraps every other key
/// (identity/wrapped_keys.hpp); it is in no database and in no backup. docs/secrets.md has the
/// operator's side.

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sluice/base/result.hpp"

namespace sluice::base {
class Random;
}

namespace sluice::crypto {

/// 32 secret bytes on a page of their own that is kept out of swap and of core dumps (as far as
/// RLIMIT_MEMLOCK allows), and wiped on release. Thread: any; one object is not shared while it
/// changes.
class SecretKey {
  public:
    static constexpr std::size_t size = 32;
    SecretKey() = default;
    /// Copies 32 bytes; throws std::invalid_argument for another length.
    explicit SecretKey(std::string_view bytes);
    /// A fresh one.
    static SecretKey make(base::Random& random);
    ~SecretKey();
    SecretKey(SecretKey&& other) noexcept;
    SecretKey& operator=(SecretKey&& other) noexcept;
    SecretKey clone() const;

    explicit operator bool() const { return page_ != nullptr; }
    /// The bytes, as long as this lives; empty without a key.
    std::string_view bytes() const;

  private:
    void* page_ = nullptr;
};

/// What an encrypted value is bound to: it opens nowhere else. Every part is authenticated.
struct Bound {
    std::string_view purpose;    ///< "wrapped_key", "secret", …
    std::string_view workspace;  ///< the raw id; empty: the instance
    std::string_view id;         ///< of the row
    std::int64_t version = 0;
    std::string_view field;      ///< the column or member
};

/// AES-256-GCM with a random 96-bit nonce: one byte of format, nonce, ciphertext, tag (29 bytes more
/// than `plain`).
std::string encrypt(const SecretKey& key, std::string_view plain, const Bound& bound, base::Random& random);
/// Errors: internal, when key, place or bytes are not those of the encryption.
Result<std::string> decrypt(const SecretKey& key, std::string_view sealed, const Bound& bound);

/// Argon2id with 256 MiB, three passes, one lane: about a second. Blocking.
/// Errors: unavailable (no memory).
Result<SecretKey> stretch_passphrase(std::string_view passphrase, std::string_view salt);

/// 32 bytes that tell the right root key from another without giving it away.
std::string check_value(const SecretKey& root);
/// The first eight hexadecimal digits of the check value: how a root is called in logs and files.
std::string root_id(const SecretKey& root);

/// Where a root key may come from, in this order.
struct RootSources {
    std::filesystem::path credentials;  ///< $CREDENTIALS_DIRECTORY of systemd; its `sluice-root-key`
    std::filesystem::path key_file;     ///< the setting vault.key_file
    std::string passphrase;             ///< the setting vault.passphrase
    std::filesystem::path data;         ///< DIR; else the file DIR.key beside it
};

enum class RootOrigin { credential, key_file, passphrase };
/// "credential", "key_file", "passphrase"
std::string_view to_string(RootOrigin origin);

/// What the database knows of the root in use.
struct KnownRoot {
    std::string check_value;
    std::string salt;  ///< of a passphrase
};

struct FoundRoot {
    SecretKey key;
    RootOrigin origin = RootOrigin::key_file;
    std::filesystem::path file;  ///< empty for a passphrase
    std::string salt;            ///< of a passphrase
    bool made = false;           ///< the file is new
};

/// The root of the first source that is configured. Without a known root (a new directory) a missing
/// key file is made. A key file is tried together with the files `FILE.<root id>` beside it, which a
/// rotation makes; the right one becomes FILE. Blocking.
/// Errors: sealed, naming the source and what to do.
Result<FoundRoot> find_root(const RootSources& sources, const std::optional<KnownRoot>& known, base::Random& random);

/// DIR.key for DIR.
std::filesystem::path key_file_beside(const std::filesystem::path& data);
/// Reads 32 raw bytes, 64 hexadecimal digits or base64. Errors: sealed (missing, wider than mode
/// 0400, somebody else's, inside `data`, no key). Blocking.
Result<SecretKey> read_key_file(const std::filesystem::path& file, const std::filesystem::path& data);
/// Writes `FILE.<root id>`, mode 0400, synced, and gives its name; settle_key_file makes it FILE.
/// Errors: unavailable. Blocking.
Result<std::filesystem::path> write_key_beside(const std::filesystem::path& file, const SecretKey& key);
/// Makes `FILE.<root id>` the file FILE; a key that FILE had is kept as `FILE.<its root id>`. May come
/// twice. Errors: unavailable. Blocking.
Result<void> settle_key_file(const std::filesystem::path& file, const SecretKey& key);

/// No core dumps, and no other process of the same user reads this one's memory or environment.
/// Called when a server starts.
void harden_process();

}  // namespace sluice::crypto
