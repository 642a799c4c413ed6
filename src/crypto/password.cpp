#include "sluice/crypto/password.hpp"

#include <stdexcept>

#include <argon2.h>
#include <fmt/format.h>

namespace sluice::crypto {

namespace {

constexpr std::size_t hash_bytes = 32;

std::string cost_text(const PasswordCost& cost) {
    return fmt::format("$argon2id$v=19$m={},t={},p={}$", cost.memory_kib, cost.passes, cost.lanes);
}

}  // namespace

Result<std::string> hash_password(std::string_view password, std::string_view salt,
                                  const PasswordCost& cost) {
    if (salt.size() != password_salt_bytes)
        throw std::invalid_argument("a password's salt has 16 bytes");
    std::string out(argon2_encodedlen(cost.passes, cost.memory_kib, cost.lanes,
                                      static_cast<std::uint32_t>(salt.size()), hash_bytes,
                                      Argon2_id),
                    '\0');
    const int code =
        argon2id_hash_encoded(cost.passes, cost.memory_kib, cost.lanes, password.data(),
                              password.size(), salt.data(), salt.size(), hash_bytes, out.data(),
                              out.size());
    if (code == ARGON2_MEMORY_ALLOCATION_ERROR)
        return fail(ErrorCode::unavailable,
                    "there is no memory to check a password; try again in a moment");
    if (code != ARGON2_OK) throw std::runtime_error(argon2_error_message(code));
    out.resize(std::char_traits<char>::length(out.c_str()));
    return out;
}

Result<bool> verify_password(std::string_view phc, std::string_view password) {
    if (!phc.starts_with("$argon2id$")) return false;
    const std::string text(phc);
    const int code = argon2id_verify(text.c_str(), password.data(), password.size());
    if (code == ARGON2_MEMORY_ALLOCATION_ERROR)
        return fail(ErrorCode::unavailable,
                    "there is no memory to check a password; try again in a moment");
    return code == ARGON2_OK;
}

bool password_cost_differs(std::string_view phc, const PasswordCost& cost) {
    return !phc.starts_with(cost_text(cost));
}

}  // namespace sluice::crypto
