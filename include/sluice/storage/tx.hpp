#pragma once
/// A transaction as stores see it: statements in, rows out. `Tx` writes, `ReadTx` reads a snapshot. Only `*_store` files
/// include this header.

#include <functional>
#include <initializer_list>
#include <optional>
#include <utility>
#include <vector>

#include "sluice/base/result.hpp"
#include "sluice/storage/query.hpp"
#include "sluice/storage/value.hpp"

namespace sluice::storage {

/// Reads of one consistent snapshot. Thread: the one it was handed to.
class ReadTx {
  public:
    virtual ~ReadTx() = default;

    /// Calls `row` for each result row until it returns false. Errors: unavailable (cut after the read limit), internal.
    virtual Result<void> each(const Query& query, const std::vector<Value>& parameters,
                              const std::function<bool(const Row&)>& row) = 0;

    /// All rows through `map`: `tx.list<Flow>(q, {ws}, read_flow)`.
    template <class T, class Map>
    Result<std::vector<T>> list(const Query& query, std::vector<Value> parameters, Map map) {
        std::vector<T> out;
        auto done = each(query, parameters, [&](const Row& row) { out.push_back(map(row)); return true; });
        if (!done) return fail(std::move(done.error()));
        return out;
    }
    /// The first row through `map`, or nothing.
    template <class T, class Map>
    Result<std::optional<T>> find(const Query& query, std::vector<Value> parameters, Map map) {
        std::optional<T> out;
        auto done = each(query, parameters, [&](const Row& row) { out.emplace(map(row)); return false; });
        if (!done) return fail(std::move(done.error()));
        return out;
    }
};

/// A writing transaction (inside one unit's savepoint). Thread: the writer.
class Tx : public ReadTx {
  public:
    /// Runs a statement; the number of rows it changed. Errors: conflict (constraint), internal.
    virtual Result<std::int64_t> run(const Query& query, const std::vector<Value>& parameters) = 0;
};

}  // namespace sluice::storage
