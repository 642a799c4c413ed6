#include "sluice/crypto/jws.hpp"

#include <array>

#include <openssl/core_names.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>

#include "sluice/base/json.hpp"
#include "sluice/crypto/crypto.hpp"
#include "sluice/crypto/ed25519.hpp"

namespace sluice::crypto {

namespace {

constexpr int least_rsa_bits = 2048;
constexpr std::size_t p256_bytes = 32, max_keys = 100;

struct Free {
    void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
    void operator()(EVP_PKEY_CTX* context) const { EVP_PKEY_CTX_free(context); }
    void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
    void operator()(OSSL_PARAM_BLD* builder) const { OSSL_PARAM_BLD_free(builder); }
    void operator()(OSSL_PARAM* parameters) const { OSSL_PARAM_free(parameters); }
    void operator()(BIGNUM* number) const { BN_free(number); }
    void operator()(ECDSA_SIG* signature) const { ECDSA_SIG_free(signature); }
};
template <class T>
using Owned = std::unique_ptr<T, Free>;

const unsigned char* bytes(std::string_view text) { return reinterpret_cast<const unsigned char*>(text.data()); }

Owned<BIGNUM> number_of(std::string_view big_endian) {
    return Owned<BIGNUM>(BN_bin2bn(bytes(big_endian), static_cast<int>(big_endian.size()), nullptr));
}

/// A member in base64url; empty when it is absent or malformed.
std::string member(const Json& object, const char* name) {
    const auto* found = base::find_member(object, name);
    if (found == nullptr || !found->is_string()) return {};
    return from_base64url(found->get_ref<const std::string&>()).value_or(std::string());
}

std::string text(const Json& object, const char* name) {
    const auto* found = base::find_member(object, name);
    return found != nullptr && found->is_string() ? found->get<std::string>() : std::string();
}

std::shared_ptr<const void> shared(EVP_PKEY* key) {
    return {key, [](const void* held) { EVP_PKEY_free(static_cast<EVP_PKEY*>(const_cast<void*>(held))); }};
}

std::shared_ptr<const void> make_key(const char* type, const Owned<OSSL_PARAM_BLD>& builder) {
    const Owned<OSSL_PARAM> parameters(OSSL_PARAM_BLD_to_param(builder.get()));
    const Owned<EVP_PKEY_CTX> context(EVP_PKEY_CTX_new_from_name(nullptr, type, nullptr));
    EVP_PKEY* key = nullptr;
    if (!parameters || !context || EVP_PKEY_fromdata_init(context.get()) != 1 ||
        EVP_PKEY_fromdata(context.get(), &key, EVP_PKEY_PUBLIC_KEY, parameters.get()) != 1)
        return nullptr;
    return shared(key);
}

std::shared_ptr<const void> rsa_key(const Json& jwk) {
    const auto n = member(jwk, "n"), e = member(jwk, "e");
    if (n.empty() || n.size() > 2048 || e.empty() || e.size() > 8) return nullptr;
    const auto modulus = number_of(n), exponent = number_of(e);
    if (!modulus || !exponent || BN_num_bits(modulus.get()) < least_rsa_bits) return nullptr;
    const Owned<OSSL_PARAM_BLD> builder(OSSL_PARAM_BLD_new());
    if (OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_N, modulus.get()) != 1 ||
        OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_E, exponent.get()) != 1)
        return nullptr;
    return make_key("RSA", builder);
}

std::shared_ptr<const void> p256_key(const Json& jwk) {
    const auto x = member(jwk, "x"), y = member(jwk, "y");
    if (text(jwk, "crv") != "P-256" || x.size() != p256_bytes || y.size() != p256_bytes) return nullptr;
    const std::string point = "\x04" + x + y;
    const Owned<OSSL_PARAM_BLD> builder(OSSL_PARAM_BLD_new());
    if (OSSL_PARAM_BLD_push_utf8_string(builder.get(), OSSL_PKEY_PARAM_GROUP_NAME, "prime256v1", 0) != 1 ||
        OSSL_PARAM_BLD_push_octet_string(builder.get(), OSSL_PKEY_PARAM_PUB_KEY, point.data(), point.size()) != 1)
        return nullptr;
    return make_key("EC", builder);  // refuses a point that is not on the curve
}

std::shared_ptr<const void> ed25519_key(const Json& jwk) {
    const auto x = member(jwk, "x");
    if (text(jwk, "crv") != "Ed25519" || x.size() != ed25519_public_bytes) return nullptr;
    EVP_PKEY* key = EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, bytes(x), x.size());
    return key == nullptr ? nullptr : shared(key);
}

