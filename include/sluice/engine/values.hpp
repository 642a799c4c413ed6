#pragma once
/// The values of runs as they are stored: JSON text in the journal's row, or in a blob beside it.

#include <cstdint>
#include <string>

namespace sluice::engine {

/// A value's JSON text, or where it lies. `Engine::read_value` gives parts of it.
struct ValueText {
    std::string text;           ///< empty when it lies in the blob
    std::string blob;           ///< its hash; empty: `text` is all
    std::uint64_t bytes = 0;    ///< of the text
    int attempt = 0;            ///< of a step
    bool is_error = false;      ///< of a step: what it failed with
};

}  // namespace sluice::engine
