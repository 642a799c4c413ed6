#include "sluice/config/config.hpp"
#include "sluice/identity/people.hpp"

namespace sluice::identity {

namespace {

using base::SettingType;

constexpr std::int64_t minute = 60'000'000, hour = 60 * minute, day = 24 * hour;

constexpr base::Setting rows[] = {
    {.name = "auth.access_token_life",
     .type = SettingType::duration,
     .default_value = "15m",
     .doc = "How long an access token is good",
     .min = minute,
     .max = hour},
    {.name = "auth.admin_email",
     .default_value = "",
     .doc = "The address of the first owner, made at the start when nobody has an account; empty: a set-up link is printed",
     .env = "SLUICE_ADMIN_EMAIL"},
    {.name = "auth.admin_password",
     .default_value = "",
     .doc = "The password of the first owner",
     .env = "SLUICE_ADMIN_PASSWORD",
     .secret = true},
    {.name = "auth.attempts_per_address",
     .type = SettingType::integer,
     .default_value = "20",
     .doc = "Failed sign-ins a minute from one network address before it must wait; 0: no limit",
     .min = 0,
     .max = 100'000},
    {.name = "auth.password_memory",
     .type = SettingType::bytes,
     .default_value = "64MiB",
     .doc = "What one password hash (Argon2id) fills; two are made at once",
     .min = 19 << 20,
     .max = 1 << 30},
    {.name = "auth.password_passes",
     .type = SettingType::integer,
     .default_value = "3",
     .doc = "How often a password hash goes over its memory",
     .min = 2,
     .max = 20},
    {.name = "auth.refresh_token_life",
     .type = SettingType::duration,
     .default_value = "168h",
     .doc = "How long a refresh token waits to be used",
     .min = hour,
     .max = 30 * day},
    {.name = "auth.session_idle",
     .type = SettingType::duration,
     .default_value = "2h",
     .doc = "A browser's session ends when it is not used for so long",
     .min = minute,
     .max = 30 * day},
    {.name = "auth.session_life",
     .type = SettingType::duration,
     .default_value = "24h",
     .doc = "A browser's session ends after so long, used or not",
     .min = minute,
     .max = 30 * day},
    {.name = "auth.session_life_admin",
     .type = SettingType::duration,
     .default_value = "12h",
     .doc = "The same for owners and administrators",
     .min = minute,
     .max = 30 * day},
};

}  // namespace

base::SettingRows settings() { return rows; }

PeopleOptions people_options(const config::Config& config) {
    PeopleOptions out;
    out.password_cost.memory_kib = static_cast<std::uint32_t>(config.bytes("auth.password_memory") >> 10);
    out.password_cost.passes = static_cast<std::uint32_t>(config.integer("auth.password_passes"));
    out.access_token_life = config.duration("auth.access_token_life");
    out.refresh_token_life = config.duration("auth.refresh_token_life");
    out.session_idle = config.duration("auth.session_idle");
    out.session_life = config.duration("auth.session_life");
    out.session_life_admin = config.duration("auth.session_life_admin");
    out.attempts_per_address = config.integer("auth.attempts_per_address");
    out.admin_email = config.text("auth.admin_email");
    out.admin_password = config.text("auth.admin_password");
    return out;
}

}  // namespace sluice::identity
