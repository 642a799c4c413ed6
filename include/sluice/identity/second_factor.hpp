#pragma once
/// Second factors of people: one-time codes by time (crypto/totp.hpp) and recovery codes, and which
/// workspaces require one. The secret of an authenticator app is shown once, when it is set up; it is
/// kept encrypted with the wrapped key "second-factor" and counts from the first right code on. Each
/// code counts once, over restarts too. docs/people.md is the reader's side.

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "sluice/identity/people.hpp"

namespace sluice::net {
class Router;
}

namespace sluice::identity {

struct FactorStatus {
    bool enabled = false;
    Time confirmed_at{};
    std::size_t recovery_codes = 0;        ///< unused ones
    std::vector<std::string> required_by;  ///< names of the person's workspaces
};

/// What an authenticator app is set up with; shown once.
struct Enrolment {
    std::string secret;  ///< base32
    std::string uri;     ///< otpauth://
    Time expires_at{};   ///< when it must have been confirmed
};

/// Thread: loop. Outlived by the People that it extends.
class SecondFactors final : public SecondFactor {
  public:
    /// Before `keys` is started: it declares the key of the secrets.
    SecondFactors(People& people, WrappedKeys& keys);
    ~SecondFactors() override;
    SecondFactors(const SecondFactors&) = delete;
    SecondFactors& operator=(const SecondFactors&) = delete;

    /// Loads them. After People::start.
    Awaitable<Result<void>> start();
    FactorStatus status(UserId user) const;

    /// A new secret, in memory until it is confirmed, 15 minutes at most; the one before is void.
    /// Errors: conflict (one is set up), sealed.
    Result<Enrolment> begin(UserId user);
    /// From then on it counts. Ten recovery codes, shown once. Errors: gone (begin again),
    /// unauthenticated (the code), conflict.
    Awaitable<Result<std::vector<std::string>>> confirm(UserId user, std::string code, Client client);
    /// With the password (where there is one) and a code. Errors: conflict (none is set up),
    /// unauthenticated, rate_limited, step_up_required (of a person without a password).
    Awaitable<Result<void>> disable(Principal principal, std::string password, std::string answer, Client client);
    /// Ten new ones instead of all before. Errors: conflict (none is set up).
    Awaitable<Result<std::vector<std::string>>> new_recovery_codes(UserId user, Client client);
    /// Takes the factor away, for who lost the device and the codes. Errors: conflict (none is set up).
    Awaitable<Result<void>> reset(UserId user, AlsoCommit<UserId> also);

    /// Whether the members of the actor's workspace must have one. Errors: conflict (a person who has none
    /// and would be locked out).
    Awaitable<Result<void>> set_required(Principal actor, bool required, AlsoCommit<bool> also);
    People& people() { return people_; }

    // -- SecondFactor
    std::vector<std::string> methods(const User& user) const override;
    Awaitable<Result<void>> check(User user, std::string answer, Client client) override;
    bool required(WorkspaceId workspace) const override { return required_.contains(workspace); }

  private:
    struct Factor {
        std::string secret;  ///< encrypted
        unsigned key_version = 0;
        Time confirmed_at{};
        std::int64_t last_step = 0;
        std::set<std::string> recovery_codes;  ///< hashes
    };
    struct Pending {
        std::string secret;
        Time expires_at{};
    };

    Awaitable<Result<void>> use_code(UserId user, std::string code);
    Awaitable<Result<void>> use_recovery_code(UserId user, std::string hash, Client client);

    People& people_;
    WrappedKeys& keys_;
    std::unordered_map<UserId, Factor> factors_;
    std::unordered_map<UserId, Pending> pending_;
    std::unordered_set<WorkspaceId> required_;
};

/// `/api/v1/auth/totp…`, PATCH `/api/v1/workspaces/{id}`, `/api/v1/system/users/{id}/second-factor`
void add_routes(net::Router& router, SecondFactors& factors);

}  // namespace sluice::identity
