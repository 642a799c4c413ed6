#include "sluice/identity/audit.hpp"

namespace sluice::identity {
namespace {
using base::SettingType;

constexpr base::Setting rows[] = {
    {.name = "audit.checkpoint_file", .type = SettingType::text, .default_value = "",
     .doc = "Where signatures of the audit trail are appended; best on another disk. Empty: audit-checkpoints.jsonl in the data directory"},
    {.name = "audit.retention", .type = SettingType::duration, .default_value = "8760h",
     .doc = "How long audit entries are kept; they are removed up to a signature, so that the rest can be verified", .min = 86'400'000'000},
};
}  // namespace

base::SettingRows audit_settings() { return rows; }

}  // namespace sluice::identity