/// JWS has r and s one after the other, OpenSSL reads DER.
std::string der_of(std::string_view raw) {
    if (raw.size() != 2 * p256_bytes) return {};
    auto r = number_of(raw.substr(0, p256_bytes)), s = number_of(raw.substr(p256_bytes));
    const Owned<ECDSA_SIG> signature(ECDSA_SIG_new());
    if (!r || !s || !signature || ECDSA_SIG_set0(signature.get(), r.get(), s.get()) != 1) return {};
    static_cast<void>(r.release());  // the signature has them now
    static_cast<void>(s.release());
    unsigned char* der = nullptr;
    const int size = i2d_ECDSA_SIG(signature.get(), &der);
    if (size <= 0) return {};
    std::string out(reinterpret_cast<char*>(der), static_cast<std::size_t>(size));
    OPENSSL_free(der);
    return out;
}

bool verify(const JwsKey& key, std::string_view message, std::string_view signature) {
    std::string der;
    if (key.algorithm == "ES256") {
        der = der_of(signature);
        if (der.empty()) return false;
        signature = der;
    }
    const EVP_MD* digest = key.algorithm == "EdDSA" ? nullptr : EVP_sha256();
    const Owned<EVP_MD_CTX> context(EVP_MD_CTX_new());
    auto* handle = static_cast<EVP_PKEY*>(const_cast<void*>(key.key.get()));
    return context && EVP_DigestVerifyInit(context.get(), nullptr, digest, nullptr, handle) == 1 &&
           EVP_DigestVerify(context.get(), bytes(signature), signature.size(), bytes(message), message.size()) == 1;
}

tl::unexpected<Error> refused(std::string_view why) { return fail(ErrorCode::unauthenticated, "the token is not valid: {}", why); }

}  // namespace

Result<std::vector<JwsKey>> parse_jwks(const Json& document) {
    const auto* list = base::find_member(document, "keys");
    if (list == nullptr || !list->is_array()) return fail(ErrorCode::invalid_argument, "this is no set of keys (RFC 7517)");
    std::vector<JwsKey> out;
    for (const auto& jwk : *list) {
        if (!jwk.is_object() || out.size() >= max_keys) continue;
        if (const auto use = text(jwk, "use"); !use.empty() && use != "sig") continue;
        const auto type = text(jwk, "kty"), algorithm = text(jwk, "alg");
        JwsKey key{text(jwk, "kid"), {}, nullptr};
        if (type == "RSA") {
            key.algorithm = "RS256";
            key.key = rsa_key(jwk);
        } else if (type == "EC") {
            key.algorithm = "ES256";
            key.key = p256_key(jwk);
        } else if (type == "OKP") {
            key.algorithm = "EdDSA";
            key.key = ed25519_key(jwk);
        }
        const bool as_said = algorithm.empty() || algorithm == key.algorithm || (algorithm == "Ed25519" && key.algorithm == "EdDSA");
        if (key.key && as_said) out.push_back(std::move(key));
    }
    return out;
}

Result<Jws> parse_jws(std::string_view token) {
    if (token.size() > max_jws_bytes) return refused("it is too long");
    const auto first = token.find('.');
    const auto second = first == token.npos ? token.npos : token.find('.', first + 1);
    if (second == token.npos || token.find('.', second + 1) != token.npos || token.find('=') != token.npos)
        return refused("it does not have three parts");
    auto header_text = from_base64url(token.substr(0, first));
    auto payload = from_base64url(token.substr(first + 1, second - first - 1));
    auto signature = from_base64url(token.substr(second + 1));
    if (!header_text || !payload || !signature) return refused("it is not in base64url");
    auto header = base::parse_json(*header_text);
    if (!header || !header->is_object()) return refused("its header is no JSON object");
    for (const char* name : {"crit", "b64", "jku", "jwk", "x5u", "x5c"})
        if (header->contains(name)) return refused(fmt::format("its header has {}", name));
    Jws out;
    out.algorithm = text(*header, "alg");
    if (out.algorithm != "RS256" && out.algorithm != "ES256" && out.algorithm != "EdDSA")
        return refused("its algorithm is none of RS256, ES256 and EdDSA");
    out.key_id = text(*header, "kid");
    out.signed_text = std::string(token.substr(0, second));
    out.signature = std::move(*signature);
    out.payload = std::move(*payload);
    return out;
}

JwsVerdict verify_jws(const Jws& token, const std::vector<JwsKey>& keys) {
    bool tried = false;
    for (const auto& key : keys) {
        if (key.algorithm != token.algorithm || (!token.key_id.empty() && key.id != token.key_id)) continue;
        tried = true;
        if (verify(key, token.signed_text, token.signature)) return JwsVerdict::good;
    }
    return tried ? JwsVerdict::bad : JwsVerdict::unknown_key;
}

std::string half_hash(std::string_view algorithm, std::string_view text) {
    // Of EdDSA over Ed25519 the hash is SHA-512, as in its signature.
    const EVP_MD* digest = algorithm == "EdDSA" ? EVP_sha512() : EVP_sha256();
    std::array<unsigned char, EVP_MAX_MD_SIZE> hash{};
    unsigned size = 0;
    if (EVP_Digest(text.data(), text.size(), hash.data(), &size, digest, nullptr) != 1) return {};
    return base64url({reinterpret_cast<const char*>(hash.data()), size / 2});
}

}  // namespace sluice::crypto
