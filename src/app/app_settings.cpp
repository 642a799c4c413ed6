#include "sluice/app/app.hpp"
#include "sluice/budget/budget.hpp"
#include "sluice/dashboard/dashboard.hpp"
#include "sluice/engine/engine.hpp"
#include "sluice/identity/audit.hpp"
#include "sluice/identity/oidc.hpp"
#include "sluice/identity/people.hpp"
#include "sluice/identity/wrapped_keys.hpp"
#include "sluice/llm/llm.hpp"
#include "sluice/net/server.hpp"
#include "sluice/storage/storage.hpp"

namespace sluice::app {

namespace {
using base::SettingType;

constexpr base::Setting rows[] = {
    {.name = "data", .type = SettingType::text, .default_value = "./data",
     .doc = "The data directory: database, blobs, files; made when it is missing"},
    {.name = "log.level", .type = SettingType::text, .default_value = "info", .doc = "The least severe lines that are written",
     .choices = "debug,info,warn,error,off", .reload = true},
    {.name = "log.format", .type = SettingType::text, .default_value = "text", .doc = "Lines for people, or one JSON object a line",
     .choices = "text,json"},
    {.name = "log.file", .type = SettingType::text, .default_value = "",
     .doc = "The file that lines are appended to; empty: standard error"},
    {.name = "egress.allow", .type = SettingType::text_list, .default_value = "",
     .doc = "Internal addresses that flows may call: CIDR, address or host:port, comma separated"},
    {.name = "metrics.listen", .type = SettingType::text, .default_value = "",
     .doc = "Address and port that serve /metrics, /healthz and /readyz without a key; empty: /metrics needs one, on server.listen"},
    {.name = "files.roots", .type = SettingType::text_list, .default_value = "",
     .doc = "Folders that file nodes may use beside the workspace's own in the data directory"},
    {.name = "events.retention", .type = SettingType::duration, .default_value = "720h",
     .doc = "How long the workspaces' events are kept", .min = 3'600'000'000},
};
}  // namespace

std::vector<base::SettingRows> all_settings() {
    return {rows, storage::settings(), net::settings(), identity::settings(), identity::vault_settings(),
            identity::audit_settings(), identity::oidc_settings(), budget::settings(), engine::settings(), llm::settings(), dashboard::settings()};
}

}  // namespace sluice::app
