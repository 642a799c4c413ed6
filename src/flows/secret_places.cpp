#include "flows/secret_places.hpp"

#include <algorithm>

#include "flows/compiler.hpp"
#include "sluice/net/client.hpp"

namespace sluice::flows {

namespace {

std::vector<std::string> secret_fields_of(const Json& schema) {
    std::vector<std::string> out;
    const auto* properties = base::find_member(schema, "properties");
    if (properties == nullptr || !properties->is_object()) return out;
    for (const auto& [name, property] : properties->get_ref<const Json::object_t&>())
        if (const auto* mark = base::find_member(property, "x-secret"); mark != nullptr && mark->is_boolean() && mark->get<bool>())
            out.push_back(name);
    return out;
}

}  // namespace

std::string secret_mark(std::string_view name) { return fmt::format("\xff[secret:{}]\xff", name); }

std::string fill_secret_marks(std::string_view text, const Json& values) {
    constexpr std::string_view begin = "\xff[secret:", end = "]\xff";
    std::string out;
    for (;;) {
        const auto at = text.find(begin);
        const auto stop = at == std::string_view::npos ? at : text.find(end, at + begin.size());
        if (stop == std::string_view::npos) return out.append(text);
        out += text.substr(0, at);
        out += base::string_or(values, text.substr(at + begin.size(), stop - at - begin.size()), "");
        text.remove_prefix(stop + end.size());
    }
}

bool is_at_or_below(std::string_view pointer, const std::vector<std::string>& places) {
    return std::any_of(places.begin(), places.end(), [&](const std::string& place) {
        return pointer.starts_with(place) && (pointer.size() == place.size() || pointer[place.size()] == '/');
    });
}

bool stands_alone(std::string_view text, std::size_t offset, std::string_view name) {
    const auto trimmed_end = [](std::string_view part) {
        while (!part.empty() && std::string_view(" \t\r\n").find(part.back()) != std::string_view::npos) part.remove_suffix(1);
        return part;
    };
    if (offset > text.size() || !trimmed_end(text.substr(0, offset)).ends_with("{{")) return false;
    auto rest = text.substr(offset);
    const std::string wanted = "secrets." + std::string(name);
    if (name.empty() || !rest.starts_with(wanted)) return false;
    rest.remove_prefix(wanted.size());
    const auto end = rest.find_first_not_of(" \t\r\n");
    return end != std::string_view::npos && rest.substr(end).starts_with("}}");
}

std::string fixed_host(const Json& config) {
    const auto* member = base::find_member(config, "url");
    if (member == nullptr || !member->is_string()) return {};
    std::string_view url = member->get_ref<const std::string&>();
    const auto scheme = url.find("://");
    if (scheme == std::string_view::npos) return {};
    const auto end = std::min(url.find_first_of("/?#", scheme + 3), url.size());
    url = url.substr(0, end);
    if (url.find("{{") != std::string_view::npos) return {};
    auto parsed = net::parse_url(url);
    if (!parsed) return {};
    const bool numeric6 = parsed->host.find(':') != std::string::npos;
    return numeric6 ? fmt::format("[{}]:{}", parsed->host, parsed->port) : fmt::format("{}:{}", parsed->host, parsed->port);
}

/// True when the reference has been judged here.
bool Compiler::check_secret(const cel::TemplateReference& reference, const std::vector<std::string>& places, const std::string& pointer,
                            CompiledNode& node) {
    const auto here = pointer + reference.pointer;
    if (!is_at_or_below(reference.pointer, places)) {
        const auto fields = secret_fields_of(node.type->config_schema);
        if (fields.empty())
            mistakes_.error(here, "{} has no place for secrets; only fields that a node type marks may name them", node.type_name);
        else
            mistakes_.error(here, "secrets may not be named here; {} takes them in {}", node.type_name, fmt::join(fields, ", "));
        return true;
    }
    const Json::json_pointer place(reference.pointer);
    const Json& text = node.config_source.at(place);
    const std::string name(reference.reference.member);
    if (!text.is_string() || !stands_alone(text.get_ref<const std::string&>(), reference.reference.offset, name)) {
        mistakes_.error(here, "a secret stands alone in its braces, {{{{ secrets.NAME }}}}: its value is put in after the template is "
                              "rendered, so nothing can be computed with it");
        return true;
    }
    if (std::find(node.secret_fields.begin(), node.secret_fields.end(), reference.pointer) == node.secret_fields.end())
        node.secret_fields.push_back(reference.pointer);
    if (std::find(node.secrets.begin(), node.secrets.end(), name) == node.secrets.end()) node.secrets.push_back(name);
    secret_uses_.push_back({here, name, node.type_name, fixed_host(node.config_source)});
    return true;
}

}  // namespace sluice::flows
