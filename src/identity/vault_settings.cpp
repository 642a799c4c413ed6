#include "sluice/identity/wrapped_keys.hpp"

namespace sluice::identity {

namespace {

using base::SettingType;

constexpr base::Setting rows[] = {
    {.name = "vault.key_file",
     .type = SettingType::text,
     .default_value = "",
     .doc = "The file with the root key that encrypts all other keys, mode 0400, outside the data directory; made at the "
            "first start; empty: the systemd credential sluice-root-key, else DIR.key beside the data directory"},
    {.name = "vault.passphrase",
     .type = SettingType::text,
     .default_value = "",
     .doc = "Instead of a key file: a passphrase of at least 12 characters that the root key is derived from",
     .secret = true},
};

}  // namespace

base::SettingRows vault_settings() { return rows; }

}  // namespace sluice::identity
