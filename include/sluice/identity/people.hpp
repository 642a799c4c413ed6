#pragma once
/// People: accounts with passwords, their memberships in workspaces, invitations, and their sessions.
///
/// An account belongs to the instance; what it may do is its role in each workspace. A person signs in
/// with address and password (and a second factor, where one is set up) and gets a session: a cookie for
/// a browser, an access token (15 minutes, see crypto/jwt.hpp) and a refresh token for everything
/// else. All three name the session, which is looked up at each request, so that ending it counts at
/// once. The workspace of a request is named by `Sluice-Workspace` or `workspace=`; membership is
/// checked each time. docs/people.md is the reader's side.

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sluice/base/clock.hpp"
#include "sluice/base/principal.hpp"
#include "sluice/base/result.hpp"
#include "sluice/base/setting.hpp"
#include "sluice/crypto/password.hpp"
#include "sluice/identity/identity.hpp"
#include "sluice/runtime/awaitable.hpp"

namespace sluice::config {
class Config;
}
namespace sluice::events {
class Cursors;
}
namespace sluice::runtime {
class Loop;
}

namespace sluice::identity {

struct PeopleOptions {
    crypto::PasswordCost password_cost;
    Duration access_token_life = std::chrono::minutes(15);
    Duration refresh_token_life = std::chrono::hours(24 * 7);
    Duration session_idle = std::chrono::hours(2);         ///< of a cookie
    Duration session_life = std::chrono::hours(24);        ///< of a cookie, used or not
    Duration session_life_admin = std::chrono::hours(12);  ///< of an owner's or admin's cookie
    std::int64_t attempts_per_address = 20;                ///< failed sign-ins a minute; 0: no limit
    std::string admin_email, admin_password;               ///< the first owner, where nobody sets one up
};
/// What the settings `auth.…` say.
PeopleOptions people_options(const config::Config& config);
base::SettingRows settings();

struct User {
    UserId id;
    std::string email;  ///< in its normal form
    std::string name;
    bool active = true;
    Time created_at{};
    std::optional<Time> last_sign_in_at;
};

/// A further role of a member in one project.
struct ProjectRole {
    ProjectId project;
    std::string project_name, role;
};

/// A person in a workspace.
struct Member {
    User user;
    WorkspaceId workspace;
    std::string workspace_name, role;
    bool active = true;
    Time joined_at{};
    std::vector<ProjectRole> project_roles;
};

/// What shall change of a member.
struct MemberChange {
    std::optional<std::string> role;
    std::optional<bool> active;
    std::optional<std::vector<std::pair<std::string, std::string>>> project_roles;  ///< project, role: all of them
};

struct Invitation {
    InvitationId id;
    WorkspaceId workspace;
    std::string workspace_name, email, role, created_by;
    Time created_at{}, expires_at{};
    std::optional<Time> accepted_at, revoked_at;
    bool has_account = false;  ///< somebody with this address has an account already
};

/// Where a request to sign in comes from.
struct Client {
    std::string name;       ///< what a refresh token is bound to
    std::string address;    ///< for limits, and for the list of sessions
    std::string old_cookie; ///< the secret of the browser's cookie so far, whose session ends
    bool wants_refresh = true;  ///< false for a browser, which has its cookie
    std::string request_id;     ///< for the audit trail
};

struct PersonSession {
    SessionId id;
    UserId user;
    std::string client, address;
    Time created_at{}, last_used_at{}, proved_at{};
    Time ends_at{};  ///< when it is over without further use
};

/// What a sign-in gives. The secrets are shown once.
struct SignedIn {
    PersonSession session;
    User user;
    std::string cookie, access_token, refresh_token;
    std::vector<Member> memberships;
};

/// The password was right and the second factor is asked for: `challenge` stands for the password for
/// five minutes and a few tries.
struct SecondFactorPending {
    std::string challenge;
    std::vector<std::string> methods;
};

struct SignInOutcome {
    std::optional<SignedIn> signed_in;
    std::optional<SecondFactorPending> pending;
};

/// A further proof that some people give after the password. Thread: loop.
class SecondFactor {
  public:
    virtual ~SecondFactor() = default;
    /// The methods that this person must choose from ("totp", …); none: the password is enough.
    virtual std::vector<std::string> methods(const User& user) const = 0;
    /// Errors: unauthenticated for a wrong answer.
    virtual Awaitable<Result<void>> check(User user, std::string answer, Client client) = 0;
    /// Whether a workspace lets only those in who have one.
    virtual bool required(WorkspaceId workspace) const = 0;
};

class Audit;
class WrappedKeys;
struct PeopleState;
struct StoredAccount;
struct StoredProjectRole;

/// Thread: loop. Outlived by the Identity that it extends. While the instance is sealed nobody signs in
/// and no access token is good; cookies and API keys go on.
class People {
  public:
    /// Before `keys` is started: it declares the key that signs access tokens.
    People(Identity& identity, runtime::Loop& loop, WrappedKeys& keys, PeopleOptions options);
    ~People();
    People(const People&) = delete;
    People& operator=(const People&) = delete;

