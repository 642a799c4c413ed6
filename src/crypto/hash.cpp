#include <memory>
#include <stdexcept>

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "sluice/crypto/crypto.hpp"

namespace sluice::crypto {

namespace {

void must(bool good) {
    if (!good) throw std::runtime_error("OpenSSL refused a hash operation");
}

EVP_MD_CTX* as_context(void* context) { return static_cast<EVP_MD_CTX*>(context); }

/// One context per thread, so that a short hash allocates nothing.
template <std::size_t N>
std::array<std::uint8_t, N> hash(const EVP_MD* type, std::string_view data) {
    struct Free {
        void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
    };
    thread_local const std::unique_ptr<EVP_MD_CTX, Free> context(EVP_MD_CTX_new());
    std::array<std::uint8_t, N> out;
    unsigned size = 0;
    must(EVP_DigestInit_ex2(context.get(), type, nullptr) == 1);
    must(EVP_DigestUpdate(context.get(), data.data(), data.size()) == 1);
    must(EVP_DigestFinal_ex(context.get(), out.data(), &size) == 1 && size == N);
    return out;
}

/// Fetched once: EVP_sha256() would look the implementation up on every hash (OpenSSL 3,
/// ossl-guide-libcrypto-introduction).
const EVP_MD* fetched(const char* name) {
    EVP_MD* type = EVP_MD_fetch(nullptr, name, nullptr);
    if (!type) throw std::runtime_error("OpenSSL lacks a hash function that Sluice needs");
    return type;
}

const EVP_MD* sha256_type() {
    static const EVP_MD* const type = fetched("SHA256");
    return type;
}

}  // namespace

Digest sha256(std::string_view data) { return hash<32>(sha256_type(), data); }

std::string sha256_hex(std::string_view data) { return hex(raw(sha256(data))); }

std::array<std::uint8_t, 20> sha1(std::string_view data) {
    static const EVP_MD* const type = fetched("SHA1");
    return hash<20>(type, data);
}

Sha256::Sha256() : context_(EVP_MD_CTX_new()) {
    must(EVP_DigestInit_ex2(as_context(context_), sha256_type(), nullptr) == 1);
}
Sha256::~Sha256() { EVP_MD_CTX_free(as_context(context_)); }
Sha256::Sha256(Sha256&& other) noexcept : context_(std::exchange(other.context_, nullptr)) {}
Sha256& Sha256::operator=(Sha256&& other) noexcept {
    std::swap(context_, other.context_);
    return *this;
}

void Sha256::update(std::string_view data) {
    must(EVP_DigestUpdate(as_context(context_), data.data(), data.size()) == 1);
}

Digest Sha256::finish() {
    Digest out;
    unsigned size = 0;
    must(EVP_DigestFinal_ex(as_context(context_), out.data(), &size) == 1);
    must(EVP_DigestInit_ex2(as_context(context_), sha256_type(), nullptr) == 1);
    return out;
}

Digest hmac_sha256(std::string_view key, std::string_view data) {
    Digest out;
    unsigned size = 0;
    must(HMAC(sha256_type(), key.data(), static_cast<int>(key.size()),
              reinterpret_cast<const unsigned char*>(data.data()), data.size(), out.data(),
              &size) != nullptr);
    return out;
}

bool constant_time_equal(std::string_view a, std::string_view b) {
    return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

void wipe(std::string& secret) {
    OPENSSL_cleanse(secret.data(), secret.size());
    secret.clear();
}

}  // namespace sluice::crypto
