#pragma once
/// What commits together. Services append ops (by the functions of the modules' stores) and submit the unit once; all of
/// it is committed, or none. Ops are data, so another engine can send a batch of units as one pipelined transaction.

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "sluice/base/result.hpp"
#include "sluice/storage/query.hpp"
#include "sluice/storage/value.hpp"

namespace sluice::storage {

class Tx;

/// How many rows an op must change; otherwise its unit fails alone, with the op's error.
enum class Expect : unsigned char { any, one };

/// One statement with its parameters, or a function over the transaction.
struct Op {
    const Query* query = nullptr;
    std::vector<Value> parameters;
    Expect expect = Expect::any;
    ErrorCode mismatch = ErrorCode::conflict;  ///< the code of the unit's error when `expect` is not met
    std::string mismatch_message;
    std::function<Result<void>(Tx&)> function;  ///< for what is rare; `query` is null then
};

/// Thread: built on one, moved into the storage. Not copyable by accident: units are moved.
class WriteUnit {
  public:
    WriteUnit() = default;
    WriteUnit(WriteUnit&&) = default;
    WriteUnit& operator=(WriteUnit&&) = default;

    /// Appends a statement.
    template <class... Args>
    void add(const Query& query, Args&&... args) {
        Op op;
        op.query = &query;
        op.parameters.reserve(sizeof...(args));
        (op.parameters.push_back(to_value(std::forward<Args>(args))), ...);
        ops_.push_back(std::move(op));
    }
    /// Appends a statement that must change exactly one row; else the unit fails with `code` and `message`. A broken
    /// uniqueness or foreign-key constraint in it fails the unit with the same error.
    template <class... Args>
    void add_expecting(ErrorCode code, std::string message, const Query& query, Args&&... args) {
        add(query, std::forward<Args>(args)...);
        ops_.back().expect = Expect::one;
        ops_.back().mismatch = code;
        ops_.back().mismatch_message = std::move(message);
    }
    /// Appends a function over the transaction; its error fails the unit alone.
    void add(std::function<Result<void>(Tx&)> function) {
        Op op;
        op.function = std::move(function);
        ops_.push_back(std::move(op));
    }
    /// A blob file that must be durable before this unit commits (see Blobs::put).
    void require_blob(std::string hash) { blobs_.push_back(std::move(hash)); }

    bool empty() const { return ops_.empty(); }
    std::size_t size() const { return ops_.size(); }
    std::vector<Op>& ops() { return ops_; }
    const std::vector<Op>& ops() const { return ops_; }
    const std::vector<std::string>& blobs() const { return blobs_; }

  private:
    std::vector<Op> ops_;
    std::vector<std::string> blobs_;
};

}  // namespace sluice::storage
