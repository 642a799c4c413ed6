#include "llm/semantic_cache.hpp"

#include <charconv>

#include "sluice/base/json.hpp"

namespace sluice::llm {
namespace {

constexpr Duration longest = std::chrono::hours(24 * 7);
constexpr std::size_t most_in_partition = 500;  ///< a scan of them takes a tenth of a millisecond
constexpr std::string_view taken = "\x01";      ///< in the place of the last words

/// The text of a message's content where it holds nothing else.
std::optional<std::string> only_text(const Json& content, std::string_view type) {
    if (content.is_string()) return content.get<std::string>();
    if (!content.is_array() || content.empty()) return std::nullopt;
    std::string out;
    for (const auto& part : content) {
        if (!part.is_object() || (!type.empty() && base::string_or(part, "type", "") != type)) return std::nullopt;
        const auto* text = base::find_member(part, "text");
        if (!text || !text->is_string() || part.size() != (type.empty() ? 1U : 2U)) return std::nullopt;
        out += text->get_ref<const std::string&>();
    }
    return out;
}

}  // namespace

std::optional<SemanticOrder> read_semantic_order(std::string_view header) {
    SemanticOrder out;
    while (!header.empty()) {
        const auto end = header.find_first_of(" ,");
        const auto word = header.substr(0, end);
        header.remove_prefix(end == std::string_view::npos ? header.size() : end + 1);
        if (word.empty()) continue;
        const auto equals = word.find('=');
        if (equals == std::string_view::npos) return std::nullopt;
        const auto name = word.substr(0, equals), value = word.substr(equals + 1);
        if (name == "threshold") {
            const auto [rest, error] = std::from_chars(value.data(), value.data() + value.size(), out.threshold);
            if (error != std::errc() || rest != value.data() + value.size() || !(out.threshold >= 0.5 && out.threshold <= 1)) return std::nullopt;
        } else if (name == "ttl") {
            auto ttl = base::parse_duration(value);
            if (!ttl || *ttl <= Duration(0) || *ttl > longest) return std::nullopt;
            out.ttl = *ttl;
        } else if (name == "model" && !value.empty() && value.size() <= 300) {
            out.model = value;
        } else {
            return std::nullopt;
        }
    }
    return out;
}

std::optional<std::string> take_last_words(std::string_view format, Json& body) {
    const bool responses = format == "openai.responses", gemini = format == "gemini";
    const auto* list = gemini ? "contents" : responses ? "input" : "messages";
    if (!body.is_object() || !body.contains(list)) return std::nullopt;
    auto& turns = body[list];
    if (responses && turns.is_string()) return std::exchange(turns, Json(taken)).get<std::string>();
    if (!turns.is_array() || turns.empty() || !turns.back().is_object()) return std::nullopt;
    auto& last = turns.back();
    if (base::string_or(last, "role", gemini ? "user" : "") != "user") return std::nullopt;
    const auto* member = gemini ? "parts" : "content";
    if (!last.contains(member)) return std::nullopt;
    auto words = only_text(last[member], gemini ? "" : responses ? "input_text" : "text");
    if (!words || words->empty()) return std::nullopt;
    last[member] = taken;
    return words;
}

SemanticCache::SemanticCache(std::size_t most_bytes, std::unique_ptr<VectorIndex> index)
    : most_bytes_(most_bytes), index_(std::move(index)) {}

void SemanticCache::drop(Entries::iterator entry) {
    bytes_ -= entry->partition.size() + entry->answer.body.size() + sizeof(Entry) + 128;
    index_->remove(entry->partition, entry->id);
    by_id_.erase(entry->id);
    entries_.erase(entry);
}

std::optional<SemanticCache::Hit> SemanticCache::find(std::string_view partition, std::span<const float> vector, double threshold, Time now) {
    while (true) {
        const auto match = index_->nearest(partition, vector);
        if (!match || match->similarity < threshold) return std::nullopt;
        const auto entry = by_id_.at(match->id);
        if (entry->until > now) {
            entries_.splice(entries_.begin(), entries_, entry);
            return Hit{&entry->answer, match->similarity};
        }
        drop(entry);  // too old; the next nearest may do
    }
}

void SemanticCache::put(std::string_view partition, std::span<const float> vector, AnswerCache::Answer answer, Time until) {
    const auto size = partition.size() + answer.body.size() + sizeof(Entry) + 128;
    if (size + vector.size() > most_bytes_ / 16) return;
    entries_.push_front({next_++, std::string(partition), std::move(answer), until});
    by_id_.emplace(entries_.front().id, entries_.begin());
    bytes_ += size;
    index_->put(partition, entries_.front().id, vector);
    if (index_->count(partition) > most_in_partition)
        for (auto at = std::prev(entries_.end()); at != entries_.begin(); --at)
            if (at->partition == partition) {
                drop(at);
                break;
            }
    while (bytes() > most_bytes_) drop(std::prev(entries_.end()));
}

}  // namespace sluice::llm
