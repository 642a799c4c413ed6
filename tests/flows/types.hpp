#pragma once
/// Node types and documents that the tests of flows share.

#include <string>
#include <string_view>
#include <vector>

#include "sluice/flows/flows.hpp"
#include "sluice/flows/graph.hpp"

namespace sluice::flows::test {

inline NodeType type(std::string name, std::string_view schema, NodeKind kind = NodeKind::compute, Effect effect = Effect::pure) {
    NodeType out;
    out.name = std::move(name);
    out.title = out.name;
    out.category = "Flow";
    out.doc = "For tests.";
    out.config_schema = Json::parse(schema);
    out.example = {{"config", Json::object()}};
    out.kind = kind;
    out.effect = effect;
    if (kind == NodeKind::compute || kind == NodeKind::timer)
        out.compute = [](const StepInput& input) -> Result<StepOutput> { return StepOutput{input.config, {}, false}; };
    return out;
}

inline const NodeTypes& types() {
    static const NodeTypes all = [] {
        NodeTypes out;
        out.add(type("echo", R"({"type": "object", "additionalProperties": false,
            "properties": {"value": {}, "count": {"type": "integer", "minimum": 1}, "mode": {"enum": ["a", "b"]},
                           "list": {"type": "array", "items": {"type": "integer"}},
                           "either": {"oneOf": [{"type": "integer"}, {"type": "object", "required": ["n"], "properties": {"n": {"type": "integer"}}}]}}})"));
        auto http = type("http.request", R"({"type": "object", "additionalProperties": false, "required": ["url"],
            "properties": {"url": {"type": "string", "minLength": 1}, "method": {"enum": ["GET", "POST"]}, "timeout": {"type": "string"}}})",
                         NodeKind::task, Effect::keyed);
        http.effect_of = [](const Json& config) {
            return base::string_or(config, "method", "GET") == "GET" ? Effect::safe : Effect::keyed;
        };
        http.default_timeout = std::chrono::seconds(30);
        out.add(std::move(http));
        out.add(type("mail.send", R"({"type": "object"})", NodeKind::task, Effect::unsafe));
        auto route = type("switch", R"({"type": "object", "additionalProperties": false, "required": ["cases"],
            "properties": {"cases": {"type": "array", "items": {"type": "object", "required": ["port", "when"],
                "properties": {"port": {"type": "string"}, "when": {"type": "string", "x-expression": true, "x-scope": []}}}}}})");
        route.ports = [](const Json& config) {
            std::vector<std::string> ports;
            if (const auto* cases = base::find_member(config, "cases"); cases && cases->is_array())
                for (const auto& one : *cases) ports.push_back(base::string_or(one, "port", ""));
            return ports;
        };
        route.check = [](const Json& config) {
            std::vector<base::ErrorDetail> mistakes;
            if (config["cases"].empty()) mistakes.push_back({"/cases", "a switch needs a case"});
            return mistakes;
        };
        out.add(std::move(route));
        out.add(type("filter", R"({"type": "object", "required": ["items", "where"],
            "properties": {"items": {"type": "array"}, "where": {"type": "string", "x-expression": true, "x-scope": ["item", "index"]}}})"));
        out.add(type("reduce", R"({"type": "object", "properties": {
            "fields": {"type": "object", "additionalProperties": {"$ref": "#/definitions/e"}},
            "steps": {"type": "array", "items": {"type": "string", "x-expression": true}}},
            "definitions": {"e": {"type": "string", "x-expression": true}}})"));
        out.add(type("map", R"({"type": "object", "additionalProperties": false, "required": ["items", "body"],
            "properties": {"items": {"type": "array"}, "concurrency": {"type": "integer"},
                           "body": {"type": "object", "x-body": true, "required": ["nodes"],
                                    "properties": {"nodes": {"type": "array", "minItems": 1}}}}})", NodeKind::map));
        out.add(type("wait", R"({"type": "object", "properties": {"for": {"type": "string"}}})", NodeKind::timer));
        return out;
    }();
    return all;
}

/// A document named "f" with these nodes and edges (JSON text of arrays' inside).
inline Json flow(std::string_view nodes, std::string_view edges = "", std::string_view more = "") {
    std::string text = "{\"name\": \"f\", \"nodes\": [";
    text += nodes;
    text += "], \"edges\": [";
    text += edges;
    text += "]";
    if (!more.empty()) {
        text += ", ";
        text += more;
    }
    return Json::parse(text + "}");
}

/// "pointer: message" lines.
inline std::vector<std::string> lines(const std::vector<base::ErrorDetail>& details) {
    std::vector<std::string> out;
    for (const auto& detail : details) out.push_back(detail.pointer + ": " + detail.message);
    return out;
}

}  // namespace sluice::flows::test
