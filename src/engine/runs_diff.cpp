// Two runs side by side: which steps are in one alone, and what differs of those in both.

#include "engine/engine_state.hpp"
#include "engine/steps_store.hpp"
#include "sluice/engine/history.hpp"

namespace sluice::engine {

namespace {

constexpr std::size_t most_steps = 500;          ///< listed; the rest is counted
constexpr std::size_t most_outputs = 50;         ///< compared place by place
constexpr std::size_t most_places = 20;          ///< of one output
constexpr std::int64_t largest_output = 1 << 20;
constexpr std::size_t longest_shown = 200;

using Fingerprint = store::StepFingerprint;

/// A value as it is when it is short, else the beginning of its text.
Json shown(const Json& value) {
    std::string text = base::dump_json(value);
    if (text.size() <= longest_shown) return value;
    std::size_t end = longest_shown;
    while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80) --end;
    text.resize(end);
    return text + "…";
}

/// The places in which two values differ, at most `most_places`; true when there are more.
bool compare(const Json& a, const Json& b, const std::string& pointer, Json& places) {
    if (a == b) return false;
    if (places.size() >= most_places) return true;
    if (a.is_object() && b.is_object()) {
        bool more = false;
        for (const auto& [key, value] : a.items()) {
            const std::string place = pointer + "/" + base::escape_pointer(key);
            const Json* other = base::find_member(b, key);
            if (other != nullptr) more = compare(value, *other, place, places) || more;
            else if (places.size() < most_places) places.push_back({{"pointer", place}, {"first", shown(value)}});
            else more = true;
        }
        for (const auto& [key, value] : b.items()) {
            if (base::find_member(a, key) != nullptr) continue;
            if (places.size() >= most_places) return true;
            places.push_back({{"pointer", pointer + "/" + base::escape_pointer(key)}, {"second", shown(value)}});
        }
        return more;
    }
    if (a.is_array() && b.is_array()) {
        bool more = false;
        for (std::size_t i = 0; i < std::max(a.size(), b.size()); ++i) {
            if (places.size() >= most_places) return true;
            const std::string place = fmt::format("{}/{}", pointer, i);
            if (i >= a.size()) places.push_back({{"pointer", place}, {"second", shown(b[i])}});
            else if (i >= b.size()) places.push_back({{"pointer", place}, {"first", shown(a[i])}});
            else more = compare(a[i], b[i], place, places) || more;
        }
        return more;
    }
    places.push_back({{"pointer", pointer}, {"first", shown(a)}, {"second", shown(b)}});
    return false;
}

Json compare_texts(const std::string& first, const std::string& second) {
    const Json a = Json::parse(first, nullptr, false), b = Json::parse(second, nullptr, false);
    Json places = Json::array();
    const bool more = compare(a, b, "", places);
    return {{"places", std::move(places)}, {"truncated", more}};
}

Json side(const Fingerprint* step) {
    if (step == nullptr) return Json();
    Json json = {{"status", to_string(step->status)}, {"attempts", step->attempts}, {"started_at", base::format_time(step->first)}};
    if (is_terminal(step->status))
        json["duration_ms"] = std::chrono::duration_cast<std::chrono::milliseconds>(step->last - step->first).count();
    if (step->value_bytes > 0) json["value_bytes"] = step->value_bytes;
    return json;
}

struct Comparison {
    Json steps = Json::array();
    std::int64_t same = 0;
    bool truncated = false;
    struct Output { std::size_t place; std::int64_t first_seq, second_seq; };
    std::vector<Output> outputs;   ///< to be compared place by place
};

/// On a reader's thread.
Comparison compare_steps(const store::Fingerprints& a, const store::Fingerprints& b) {
    Comparison out;
    const auto add = [&out](Json step) {
        if (out.steps.size() >= most_steps) {
            out.truncated = true;
            return false;
        }
        out.steps.push_back(std::move(step));
        return true;
    };
    for (const std::string* path : a.order) {
        const Fingerprint& first = a.steps.at(*path);
        const auto found = b.steps.find(*path);
        if (found == b.steps.end()) {
            add({{"path", *path}, {"change", "only_in_first"}, {"first", side(&first)}, {"second", Json()}});
            continue;
        }
        const Fingerprint& second = found->second;
        Json fields = Json::array();
        if (first.status != second.status) fields.push_back("status");
        if (first.attempts != second.attempts) fields.push_back("attempts");
        const bool value = first.value_hash != second.value_hash || first.value_bytes != second.value_bytes;
        const bool outputs = first.status == StepStatus::succeeded && second.status == StepStatus::succeeded;
        if (value) fields.push_back(outputs ? "output" : first.status == StepStatus::succeeded || second.status == StepStatus::succeeded ? "result" : "error");
        if (fields.empty()) {
            ++out.same;
            continue;
        }
        if (!add({{"path", *path}, {"change", "changed"}, {"fields", std::move(fields)}, {"first", side(&first)}, {"second", side(&second)}}))
            continue;
        if (!value || !outputs || out.outputs.size() >= most_outputs) continue;
        if (first.value_bytes > largest_output || second.value_bytes > largest_output) out.steps.back()["output"] = {{"too_large", true}};
        else out.outputs.push_back({out.steps.size() - 1, first.end_seq, second.end_seq});
    }
    for (const std::string* path : b.order)
        if (!a.steps.contains(*path))
            add({{"path", *path}, {"change", "only_in_second"}, {"first", Json()}, {"second", side(&b.steps.at(*path))}});
    return out;
}

/// The value of one journal entry.
Awaitable<Result<std::string>> value_at(Engine::State& state, WorkspaceId workspace, RunId run, std::int64_t seq) {
    auto records = co_await store::records(state.storage, workspace, run, seq - 1, 1, std::int64_t{1} << 40);
    if (!records) co_return fail(std::move(records.error()));
    if (records->empty()) co_return std::string();
    const store::StoredRecord& stored = records->front();
    co_return co_await state.value_of(workspace, stored);
}

}  // namespace

