#pragma once
// Whether a stored run is among those that a filter asks for.

#include <string>
#include <string_view>

#include "engine/engine_store.hpp"

namespace sluice::engine::store {

/// Whether a run has a text: as the beginning or end of its id, or in its flow's name or its error's message; empty: every run has.
/// Messages are looked at only where `data` covers the run. Thread: a reader's.
class TextMatch {
  public:
    TextMatch(std::string text, base::SeenNames data);
    bool any() const { return text_.empty(); }
    /// `error`: as stored, empty for none.
    bool operator()(RunId id, std::string_view project, std::string_view flow_name, std::string_view error) const;

  private:
    std::string text_;        ///< in small letters
    std::string begin_;       ///< of an id
    base::SeenNames data_;
};

/// Judges rows of SLUICE_RUN_COLUMNS; holds a copy of the filter. Thread: a reader's.
class RunMatch {
  public:
    explicit RunMatch(RunFilter filter);
    bool operator()(const storage::Row& row) const;

  private:
    RunFilter filter_;
    base::SeenNames names_;   ///< what the caller sees of the wanted project
    TextMatch text_;
};

/// Whether `part`, in small letters, stands in `text`, whose letters may be capital (ASCII).
bool contains_folded(std::string_view text, std::string_view part);

}  // namespace sluice::engine::store
