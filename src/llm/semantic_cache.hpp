#pragma once
/// Answers of calls whose last words mean nearly the same: only where the request asks for it. All else of two calls (whose they
/// are, door, model, system, earlier messages, tools, every parameter, guardrails) must be the same, byte by byte. In memory,
/// bounded by bytes; the answer that was used longest ago goes first. Thread: loop.

#include <list>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "llm/answer_cache.hpp"
#include "sluice/base/json_fwd.hpp"
#include "sluice/llm/vector_index.hpp"

namespace sluice::llm {

/// What the header `x-sluice-semantic-cache` orders: "threshold=0.95 ttl=10m model=NAME", each may be left out.
struct SemanticOrder {
    double threshold = 0.95;  ///< 0.5 to 1
    Duration ttl = std::chrono::minutes(10);
    std::string model;        ///< that embeds; empty: the server's setting
};
/// Nothing: the header cannot be read.
std::optional<SemanticOrder> read_semantic_order(std::string_view header);

/// The last words of the user in a body of that format ("openai.chat", …), which are taken out of it. Nothing: the last message
/// is not the user's, or holds more than text.
std::optional<std::string> take_last_words(std::string_view format, Json& body);

class SemanticCache {
  public:
    explicit SemanticCache(std::size_t most_bytes, std::unique_ptr<VectorIndex> index = make_exact_index());

    struct Hit {
        const AnswerCache::Answer* answer = nullptr;
        double similarity = 0;
    };
    std::optional<Hit> find(std::string_view partition, std::span<const float> vector, double threshold, Time now);
    /// An answer larger than a sixteenth of the cache is not kept; of one partition the newest 500 are.
    void put(std::string_view partition, std::span<const float> vector, AnswerCache::Answer answer, Time until);
    std::size_t bytes() const { return bytes_ + index_->bytes(); }

  private:
    struct Entry {
        std::uint64_t id = 0;
        std::string partition;
        AnswerCache::Answer answer;
        Time until{};
    };
    using Entries = std::list<Entry>;
    void drop(Entries::iterator entry);

    std::size_t most_bytes_, bytes_ = 0;
    std::unique_ptr<VectorIndex> index_;
    Entries entries_;  ///< the last used first
    std::unordered_map<std::uint64_t, Entries::iterator> by_id_;
    std::uint64_t next_ = 1;
};

}  // namespace sluice::llm
