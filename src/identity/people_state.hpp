#pragma once
// What people are in memory: accounts, memberships and sessions, all of them, so that a request is
// judged without a wait. Thread: loop.

#include <deque>
#include <map>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "access_tokens.hpp"
#include "identity_state.hpp"
#include "password_hashing.hpp"
#include "people_store.hpp"
#include "sluice/identity/audit.hpp"
#include "sluice/identity/people.hpp"
#include "sluice/identity/wrapped_keys.hpp"

namespace sluice::identity {

inline constexpr Duration setup_life = std::chrono::minutes(30);
inline constexpr Duration reset_life = std::chrono::minutes(30);
inline constexpr Duration invitation_life = std::chrono::hours(24 * 7);
inline constexpr Duration proof_life = std::chrono::minutes(10);
inline constexpr Duration challenge_life = std::chrono::minutes(5);
inline constexpr int challenge_tries = 5;
inline constexpr std::size_t max_accounts = 10'000;
inline constexpr std::size_t max_sessions_of_one = 50;
inline constexpr std::int64_t max_open_invitations = 1'000;
inline constexpr std::size_t max_challenges = 1'000;

struct LiveMembership {
    std::string role;
    bool active = true;
    Time joined_at{};
    std::string created_by;
    std::map<ProjectId, std::string> project_roles;
};

struct Account {
    User user;
    std::string password;  ///< PHC string; empty: none
    Failures failures;
    std::unordered_map<WorkspaceId, LiveMembership> memberships;

    bool has_active_membership() const;
};

struct LivePersonSession {
    PersonSession session;
    std::string cookie_hash;
    std::optional<Time> refresh_until;
    bool used = false;  ///< since it was last written down
};

/// A sign-in that waits for its second factor.
struct Challenge {
    UserId user;
    Time expires_at{};
    int tries = 0;
};

struct OneTime {
    std::string hash;
    UserId user;
    Time expires_at{};
};

struct PeopleState final : Persons {
    PeopleState(State& the_house, runtime::Loop& loop, WrappedKeys& the_keys, PeopleOptions the_options)
        : house(the_house),
          keys(the_keys),
          options(std::move(the_options)),
          hashing(loop, house.random, options.password_cost),
          tokens(house.random),
          tries(options.attempts_per_address) {}

    State& house;
    WrappedKeys& keys;
    PeopleOptions options;
    PasswordHashing hashing;
    AccessTokens tokens;
    std::unordered_map<UserId, Account> accounts;
    std::map<std::string, UserId, std::less<>> by_email;
    std::unordered_map<SessionId, LivePersonSession> sessions;
    ByText<SessionId> cookies;  // by the secret's SHA-256
    UnknownAccounts unknown;
    AddressTries tries;
    ByText<Challenge> challenges;  // by the token's SHA-256
    std::optional<OneTime> setup;
    std::deque<OneTime> resets;
    SecondFactor* second_factor = nullptr;
    Audit* audit = nullptr;
    bool setting_up = false;  // a first account is being committed

    // -- Persons: what requests ask
    Result<Principal> of_token(std::string_view token, std::string_view workspace) override;
    std::optional<Result<Principal>> of_cookie(std::string_view secret, std::string_view workspace) override;
    void append_uses(storage::WriteUnit& unit) override;
    bool is_member(const Principal& principal, WorkspaceId workspace) const override;
    void join_as_owner(storage::WriteUnit& unit, const Workspace& workspace, const Principal& maker) override;
    void joined_as_owner(const Workspace& workspace, const Principal& maker) override;
    Awaitable<Result<void>> end_own_session(Principal principal, std::function<void(storage::WriteUnit&)> also) override;
    Result<void> check_recent_proof(const Principal& principal) const override;
    bool requires_second_factor(WorkspaceId workspace) const override;
    Result<void> check_enrolled(const Principal& principal, std::string_view path) const override;
    bool has_second_factor(const User& user) const { return second_factor && !second_factor->methods(user).empty(); }
    Json describe(const Principal& principal) const override;

    // -- Accounts
    Account* account(UserId id);
    const Account* account(UserId id) const;
    Account* account_of(std::string_view email);
    void remember(const StoredAccount& stored);
    void remember(const StoredMembership& stored);
    Member member(const Account& account, WorkspaceId workspace, const LiveMembership& membership) const;
    std::vector<Member> memberships(const Account& account) const;
    /// What the person may do in the workspace: everywhere, and by the roles in projects.
    void grant(Principal& principal, WorkspaceId workspace, const LiveMembership& membership) const;

    // -- Sessions
    void remember(const StoredSession& stored);
    void forget_session(SessionId id);
    void forget_sessions_of(UserId user, std::optional<SessionId> kept = {});
    Time cookie_end(const LivePersonSession& live) const;
    Time end_of(const LivePersonSession& live) const;
    /// Null when it is over, or its account or all memberships are disabled.
    LivePersonSession* live(SessionId id);
    Result<Principal> principal(LivePersonSession& live, std::string_view workspace);
    void mark_used(LivePersonSession& live);
    std::vector<SessionId> sessions_of(UserId user) const;

    // -- Signing in
    /// Opens a session; a browser's cookie, an access and a refresh token come with it. `action`: its name
    /// in the audit trail.
    Awaitable<Result<SignedIn>> open_session(UserId user, Client client, std::string action);
    SignedIn render(const LivePersonSession& live, const Account& account) const;
    /// Whose password it is, within the limits. Errors: unauthenticated, rate_limited, unavailable.
    Awaitable<Result<UserId>> check_password(std::string email, std::string password, Client client);
    Awaitable<Result<void>> check_second_factor(UserId user, std::string answer, Client client);
    /// A wrong password or code of an account; written down once there are enough to lock it.
    void count_failure(Account& account, Time now);
    Awaitable<void> rehash(UserId user, std::string password);
    /// All sessions but `kept` end with the old one.
    Awaitable<Result<void>> replace_password(UserId user, std::string phc, std::optional<SessionId> kept,
                                             std::string action, Client client);
    /// Appends what a person did to the unit of the change; in the trail of the person's first workspace.
    void note(storage::WriteUnit& unit, UserId user, std::string action, const Client& client, std::string target = {});
    /// A refused sign-in, with a known account or none; stored soon after.
    void note_refusal(std::optional<UserId> user, std::string action, const Client& client, std::string reason);
    Awaitable<Result<void>> end_sessions_without_workspace(UserId user);
    /// From the wrapped keys; none while the instance is sealed.
    void load_signing_keys();
    Awaitable<Result<void>> rotate_signing_keys();
};

/// Errors: forbidden, naming the first right that `actor` lacks; invalid_argument for no role.
Result<void> check_may_grant(const State& house, const Principal& actor, std::string_view role);

}  // namespace sluice::identity
