#include "llm/answer_cache.hpp"

#include <chrono>

namespace sluice::llm {
namespace {

constexpr Duration longest = std::chrono::hours(24 * 7);

}  // namespace

std::optional<CacheOrder> read_cache_order(std::string_view header, Duration usual) {
    while (header.starts_with(' ')) header.remove_prefix(1);
    while (header.ends_with(' ')) header.remove_suffix(1);
    if (header.empty()) return CacheOrder{usual, true};
    if (header == "no-store") return CacheOrder{Duration(0), false};
    if (header == "no-cache") return CacheOrder{usual, false};
    if (!header.starts_with("ttl=")) return std::nullopt;
    auto ttl = base::parse_duration(header.substr(4));
    if (!ttl || *ttl <= Duration(0) || *ttl > longest) return std::nullopt;
    return CacheOrder{*ttl, true};
}

std::size_t AnswerCache::size_of(const Entry& entry) {
    return entry.key.size() + entry.answer.body.size() + sizeof(Entry) + 64;
}

void AnswerCache::drop(Entries::iterator entry) {
    bytes_ -= size_of(*entry);
    index_.erase(entry->key);
    entries_.erase(entry);
}

const AnswerCache::Answer* AnswerCache::find(std::string_view key, Time now) {
    const auto found = index_.find(key);
    if (found == index_.end()) return nullptr;
    const auto entry = found->second;
    if (entry->until <= now) {
        drop(entry);
        return nullptr;
    }
    entries_.splice(entries_.begin(), entries_, entry);
    return &entry->answer;
}

void AnswerCache::put(std::string key, Answer answer, Time until) {
    if (const auto found = index_.find(key); found != index_.end()) drop(found->second);
    entries_.push_front({std::move(key), std::move(answer), until});
    const auto size = size_of(entries_.front());
    if (size > most_bytes_ / 16) {
        entries_.pop_front();
        return;
    }
    index_.emplace(entries_.front().key, entries_.begin());
    bytes_ += size;
    while (bytes_ > most_bytes_) drop(std::prev(entries_.end()));
}

}  // namespace sluice::llm
