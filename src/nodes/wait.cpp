#include "nodes/node_parts.hpp"
#include "sluice/base/time.hpp"

namespace sluice::nodes {

namespace {

constexpr Duration longest_wait = std::chrono::hours(24 * 366);

Result<Time> until(const StepInput& input) {
    if (const auto& text = field(input.config, "for"); text.is_string()) {
        auto duration = base::parse_duration(text.get_ref<const std::string&>());
        if (!duration) return fail(mistake_at("/for", duration.error().message));
        if (*duration > longest_wait) return fail(mistake_at("/for", "a wait lasts 366d at most"));
        return input.now + *duration;
    }
    const auto& text = field(input.config, "until");
    if (!text.is_string()) return fail(mistake_at("", "give exactly one of for and until"));
    auto time = base::parse_time(text.get_ref<const std::string&>());
    if (!time) return fail(mistake_at("/until", time.error().message));
    if (*time - input.now > longest_wait)
        return fail(mistake_at("/until", "a wait lasts 366d at most"));
    return *time;
}

}  // namespace

NodeType make_wait(const Services&) {
    NodeType type;
    type.name = "wait";
    type.title = "Wait";
    type.category = "Flow";
    type.doc =
        "Waits `for` a duration or `until` a time; exactly one of the two. The wait is recorded: "
        "it holds no thread, and a restart in "
        "between neither shortens nor repeats it. A time that has passed is no wait.\n\n"
        "**Output:** `{\"until\": the time waited for, RFC 3339}`.\n\n"
        "**Errors:** `invalid_argument` when the duration or time cannot be read, or lies more "
        "than 366 days ahead.";
    type.kind = NodeKind::timer;
    type.config_schema = json(R"json({
        "type": "object", "additionalProperties": false,
        "properties": {
            "for": {"type": "string", "title": "For", "description": "A duration such as 30s, 5m or 1h30m."},
            "until": {"type": "string", "title": "Until", "description": "A time such as 2026-12-01T09:00:00+01:00."}
        }})json");
    type.example = json(
        R"json({"config": {"for": "90s"}, "input": {}, "now": "2026-01-01T00:00:00Z", "output": {"until": "2026-01-01T00:01:30Z"}})json");
    type.check = [](const Json& config) {
        std::vector<base::ErrorDetail> mistakes;
        if (config.contains("for") == config.contains("until"))
            mistakes.push_back({"", "give exactly one of for and until"});
        if (const auto& text = field(config, "for"); text.is_string() && !is_template(text))
            if (auto read = base::parse_duration(text.get_ref<const std::string&>()); !read)
                mistakes.push_back({"/for", read.error().message});
        if (const auto& text = field(config, "until"); text.is_string() && !is_template(text))
            if (auto read = base::parse_time(text.get_ref<const std::string&>()); !read)
                mistakes.push_back({"/until", read.error().message});
        return mistakes;
    };
    type.compute = [](const StepInput& input) -> Result<StepOutput> {
        auto time = until(input);
        if (!time) return fail(std::move(time.error()));
        return StepOutput{Json{{"until", base::format_time(*time)}}};
    };
    return type;
}

}  // namespace sluice::nodes
