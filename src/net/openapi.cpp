// OpenAPI 3.1 from the rows of the router. The handlers answer as the document says because both
// read the same rows.

#include <set>

#include "net/router_state.hpp"

namespace sluice::net {
namespace {

std::string_view verb_key(Verb verb) {
    switch (verb) {
        case Verb::get:
            return "get";
        case Verb::head:
            return "head";
        case Verb::post:
            return "post";
        case Verb::put:
            return "put";
        case Verb::patch:
            return "patch";
        case Verb::del:
            return "delete";
        case Verb::options:
            return "options";
    }
    return "get";
}

bool is_write(Verb verb) {
    return verb == Verb::post || verb == Verb::put || verb == Verb::patch || verb == Verb::del;
}

Json reference(std::string_view name) {
    return Json{{"$ref", fmt::format("#/components/schemas/{}", name)}};
}

std::string_view status_text(int status) {
    switch (status) {
        case 200:
            return "Success";
        case 201:
            return "Created";
        case 202:
            return "Accepted";
        case 204:
            return "Done; the answer has no body";
        case 400:
            return "The request is malformed or breaks its schema";
        case 401:
            return "No credential, or an unknown one";
        case 403:
            return "The permission is missing";
        case 404:
            return "There is no such object in this workspace";
        case 409:
            return "The object exists already or is in another state";
        case 412:
            return "If-Match named another version";
        case 413:
            return "The body is too large";
        case 415:
            return "The body's media type is not accepted";
        case 422:
            return "The content breaks a rule";
        case 429:
            return "Too many requests";
        case 500:
            return "An error of the server";
        case 503:
            return "The server is overloaded or stops";
        default:
            return "Answer";
    }
}

/// The collection in the path: "flows" of /api/v1/flows/{id}.
std::string tag_of(const RouteEntry& route) {
    if (!route.info.tag.empty()) return std::string(route.info.tag);
    std::string_view path = route.path;
    if (path.starts_with("/api/v1/")) path.remove_prefix(7);
    path.remove_prefix(1);
    const auto first = path.substr(0, path.find('/'));
    return first.empty() || first.starts_with('{') ? "pages" : std::string(first);
}

/// "post_flows_id_runs": from verb and path, so that it is as stable as they are.
std::string operation_id(const RouteEntry& route, std::set<std::string>& taken) {
    std::string id(verb_key(route.verb));
    std::string_view path = route.path;
    if (path.starts_with("/api/v1/")) path.remove_prefix(7);
    bool gap = true;
    for (const char c : path) {
        const bool plain =
            (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
        if (!plain) {
            gap = true;
            continue;
        }
        if (gap) id.push_back('_');
        gap = false;
        id.push_back(c);
    }
    auto unique = id;
    for (int n = 2; !taken.insert(unique).second; ++n) unique = fmt::format("{}_{}", id, n);
    return unique;
}

/// The path as OpenAPI writes it, without the router's types.
std::string document_path(std::string_view path, Json& parameters) {
    std::string out;
    for (const auto& segment : parse_pattern(path)) {
        out.push_back('/');
        if (segment.kind == Segment::Kind::fixed) {
            out.append(segment.text);
            continue;
        }
        out.append("{").append(segment.text).append("}");
        const bool integer = segment.kind == Segment::Kind::integer;
        parameters.push_back(Json{{"name", segment.text},
                                  {"in", "path"},
                                  {"required", true},
                                  {"schema", {{"type", integer ? "integer" : "string"}}}});
    }
    return out;
}

Json problem_response(int status) {
    return Json{{"description", status_text(status)},
                {"content", {{"application/problem+json", {{"schema", reference("Problem")}}}}}};
}

Json responses_of(const RouteEntry& route, bool has_path_parameter, bool has_input) {
    Json responses = Json::object();
    Json success{{"description", status_text(route.info.status)}};
    if (route.info.status != 204 && route.verb != Verb::head) {
        Json media = Json::object();
        if (!route.info.response.empty())
            media["schema"] = reference(route.info.response);
        else if (route.info.response_media == "application/json")
            media["schema"] = Json::object();
        else
            media["schema"] = Json{{"type", "string"}};
        success["content"] = Json{{std::string(route.info.response_media), std::move(media)}};
    }
    responses[std::to_string(route.info.status)] = std::move(success);
    std::vector<int> problems;
    if (has_input || route.access.is_open())
        problems.push_back(400);  // every operation names a 4xx answer
    if (!route.access.is_open()) problems.insert(problems.end(), {401, 403});
    if (has_path_parameter) problems.push_back(404);
    if (is_write(route.verb)) {
        problems.push_back(409);
        if (route.verb != Verb::del) problems.insert(problems.end(), {413, 415});
        problems.push_back(422);
    }
    problems.insert(problems.end(), {429, 500, 503});
    for (const int status : problems) responses[std::to_string(status)] = problem_response(status);
    return responses;
}

Json request_body(const RouteEntry& route) {
    Json content = Json::object();
    auto media = route.info.request_media;
    while (!media.empty()) {
        const auto comma = media.find(',');
        auto one = media.substr(0, comma);
        while (one.starts_with(' ')) one.remove_prefix(1);
        while (one.ends_with(' ')) one.remove_suffix(1);
        Json schema = Json::object();
        if (!route.info.request.empty() && one.find("json") != std::string_view::npos)
            schema = reference(route.info.request);
        content[std::string(one)] = Json{{"schema", std::move(schema)}};
        if (comma == std::string_view::npos) break;
        media.remove_prefix(comma + 1);
    }
    return Json{{"required", !route.info.request.empty()}, {"content", std::move(content)}};
}

Json operation(const RouteEntry& route, Json parameters, std::set<std::string>& operation_ids) {
    const bool has_path_parameter = !parameters.empty();
    Json out{{"operationId", operation_id(route, operation_ids)}, {"summary", route.info.summary}};
    std::string description(route.info.description);
    if (!route.access.is_open()) {
        if (!description.empty()) description += "\n\n";
        description +=
            fmt::format("Needs the permission `{}`.", base::to_string(route.access.permission()));
    }
    if (!description.empty()) out["description"] = description;
    out["x-permission"] = route.access.is_open() ? Json() : Json(base::to_string(route.access.permission()));
    if (!route.collection.empty()) out["x-collection"] = route.collection;
    out["tags"] = Json::array({tag_of(route)});
    for (const auto& parameter : route.info.query)
        parameters.push_back(Json{{"name", parameter.name},
                                  {"in", "query"},
                                  {"description", parameter.doc},
                                  {"schema", {{"type", parameter.type}}}});
    if (is_write(route.verb) && !route.access.is_open())
        parameters.push_back(Json{{"$ref", "#/components/parameters/IdempotencyKey"}});
    const bool has_input = !parameters.empty() || !route.info.request.empty();
    if (!parameters.empty()) out["parameters"] = std::move(parameters);
    const bool has_body = !route.info.request.empty() || route.info.stream_body ||
                          (route.info.request_media != "application/json" && is_write(route.verb));
    if (has_body) out["requestBody"] = request_body(route);
    out["responses"] = responses_of(route, has_path_parameter, has_input);
    if (route.access.is_open())
        out["security"] = Json::array();
    else
        out["security"] = Json::array({Json{{"bearer", Json::array()}}});
    return out;
}

Json problem_schema() {
    const auto text = [](std::string_view doc) {
        return Json{{"type", "string"}, {"description", doc}};
    };
    return Json{
        {"type", "object"},
        {"description", "An error as RFC 9457 describes it."},
        {"required", {"type", "title", "status"}},
        {"properties",
         {{"type", text("A stable name, \"urn:sluice:problem:\" and the code.")},
          {"title", text("The kind of error.")},
          {"status", {{"type", "integer"}, {"description", "The HTTP status."}}},
          {"code", text("The last part of the type.")},
          {"detail", text("What is wrong and what to do next.")},
          {"request_id", text("Names this request in the server's log.")},
          {"errors",
           {{"type", "array"},
            {"description", "The mistakes in the body, each with a JSON pointer."},
            {"items",
             {{"type", "object"},
              {"required", {"pointer", "message"}},
              {"properties",
               {{"pointer", {{"type", "string"}}}, {"message", {{"type", "string"}}}}}}}}}}}};
}

}  // namespace

Json openapi_document(const std::deque<RouteEntry>& routes, const Json& schemas,
                      std::string_view version) {
    Json paths = Json::object();
    std::set<std::string> operation_ids, tags;
    for (const auto& route : routes) {
        Json parameters = Json::array();
        const auto path = document_path(route.path, parameters);
        tags.insert(tag_of(route));
        paths[path][std::string(verb_key(route.verb))] =
            operation(route, std::move(parameters), operation_ids);
    }
    Json tag_list = Json::array();
    for (const auto& tag : tags)
        tag_list.push_back(Json{{"name", tag}, {"description", fmt::format("Routes of {}.", tag)}});
    Json components{
        {"securitySchemes",
         {{"bearer",
           {{"type", "http"},
            {"scheme", "bearer"},
            {"description", "An API key (`sluice key create`) or an access token."}}}}},
        {"parameters",
         {{"IdempotencyKey",
           {{"name", "Idempotency-Key"},
            {"in", "header"},
            {"description", "The same key with the same body gets the first answer again."},
            {"schema", {{"type", "string"}, {"maxLength", 255}}}}}}},
        {"schemas", schemas}};
    components["schemas"]["Problem"] = problem_schema();
    return Json{
        {"openapi", "3.1.0"},
        {"info",
         {{"title", "Sluice"},
          {"version", version},
          {"description",
           "Runs AI agents and workflows under control. Errors are RFC 9457 problem documents."},
          {"license", {{"name", "Apache-2.0"}, {"identifier", "Apache-2.0"}}}}},
        {"servers", Json::array({Json{{"url", "/"}, {"description", "This server"}}})},
        {"tags", std::move(tag_list)},
        {"paths", std::move(paths)},
        {"components", std::move(components)}};
}

}  // namespace sluice::net
