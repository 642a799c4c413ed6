// Containers of the core: a map runs its inner graph once per item, at most `concurrency` at a time, results in order.

#include "engine/instance.hpp"
#include "sluice/engine/machine.hpp"

namespace sluice::engine {

void Machine::start_map(Instance& instance, std::uint32_t at, const Json& config) {
    const Json* items = base::find_member(config, "items");
    const bool source = items != nullptr && items->is_object() && items->contains("$artifact");
    if (items == nullptr || (!items->is_array() && !source)) {
        fail_step(instance, at, Error{ErrorCode::unprocessable,
                                      fmt::format("config: items must be a list or an artifact of JSON lines, but it is {}; give the map "
                                                  "a list such as \"{{{{ nodes.read.output.rows }}}}\"",
                                                  items == nullptr ? "missing" : items->type_name()), {}, false}, {});
        return;
    }
    if (source && !ArtifactId::parse(base::string_or(*items, "$artifact", ""))) {
        fail_step(instance, at, Error{ErrorCode::unprocessable, "config: items names no artifact; its $artifact is no id (art_…)", {}, false}, {});
        return;
    }
    expand_map(instance, at, *items, config);
}

void Machine::expand_map(Instance& instance, std::uint32_t at, Json items, const Json& config) {
    Step& step = instance.steps[at];
    auto map = std::make_unique<MapState>();
    const auto number = [&config](std::string_view name, std::size_t fallback) {
        const Json* value = base::find_member(config, name);
        return value != nullptr && value->is_number_integer()
                   ? static_cast<std::size_t>(std::max<std::int64_t>(1, value->get<std::int64_t>())) : fallback;
    };
    map->items = Json::array();
    map->concurrency = number("concurrency", default_map_concurrency);
    map->chunk = number("chunk", 0);
    map->collect = base::string_or(config, "on_item_error", "fail") == "collect";
    step.attempt = 1;
    step.map = std::move(map);  // before the status: a container counts neither as running nor as waiting
    set_status(instance, at, StepStatus::running);
    const bool source = items.is_object();
    if (source) {
        step.map->source = ArtifactId::parse(base::string_or(items, "$artifact", "")).value_or(ArtifactId());
        step.map->more = true;
    }
    const std::size_t count = step.map->chunk == 0 ? items.size() : (items.size() + step.map->chunk - 1) / step.map->chunk;
    if (recording())
        record_step(RecordKind::step_started, instance, at, 1,
                    source ? fmt::format("{{\"source\":\"{}\"}}", step.map->source) : fmt::format("{{\"items\":{}}}", count));
    arm_step_timeout(instance, at);
    if (source || add_items(instance, at, std::move(items), true, "start")) begin_items(instance, at, "start");
}

/// False when the step has failed for it.
bool Machine::add_items(Instance& instance, std::uint32_t at, Json items, bool end, std::string_view lacked_at) {
    MapState& map = *instance.steps[at].map;
    const std::size_t bytes = memory_of(items);
    if (out_ != nullptr && bytes > memory_left()) {
        fail_container(instance, at, over_memory(bytes), lacked_at);
        return false;
    }
    memory_ += bytes;
    instance.bytes += bytes;
    for (Json& item : items.get_ref<Json::array_t&>()) {
        if (map.chunk == 0) {
            map.items.push_back(std::move(item));
            continue;
        }
        map.rest.push_back(std::move(item));
        if (map.rest.size() == map.chunk) map.items.push_back(std::exchange(map.rest, Json::array()));
    }
    map.more = !end;
    if (end && !map.rest.empty()) map.items.push_back(std::exchange(map.rest, Json::array()));
    map.results.resize(map.items.size());
    map.instances.resize(map.items.size(), 0);
    if (out_ == nullptr || map.items.size() <= limits_.map_items) return true;
    fail_container(instance, at, Error{ErrorCode::too_large, fmt::format("the map has {} items, more than the limit of {} (engine.map_items)",
                                                                         map.items.size(), limits_.map_items), {}, false});
    return false;
}

void Machine::items_read(event::ItemsRead read) {
    Instance* instance = find_instance(read.step.instance);
    if (instance == nullptr || instance->ended) return;
    Step& step = instance->steps[read.step.node];
    if (step.status != StepStatus::running || !step.map || !step.map->reading) return;
    step.map->reading = false;
    if (!read.block) return fail_container(*instance, read.step.node, std::move(read.block.error()));
    if (recording())
        record_step(RecordKind::step_items, *instance, read.step.node, 1,
                    fmt::format("{{\"offset\":{},\"end\":{}}}", read.block->next, read.block->end), base::dump_json(read.block->items));
    step.map->offset = read.block->next;
    if (add_items(*instance, read.step.node, std::move(read.block->items), read.block->end, "items"))
        begin_items(*instance, read.step.node, "items");
}

void Machine::fail_container(Instance& instance, std::uint32_t at, Error error, std::string_view lacked_at) {
    cancel_children(instance, at);
    close_container(instance, at);
    fail_finally(instance, at, step_error(error, instance.path(at), 1), false, {}, {lacked_at});
}

Error Machine::over_memory(std::size_t more) const {
    return Error{ErrorCode::too_large,
                 fmt::format("the run holds {} MiB of data and this step would add {} KiB, more than it may hold (engine.run_memory and "
                             "engine.workspace_memory); keep less per step, or write large values to artifacts and pass their references",
                             memory_ >> 20, more >> 10), {}, false};
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
    if (map.more && !map.reading && map.next + map.concurrency > map.items.size()) {
        map.reading = true;
        if (out_ != nullptr) out_->commands.push_back(command::ReadItems{{instance.id, at}, map.source, map.offset});
    }
    if (map.more || map.done < map.items.size() || ends_by_record()) return;
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
        if (ends_by_record()) return;
        result["item"] = index;
        cancel_children(*parent, at);
        close_container(*parent, at);
        fail_finally(*parent, at, std::move(result), false, {});
        return;
    }
    map.results[index] = failed ? Json{{"error", std::move(result)}} : std::move(result);
    const std::size_t bytes = memory_of(map.results[index]);
    if (out_ != nullptr && bytes > memory_left()) return fail_container(*parent, at, over_memory(bytes), fmt::format("item {}", index));
    memory_ += bytes;
    parent->bytes += bytes;
    start_items(*parent, at);
}

}  // namespace sluice::engine
