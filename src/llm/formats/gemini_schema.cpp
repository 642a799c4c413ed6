#include <algorithm>
#include <charconv>

#include "llm/formats/gemini.hpp"

namespace sluice::llm::gemini_wire {

namespace {

constexpr std::size_t most_keywords = 200;

std::string lower(std::string text) {
    for (auto& c : text)
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    return text;
}

bool is_limit(std::string_view name) {
    static constexpr std::string_view limits[] = {"minItems",  "maxItems",      "minLength",    "maxLength",
                                                  "minimum",   "maximum",       "minProperties", "maxProperties"};
    return std::find(std::begin(limits), std::end(limits), name) != std::end(limits);
}

/// 64-bit numbers are strings in this vendor's JSON.
Json as_number(const Json& value) {
    if (!value.is_string()) return value;
    const auto& text = value.get_ref<const Json::string_t&>();
    std::int64_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    return error == std::errc() && end == text.data() + text.size() ? Json(number) : value;
}

}  // namespace

Json read_schema(const Json& schema, const std::string& pointer, wire::Mistakes& mistakes) {
    if (schema.is_boolean()) return schema;
    if (!schema.is_object()) {
        mistakes.add(pointer, "must be a schema");
        return Json::object();
    }
    if (schema.size() > most_keywords) {
        mistakes.add(pointer, fmt::format("has {} keywords; at most {}", schema.size(), most_keywords));
        return Json::object();
    }
    Json out = Json::object();
    bool nullable = false;
    for (const auto& [written, value] : schema.items()) {
        const auto name = wire::camel_case(written);
        const auto at = pointer + '/' + base::escape_pointer(written);
        if (out.contains(name)) {
            mistakes.add(at, "is given twice, in both spellings; leave one out");
            continue;
        }
        if (name == "type" && value.is_string()) {
            if (value != "TYPE_UNSPECIFIED") out["type"] = lower(value.get<std::string>());
        } else if (name == "nullable") {
            nullable = value == Json(true);
        } else if (name == "properties" && value.is_object()) {
            Json::object_t properties;  // filled without a look for the name each time: they are unique already
            for (const auto& [property, inner] : value.items())
                properties.push_back({property, read_schema(inner, at + '/' + base::escape_pointer(property), mistakes)});
            out["properties"] = std::move(properties);
        } else if (name == "items" || name == "additionalProperties") {
            out[name] = read_schema(value, at, mistakes);
        } else if (name == "anyOf" && value.is_array()) {
            Json choices = Json::array();
            for (std::size_t i = 0; i < value.size(); ++i) choices.push_back(read_schema(value[i], fmt::format("{}/{}", at, i), mistakes));
            out["anyOf"] = std::move(choices);
        } else if (name == "example") {
            out["examples"] = Json::array({value});
        } else if (name != "propertyOrdering") {  // the order of an answer's members: other vendors have no word for it
            out[name] = is_limit(name) ? as_number(value) : value;
        }
    }
    if (nullable) {
        if (out.contains("type")) out["type"] = Json::array({out["type"], "null"});
        else if (out.contains("anyOf")) out["anyOf"].push_back({{"type", "null"}});
        if (out.contains("enum") && out["enum"].is_array()) out["enum"].push_back(nullptr);
    }
    return out;
}

}  // namespace sluice::llm::gemini_wire
