#include "engine/run_match.hpp"

#include <algorithm>

namespace sluice::engine::store {

namespace {

char folded(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

/// People know a run by the last characters of its id; fewer than four mean nothing.
constexpr std::size_t shortest_end = 4;

}  // namespace

bool contains_folded(std::string_view text, std::string_view part) {
    return std::search(text.begin(), text.end(), part.begin(), part.end(), [](char a, char b) { return folded(a) == b; }) != text.end();
}

TextMatch::TextMatch(std::string text, base::SeenNames data) : text_(std::move(text)), data_(std::move(data)) {
    std::transform(text_.begin(), text_.end(), text_.begin(), folded);
    if (text_.starts_with("run_")) begin_ = text_;
}

bool TextMatch::operator()(RunId id, std::string_view project, std::string_view flow_name, std::string_view error) const {
    if (text_.empty()) return true;
    if (!begin_.empty()) return id.str().starts_with(begin_);
    if (contains_folded(flow_name, text_)) return true;
    if (text_.size() >= shortest_end && id.str().ends_with(text_)) return true;
    if (error.empty() || !(data_.all() || data_.covers(project, flow_name))) return false;
    const Json json = Json::parse(error, nullptr, false);
    return json.is_object() && contains_folded(base::string_or(json, "message", ""), text_);
}

RunMatch::RunMatch(RunFilter filter)
    : filter_(std::move(filter)), names_(filter_.seen.within(filter_.project)), text_(filter_.text, filter_.data) {}

bool RunMatch::operator()(const storage::Row& row) const {
    if (!filter_.statuses.empty()) {
        const auto status = run_status_from(row.text(7));
        if (!status || std::find(filter_.statuses.begin(), filter_.statuses.end(), *status) == filter_.statuses.end()) return false;
    }
    if (filter_.flow && row.bytes(2) != filter_.flow->raw()) return false;
    if (!filter_.flow_name.empty() && row.text(4) != filter_.flow_name) return false;
    if (filter_.version && row.integer(3) != *filter_.version) return false;
    if (!filter_.trigger.empty() && row.text(6) != filter_.trigger) return false;
    if (filter_.parent && (row.is_null(17) || row.bytes(17) != filter_.parent->raw())) return false;
    if (!names_.all() && !names_.covers(row.text(5), row.text(4))) return false;
    return text_.any() || text_(row.id<RunId>(0), row.text(5), row.text(4), row.is_null(11) ? std::string_view() : row.text(11));
}

}  // namespace sluice::engine::store
