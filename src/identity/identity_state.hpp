#pragma once
// What identity keeps in memory. Thread: loop.

#include <array>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "identity_store.hpp"
#include "sluice/base/clock.hpp"
#include "sluice/base/json_fwd.hpp"
#include "sluice/events/cursor.hpp"
#include "sluice/identity/identity.hpp"
#include "sluice/identity/key_grants.hpp"
#include "sluice/identity/wrapped_keys.hpp"
#include "sluice/net/networks.hpp"

namespace sluice::identity {

inline constexpr Duration session_idle = std::chrono::hours(24);
inline constexpr Duration session_life = std::chrono::hours(12);  // of an owner's, used or not
inline constexpr Duration link_life = std::chrono::minutes(10);
inline constexpr Duration record_life = std::chrono::hours(24 * 7);
inline constexpr Duration use_interval =
    std::chrono::seconds(60);  // "last used" is written down at most so often
inline constexpr std::string_view default_name = "default";
inline constexpr std::string_view record_purpose = "idempotency";  // of the key of body hashes

/// 32 raw bytes.
std::string digest(std::string_view text);

struct TextHash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const {
        return std::hash<std::string_view>()(text);
    }
};
template <class Value>
using ByText = std::unordered_map<std::string, Value, TextHash, std::equal_to<>>;

struct LiveKey {
    ApiKey key;
    Principal principal;  // as it is handed to requests
    net::Networks networks;
    bool used = false;    // since it was last written down
};

struct LiveSession {
    Session session;
    Principal principal;
    bool used = false;
};

struct LoginLink {
    WorkspaceId workspace;
    Time expires_at{};
};

/// The SHA-256 of the keys that came in lately, so that a busy client's key is not hashed at each
/// request. It says nothing about whether a key counts: the caller looks its hash up every time.
class KeyHashes {
  public:
    KeyHashes() = default;
    ~KeyHashes();
    KeyHashes(const KeyHashes&) = delete;
    KeyHashes& operator=(const KeyHashes&) = delete;
    /// The 32 bytes, valid until the next call; empty when `text` is not formed like a key.
    std::string_view of(std::string_view text);

  private:
    struct Known {
        std::string text, hash;
    };
    std::array<Known, 256> known_;  ///< by the part of the key that is no secret
};

/// What requests ask about people; implemented by PeopleState, and absent without it.
class Persons {
  public:
    virtual ~Persons() = default;
    /// `workspace` as the request names it; empty: one of the person's. Errors: unauthenticated,
    /// not_found (no such workspace, or no member of it).
    virtual Result<Principal> of_token(std::string_view token, std::string_view workspace) = 0;
    /// Nothing when the cookie is no person's.
    virtual std::optional<Result<Principal>> of_cookie(std::string_view secret,
                                                       std::string_view workspace) = 0;
    virtual void append_uses(storage::WriteUnit& unit) = 0;
    virtual bool is_member(const Principal& principal, WorkspaceId workspace) const = 0;
    /// A person who makes a workspace owns it; the second call comes after the commit.
    virtual void join_as_owner(storage::WriteUnit& unit, const Workspace& workspace,
                               const Principal& maker) = 0;
    virtual void joined_as_owner(const Workspace& workspace, const Principal& maker) = 0;
    virtual Awaitable<Result<void>> end_own_session(Principal principal, std::function<void(storage::WriteUnit&)> also) = 0;
    virtual Result<void> check_recent_proof(const Principal& principal) const = 0;
    virtual bool requires_second_factor(WorkspaceId workspace) const = 0;
    /// Errors: forbidden for a person without the second factor that the request's workspace requires,
    /// but for what sets one up.
    virtual Result<void> check_enrolled(const Principal& principal, std::string_view path) const = 0;
    /// What `/auth/me` says of a person besides: account, session, workspaces. Null for others.
    virtual Json describe(const Principal& principal) const = 0;
};

struct State {
    State(storage::Storage& s, base::Clock& c, base::Random& r) : storage(s), clock(c), random(r) {}

    storage::Storage& storage;
    base::Clock& clock;
    base::Random& random;

    const WrappedKeys* wrapped_keys = nullptr;  // null: none are kept
    KeyGrants* grants = nullptr;                // null: keys have nothing beside their rows
    std::string root_secret;
    std::optional<events::Cursors> cursors;
    std::unordered_map<WorkspaceId, Workspace> workspaces;
    std::map<std::string, WorkspaceId, std::less<>> workspace_names;
    std::unordered_map<WorkspaceId, std::map<std::string, Project, std::less<>>> projects;
    std::unordered_map<WorkspaceId, std::map<std::string, WorkspaceRole, std::less<>>> roles;  // their own
    ByText<LiveKey> keys;          // by the key's SHA-256
    ByText<LiveSession> sessions;  // by the secret's SHA-256
    ByText<LoginLink> links;       // by the token's SHA-256
    KeyHashes key_hashes;
    Time written_down{};           // when uses were last written
    bool uses_pending = false;

    Persons* persons = nullptr;
    std::shared_ptr<net::Authenticator> authenticator;
    std::shared_ptr<net::IdempotencyRecords> records;

    /// As Identity::signing_key.
    std::string signing_key(std::string_view purpose) const;
    const Workspace* workspace(std::string_view id_or_name) const;
    void remember(const Workspace& workspace);
    void remember(const Project& project);
    void remember(const StoredKey& key);
    void remember(const WorkspaceRole& role);
    /// As Identity::permissions_of.
    std::optional<base::PermissionSet> permissions_of(WorkspaceId workspace, std::string_view role) const;
    /// Fills in what the key's role may do now.
    void resolve(ApiKey& key) const;
    /// After a change of the role: what live keys may do. (People's rights are made at each request.)
    void renew_keys(WorkspaceId workspace, std::string_view role);
    /// Errors: invalid_argument naming the roles that there are.
    tl::unexpected<Error> no_such_role(WorkspaceId workspace, std::string_view role) const;
    void remember(const Session& session);
    /// The ops that write down what was used since the last time.
    void append_uses(storage::WriteUnit& unit);
    /// Queues them if the last time is a minute ago; called when something was used.
    void write_down_uses(Time now);

    /// Errors: unauthenticated (unknown, expired), forbidden (the client's address is in none of the key's networks).
    Result<Principal> principal_of_key(std::string_view text, const net::Request& request);
    Result<Principal> principal_of_session(std::string_view secret);
};

/// How requests are told apart (request_routes.cpp).
std::shared_ptr<net::Authenticator> make_authenticator(State& state);
std::shared_ptr<net::IdempotencyRecords> make_idempotency_records(State& state);

/// What a key with a scope may have at most: what concerns the whole workspace could not be kept within it.
base::PermissionSet scoped_permissions();
/// Errors: forbidden naming the first permission that `actor` lacks; `what` "a key", "a role".
Result<void> check_grant(const Principal& actor, std::string_view what, const base::PermissionSet& wanted);

/// Errors: invalid_argument naming the form.
Result<void> check_name(std::string_view kind, std::string_view name);

}  // namespace sluice::identity
