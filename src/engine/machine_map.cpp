// Containers of the core: a map runs its inner graph once per item, at most `concurrency` at a time, results in order.

#include "engine/instance.hpp"
#include "sluice/engine/machine.hpp"

namespace sluice::engine {

void Machine::start_map(Instance& instance, std::uint32_t at, const Json& config) {
    const Json* items = base::find_member(config, "items");
    if (items == nullptr || !items->is_array()) {
        fail_step(instance, at, Error{ErrorCode::unprocessable,
                                      fmt::format("config: items must be a list, but it is {}; give the map a list such as "
                                                  "\"{{{{ nodes.read.output.rows }}}}\"",
                                                  items == nullptr ? "missing" : items->type_name()), {}, false}, {});
        return;
    }
    if (items->size() > limits_.map_items) {
        fail_step(instance, at, Error{ErrorCode::too_large,
                                      fmt::format("the map has {} items, more than the limit of {} (engine.map_items)",
                                                  items->size(), limits_.map_items), {}, false}, {});
        return;
    }
    expand_map(instance, at, *items, config);
}

void Machine::expand_map(Instance& instance, std::uint32_t at, Json items, const Json& config) {
    Step& step = instance.steps[at];
    auto map = std::make_unique<MapState>();
    map->results.resize(items.size());
    map->instances.assign(items.size(), 0);
    map->items = std::move(items);
    const Json* concurrency = base::find_member(config, "concurrency");
    map->concurrency = concurrency != nullptr && concurrency->is_number_integer()
                           ? static_cast<std::size_t>(std::max<std::int64_t>(1, concurrency->get<std::int64_t>()))
                           : default_map_concurrency;
    map->collect = base::string_or(config, "on_item_error", "fail") == "collect";
    step.attempt = 1;
    step.map = std::move(map);  // before the status: a container counts neither as running nor as waiting
    set_status(instance, at, StepStatus::running);
    if (recording())
        record_step(RecordKind::step_started, instance, at, 1, fmt::format("{{\"items\":{}}}", step.map->items.size()));
    arm_step_timeout(instance, at);
    start_items(instance, at);
}

void Machine::start_items(Instance& instance, std::uint32_t at) {
    MapState& map = *instance.steps[at].map;
    const auto& body = *instance.node(at).body;
    while (map.active < map.concurrency && map.next < map.items.size()) {
        const auto index = static_cast<std::uint32_t>(map.next++);
        ++map.active;
        auto item = make_instance(body, &instance, at, index, std::move(map.items[index]));
        map.instances[index] = item->id;
        for (const std::uint32_t root : body.roots) schedule(*item, root);
    }
    if (map.done < map.items.size()) return;
    flows::StepOutput output;
    output.output = Json(std::move(map.results));
    close_container(instance, at);
    succeed(instance, at, std::move(output), {});
}

/// A container had no count of its own as running, so it leaves as a step that is about to end.
void Machine::close_container(Instance& instance, std::uint32_t at) {
    disarm_step(instance, at);
    Step& step = instance.steps[at];
    step.map.reset();
    step.loop.reset();
    step.status = StepStatus::ready;
    ++ready_steps_;
}

void Machine::cancel_children(Instance& instance, std::uint32_t at) {
    const auto cancel_child = [this](std::uint32_t id) {
        Instance* child = id != 0 ? find_instance(id) : nullptr;
        if (child == nullptr) return;
        cancel_open_steps(*child);
        release(id);
    };
    const Step& step = instance.steps[at];
    if (step.loop) cancel_child(step.loop->instance);
    if (!step.map) return;
    const auto items = step.map->instances;  // a copy: nothing below changes it, but the step may be let go
    for (const std::uint32_t id : items) cancel_child(id);
}

void Machine::item_ended(Instance& item, Json result, bool failed) {
    item.ended = true;
    const auto parent = item.parent;
    const std::uint32_t at = item.parent_node, index = item.index;
    const auto keep = instances_[item.id];
    release(item.id);
    Step& step = parent->steps[at];
    if (parent->ended) return;
    if (step.loop) return turn_ended(*parent, at, index, std::move(result), failed);
    if (!step.map) return;
    MapState& map = *step.map;
    --map.active;
    ++map.done;
    if (failed && !map.collect) {
        result["item"] = index;
        cancel_children(*parent, at);
        close_container(*parent, at);
        fail_finally(*parent, at, std::move(result), false, {});
        return;
    }
    map.results[index] = failed ? Json{{"error", std::move(result)}} : std::move(result);
    start_items(*parent, at);
}

}  // namespace sluice::engine
