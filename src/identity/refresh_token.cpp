#include "refresh_token.hpp"

#include "key_text.hpp"
#include "sluice/crypto/crypto.hpp"

namespace sluice::identity {

std::string make_refresh_token(base::Random& random) {
    return std::string(refresh_token_start) + random_text(random, key_secret_length);
}

std::string refresh_successor(std::string_view token, std::string_view salt) {
    const auto mac = crypto::hmac_sha256(token, salt);
    return std::string(refresh_token_start) + crypto::base64url(crypto::raw(mac));
}

std::string refresh_token_hash(std::string_view token) {
    const auto hash = crypto::sha256(token);
    return std::string(crypto::raw(hash));
}

std::string make_refresh_salt(base::Random& random) {
    std::string salt(refresh_salt_bytes, '\0');
    random.fill({reinterpret_cast<std::uint8_t*>(salt.data()), salt.size()});
    return salt;
}

}  // namespace sluice::identity
