#pragma once
// Whether a stored run is among those that a filter asks for.

#include <string>
#include <string_view>

#include "engine/engine_store.hpp"

namespace sluice::engine::store {

/// Judges rows of SLUICE_RUN_COLUMNS; holds a copy of the filter. Thread: a reader's.
class RunMatch {
  public:
    explicit RunMatch(RunFilter filter);
    bool operator()(const storage::Row& row) const;

  private:
    bool has_text(const storage::Row& row) const;

    RunFilter filter_;
    base::SeenNames names_;   ///< what the caller sees of the wanted project
    std::string text_;        ///< in small letters
    std::string begin_;       ///< of an id, without its prefix
};

/// Whether `part`, in small letters, stands in `text`, whose letters may be capital (ASCII).
bool contains_folded(std::string_view text, std::string_view part);

}  // namespace sluice::engine::store
