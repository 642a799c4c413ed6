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

RunMatch::RunMatch(RunFilter filter) : filter_(std::move(filter)), names_(filter_.seen.within(filter_.project)), text_(filter_.text) {
    std::transform(text_.begin(), text_.end(), text_.begin(), folded);
    if (text_.starts_with("run_")) begin_ = text_;
}

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
    return text_.empty() || has_text(row);
}

bool RunMatch::has_text(const storage::Row& row) const {
    if (!begin_.empty()) return row.id<RunId>(0).str().starts_with(begin_);
    if (contains_folded(row.text(4), text_)) return true;
    if (text_.size() >= shortest_end && row.id<RunId>(0).str().ends_with(text_)) return true;
    if (row.is_null(11) || !(filter_.data.all() || filter_.data.covers(row.text(5), row.text(4)))) return false;
    const Json error = Json::parse(row.text(11), nullptr, false);
    return error.is_object() && contains_folded(base::string_or(error, "message", ""), text_);
}

}  // namespace sluice::engine::store
