#pragma once
// Access tokens: the keys that sign them, and the tokens that came in lately. Thread: loop.

#include <array>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sluice/base/clock.hpp"
#include "sluice/base/id.hpp"
#include "sluice/crypto/jwt.hpp"
#include "sluice/crypto/key_ring.hpp"

namespace sluice::identity {

inline constexpr Duration signing_key_life = std::chrono::hours(24 * 30);
inline constexpr unsigned valid_signing_keys = 2;
inline constexpr std::string_view signing_key_purpose = "access-token";  ///< among the wrapped keys
inline constexpr std::string_view access_token_audience = "sluice";

/// Whose session a token names.
struct TokenSubject {
    UserId user;
    SessionId session;
};

class AccessTokens {
  public:
    explicit AccessTokens(base::Random& random) : random_(random) {}
    ~AccessTokens();
    AccessTokens(const AccessTokens&) = delete;
    AccessTokens& operator=(const AccessTokens&) = delete;

    void set_issuer(std::string issuer) { issuer_ = std::move(issuer); }
    /// The private keys, newest first; the first signs. What was remembered of tokens is forgotten.
    void set_keys(std::vector<std::shared_ptr<const crypto::SecretKey>> keys);
    /// False without keys: none can be made or checked.
    bool ready() const { return !keys_.empty(); }
    std::string key_set() const { return crypto::jwks_document(public_); }

    std::string make(const TokenSubject& subject, Time now, Duration life);
    /// Errors: unauthenticated.
    Result<TokenSubject> check(std::string_view token, Time now);

  private:
    struct Known {
        std::string token;
        TokenSubject subject;
        Time issued_at{}, expires_at{};
    };

    base::Random& random_;
    std::string issuer_;
    std::vector<std::shared_ptr<const crypto::SecretKey>> keys_;
    std::vector<crypto::JwtKey> public_;
    std::array<Known, 256> known_;  ///< by the end of the signature
};

}  // namespace sluice::identity
