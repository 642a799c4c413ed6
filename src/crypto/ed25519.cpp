#include "sluice/crypto/ed25519.hpp"

#include <memory>
#include <stdexcept>

#include <openssl/evp.h>

namespace sluice::crypto {

namespace {

struct FreeKey {
    void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
};
struct FreeContext {
    void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
};
using Key = std::unique_ptr<EVP_PKEY, FreeKey>;
using Context = std::unique_ptr<EVP_MD_CTX, FreeContext>;

const unsigned char* bytes(std::string_view text) { return reinterpret_cast<const unsigned char*>(text.data()); }
unsigned char* bytes(std::string& text) { return reinterpret_cast<unsigned char*>(text.data()); }

void must(bool good, const char* what) {
    if (!good) throw std::runtime_error(what);
}

Key private_key(std::string_view seed) {
    must(seed.size() == ed25519_seed_bytes, "an Ed25519 private key has 32 bytes");
    Key key(EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nullptr, bytes(seed), seed.size()));
    must(key != nullptr, "OpenSSL refused an Ed25519 key");
    return key;
}

}  // namespace

std::string ed25519_public_key(std::string_view seed) {
    const Key key = private_key(seed);
    std::string out(ed25519_public_bytes, '\0');
    std::size_t size = out.size();
    must(EVP_PKEY_get_raw_public_key(key.get(), bytes(out), &size) == 1 && size == out.size(), "OpenSSL refused an Ed25519 key");
    return out;
}

std::string ed25519_sign(std::string_view seed, std::string_view message) {
    const Key key = private_key(seed);
    const Context context(EVP_MD_CTX_new());
    std::string out(ed25519_signature_bytes, '\0');
    std::size_t size = out.size();
    must(EVP_DigestSignInit(context.get(), nullptr, nullptr, nullptr, key.get()) == 1 &&
             EVP_DigestSign(context.get(), bytes(out), &size, bytes(message), message.size()) == 1 && size == out.size(),
         "OpenSSL refused an Ed25519 signature");
    return out;
}

bool ed25519_verify(std::string_view public_key, std::string_view message, std::string_view signature) {
    if (public_key.size() != ed25519_public_bytes || signature.size() != ed25519_signature_bytes) return false;
    const Key key(EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, bytes(public_key), public_key.size()));
    if (!key) return false;
    const Context context(EVP_MD_CTX_new());
    return EVP_DigestVerifyInit(context.get(), nullptr, nullptr, nullptr, key.get()) == 1 &&
           EVP_DigestVerify(context.get(), bytes(signature), signature.size(), bytes(message), message.size()) == 1;
}

}  // namespace sluice::crypto
