#pragma once
/// Whole answers of model calls, kept for a while: the same call again gets the same answer at no cost. Only where the
/// caller or the server's configuration asks for it. In memory, bounded by bytes; the answer that was used longest ago
/// goes first.

#include <cstdint>
#include <list>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "sluice/base/time.hpp"

namespace sluice::llm {

/// What a request's header `x-sluice-cache` orders: `ttl=5m`, `no-cache` (ask anew, keep the answer), `no-store`.
struct CacheOrder {
    Duration ttl{0};  ///< 0: nothing is kept
    bool read = true;
};
/// `usual`: the time to live of the configuration. Nothing: the header cannot be read.
std::optional<CacheOrder> read_cache_order(std::string_view header, Duration usual);

/// Thread: loop.
class AnswerCache {
  public:
    explicit AnswerCache(std::size_t most_bytes) : most_bytes_(most_bytes) {}

    struct Answer {
        std::string body, provider, model;
    };
    /// Null: none, or it is too old.
    const Answer* find(std::string_view key, Time now);
    /// An answer larger than a sixteenth of the cache is not kept.
    void put(std::string key, Answer answer, Time until);
    std::size_t bytes() const { return bytes_; }

  private:
    struct Entry {
        std::string key;
        Answer answer;
        Time until{};
    };
    using Entries = std::list<Entry>;
    static std::size_t size_of(const Entry& entry);
    void drop(Entries::iterator entry);

    std::size_t most_bytes_, bytes_ = 0;
    Entries entries_;  ///< the last used first
    std::unordered_map<std::string_view, Entries::iterator> index_;
};

}  // namespace sluice::llm
