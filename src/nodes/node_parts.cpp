#include "nodes/node_parts.hpp"

namespace sluice::nodes {

namespace {

/// The step's scope with the item on top. The index lives beside it, because a scope owns nothing.
struct ItemScope {
    cel::Scope scope;
    Json index;
    ItemScope(const StepInput& input, const Json& item, std::size_t at)
        : scope(input.scope), index(at) {
        scope.set("item", &item);
        scope.set("index", &index);
    }
};

Result<const cel::Program*> program(const StepInput& input, const std::string& pointer) {
    const auto found = input.expressions.find(pointer);
    if (found == input.expressions.end())
        return fail(ErrorCode::internal, "the expression at {} was not compiled", pointer);
    return &found->second;
}

Error placed(Error error, const std::string& pointer, std::string_view place) {
    error.code = error.code == ErrorCode::too_large ? error.code : ErrorCode::invalid_argument;
    error.message = fmt::format("the expression at {} failed{}: {}", pointer, place, error.message);
    error.details = {{pointer, error.message}};
    return error;
}

}  // namespace

Json json(std::string_view text) { return Json::parse(text); }

std::string_view kind_of(const Json& value) {
    if (value.is_null()) return "null";
    if (value.is_boolean()) return "a boolean";
    if (value.is_number()) return "a number";
    if (value.is_string()) return "a text";
    if (value.is_array()) return "a list";
    return "an object";
}

bool is_template(const Json& value) {
    return value.is_string() && value.get_ref<const std::string&>().find("{{") != std::string::npos;
}

const Json& field(const Json& config, std::string_view key) {
    static const Json nothing;
    const auto* value = base::find_member(config, key);
    return value ? *value : nothing;
}

bool flag(const Json& config, std::string_view key, bool fallback) {
    const auto& value = field(config, key);
    return value.is_boolean() ? value.get<bool>() : fallback;
}

std::int64_t integer(const Json& config, std::string_view key, std::int64_t fallback) {
    const auto& value = field(config, key);
    return value.is_number_integer() ? value.get<std::int64_t>() : fallback;
}

Result<const Json*> list(const Json& config, std::string_view key) {
    const auto& value = field(config, key);
    if (value.is_array()) return &value;
    return fail(mistake_at("/" + std::string(key),
                           fmt::format("{} must be a list, and is {}", key, kind_of(value))));
}

Error mistake_at(std::string pointer, std::string message) {
    Error error{ErrorCode::invalid_argument, message, {}, false};
    error.details.push_back({std::move(pointer), std::move(message)});
    return error;
}

std::string text_of(const Json& value) {
    if (value.is_string()) return value.get<std::string>();
    if (value.is_null()) return {};
    return base::dump_json(value);
}

bool has_expression(const StepInput& input, const std::string& pointer) {
    return input.expressions.contains(pointer);
}

Result<Json> evaluate(const StepInput& input, const std::string& pointer) {
    auto found = program(input, pointer);
    if (!found) return fail(std::move(found.error()));
    auto value = (*found)->evaluate(input.scope);
    if (!value) return fail(placed(std::move(value.error()), pointer, ""));
    return value;
}

Result<Json> evaluate_item(const StepInput& input, const std::string& pointer, const Json& item,
                           std::size_t index) {
    auto found = program(input, pointer);
    if (!found) return fail(std::move(found.error()));
    const ItemScope over(input, item, index);
    auto value = (*found)->evaluate(over.scope);
    if (!value)
        return fail(placed(std::move(value.error()), pointer, fmt::format(" for item {}", index)));
    return value;
}

Result<bool> holds(const StepInput& input, const std::string& pointer) {
    auto found = program(input, pointer);
    if (!found) return fail(std::move(found.error()));
    auto value = (*found)->evaluate_bool(input.scope);
    if (!value) return fail(placed(std::move(value.error()), pointer, ""));
    return value;
}

Result<bool> holds_for_item(const StepInput& input, const std::string& pointer, const Json& item,
                            std::size_t index) {
    auto found = program(input, pointer);
    if (!found) return fail(std::move(found.error()));
    const ItemScope over(input, item, index);
    auto value = (*found)->evaluate_bool(over.scope);
    if (!value)
        return fail(placed(std::move(value.error()), pointer, fmt::format(" for item {}", index)));
    return value;
}

}  // namespace sluice::nodes