    /// Loads accounts, memberships and sessions; makes the first owner where the settings name one.
    /// After Identity::start. Errors: invalid_argument (the settings' address or password).
    Awaitable<Result<void>> start();
    /// Writes down when sessions were last used. May come twice.
    Awaitable<void> stop();
    /// Hourly: sessions and tokens that are over, and new signing keys when theirs is old.
    Awaitable<Result<std::int64_t>> remove_expired();

    /// Those who sign in next are asked for it. It outlives this.
    void set_second_factor(SecondFactor& factor);
    /// From then on sign-ins, refused ones too, and what people do with their sessions and passwords are
    /// written down. It outlives this. Before `start`.
    void set_audit(Audit& audit);

    // -- The first person

    bool setup_needed() const;
    /// A new one-time token for `/setup#token=…`, good for 30 minutes; the one before is void.
    std::string make_setup_token();
    /// Makes the owner of all workspaces, and signs in. Errors: gone (token), conflict (somebody is
    /// there), invalid_argument.
    Awaitable<Result<SignedIn>> set_up(std::string token, std::string email, std::string password,
                                       std::string name, Client client);

    // -- Signing in

    /// Errors: unauthenticated (the same for an unknown address, a wrong password, a disabled account),
    /// rate_limited (with the time to wait), unavailable, sealed. `otp` may be empty.
    Awaitable<Result<SignInOutcome>> sign_in(std::string email, std::string password, std::string otp,
                                             Client client);
    /// The second half of a pending sign-in. Errors: unauthenticated.
    Awaitable<Result<SignedIn>> answer_second_factor(std::string challenge, std::string answer,
                                                     Client client);
    /// Signs in whom an identity provider vouches for; a second factor is asked for as after a password.
    /// Errors: forbidden (no account or membership; disabled).
    Awaitable<Result<SignInOutcome>> sign_in_external(UserId user, Client client);
    /// Errors: unauthenticated (unknown, expired, used before, of another client). A token that was
    /// used before ends its session.
    Awaitable<Result<SignedIn>> refresh(std::string refresh_token, Client client);
    /// The person gives the password once more; the session's cookie is replaced. Errors: as sign_in.
    Awaitable<Result<SignedIn>> prove_again(Principal principal, std::string password, std::string otp,
                                            Client client);
    /// Errors: step_up_required for a person whose last proof is older than ten minutes.
    Result<void> check_recent_proof(const Principal& principal) const;

    std::vector<PersonSession> sessions(UserId user) const;
    /// Ends one session of the person's own. Errors: not_found.
    Awaitable<Result<void>> end_session(UserId user, SessionId session, Client client);
    /// Ends all but `kept`; how many.
    Awaitable<Result<std::int64_t>> end_sessions(UserId user, std::optional<SessionId> kept, Client client);
    /// Errors: unauthenticated (present password), invalid_argument (new one). Other sessions end.
    Awaitable<Result<void>> change_password(Principal principal, std::string present, std::string wanted,
                                            Client client);
    /// The public keys of access tokens, as a JWK set.
    std::string key_set() const;

    // -- Members of a workspace

