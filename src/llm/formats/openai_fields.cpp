#include "llm/formats/openai_fields.hpp"

#include <algorithm>
#include <cmath>

namespace sluice::llm::openai {

Fields::Fields(const Json& object, std::string pointer, Mistakes& mistakes)
    : object_(object), pointer_(std::move(pointer)), mistakes_(mistakes) {
    if (!object.is_object()) mistakes_.add(pointer_, "this must be an object");
}

const Json* Fields::find(std::string_view key) {
    asked_.push_back(key);
    const auto* member = base::find_member(object_, key);
    return member && !member->is_null() ? member : nullptr;
}

const Json* Fields::object(std::string_view key) {
    const auto* member = find(key);
    if (!member || member->is_object()) return member;
    wrong(key, "this must be an object");
    return nullptr;
}

const Json* Fields::array(std::string_view key) {
    const auto* member = find(key);
    if (!member || member->is_array()) return member;
    wrong(key, "this must be a list");
    return nullptr;
}

std::optional<std::string> Fields::text(std::string_view key) {
    const auto* member = find(key);
    if (!member) return std::nullopt;
    if (member->is_string()) return member->get<std::string>();
    wrong(key, "this must be a text");
    return std::nullopt;
}

std::string Fields::required_text(std::string_view key) {
    const auto* member = find(key);
    if (member && member->is_string() && !member->get_ref<const Json::string_t&>().empty())
        return member->get<std::string>();
    wrong(key, "this is required: a text that is not empty");
    return {};
}

std::optional<double> Fields::number(std::string_view key) {
    const auto* member = find(key);
    if (!member) return std::nullopt;
    if (member->is_number() && std::isfinite(member->get<double>())) return member->get<double>();
    wrong(key, "this must be a number");
    return std::nullopt;
}

std::optional<bool> Fields::flag(std::string_view key) {
    const auto* member = find(key);
    if (!member) return std::nullopt;
    if (member->is_boolean()) return member->get<bool>();
    wrong(key, "this must be true or false");
    return std::nullopt;
}

std::optional<std::int64_t> Fields::integer(std::string_view key, std::int64_t least, std::int64_t most) {
    const auto* member = find(key);
    if (!member) return std::nullopt;
    const auto number = wire::whole(*member);
    if (number && *number >= least && *number <= most) return number;
    wrong(key, fmt::format("this must be a whole number from {} to {}", least, most));
    return std::nullopt;
}

std::map<std::string, std::string> Fields::texts(std::string_view key) {
    std::map<std::string, std::string> out;
    const auto* member = object(key);
    if (!member) return out;
    for (const auto& [name, value] : member->items()) {
        if (value.is_string()) out[name] = value.get<std::string>();
        else mistakes_.add(at(key) + "/" + base::escape_pointer(name), "this must be a text");
    }
    return out;
}

Json Fields::rest() const {
    Json out = Json::object();
    if (!object_.is_object()) return out;
    for (const auto& [key, value] : object_.items())
        if (std::find(asked_.begin(), asked_.end(), key) == asked_.end()) out[key] = value;
    return out;
}

}  // namespace sluice::llm::openai
