#include <argon2.h>
#include <openssl/evp.h>

#include <array>
#include <memory>
#include <stdexcept>

#include "sluice/base/clock.hpp"
#include "sluice/crypto/crypto.hpp"
#include "sluice/crypto/key_ring.hpp"

namespace sluice::crypto {

namespace {

constexpr char format = 1;
constexpr std::size_t nonce_size = 12, tag_size = 16, head_size = 1 + nonce_size;

struct FreeCipher {
    void operator()(EVP_CIPHER_CTX* context) const { EVP_CIPHER_CTX_free(context); }
};
using Cipher = std::unique_ptr<EVP_CIPHER_CTX, FreeCipher>;

const unsigned char* bytes_of(std::string_view text) { return reinterpret_cast<const unsigned char*>(text.data()); }
unsigned char* bytes_of(std::string& text) { return reinterpret_cast<unsigned char*>(text.data()); }

void must(bool good) {
    if (!good) throw std::runtime_error("OpenSSL refused an encryption");
}

/// Each part with its length before it, so that no two places have the same bytes.
std::string place(const Bound& bound) {
    std::string out(1, format);
    const auto number = [&out](std::uint64_t value) {
        for (int shift = 56; shift >= 0; shift -= 8) out += static_cast<char>((value >> shift) & 0xFF);
    };
    for (const auto part : {bound.purpose, bound.workspace, bound.id, bound.field}) {
        number(part.size());
        out += part;
    }
    number(static_cast<std::uint64_t>(bound.version));
    return out;
}

const EVP_CIPHER* cipher() {
    static const EVP_CIPHER* const fetched = EVP_CIPHER_fetch(nullptr, "AES-256-GCM", nullptr);
    must(fetched != nullptr);
    return fetched;
}

}  // namespace

std::string encrypt(const SecretKey& key, std::string_view plain, const Bound& bound, base::Random& random) {
    if (!key) throw std::logic_error("encryption without a key");
    std::string out(head_size + plain.size() + tag_size, '\0');
    out[0] = format;
    random.fill({bytes_of(out) + 1, nonce_size});
    const Cipher context(EVP_CIPHER_CTX_new());
    const std::string aad = place(bound);
    int written = 0;
    must(EVP_EncryptInit_ex2(context.get(), cipher(), bytes_of(key.bytes()), bytes_of(out) + 1, nullptr) == 1);
    must(EVP_EncryptUpdate(context.get(), nullptr, &written, bytes_of(aad), static_cast<int>(aad.size())) == 1);
    must(EVP_EncryptUpdate(context.get(), bytes_of(out) + head_size, &written, bytes_of(plain), static_cast<int>(plain.size())) == 1);
    must(EVP_EncryptFinal_ex(context.get(), bytes_of(out) + head_size + written, &written) == 1);
    must(EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_GCM_GET_TAG, tag_size, bytes_of(out) + head_size + plain.size()) == 1);
    return out;
}

Result<std::string> decrypt(const SecretKey& key, std::string_view sealed, const Bound& bound) {
    const auto refused = [&bound] {
        return fail(ErrorCode::internal, "an encrypted value ({}, {}) does not open with its key; the database was changed from outside",
                    bound.purpose, bound.field);
    };
    if (!key || sealed.size() < head_size + tag_size || sealed[0] != format) return refused();
    const std::size_t size = sealed.size() - head_size - tag_size;
    std::string out(size, '\0');
    std::string tag(sealed.substr(head_size + size));
    const Cipher context(EVP_CIPHER_CTX_new());
    const std::string aad = place(bound);
    int written = 0;
    must(EVP_DecryptInit_ex2(context.get(), cipher(), bytes_of(key.bytes()), bytes_of(sealed) + 1, nullptr) == 1);
    must(EVP_DecryptUpdate(context.get(), nullptr, &written, bytes_of(aad), static_cast<int>(aad.size())) == 1);
    must(EVP_DecryptUpdate(context.get(), bytes_of(out), &written, bytes_of(sealed) + head_size, static_cast<int>(size)) == 1);
    must(EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_GCM_SET_TAG, tag_size, bytes_of(tag)) == 1);
    if (EVP_DecryptFinal_ex(context.get(), bytes_of(out) + written, &written) != 1) {
        wipe(out);
        return refused();
    }
    return out;
}

Result<SecretKey> stretch_passphrase(std::string_view passphrase, std::string_view salt) {
    constexpr std::uint32_t passes = 3, kibibytes = 256 * 1024, lanes = 1;
    std::string key(SecretKey::size, '\0');
    const int done = argon2id_hash_raw(passes, kibibytes, lanes, passphrase.data(), passphrase.size(), salt.data(),
                                       salt.size(), key.data(), key.size());
    if (done != ARGON2_OK)
        return fail(ErrorCode::unavailable, "the passphrase could not be stretched ({}); it needs 256 MiB of memory for a second",
                    argon2_error_message(done));
    SecretKey out(key);
    wipe(key);
    return out;
}

std::string check_value(const SecretKey& root) {
    const auto mac = hmac_sha256(root.bytes(), "sluice root key check 1");
    return std::string(raw(mac));
}

std::string root_id(const SecretKey& root) { return hex(check_value(root)).substr(0, 8); }

}  // namespace sluice::crypto
