#include "nodes/node_parts.hpp"
#include "sluice/nodes/nodes.hpp"

namespace sluice::nodes {

namespace {

std::string type_in_words(const Json& schema) {
    if (flag(schema, "x-expression", false)) return "CEL expression";
    if (flag(schema, "x-body", false)) return "inner graph";
    if (const auto& choices = field(schema, "enum"); choices.is_array()) {
        std::string text;
        for (const auto& each : choices) text += (text.empty() ? "`" : ", `") + text_of(each) + "`";
        return text;
    }
    const auto& type = field(schema, "type");
    if (type.is_string()) {
        if (type == "array" && field(schema, "items").is_object() &&
            field(field(schema, "items"), "type").is_string())
            return "array of " + field(field(schema, "items"), "type").get<std::string>();
        return type.get<std::string>();
    }
    if (type.is_array()) {
        std::string text;
        for (const auto& each : type)
            text += (text.empty() ? "" : " or ") + each.get<std::string>();
        return text;
    }
    return "any";
}

std::string bounds_in_words(const Json& schema) {
    std::string text;
    const auto add = [&](std::string_view keyword, std::string_view words) {
        if (const auto& value = field(schema, keyword); !value.is_null())
            text += fmt::format("; {} {}", words, text_of(value));
    };
    add("minimum", "at least");
    add("maximum", "at most");
    return text;
}

/// The members of an object, and under them those of its own objects and items, as "cases[].port".
void rows_of(const Json& schema, const std::string& prefix, std::string& out) {
    const auto& properties = field(schema, "properties");
    if (!properties.is_object()) return;
    const auto& required = field(schema, "required");
    for (const auto& [name, member] : properties.items()) {
        const bool needed = required.is_array() && std::find(required.begin(), required.end(),
                                                             Json(name)) != required.end();
        const auto* fallback = base::find_member(member, "default");
        out += fmt::format("| `{}{}` | {}{} | {} | {} |\n", prefix, name, type_in_words(member),
                           bounds_in_words(member),
                           needed     ? "required"
                           : fallback ? "`" + base::dump_json(*fallback) + "`"
                                      : "",
                           base::string_or(member, "description", ""));
        if (flag(member, "x-body", false)) continue;
        rows_of(member, prefix + name + ".", out);
        rows_of(field(member, "items"), prefix + name + "[].", out);
        rows_of(field(member, "additionalProperties"), prefix + name + ".*.", out);
    }
}

std::string effect_in_words(const NodeType& type) {
    if (type.kind == NodeKind::map) return "that of its body";
    if (type.name == "http.request") return "`safe` for GET, HEAD and OPTIONS, else `keyed`";
    if (type.effect_of) return "by its config";
    return fmt::format("`{}`", flows::to_string(type.effect));
}

void section(const NodeType& type, std::string& out) {
    out += fmt::format("## {}\n\n**{}**, category {}. Effect class: {}.\n\n{}\n\n", type.name,
                       type.title, type.category, effect_in_words(type), type.doc);
    std::string rows;
    rows_of(type.config_schema, "", rows);
    if (!rows.empty())
        out += "| Field | Type | Default | What it is |\n| --- | --- | --- | --- |\n" + rows + "\n";
    out += "Example:\n\n```json\n" + base::dump_json_pretty(type.example) + "```\n\n";
}

}  // namespace

std::string node_reference(const flows::NodeTypes& types) {
    std::string out =
        "# Node types\n\n"
        "Made from the table of node types (`src/nodes`); a test fails when it is stale, and "
        "`UPDATE_GOLDEN=1` with that test writes it anew.\n\n"
        "A field that is no CEL expression may hold templates, `{{ … }}`, wherever a text may "
        "stand; expressions and templates are described in "
        "[expressions.md](expressions.md). The effect class says what running a node twice means: "
        "`pure` nodes touch nothing outside, `safe` ones only read, `keyed` ones send "
        "the step's idempotency key, and `unsafe` ones may have their effect again.\n\n";
    for (const auto* type : types.all())
        out += fmt::format(
            "- [{}](#{}): {}\n", type->name,
            [&] {
                std::string anchor;
                for (const char c : type->name)
                    if (c != '.') anchor += c;
                return anchor;
            }(),
            type->title);
    out += "\n";
    for (const auto* type : types.all()) section(*type, out);
    out.pop_back();
    return out;
}

}  // namespace sluice::nodes
