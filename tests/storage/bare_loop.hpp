#pragma once
#include <cstddef>
#include <filesystem>

namespace sluice::storage::testing {

/// What SQLite itself can do: prepared statements in a loop, `rows` of them in each transaction,
/// with the pragmas and the checkpoints of the writer. Inserts a row with `bytes` of text; when
/// `update`, it also updates a row by its key. Gives rows (units) per second over `seconds`.
double bare_loop(const std::filesystem::path& directory, std::size_t rows, std::size_t bytes,
                 bool update, double seconds);

}  // namespace sluice::storage::testing
