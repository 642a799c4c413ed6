#include "cli/progress.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "cli/table.hpp"

namespace sluice::cli {

namespace {

/// Puts inner nodes ("each/classify") behind their container ("each"), else keeps the order.
template <class Row>
std::vector<Row> nested(const std::vector<Row>& rows) {
    std::vector<Row> out;
    std::vector<bool> taken(rows.size());
    const auto take = [&](const auto& self, std::size_t i) -> void {
        taken[i] = true;
        out.push_back(rows[i]);
        const auto prefix = rows[i].path + "/";
        for (std::size_t k = 0; k < rows.size(); ++k)
            if (!taken[k] && rows[k].path.starts_with(prefix)) self(self, k);
    };
    const auto has_container = [&](const Row& row) {
        return std::any_of(rows.begin(), rows.end(), [&](const Row& other) {
            return row.path.starts_with(other.path + "/");
        });
    };
    for (std::size_t i = 0; i < rows.size(); ++i)
        if (!taken[i] && !has_container(rows[i])) take(take, i);
    return out;
}

std::string indented(std::string_view path) {
    const auto depth = static_cast<std::size_t>(std::count(path.begin(), path.end(), '/'));
    const auto slash = path.rfind('/');
    return std::string(depth * 2, ' ') +
           std::string(slash == std::string_view::npos ? path : path.substr(slash + 1));
}

std::int64_t integer_or(const Json& object, std::string_view key, std::int64_t fallback) {
    const auto* value = base::find_member(object, key);
    return value && value->is_number_integer() ? value->get<std::int64_t>() : fallback;
}

std::int64_t time_or_zero(const Json& object, std::string_view key) {
    const auto time = base::parse_time(base::string_or(object, key, ""));
    return time ? base::to_us(*time) : 0;
}

std::string counts_of(const Progress::Node& node) {
    std::vector<std::string> parts;
    if (node.running > 0) parts.push_back(fmt::format("{} running", node.running));
    if (node.waiting > 0) parts.push_back(fmt::format("{} waiting", node.waiting));
    if (node.failed > 0) parts.push_back(fmt::format("{} failed", node.failed));
    if (node.skipped > 0) parts.push_back(fmt::format("{} skipped", node.skipped));
    return fmt::format("{}", fmt::join(parts, ", "));
}

}  // namespace

std::string node_path(std::string_view step_path) {
    std::string out;
    bool inside = false;
    for (const char c : step_path) {
        if (c == '[' || c == '#') inside = true;
        if (c == '/') inside = false;
        if (!inside) out += c;
    }
    return out;
}

bool is_final(std::string_view status) {
    return status == "succeeded" || status == "failed" || status == "cancelled" ||
           status == "timed_out";
}

std::int64_t& Progress::count_of(Node& node, State state) {
    switch (state) {
        case State::running:
            return node.running;
        case State::waiting:
            return node.waiting;
        case State::succeeded:
            return node.succeeded;
        case State::failed:
            return node.failed;
        case State::skipped:
            return node.skipped;
        case State::other:
            return node.other;
    }
    return node.other;
}

Progress::Node& Progress::node(const std::string& path) {
    const auto [found, added] = index_.emplace(path, nodes_.size());
    if (added) {
        nodes_.push_back({});
        nodes_.back().path = path;
    }
    return nodes_[found->second];
}

void Progress::apply(const Json& entry) {
    const auto seq = integer_or(entry, "seq", 0);
    if (seq <= last_seq_) return;
    last_seq_ = seq;
    const auto kind = base::string_or(entry, "kind", "");
    if (kind.starts_with("run.")) {
        if (const auto status = kind.substr(4); is_final(status)) status_ = status;
        return;
    }
    State state = State::other;
    if (kind == "step.started")
        state = State::running;
    else if (kind == "step.waiting" || kind == "step.attempt_failed")
        state = State::waiting;
    else if (kind == "step.succeeded")
        state = State::succeeded;
    else if (kind == "step.failed" || kind == "step.timed_out")
        state = State::failed;
    else if (kind == "step.skipped")
        state = State::skipped;
    else if (kind != "step.cancelled" && kind != "step.unknown")
        return;  // of a newer server

    const auto path = base::string_or(entry, "path", "");
    const auto of_node = node_path(path);
    auto& counts = node(of_node);
    if (const auto [step, added] = steps_.emplace(path, state); !added) {
        --count_of(counts, step->second);
        step->second = state;
    } else {
        ++counts.total;
    }
    ++count_of(counts, state);
    if (const auto* data = base::find_member(entry, "data"); data && state == State::running)
        if (const auto items = integer_or(*data, "items", -1); items >= 0)
            map_items_[of_node] += items;
}

std::vector<Progress::Node> Progress::nodes() const {
    auto out = nested(nodes_);
    for (auto& node : out) {
        const auto slash = node.path.rfind('/');
        if (slash == std::string::npos) continue;
        const auto items = map_items_.find(node.path.substr(0, slash));
        if (items != map_items_.end()) node.total = std::max(node.total, items->second);
    }
    return out;
}

int Progress::percent() const {
    std::int64_t done = 0, total = 0;
    for (const auto& node : nodes()) {
        done += node.done();
        total += node.total;
    }
    return total == 0 ? 0 : static_cast<int>(done * 100 / total);
}

std::string Progress::line() const {
    std::vector<std::string> parts;
    const auto all = nodes();
    for (const auto& node : all) {
        // What is over, or is only the container of what moves, says nothing.
        if (node.done() >= node.total && node.failed == 0) continue;
        if (std::any_of(all.begin(), all.end(),
                        [&](const Node& other) { return other.path.starts_with(node.path + "/"); }))
            continue;
        const auto counts = counts_of(node);
        parts.push_back(fmt::format("{} {}/{}{}", node.path, node.done(), node.total,
                                    counts.empty() ? "" : " (" + counts + ")"));
    }
    if (parts.empty()) {
        std::int64_t done = 0;
        for (const auto& node : all) done += node.done();
        return fmt::format("{} steps done", done);
    }
    return fmt::format("{}", fmt::join(parts, ", "));
}

std::vector<std::string> Progress::view() const {
    const auto all = nodes();
    std::size_t width = 0;
    for (const auto& node : all) width = std::max(width, display_width(indented(node.path)));
    std::vector<std::string> out;
    for (const auto& node : all) {
        const auto name = indented(node.path);
        const bool over = node.done() >= node.total;
        const auto mark = node.failed > 0 ? "!" : over ? "+" : node.running > 0 ? ">" : " ";
        auto line = fmt::format(" {} {}{}  {:>9}  {}", mark, name,
                                std::string(width - display_width(name), ' '),
                                fmt::format("{}/{}", node.done(), node.total), counts_of(node));
        while (line.ends_with(' ')) line.pop_back();
        out.push_back(std::move(line));
    }
    return out;
}

void StepFold::add(const Json& step) {
    const auto path = node_path(base::string_or(step, "path", ""));
    const auto [found, added] = index_.emplace(path, nodes_.size());
    if (added) {
        nodes_.push_back({});
        nodes_.back().path = path;
        nodes_.back().type = base::string_or(step, "type", "");
    }
    auto& node = nodes_[found->second];
    ++node.steps;
    const auto status = base::string_or(step, "status", "");
    if (status == "succeeded")
        ++node.succeeded;
    else if (status == "failed" || status == "timed_out")
        ++node.failed;
    else if (status == "skipped")
        ++node.skipped;
    else
        ++node.other;
    node.attempts += integer_or(step, "attempts", 0);
    if (const auto items = integer_or(step, "items", -1); items >= 0)
        node.items = std::max<std::int64_t>(node.items, 0) + items;
    if (const auto* usage = base::find_member(step, "usage")) {
        node.input_tokens += integer_or(*usage, "input_tokens", 0);
        node.output_tokens += integer_or(*usage, "output_tokens", 0);
        if (const auto cost = base::parse_usd(base::string_or(*usage, "cost_usd", "0")))
            node.cost += *cost;
    }
    if (const auto at = time_or_zero(step, "started_at");
        at > 0 && (node.first_us == 0 || at < node.first_us))
        node.first_us = at;
    node.last_us = std::max(node.last_us, time_or_zero(step, "finished_at"));
    if (const auto* error = base::find_member(step, "error"); error && node.first_error.empty())
        node.first_error = base::string_or(*error, "message", "");
}

std::vector<NodeSummary> StepFold::nodes() const { return nested(nodes_); }

std::string render_nodes(const std::vector<NodeSummary>& nodes) {
    Table table({{"NODE"},
                 {"TYPE"},
                 {"STEPS", true},
                 {"OK", true},
                 {"FAILED", true},
                 {"SKIPPED", true},
                 {"TIME", true},
                 {"TOKENS", true},
                 {"COST", true}});
    const auto count = [](std::int64_t number) {
        return number == 0 ? std::string("-") : grouped(number);
    };
    for (const auto& node : nodes) {
        const bool timed = node.first_us > 0 && node.last_us >= node.first_us;
        const auto type = node.items >= 0
                              ? fmt::format("{} of {} items", node.type, grouped(node.items))
                              : node.type;
        table.add({indented(node.path), type, grouped(node.steps), count(node.succeeded),
                   count(node.failed), count(node.skipped),
                   timed ? human_duration(Duration(node.last_us - node.first_us)) : "-",
                   count(node.input_tokens + node.output_tokens), human_cost(node.cost)});
    }
    std::string out = table.render();
    for (const auto& node : nodes)
        if (node.failed > 0 && !node.first_error.empty())
            out += fmt::format("{} failed: {}\n", node.path, node.first_error);
    return out;
}

Json nodes_json(const std::vector<NodeSummary>& nodes) {
    Json out = Json::array();
    for (const auto& node : nodes) {
        Json row = {{"node", node.path},
                    {"type", node.type},
                    {"steps", node.steps},
                    {"succeeded", node.succeeded},
                    {"failed", node.failed},
                    {"skipped", node.skipped},
                    {"other", node.other},
                    {"attempts", node.attempts},
                    {"duration_ms",
                     node.first_us > 0
                         ? Json(std::max<std::int64_t>(0, node.last_us - node.first_us) / 1000)
                         : Json()},
                    {"input_tokens", node.input_tokens},
                    {"output_tokens", node.output_tokens},
                    {"cost_usd", base::format_usd(node.cost)}};
        if (node.items >= 0) row["items"] = node.items;
        if (!node.first_error.empty()) row["error"] = node.first_error;
        out.push_back(std::move(row));
    }
    return out;
}

}  // namespace sluice::cli
