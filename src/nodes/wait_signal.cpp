#include "nodes/node_parts.hpp"

namespace sluice::nodes {

namespace {

constexpr std::size_t longest_name = 100, longest_key = 200;

/// A rendered text of 1 to `most` bytes; what comes out as anything else would be waited for in vain, or take any signal.
Result<std::string> short_text(const Json& config, const char* name, std::size_t most) {
    const Json& value = field(config, name);
    if (!value.is_string())
        return fail(mistake_at(fmt::format("/{}", name), fmt::format("the {} must be a text, not {}; write string(…) around it", name,
                                                                     value.type_name())));
    const auto& text = value.get_ref<const std::string&>();
    if (text.empty()) return fail(mistake_at(fmt::format("/{}", name), fmt::format("the {} came out empty", name)));
    if (text.size() > most)
        return fail(mistake_at(fmt::format("/{}", name), fmt::format("the {} has {} bytes; it may have {}", name, text.size(), most)));
    return text;
}

}  // namespace

NodeType make_wait_signal(const Services&) {
    NodeType type;
    type.name = "wait.signal";
    type.title = "Wait for a signal";
    type.category = "Flow";
    type.doc =
        "Waits until somebody sends the run a signal of this name: "
        "`POST /api/v1/runs/{id}/signals/{name}`. With `key` only a signal with the same key is "
        "taken; without it any. Each signal is taken by one wait, in the order of their coming, "
        "and one that comes before the wait is kept for it. The wait is recorded: it holds no "
        "thread, and outlives a restart. The node's `timeout` bounds it.\n\n"
        "**Output:** `{\"name\", \"key\", \"payload\", \"received_at\"}`.\n\n"
        "**Errors:** `timeout` when no signal came in time; `invalid_argument` when the rendered "
        "name or key is empty or too long.";
    type.kind = NodeKind::signal;
    type.config_schema = json(R"json({
        "type": "object", "additionalProperties": false, "required": ["name"],
        "properties": {
            "name": {"type": "string", "title": "Name", "description": "The signal's name.", "minLength": 1, "maxLength": 100},
            "key": {"type": "string", "title": "Key", "description": "The correlation key, such as {{ input.order_id }}.", "maxLength": 200}
        }})json");
    type.example = json(
        R"json({"config": {"name": "approved", "key": "{{ input.order }}"}, "input": {"order": "A17"}, "output": {"name": "approved", "key": "A17", "payload": {"by": "Ada"}, "received_at": "2026-01-01T00:00:00Z"}})json");
    type.compute = [](const StepInput& input) -> Result<StepOutput> {
        auto name = short_text(input.config, "name", longest_name);
        if (!name) return fail(std::move(name.error()));
        Json plan = {{"name", std::move(*name)}};
        if (input.config.contains("key")) {
            auto key = short_text(input.config, "key", longest_key);
            if (!key) return fail(std::move(key.error()));
            plan["key"] = std::move(*key);
        }
        return StepOutput{std::move(plan)};
    };
    return type;
}

}  // namespace sluice::nodes
