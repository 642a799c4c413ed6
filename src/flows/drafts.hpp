#pragma once
/// The rules of drafts and pins, apart from storage and HTTP.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "sluice/flows/flows.hpp"

namespace sluice::flows {

/// Bounds (docs/drafts.md names them).
inline constexpr std::size_t most_pin_bytes = 1 << 20;           // one output's JSON text
inline constexpr std::int64_t most_pins = 1000;                  // of a flow: a run of its draft reads them all
inline constexpr std::int64_t most_pinned_bytes = 32 << 20;
/// A hidden version stays so long after a run of a draft has last asked for it, and at least until its note of that is
/// renewed, so that none goes between the freezing and the commit of the run's row.
inline constexpr Duration hidden_stays = std::chrono::hours(24);
inline constexpr Duration hidden_renewed = std::chrono::hours(12);

/// Whether a node can have this id.
bool is_node_id(std::string_view id);

/// Whether the preconditions of a save hold over what is there (null: nothing). Errors: precondition_required,
/// precondition_failed.
Result<void> check_save(const SaveDraft& save, const Draft* present, std::string_view flow_name);
/// Whether the preconditions of another change of a draft hold. Errors: precondition_failed.
Result<void> check_match(const Draft& present, const std::optional<std::string>& if_match, std::string_view flow_name);
/// The refusal of a draft whose base is older than the live version.
Error overtaken_by(const Flow& flow, const Version& live, int based_on);

}  // namespace sluice::flows