    std::vector<Member> members(WorkspaceId workspace) const;  ///< in the order of their accounts
    std::optional<Member> find_member(WorkspaceId workspace, UserId user) const;
    std::vector<Member> memberships(UserId user) const;  ///< active ones, by workspace name
    std::optional<User> find_user(std::string_view id_or_email) const;

    /// Errors: not_found, forbidden (a right that `actor` lacks, in the old or the new role), conflict
    /// (the last owner), invalid_argument.
    Awaitable<Result<Member>> change_member(Principal actor, UserId user, MemberChange change,
                                            AlsoCommit<Member> also = {});
    /// Errors: not_found, forbidden, conflict (the last owner).
    Awaitable<Result<void>> remove_member(Principal actor, UserId user, AlsoCommit<Member> also = {});

    // -- Invitations

    struct Invited {
        Invitation invitation;
        std::string token;  ///< for `/invite#token=…`; shown once
    };
    /// Errors: forbidden (role), conflict (is a member already), invalid_argument, unprocessable (too many).
    Awaitable<Result<Invited>> invite(Principal actor, std::string email, std::string role,
                                      AlsoCommit<Invited> also = {});
    Awaitable<Result<std::vector<Invitation>>> invitations(WorkspaceId workspace, int limit,
                                                           std::optional<InvitationId> before);
    Awaitable<Result<Invitation>> invitation(WorkspaceId workspace, InvitationId id);
    /// Errors: not_found, conflict (accepted already).
    Awaitable<Result<void>> revoke_invitation(Principal actor, InvitationId id,
                                              AlsoCommit<Invitation> also = {});
    /// What the link is for. Errors: gone (used, revoked, expired, unknown).
    Awaitable<Result<Invitation>> read_invitation(std::string token);
    /// Makes the account and joins it, and signs in. Whoever has an account must be signed in as it
    /// (`principal`), and `password` and `name` are not looked at. Errors: gone, conflict (an account
    /// exists; sign in first), forbidden (signed in as somebody else), invalid_argument.
    Awaitable<Result<SignedIn>> accept_invitation(std::string token, Principal principal, std::string name,
                                                  std::string password, Client client);

    // -- The instance's accounts, for the owner of the machine

    std::vector<User> users() const;  ///< by address
    /// Errors: conflict (address taken), invalid_argument.
    Awaitable<Result<Member>> create_user(std::string email, std::string name, std::string password,
                                          WorkspaceId workspace, std::string role, AlsoCommit<Member> also = {});
    /// Disabling ends all sessions. Errors: not_found.
    Awaitable<Result<User>> set_active(UserId user, bool active, AlsoCommit<User> also = {});
    /// A one-time token for `/reset#token=…`, good for 30 minutes, not after a restart.
    std::string make_reset_token(UserId user);
    /// Errors: gone, invalid_argument. All sessions of the person end.
    Awaitable<Result<void>> reset_password(std::string token, std::string password, Client client);
    /// What a request did that changes no row: its audit entry. Errors: of storage, sealed.
    Awaitable<Result<void>> keep_record(const net::Request& request, int status);

    const events::Cursors& cursors() const;
    Time now() const;
    Duration access_token_life() const;
    PeopleState& state() { return *state_; }  ///< for the module's own files

  private:
    Awaitable<Result<SignInOutcome>> after_first_proof(UserId user, std::string otp, Client client);
    SecondFactorPending make_challenge(UserId user, std::vector<std::string> methods);
    Awaitable<Result<StoredAccount>> make_account(std::string email, std::string name, std::string password,
                                                  std::string_view password_pointer);
    Awaitable<Result<UserId>> make_first_owner(std::string email, std::string password, std::string name);
    Result<std::vector<StoredProjectRole>> read_project_roles(
        const Principal& actor, UserId user, const std::vector<std::pair<std::string, std::string>>& wanted) const;
    std::string project_name(WorkspaceId workspace, ProjectId id) const;
    void complete(Invitation& invitation) const;

    std::shared_ptr<PeopleState> state_;
};

/// `/api/v1/auth/…`, `/api/v1/users`, `/api/v1/invitations`, `/api/v1/system/users`, the key set.
void add_routes(net::Router& router, People& people);

}  // namespace sluice::identity
