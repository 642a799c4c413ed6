#include "flows/flows_requests.hpp"

#include "flows/flows_json.hpp"

namespace sluice::flows {

namespace {

bool is_yaml(const net::Request& request) {
    auto type = request.headers.get("Content-Type");
    type = type.substr(0, type.find(';'));
    while (type.ends_with(' ')) type.remove_suffix(1);
    return type == "application/yaml" || type == "application/x-yaml" || type == "text/yaml" || type == "text/x-yaml";
}

}  // namespace

Result<Json> read_document(const net::Request& request) {
    if (is_yaml(request)) return parse_yaml(request.body);
    return request.json();
}

Result<bool> read_flag(const net::Request& request, std::string_view name, bool fallback) {
    const auto value = request.query_value(name);
    if (!value) return fallback;
    if (*value != "true" && *value != "false")
        return fail(ErrorCode::invalid_argument, "?{}= is true or false, not \"{}\"", name, *value);
    return *value == "true";
}

Result<Publication> read_publication(const net::Request& request) {
    Publication out;
    auto live = read_flag(request, "live", true);
    if (!live) return fail(std::move(live.error()));
    out.live = *live;
    if (const auto note = request.query_value("note")) {
        if (note->size() > 1000) return fail(ErrorCode::invalid_argument, "?note= has at most 1000 bytes");
        out.note = *note;
    }
    return out;
}

std::optional<net::Response> unchanged(const net::Request& request, const std::string& etag) {
    const auto known = request.headers.find("If-None-Match");
    if (!known || !net::etag_matches(*known, etag)) return std::nullopt;
    net::Response response;
    response.status = 304;
    response.headers.set("ETag", etag);
    return response;
}

Json applied_json(const Applied& applied) {
    auto json = flow_json(applied.flow);
    json["change"] = applied.change;
    return json;
}

Json page_json(Json items, const std::string& cursor) {
    return {{"items", std::move(items)}, {"next_cursor", cursor.empty() ? Json() : Json(cursor)}};
}

}  // namespace sluice::flows
