#pragma once
/// The ledger: one row a call of a model, newest first, summed by any dimension. Ranges of time are ranges of ids: they go
/// by when a call began. Thread: loop; what is read is read by a reader.

#include <string>
#include <vector>

#include "sluice/budget/budget.hpp"

namespace sluice::budget {

/// Which rows; empty members limit nothing.
struct SpendFilter {
    std::optional<Time> from, to;  ///< from, and before
    std::string project, flow, agent, model, provider, api_key, user, run, status;
    bool operator==(const SpendFilter&) const = default;
};

enum class SpendBy : std::uint8_t { model, provider, project, flow, agent, api_key, user, tag, day, hour };
std::string_view to_string(SpendBy by);
std::optional<SpendBy> spend_by_from(std::string_view text);

/// The sum of the rows that share a key. A call with two tags is in the sums of both.
struct SpendSum {
    std::string key;  ///< of day and hour: when it begins (UTC), RFC 3339
    NanoUsd cost;
    std::int64_t calls = 0, failed = 0, input_tokens = 0, cached_tokens = 0, output_tokens = 0;
};

/// What the calls that began in equal parts of a span cost.
struct SpendSeries {
    static constexpr int most_rows = 20'000;   ///< the newest calls are looked at, no more
    struct Part {
        std::int64_t calls = 0, input_tokens = 0, output_tokens = 0;
        NanoUsd cost;
    };
    Time from{};
    Duration width{};
    std::vector<Part> parts;
    bool complete = true;
    Time counted_from{};   ///< parts before it are not counted
};

struct SpendPage {
    std::vector<Spend> items;
    std::string next_cursor;
};

class SpendBook {
  public:
    explicit SpendBook(storage::Storage& storage) : storage_(storage) {}
    void set_cursor_key(std::string key) { cursor_key_ = std::move(key); }

    /// Newest first. Errors: invalid_argument (cursor), unavailable (too much to look through: a narrower range).
    Awaitable<Result<SpendPage>> list(WorkspaceId workspace, SpendFilter filter, int limit, std::string cursor) const;
    /// Oldest first, after the row `after` (nil: from the start): for exports.
    Awaitable<Result<std::vector<Spend>>> read_after(WorkspaceId workspace, SpendFilter filter, SpendId after, int limit) const;
    /// At most 1,000 sums: the dearest first, days and hours in order of time. Errors: unavailable.
    Awaitable<Result<std::vector<SpendSum>>> sums(WorkspaceId workspace, SpendBy by, SpendFilter filter) const;
    /// In `count` parts of `width` from `from` on.
    Awaitable<Result<SpendSeries>> series(WorkspaceId workspace, Time from, Duration width, std::size_t count) const;
    /// Of a row by its id. Errors: not_found.
    Awaitable<Result<Spend>> get(WorkspaceId workspace, SpendId id) const;

  private:
    storage::Storage& storage_;
    std::string cursor_key_;
};

}  // namespace sluice::budget
