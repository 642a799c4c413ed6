// What an expression or a template gives with sample values.

#include <algorithm>
#include <array>
#include <charconv>

#include "sluice/cel/template.hpp"
#include "sluice/flows/expressions.hpp"

namespace sluice::flows {

namespace {

constexpr std::size_t most_bytes = 4 << 20;
constexpr std::array<std::string_view, 7> scope_names = {"input", "nodes", "vars", "item", "index", "error", "run"};

/// "3:14: what is wrong" taken apart: the place, and the rest.
Json take_position(std::string& message) {
    unsigned line = 0, column = 0;
    const char* const end = message.data() + message.size();
    const auto first = std::from_chars(message.data(), end, line);
    if (first.ec != std::errc() || first.ptr == end || *first.ptr != ':') return Json();
    const auto second = std::from_chars(first.ptr + 1, end, column);
    if (second.ec != std::errc() || end - second.ptr < 2 || second.ptr[0] != ':' || second.ptr[1] != ' ') return Json();
    message.erase(0, static_cast<std::size_t>(second.ptr + 2 - message.data()));
    return {{"line", line}, {"column", column}};
}

Json error_answer(const Error& error) {
    std::string message = error.details.empty() ? error.message : error.details.front().message;
    Json position = take_position(message);
    return {{"error", {{"code", to_string(error.code)}, {"message", std::move(message)}, {"position", std::move(position)},
                       {"pointer", error.details.empty() ? std::string() : error.details.front().pointer}}}};
}

Error secrets_refused(const std::string& pointer) {
    std::string message = "a preview has no secrets: their values exist in a run's steps alone";
    return Error{ErrorCode::unprocessable, message, {{pointer, std::move(message)}}, false};
}

Json answer_of(Result<Json> value) {
    if (!value) return error_answer(value.error());
    return {{"value", std::move(*value)}};
}

Json evaluate(const std::string& text, const cel::Scope& scope) {
    auto program = cel::Program::compile(text);
    if (!program) return error_answer(program.error());
    for (const cel::Reference& reference : program->references())
        if (reference.root == "secrets") return error_answer(secrets_refused(""));
    return answer_of(program->evaluate(scope));
}

Json render(const Json& text, const cel::Scope& scope) {
    auto compiled = cel::Template::compile(text);
    if (!compiled) return error_answer(compiled.error());
    for (const cel::TemplateReference& place : compiled->references())
        if (place.reference.root == "secrets") return error_answer(secrets_refused(place.pointer));
    return answer_of(compiled->render(scope));
}

tl::unexpected<Error> wrong(std::string pointer, std::string message) {
    std::string words = message;
    return fail(Error{ErrorCode::invalid_argument, std::move(words), {{std::move(pointer), std::move(message)}}, false});
}

}  // namespace

Result<Json> preview_expression(const std::string& body, std::size_t depth) {
    base::JsonLimits limits;
    limits.size_bytes = limits.string_bytes = most_bytes;
    if (depth > 0) limits.depth = depth;
    auto json = base::parse_json(body, limits);
    if (!json) return fail(std::move(json.error()));
    if (!json->is_object()) return wrong("", "the body must be an object such as {\"expression\": \"input.n + 1\", \"scope\": {\"input\": {\"n\": 1}}}");
    for (const auto& [key, value] : json->items())
        if (key != "expression" && key != "template" && key != "scope")
            return wrong("/" + base::escape_pointer(key), fmt::format("unknown field \"{}\"; there are expression, template and scope", key));
    const Json* const expression = base::find_member(*json, "expression");
    const Json* const text = base::find_member(*json, "template");
    if ((expression == nullptr) == (text == nullptr)) return wrong("", "give either an expression or a template");
    if (expression != nullptr && !expression->is_string()) return wrong("/expression", "an expression is text, such as \"input.n + 1\"");

    cel::Scope scope;
    if (const Json* values = base::find_member(*json, "scope")) {
        if (!values->is_object()) return wrong("/scope", "scope is an object of sample values by name");
        for (const auto& [name, value] : values->items()) {
            if (std::find(scope_names.begin(), scope_names.end(), name) == scope_names.end())
                return wrong("/scope/" + base::escape_pointer(name),
                             fmt::format("there is no name \"{}\" in a flow's scope; there are input, nodes, vars, item, index, error and run", name));
        }
        for (const std::string_view name : scope_names)
            if (const Json* value = base::find_member(*values, name)) scope.set(name, value);
    }
    return expression != nullptr ? evaluate(expression->get_ref<const std::string&>(), scope) : render(*text, scope);
}

}  // namespace sluice::flows
