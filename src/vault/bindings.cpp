#include "vault/bindings.hpp"

#include <algorithm>
#include <charconv>

namespace sluice::vault {

namespace {

constexpr std::size_t most_entries = 100;
constexpr std::size_t longest_entry = 253 + 6;  // a domain name with a port

Json list_json(const std::vector<std::string>& list) {
    Json out = Json::array();
    for (const auto& entry : list) out.push_back(entry);
    return out;
}

std::vector<std::string> list_from(const Json& json, std::string_view name) {
    std::vector<std::string> out;
    const Json* list = base::find_member(json, name);
    if (list == nullptr || !list->is_array()) return out;
    for (const auto& entry : *list)
        if (entry.is_string()) out.push_back(entry.get<std::string>());
    return out;
}

bool is_host_pattern(std::string_view text) {
    if (text == "*") return true;
    if (text.empty() || text.size() > longest_entry) return false;
    auto [host, port] = split_host(text);
    const bool with_port = host.size() + (text.starts_with('[') ? 2 : 0) != text.size();
    if (with_port && port == 0) return false;
    if (text.starts_with('[')) return !host.empty() && host.find_first_not_of("0123456789abcdef:.") == std::string_view::npos;
    if (host.starts_with("*.")) host.remove_prefix(2);
    const auto fits = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_'; };
    return !host.empty() && host.front() != '.' && host.back() != '.' && std::all_of(host.begin(), host.end(), fits);
}

}  // namespace

std::pair<std::string_view, std::uint16_t> split_host(std::string_view text) {
    std::string_view host = text, digits;
    if (text.starts_with('[')) {
        const auto end = text.find(']');
        if (end == std::string_view::npos) return {{}, 0};
        host = text.substr(1, end - 1);
        if (end + 1 < text.size()) digits = text[end + 1] == ':' ? text.substr(end + 2) : std::string_view("x");
    } else if (const auto colon = text.rfind(':'); colon != std::string_view::npos) {
        host = text.substr(0, colon);
        digits = text.substr(colon + 1);
    }
    std::uint16_t port = 0;
    const auto [stop, bad] = std::from_chars(digits.data(), digits.data() + digits.size(), port);
    if (bad != std::errc() || stop != digits.data() + digits.size()) port = 0;
    return {host, port};
}

Json bindings_json(const Bindings& bindings) {
    return {{"node_types", list_json(bindings.node_types)},
            {"flows", list_json(bindings.flows)},
            {"hosts", list_json(bindings.hosts)},
            {"developers", bindings.developers}};
}

Bindings bindings_from(const Json& json) {
    const Json* developers = base::find_member(json, "developers");
    return {list_from(json, "node_types"), list_from(json, "flows"), list_from(json, "hosts"),
            developers != nullptr && developers->is_boolean() && developers->get<bool>()};
}

Result<void> check_bindings(const Bindings& bindings) {
    const auto bad = [](std::string pointer, std::string message) {
        return fail(Error{ErrorCode::invalid_argument, "the bindings have a mistake: " + message, {{std::move(pointer), message}}, false});
    };
    for (const auto& [name, list] : {std::pair<std::string_view, const std::vector<std::string>&>{"node_types", bindings.node_types},
                                     {"flows", bindings.flows},
                                     {"hosts", bindings.hosts}})
        if (list.size() > most_entries) return bad(fmt::format("/bindings/{}", name), fmt::format("there are at most {} entries", most_entries));
    for (std::size_t i = 0; i < bindings.hosts.size(); ++i)
        if (!is_host_pattern(bindings.hosts[i]))
            return bad(fmt::format("/bindings/hosts/{}", i),
                       "a host is api.example.com, *.example.com, host:port or *, in lower case and without a scheme or path");
    return {};
}

bool covers(std::string_view pattern, std::string_view host, std::uint16_t port) {
    if (pattern == "*") return true;
    const auto [name, wanted_port] = split_host(pattern);
    if (wanted_port != 0 && wanted_port != port) return false;
    if (!name.starts_with("*.")) return name == host;
    const auto ending = name.substr(1);
    return host.size() > ending.size() && host.ends_with(ending);
}

bool is_secret_name(std::string_view name) {
    const auto letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; };
    if (name.empty() || name.size() > 64 || !letter(name[0])) return false;
    return std::all_of(name.begin(), name.end(), [&](char c) { return letter(c) || (c >= '0' && c <= '9'); });
}

}  // namespace sluice::vault
