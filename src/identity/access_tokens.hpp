#pragma once
// Access tokens: the keys that sign them, and the tokens that came in lately. Thread: loop.

#include <array>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sluice/base/clock.hpp"
#include "sluice/base/id.hpp"
#include "sluice/crypto/jwt.hpp"

namespace sluice::identity {

inline constexpr Duration signing_key_life = std::chrono::hours(24 * 30);
inline constexpr std::size_t valid_signing_keys = 2;
inline constexpr std::string_view access_token_audience = "sluice";

/// Whose session a token names.
struct TokenSubject {
    UserId user;
    SessionId session;
};

class AccessTokens {
  public:
    struct Key {
        std::string id;
        Time created_at{};
        std::string seed;  ///< 32 secret bytes
    };

    explicit AccessTokens(base::Random& random) : random_(random) {}
    ~AccessTokens();
    AccessTokens(const AccessTokens&) = delete;
    AccessTokens& operator=(const AccessTokens&) = delete;

    void set_issuer(std::string issuer) { issuer_ = std::move(issuer); }
    /// Newest first; the first signs. What was remembered of tokens is forgotten.
    void set_keys(std::vector<Key> keys);
    const std::vector<Key>& keys() const { return keys_; }
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
    std::vector<Key> keys_;
    std::vector<crypto::JwtKey> public_;
    std::array<Known, 256> known_;  ///< by the end of the signature
};

}  // namespace sluice::identity
