#include <algorithm>

#include "nodes/node_parts.hpp"

namespace sluice::nodes {

NodeType make_switch_on(const Services&) {
    NodeType type;
    type.name = "switch";
    type.title = "Switch";
    type.category = "Flow";
    type.doc =
        "Chooses which way a run goes on. The cases are tried in order; the first whose condition "
        "holds names the port, and only edges "
        "with that `from_port` are taken. With `all` every case that holds opens its port. Without "
        "a match the `default` port is "
        "taken, or none at all.\n\n"
        "**Output:** `{\"port\": the first open port or null, \"ports\": all open ports}`.\n\n"
        "**Errors:** `invalid_argument` when a condition fails or gives something else than true "
        "or false.";
    type.config_schema = json(R"json({
        "type": "object", "additionalProperties": false, "required": ["cases"],
        "properties": {
            "cases": {"type": "array", "minItems": 1, "maxItems": 100, "title": "Cases", "items": {
                "type": "object", "additionalProperties": false, "required": ["port", "when"],
                "properties": {
                    "port": {"type": "string", "minLength": 1, "maxLength": 64, "title": "Port", "description": "The name that edges use in from_port."},
                    "when": {"type": "string", "title": "When", "description": "A CEL condition.", "x-expression": true, "x-scope": []}
                }}},
            "default": {"type": "string", "minLength": 1, "maxLength": 64, "title": "Default port", "description": "Taken when no case holds."},
            "all": {"type": "boolean", "title": "All that hold", "description": "Open every port whose case holds, not only the first.", "default": false}
        }})json");
    type.example = json(
        R"json({"config": {"cases": [{"port": "big", "when": "input.total > 100"}], "default": "small"}, "input": {"total": 250},
                                "output": {"port": "big", "ports": ["big"]}})json");
    type.ports = [](const Json& config) {
        std::vector<std::string> ports;
        const auto add = [&](const Json& port) {
            if (port.is_string() && std::find(ports.begin(), ports.end(),
                                              port.get_ref<const std::string&>()) == ports.end())
                ports.push_back(port);
        };
        if (const auto& cases = field(config, "cases"); cases.is_array())
            for (const auto& each : cases) add(field(each, "port"));
        add(field(config, "default"));
        return ports;
    };
    type.check = [](const Json& config) {
        std::vector<base::ErrorDetail> mistakes;
        const auto judge = [&](const Json& port, std::string pointer) {
            if (is_template(port))
                mistakes.push_back({std::move(pointer),
                                    "a port is a fixed name, not a template; edges refer to it"});
        };
        const auto& cases = field(config, "cases");
        for (std::size_t i = 0; cases.is_array() && i < cases.size(); ++i)
            judge(field(cases[i], "port"), fmt::format("/cases/{}/port", i));
        judge(field(config, "default"), "/default");
        return mistakes;
    };
    type.compute = [](const StepInput& input) -> Result<StepOutput> {
        StepOutput result;
        const bool all = flag(input.config, "all", false);
        const auto& cases = field(input.config, "cases");
        for (std::size_t i = 0; i < cases.size(); ++i) {
            auto held = holds(input, fmt::format("/cases/{}/when", i));
            if (!held) return fail(std::move(held.error()));
            const auto& port = cases[i]["port"].get_ref<const std::string&>();
            if (*held &&
                std::find(result.ports.begin(), result.ports.end(), port) == result.ports.end())
                result.ports.push_back(port);
            if (*held && !all) break;
        }
        if (result.ports.empty())
            if (const auto& fallback = field(input.config, "default"); fallback.is_string())
                result.ports.push_back(fallback);
        result.output = Json{{"port", result.ports.empty() ? Json() : Json(result.ports.front())},
                             {"ports", result.ports}};
        return result;
    };
    return type;
}

}  // namespace sluice::nodes
