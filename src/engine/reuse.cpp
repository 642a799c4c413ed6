#include "engine/reuse.hpp"

#include <algorithm>
#include <charconv>
#include <map>

namespace sluice::engine {

namespace {

constexpr std::size_t most_shown_bytes = 200;  // of a path in a message

/// Everything that comes after `node` in its graph.
std::vector<bool> descendants(const flows::CompiledGraph& graph, std::uint32_t node) {
    std::vector<bool> after(graph.nodes.size(), false);
    std::vector<std::uint32_t> open{node};
    while (!open.empty()) {
        const std::uint32_t at = open.back();
        open.pop_back();
        for (const std::uint32_t edge : graph.nodes[at].outgoing) {
            const std::uint32_t to = graph.edges[edge].to;
            if (after[to]) continue;
            after[to] = true;
            open.push_back(to);
        }
    }
    return after;
}

}  // namespace

Result<std::vector<ReuseBuilder::Place>> ReuseBuilder::places_of(std::string_view path) const {
    std::vector<Place> places;
    const flows::CompiledGraph* graph = &flow_.graph;
    std::string prefix;
    std::string_view rest = path;
    while (true) {
        const std::size_t slash = rest.find('/');
        const bool innermost = slash == std::string_view::npos;
        const std::string_view part = rest.substr(0, slash);
        const std::size_t bracket = part.find('[');
        const auto found = graph == nullptr ? decltype(graph->index.find(part))() : graph->index.find(part.substr(0, bracket));
        // A container on the way has the number of an item or a turn; the step itself has none.
        int index = -1;
        bool numbered = false;
        if (bracket != std::string_view::npos) {
            const char* const end = part.data() + part.size();
            const auto [stop, bad] = std::from_chars(part.data() + bracket + 1, end, index);
            numbered = bad == std::errc() && index >= 0 && end - stop == 1 && *stop == ']';
        }
        if (graph == nullptr || found == graph->index.end() || (innermost ? bracket != std::string_view::npos : !numbered))
            return fail(ErrorCode::not_found, "the flow has no step \"{}\"; GET /api/v1/runs/{{id}}/steps lists the run's steps",
                        path.substr(0, most_shown_bytes));
        places.push_back({graph, found->second, prefix, index});
        if (innermost) return places;
        prefix += std::string(part) + "/";
        graph = graph->nodes[found->second].body.get();
        rest = rest.substr(slash + 1);
    }
}

Result<void> ReuseBuilder::add(const Record& record) {
    if (record.path.empty()) return {};
    int& last = reuse_->attempts[record.path];
    last = std::max(last, record.attempt);
    const bool failed = record.kind == RecordKind::step_failed || record.kind == RecordKind::step_timed_out;
    const bool attempts = record.kind == RecordKind::step_attempts;
    if (record.kind != RecordKind::step_succeeded && !failed && !attempts) return {};
    const Json data = record.data.empty() ? Json::object() : Json::parse(record.data, nullptr, false);
    if (attempts) {
        reuse_->sub_attempts[record.path] = data.value("attempts", std::int64_t{0});
        return {};
    }
    // A failure that an error edge or `continue` took is part of what happened; any other is tried again.
    if (failed && !base::find_member(data, "handled")) return {};
    if (record.value.empty() && record.blob.empty()) return {};  // its flow does not keep what its steps gave: it is done again
    ReusedStep step;
    if (record.value.empty()) {
        step.blob = record.blob;
        step.blob_bytes = record.blob_bytes;
    } else {
        step.output = Json::parse(record.value, nullptr, false);
        if (step.output.is_discarded()) return fail(ErrorCode::internal, "the journal's output of {} is not JSON", record.path);
    }
    step.attempt = record.attempt;
    step.failed = failed;
    step.timed_out = record.kind == RecordKind::step_timed_out;
    if (const Json* ports = base::find_member(data, "ports"))
        for (const Json& port : *ports) step.ports.push_back(port.get<std::string>());
    const Json* response = base::find_member(data, "response");
    step.response = response != nullptr && response->is_boolean() && response->get<bool>();
    undone(record.path);
    reuse_->steps.insert_or_assign(record.path, std::move(step));
    return {};
}

/// A compensation that ran takes its source back: it is done again, under a new key, and so may be its undoing.
void ReuseBuilder::undone(std::string_view compensation) {
    const auto places = places_of(compensation);
    if (!places) return;
    const Place& place = places->back();
    if (!place.graph->nodes[place.node].compensates) return;
    ++reuse_->generations[std::string(compensation)];
    reuse_->sub_attempts.erase(std::string(compensation));
    for (const auto& node : place.graph->nodes) {
        if (node.compensation != place.node) continue;
        ++reuse_->generations[place.prefix + node.id];
        reuse_->sub_attempts.erase(place.prefix + node.id);   // it will have a new run
        forget(place.prefix + node.id, true);
    }
}

void ReuseBuilder::forget(const std::string& path, bool with_inner) {
    reuse_->steps.erase(path);
    if (!with_inner) return;
    const std::string inner = path + "[";
    std::erase_if(reuse_->steps, [&](const auto& step) { return step.first.starts_with(inner); });
}

void ReuseBuilder::drop_after(const flows::CompiledGraph& graph, std::uint32_t node, const std::string& prefix, bool itself) {
    const auto after = descendants(graph, node);
    for (std::uint32_t at = 0; at < graph.nodes.size(); ++at)
        if (after[at]) forget(prefix + graph.nodes[at].id, graph.nodes[at].body != nullptr);
    if (itself) forget(prefix + graph.nodes[node].id, graph.nodes[node].body != nullptr);
}

Result<void> ReuseBuilder::drop_from(std::string_view path) {
    const auto places = places_of(path);
    if (!places) return fail(places.error());
    for (std::size_t level = places->size(); level-- > 0;) {
        const Place& place = (*places)[level];
        const bool innermost = level + 1 == places->size();
        drop_after(*place.graph, place.node, place.prefix, innermost);
        if (innermost) continue;
        // The container itself has to end again; of a loop the later turns follow from this one.
        const auto& node = place.graph->nodes[place.node];
        reuse_->steps.erase(place.prefix + node.id);
        if (node.type == nullptr || node.type->kind != flows::NodeKind::loop) continue;
        const std::string inner = place.prefix + node.id + "[";
        std::erase_if(reuse_->steps, [&](const auto& step) {
            if (!step.first.starts_with(inner)) return false;
            int turn = 0;
            std::from_chars(step.first.data() + inner.size(), step.first.data() + step.first.size(), turn);
            return turn > place.index;
        });
    }
    return {};
}

Result<void> ReuseBuilder::replace_outputs(const Json& outputs) {
    std::vector<std::pair<std::string, ReusedStep>> replaced;
    for (const auto& [path, output] : outputs.get_ref<const Json::object_t&>()) {
        const auto known = reuse_->steps.find(path);
        ReusedStep step = known == reuse_->steps.end() ? ReusedStep() : known->second;
        step.output = output;
        step.blob.clear();
        step.failed = step.timed_out = false;
        replaced.emplace_back(path, std::move(step));
    }
    // All that follows is dropped first, so that of two steps in a row both keep their new outputs.
    for (const auto& [path, step] : replaced) {
        auto dropped = drop_from(path);
        if (dropped) continue;
        Error error{ErrorCode::unprocessable, dropped.error().message, {}, false};
        error.details.push_back({"/outputs/" + base::escape_pointer(path.substr(0, most_shown_bytes)), error.message});
        return fail(std::move(error));
    }
    for (auto& [path, step] : replaced) reuse_->steps.insert_or_assign(std::move(path), std::move(step));
    return {};
}

Result<void> ReuseBuilder::set_output(std::string_view path, Json output) {
    const auto places = places_of(path);
    if (!places) return fail(places.error());
    ReusedStep step;
    step.output = std::move(output);
    const auto& node = places->back().graph->nodes[places->back().node];
    if (node.type != nullptr && node.type->ports) step.ports = node.type->ports(node.config_source);
    reuse_->steps.insert_or_assign(std::string(path), std::move(step));
    return {};
}

void ReuseBuilder::drop_unknown() {
    std::erase_if(reuse_->steps, [&](const auto& step) { return !places_of(step.first); });
}

std::shared_ptr<const Reuse> ReuseBuilder::take(bool copied, const Totals& totals) {
    reuse_->copied = copied;
    reuse_->totals = totals;
    if (copied) {  // another run has keys and attempts of its own
        reuse_->attempts.clear();
        reuse_->sub_attempts.clear();
        reuse_->generations.clear();
    }
    return std::exchange(reuse_, std::make_shared<Reuse>());
}

}  // namespace sluice::engine