Awaitable<Result<Json>> Engine::diff(WorkspaceId workspace, RunId id, RunId with) {
    State& s = *state_;
    auto first = co_await get(workspace, id);
    if (!first) co_return fail(std::move(first.error()));
    auto second = co_await get(workspace, with);
    if (!second) co_return fail(std::move(second.error()));
    auto a = co_await store::fingerprints(s.storage, workspace, id);
    if (!a) co_return fail(std::move(a.error()));
    auto b = co_await store::fingerprints(s.storage, workspace, with);
    if (!b) co_return fail(std::move(b.error()));
    auto job = [a = std::move(*a), b = std::move(*b)](storage::ReadTx&) -> Result<Comparison> { return compare_steps(*a, *b); };
    auto comparison = co_await s.storage.read(std::move(job));
    if (!comparison) co_return fail(std::move(comparison.error()));
    for (const auto& output : comparison->outputs) {
        auto one = co_await value_at(s, workspace, id, output.first_seq);
        if (!one) co_return fail(std::move(one.error()));
        auto other = co_await value_at(s, workspace, with, output.second_seq);
        if (!other) co_return fail(std::move(other.error()));
        auto compare_job = [one = std::move(*one), other = std::move(*other)](storage::ReadTx&) -> Result<Json> { return compare_texts(one, other); };
        auto places = co_await s.storage.read(std::move(compare_job));
        if (!places) co_return fail(std::move(places.error()));
        comparison->steps[output.place]["output"] = std::move(*places);
    }
    auto input_one = co_await value_at(s, workspace, id, 1);
    if (!input_one) co_return fail(std::move(input_one.error()));
    auto input_other = co_await value_at(s, workspace, with, 1);
    if (!input_other) co_return fail(std::move(input_other.error()));
    auto input_job = [one = std::move(*input_one), other = std::move(*input_other)](storage::ReadTx&) -> Result<Json> {
        return compare_texts(one, other);
    };
    auto input = co_await s.storage.read(std::move(input_job));
    if (!input) co_return fail(std::move(input.error()));
    Json runs = Json::array();
    runs.push_back(to_json(*first));
    runs.push_back(to_json(*second));
    co_return Json{{"runs", std::move(runs)},
                   {"input", std::move(*input)},
                   {"steps", std::move(comparison->steps)},
                   {"same", comparison->same},
                   {"truncated", comparison->truncated}};
}

}  // namespace sluice::engine
