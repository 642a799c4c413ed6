#include "engine/instance.hpp"

namespace sluice::engine {

const Json* RunVariable::find(std::string_view key) const {
    if (members_.is_null())
        members_ = {{"id", facts_.id.str()},
                    {"flow", facts_.flow_name},
                    {"version", facts_.flow_version},
                    {"started_at", base::format_time(facts_.started_at)},
                    {"trigger", facts_.trigger}};
    return base::find_member(members_, key);
}

const Json* Instance::find(std::string_view key) const {
    for (const Instance* instance = this; instance != nullptr; instance = instance->parent.get()) {
        const auto found = instance->graph->index.find(key);
        if (found == instance->graph->index.end()) continue;
        const Step& step = instance->steps[found->second];
        if (step.is_away()) throw std::logic_error(fmt::format("the output of {} is read and was not loaded", instance->path(found->second)));
        return step.view.is_null() ? nullptr : &step.view;
    }
    return nullptr;
}

std::vector<std::string> Instance::keys() const {
    std::vector<std::string> out;
    for (const Instance* instance = this; instance != nullptr; instance = instance->parent.get())
        for (std::size_t i = 0; i < instance->steps.size(); ++i)
            if (instance->steps[i].has_output()) out.push_back(instance->graph->nodes[i].id);
    return out;
}

StepScope Instance::scope(const Json* error) const {
    if (!shared_scope_) {
        auto& scope = shared_scope_.emplace();
        scope.set("input", &run->input);
        scope.set("nodes", static_cast<const cel::LazyMap*>(this));
        scope.set("vars", &run->flow->vars);
        if (!run->flow->secret_marks.empty()) scope.set("secrets", &run->flow->secret_marks);
        scope.set("run", static_cast<const cel::LazyMap*>(&run->variable));
        if (parent) {
            scope.set("item", &item);
            scope.set("index", &index_value);
        }
    }
    if (error == nullptr || error->is_null()) return StepScope(*shared_scope_);
    return StepScope(*shared_scope_, *error);
}

StepEnvironment::Upstream StepEnvironment::taken_outputs(const Instance& instance, std::uint32_t node) {
    Upstream out;
    if (!instance.node(node).reads_upstream) return out;
    for (const std::uint32_t edge : instance.node(node).incoming) {
        if (instance.edges[edge] != EdgeState::taken) continue;
        const Json& view = instance.steps[instance.graph->edges[edge].from].view;
        if (const Json* output = base::find_member(view, "output")) out.push_back(output);
    }
    return out;
}

StepEnvironment::StepEnvironment(const Instance& instance, std::uint32_t node, const Json& config, Time now)
    : scope_(instance.scope(&instance.steps[node].error)),
      upstream_(taken_outputs(instance, node)),
      input_{config, scope_.get(), instance.node(node).expressions, upstream_, instance.run->input, now} {}

Json output_view(Json value) {
    Json view = Json::object();
    view.get_ref<Json::object_t&>().emplace_back("output", std::move(value));
    return view;
}

std::size_t memory_of(const Json& value) {
    std::size_t bytes = sizeof(Json);
    if (value.is_string()) return bytes + value.get_ref<const std::string&>().capacity();
    if (value.is_array()) {
        for (const Json& item : value) bytes += memory_of(item);
    } else if (value.is_object()) {
        for (const auto& [key, member] : value.get_ref<const Json::object_t&>()) bytes += sizeof(std::string) + key.capacity() + memory_of(member);
    }
    return bytes;
}

Json step_error(const Error& error, const std::string& path, int attempt) {
    Json json = {{"code", base::to_string(error.code)}, {"message", error.message}, {"step", path}};
    if (attempt > 0) json["attempt"] = attempt;
    if (!error.details.empty()) {
        Json details = Json::array();
        for (const auto& detail : error.details)
            details.push_back({{"pointer", detail.pointer}, {"message", detail.message}});
        json["details"] = std::move(details);
    }
    return json;
}

}  // namespace sluice::engine
