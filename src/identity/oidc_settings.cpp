#include <algorithm>

#include "sluice/config/config.hpp"
#include "sluice/identity/oidc.hpp"
#include "sluice/net/client.hpp"

namespace sluice::identity {

namespace {

using base::SettingType;

constexpr base::Setting rows[] = {
    {.name = "oidc.allow_internal",
     .type = SettingType::boolean,
     .default_value = "false",
     .doc = "The provider may be at an internal address, and be asked without TLS"},
    {.name = "oidc.ca_file", .default_value = "", .doc = "A PEM file of further authorities for the provider's certificate"},
    {.name = "oidc.client_id", .default_value = "", .doc = "What the provider knows this server as"},
    {.name = "oidc.client_secret",
     .default_value = "",
     .doc = "The client's secret at the provider; empty: a public client",
     .secret = true},
    {.name = "oidc.create_people",
     .type = SettingType::boolean,
     .default_value = "false",
     .doc = "Make accounts for people whom the provider knows and this server does not, where a group gives them a role"},
    {.name = "oidc.email_domains",
     .type = SettingType::text_list,
     .default_value = "",
     .doc = "Only people with verified addresses of these domains may sign in; empty: of any"},
    {.name = "oidc.group_claim", .default_value = "groups", .doc = "The claim that lists a person's groups"},
    {.name = "oidc.group_roles",
     .type = SettingType::text_list,
     .default_value = "",
     .doc = "Roles by group, GROUP=ROLE in the workspace default or GROUP=WORKSPACE:ROLE, comma separated; applied at each sign-in"},
    {.name = "oidc.issuer",
     .default_value = "",
     .doc = "The address of the OpenID provider that people sign in with, https://…; empty: none"},
    {.name = "oidc.name", .default_value = "single sign-on", .doc = "What the button on the sign-in page calls the provider"},
    {.name = "oidc.redirect_uri",
     .default_value = "",
     .doc = "This server's /auth/oidc/callback as registered at the provider; empty: at the address that the browser uses"},
    {.name = "oidc.scopes",
     .type = SettingType::text_list,
     .default_value = "openid,email,profile",
     .doc = "What the provider is asked for; openid must be among them"},
};

tl::unexpected<Error> wrong(std::string_view setting, std::string_view why) {
    return fail(ErrorCode::invalid_argument, "{}: {}", setting, why);
}

Result<GroupRole> read_group_role(std::string_view text) {
    const auto equals = text.rfind('=');
    GroupRole out{std::string(text.substr(0, equals == text.npos ? 0 : equals)), "default", {}};
    auto rest = equals == text.npos ? std::string_view() : text.substr(equals + 1);
    if (const auto colon = rest.find(':'); colon != rest.npos) {
        out.workspace = std::string(rest.substr(0, colon));
        rest.remove_prefix(colon + 1);
    }
    out.role = std::string(rest);
    if (out.group.empty() || out.workspace.empty())
        return wrong("oidc.group_roles", fmt::format("{} is neither GROUP=ROLE nor GROUP=WORKSPACE:ROLE", text));
    if (find_role(out.role) == nullptr) {
        std::vector<std::string_view> names;
        for (const auto& role : roles()) names.push_back(role.name);
        return wrong("oidc.group_roles", fmt::format("{} names no role; roles are {}", text, fmt::join(names, ", ")));
    }
    return out;
}

Result<void> check_address(std::string_view setting, const std::string& text, bool plain_allowed) {
    const auto url = net::parse_url(text);
    if (!url) return wrong(setting, url.error().message);
    if (url->scheme != "https" && !plain_allowed)
        return wrong(setting, "it must begin with https://; a provider without TLS needs oidc.allow_internal");
    return {};
}

}  // namespace

base::SettingRows oidc_settings() { return rows; }

Result<OidcOptions> oidc_options(const config::Config& config) {
    OidcOptions out;
    out.issuer = config.text("oidc.issuer");
    if (out.issuer.empty()) return out;
    out.client_id = config.text("oidc.client_id");
    out.client_secret = config.text("oidc.client_secret");
    out.name = config.text("oidc.name");
    out.redirect_uri = config.text("oidc.redirect_uri");
    out.ca_file = config.text("oidc.ca_file");
    out.scopes = config.text_list("oidc.scopes");
    out.group_claim = config.text("oidc.group_claim");
    out.create_people = config.boolean("oidc.create_people");
    out.allow_internal = config.boolean("oidc.allow_internal");
    if (out.client_id.empty()) return wrong("oidc.client_id", "it is empty, and oidc.issuer is set; write what the provider calls this server");
    if (auto good = check_address("oidc.issuer", out.issuer, out.allow_internal); !good) return fail(std::move(good.error()));
    if (!out.redirect_uri.empty())
        if (auto good = check_address("oidc.redirect_uri", out.redirect_uri, true); !good) return fail(std::move(good.error()));
    if (std::ranges::find(out.scopes, "openid") == out.scopes.end()) return wrong("oidc.scopes", "openid is not among them");
    for (const auto& text : config.text_list("oidc.group_roles")) {
        auto read = read_group_role(text);
        if (!read) return fail(std::move(read.error()));
        out.group_roles.push_back(std::move(*read));
    }
    for (auto domain : config.text_list("oidc.email_domains")) {
        std::ranges::transform(domain, domain.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
        if (domain.empty() || domain.find_first_of("@ ") != domain.npos || domain.find('.') == domain.npos)
            return wrong("oidc.email_domains", fmt::format("{} is no domain; write for example example.com", domain));
        out.email_domains.push_back(std::move(domain));
    }
    return out;
}

}  // namespace sluice::identity
