#include "nodes/node_parts.hpp"
#include "sluice/base/time.hpp"
#include "sluice/runtime/loop.hpp"

namespace sluice::nodes {

namespace {

constexpr Duration longest_delay = std::chrono::minutes(10);

Effect declared(const Json& config) {
    const std::string name = base::string_or(config, "effect", "pure");
    if (name == "safe") return Effect::safe;
    if (name == "keyed") return Effect::keyed;
    if (name == "unsafe") return Effect::unsafe;
    return Effect::pure;
}

Awaitable<Result<StepOutput>> run(runtime::Loop* loop, StepContext& context) {
    const Json& config = context.input().config;
    if (const auto text = base::string_or(config, "delay", ""); !text.empty()) {
        auto delay = base::parse_duration(text);
        if (!delay) co_return fail(mistake_at("/delay", delay.error().message));
        if (*delay > longest_delay)
            co_return fail(mistake_at("/delay", "a delay lasts 10m at most; use wait"));
        if (!loop) co_return fail(ErrorCode::unavailable, "this process has no loop for delays");
        co_await loop->sleep_for(*delay);
    }
    StepOutput result{field(config, "output")};
    co_return result;
}

}  // namespace

NodeType make_noop(const Services& services) {
    NodeType type;
    type.name = "noop";
    type.title = "No-op";
    type.category = "Flow";
    type.doc =
        "Does nothing, but counts as a node of the effect class that its config names: for tests, "
        "for measuring, and as a place to join edges.\n\n"
        "**Output:** `output`, else null.\n\n"
        "**Errors:** `invalid_argument` when the delay cannot be read or is over 10m.";
    type.kind = NodeKind::task;
    type.effect_of = declared;
    type.config_schema = json(R"json({
        "type": "object", "additionalProperties": false,
        "properties": {
            "effect": {"type": "string", "enum": ["pure", "safe", "keyed", "unsafe"], "title": "Effect", "description": "The effect class it counts as.", "default": "pure"},
            "delay": {"type": "string", "title": "Delay", "description": "How long it takes, such as 200ms."},
            "output": {"title": "Output", "description": "What it gives.", "default": null}
        }})json");
    type.example = json(
        R"json({"config": {"effect": "pure", "output": {"done": true}}, "input": {}, "output": {"done": true}})json");
    type.check = [](const Json& config) {
        std::vector<base::ErrorDetail> mistakes;
        if (is_template(field(config, "effect")))
            mistakes.push_back(
                {"/effect", "the effect class is fixed when the flow is published; no template"});
        if (const auto& text = field(config, "delay"); text.is_string() && !is_template(text))
            if (auto read = base::parse_duration(text.get_ref<const std::string&>()); !read)
                mistakes.push_back({"/delay", read.error().message});
        return mistakes;
    };
    type.run = [loop = services.loop](StepContext& context) { return run(loop, context); };
    return type;
}

}  // namespace sluice::nodes
