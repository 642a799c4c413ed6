#include <array>
#include <charconv>

#include "flows/flows_json.hpp"
#include "flows/flows_requests.hpp"
#include "sluice/net/router.hpp"
#include "sluice/net/server.hpp"

namespace sluice::flows {

namespace {

using net::Request;
using net::Response;

/// Records the answer that `flow` gives under the client's Idempotency-Key, if it sent one.
AlsoCommit recording(const Request& request, int status) {
    return [&request, status](storage::WriteUnit& unit, const Flow& flow) {
        const bool empty = status == 204;
        request.record(unit, {status, empty ? std::string() : base::dump_json(flow_json(flow)), empty ? std::string() : etag_of(flow)});
    };
}

Result<int> version_parameter(const Request& request) {
    const auto text = request.parameter("version");
    int number = 0;
    const auto end = std::from_chars(text.data(), text.data() + text.size(), number);
    if (end.ec != std::errc() || end.ptr != text.data() + text.size() || number == 0)
        return fail(ErrorCode::not_found, "there is no version {}; versions are numbers from 1", text);
    return number;
}

Awaitable<Response> create_flow(Request& request, FlowRoutes& routes) {
    auto document = read_document(request);
    if (!document) co_return net::problem(document.error());
    auto publication = read_publication(request);
    if (!publication) co_return net::problem(publication.error());
    auto flow = co_await routes.flows.create(request.workspace(), std::move(*document), publication->live,
                                             std::move(publication->note), request.principal, recording(request, 201));
    if (!flow) co_return net::problem(flow.error());
    auto response = tagged(201, flow_json(*flow), etag_of(*flow));
    response.headers.set("Location", "/api/v1/flows/" + flow->id.str());
    co_return response;
}

Awaitable<Response> update_flow(Request& request, FlowRoutes& routes) {
    auto id = request.id_parameter<FlowId>();
    if (!id) co_return net::problem(id.error());
    auto document = read_document(request);
    if (!document) co_return net::problem(document.error());
    auto publication = read_publication(request);
    if (!publication) co_return net::problem(publication.error());
    auto flow = co_await routes.flows.update(request.workspace(), *id, std::move(*document), publication->live,
                                             std::move(publication->note), request.principal, if_match(request),
                                             recording(request, 200));
    if (!flow) co_return net::problem(flow.error());
    co_return tagged(200, flow_json(*flow), etag_of(*flow));
}

Awaitable<Response> import_flow(Request& request, FlowRoutes& routes) {
    auto document = read_document(request);
    if (!document) co_return net::problem(document.error());
    auto publication = read_publication(request);
    if (!publication) co_return net::problem(publication.error());
    AlsoApply also = [&request](storage::WriteUnit& unit, const Applied& applied) {
        request.record(unit, {applied.change == "created" ? 201 : 200, base::dump_json(applied_json(applied)), etag_of(applied.flow)});
    };
    auto applied = co_await routes.flows.apply(request.workspace(), std::move(*document), publication->live,
                                               std::move(publication->note), request.principal, std::move(also));
    if (!applied) co_return net::problem(applied.error());
    co_return tagged(applied->change == "created" ? 201 : 200, applied_json(*applied), etag_of(applied->flow));
}

Awaitable<Response> validate_flow(Request& request, FlowRoutes& routes) {
    auto document = read_document(request);
    if (!document) co_return net::problem(document.error());
    auto result = co_await routes.flows.validate_apart(std::move(*document), request.principal);
    if (!result) co_return net::problem(result.error());
    Json answer = {{"valid", result->errors.empty()},
                   {"errors", details_json(result->errors)},
                   {"warnings", details_json(result->warnings)},
                   {"retries", std::move(result->retries)}};
    if (result->retries_left_out > 0) answer["retries_left_out"] = result->retries_left_out;
    co_return net::json_response(200, answer);
}

Awaitable<Response> list_flows(Request& request, FlowRoutes& routes) {
    auto limit = request.query_integer("limit", 50, 1, 200);
    if (!limit) co_return net::problem(limit.error());
    Page page{static_cast<int>(*limit), std::string(request.query_value("cursor").value_or(""))};
    std::string project(request.query_value("project").value_or(""));
    std::string name(request.query_value("name").value_or(""));
    auto list = co_await routes.flows.list(request.workspace(), std::move(project), std::move(page), std::move(name),
                                          request.principal.seen(Permission::flows_read));
    if (!list) co_return net::problem(list.error());
    Json items = Json::array();
    for (const auto& flow : list->items) items.push_back(summary_json(flow));
    co_return net::json_response(200, page_json(std::move(items), list->next_cursor));
}

/// The flow of the path with the version of `?version=`.
Awaitable<Result<Flow>> wanted_flow(Request& request, FlowRoutes& routes) {
    auto id = request.id_parameter<FlowId>();
    if (!id) co_return fail(std::move(id.error()));
    auto version = request.query_integer("version", 0, 0, 1 << 30);
    if (!version) co_return fail(std::move(version.error()));
    co_return co_await routes.flows.get(request.workspace(), *id, static_cast<int>(*version));
}

Awaitable<Response> get_flow(Request& request, FlowRoutes& routes) {
    auto flow = co_await wanted_flow(request, routes);
    if (!flow) co_return net::problem(flow.error());
    const auto etag = etag_of(*flow);
    if (auto same = unchanged(request, etag)) co_return std::move(*same);
    co_return tagged(200, flow_json(*flow), etag);
}

Awaitable<Response> export_flow(Request& request, FlowRoutes& routes) {
    const auto format = request.query_value("format").value_or("json");
    if (format != "json" && format != "yaml")
        co_return net::problem({ErrorCode::invalid_argument, fmt::format("?format= is json or yaml, not \"{}\"", format), {}, false});
    auto flow = co_await wanted_flow(request, routes);
    if (!flow) co_return net::problem(flow.error());
    auto response = format == "yaml"
                        ? net::text_response(200, "application/yaml", to_yaml(flow->document))
                        : net::text_response(200, "application/json", base::dump_json_pretty(canonical_document(flow->document)));
    response.headers.set("Content-Disposition", fmt::format("attachment; filename=\"{}.{}\"", flow->name, format));
    response.headers.set("ETag", etag_of(*flow));
    co_return response;
}

Awaitable<Response> delete_flow(Request& request, FlowRoutes& routes) {
    auto id = request.id_parameter<FlowId>();
    if (!id) co_return net::problem(id.error());
    auto done = co_await routes.flows.remove(request.workspace(), *id, if_match(request), recording(request, 204));
    if (!done) co_return net::problem(done.error());
    co_return net::no_content();
}

Awaitable<Response> put_live(Request& request, FlowRoutes& routes) {
    auto id = request.id_parameter<FlowId>();
    if (!id) co_return net::problem(id.error());
    auto body = request.json();
    if (!body) co_return net::problem(body.error());
    const auto* version = base::find_member(*body, "version");
    if (!version || !version->is_number_integer() || version->get<std::int64_t>() < 1 || version->get<std::int64_t>() > 1 << 30)
        co_return net::problem({ErrorCode::unprocessable, "\"version\" is the number of a version",
                                {{"/version", "must be a whole number from 1"}}, false});
    auto flow = co_await routes.flows.set_live(request.workspace(), *id, version->get<int>(), if_match(request), recording(request, 200));
    if (!flow) co_return net::problem(flow.error());
    co_return tagged(200, flow_json(*flow), etag_of(*flow));
}

Awaitable<Response> list_versions(Request& request, FlowRoutes& routes) {
    auto id = request.id_parameter<FlowId>();
    if (!id) co_return net::problem(id.error());
    auto limit = request.query_integer("limit", 50, 1, 200);
    if (!limit) co_return net::problem(limit.error());
    auto before = routes.flows.read_version_cursor(request.workspace(), *id, request.query_value("cursor").value_or(""));
    if (!before) co_return net::problem(before.error());
    auto versions = co_await routes.flows.versions(request.workspace(), *id, *before, static_cast<int>(*limit) + 1);
    if (!versions) co_return net::problem(versions.error());
    std::string cursor;
    if (versions->size() > static_cast<std::size_t>(*limit)) {
        versions->resize(static_cast<std::size_t>(*limit));
        cursor = routes.flows.version_cursor(request.workspace(), *id, versions->back().number);
    }
    Json items = Json::array();
    for (const auto& version : *versions) items.push_back(version_json(version));
    co_return net::json_response(200, page_json(std::move(items), cursor));
}

Awaitable<Response> get_version(Request& request, FlowRoutes& routes) {
    auto id = request.id_parameter<FlowId>();
    if (!id) co_return net::problem(id.error());
    auto number = version_parameter(request);
    if (!number) co_return net::problem(number.error());
    auto found = co_await routes.flows.version(request.workspace(), *id, *number);
    if (!found) co_return net::problem(found.error());
    auto json = version_json(found->version);
    json["document"] = std::move(found->document);
    co_return net::json_response(200, json);
}

Awaitable<Response> diff_flow(Request& request, FlowRoutes& routes) {
    auto id = request.id_parameter<FlowId>();
    if (!id) co_return net::problem(id.error());
    for (const auto* name : {"from", "to"})
        if (!request.query_value(name))
            co_return net::problem({ErrorCode::invalid_argument, "name the two versions: ?from=1&to=2", {}, false});
    auto from = request.query_integer("from", 0, 1, 1 << 30);
    if (!from) co_return net::problem(from.error());
    auto to = request.query_integer("to", 0, 1, 1 << 30);
    if (!to) co_return net::problem(to.error());
    auto differences = co_await routes.flows.diff(request.workspace(), *id, static_cast<int>(*from), static_cast<int>(*to));
    if (!differences) co_return net::problem(differences.error());
    Json items = Json::array();
    for (const auto& difference : *differences) items.push_back(difference_json(difference));
    co_return net::json_response(200, {{"from", *from}, {"to", *to}, {"differences", std::move(items)}});
}

Awaitable<Response> list_node_types(Request&, FlowRoutes& routes) {
    Json items = Json::array();
    for (const auto* type : routes.types.all()) items.push_back(node_type_json(*type));
    co_return net::json_response(200, page_json(std::move(items), ""));
}

Awaitable<Response> get_node_type(Request& request, FlowRoutes& routes) {
    const auto* type = routes.types.find(request.parameter("name"));
    if (!type)
        co_return net::problem({ErrorCode::not_found,
                                fmt::format("there is no node type \"{}\"; GET /api/v1/node-types lists those that there are",
                                            request.parameter("name")),
                                {}, false});
    co_return net::json_response(200, node_type_json(*type));
}

Awaitable<Result<net::Place>> place_flow(Flows& flows, WorkspaceId workspace, std::string id) {
    const auto wanted = FlowId::parse(id);
    if (!wanted) co_return fail(net::no_such_object(id));
    auto found = co_await flows.place(workspace, *wanted);
    if (!found) co_return fail(std::move(found.error()));
    co_return net::Place{std::move(found->project), std::move(found->name)};
}

Awaitable<Result<net::Place>> place_node_type() {
    net::Place place;
    place.everyones = true;
    co_return place;
}

constexpr std::array<net::Parameter, 2> publish_query{{
    {"live", "boolean", "false: make the version without moving `live` to it"},
    {"note", "string", "What the version is for; shown in the list of versions"},
}};
constexpr std::array<net::Parameter, 4> list_query{{
    {"limit", "integer", "1 to 200; 50"},
    {"cursor", "string", "next_cursor of the page before"},
    {"project", "string", "Flows of one project only"},
    {"name", "string", "The flow of this name only"},
}};
constexpr std::array<net::Parameter, 2> page_query{{
    {"limit", "integer", "1 to 200; 50"},
    {"cursor", "string", "next_cursor of the page before"},
}};
constexpr std::array<net::Parameter, 1> version_query{{
    {"version", "integer", "Default: the live version, else the latest"},
}};
constexpr std::array<net::Parameter, 2> export_query{{
    {"format", "string", "json (default) or yaml"},
    {"version", "integer", "Default: the live version, else the latest"},
}};
constexpr std::array<net::Parameter, 2> diff_query{{
    {"from", "integer", "A version"},
    {"to", "integer", "Another version"},
}};

const net::Route<FlowRoutes> table[] = {
    {net::Verb::post, "/api/v1/flows", Permission::flows_write, create_flow,
     {.summary = "Create a flow", .request = "NewFlow", .response = "Flow", .status = 201, .query = publish_query,
      .description = "The body is the flow document. Mistakes are answered with 422 and a pointer to each.",
      .max_body = most_body, .check_body = false, .request_media = document_media}},
    {net::Verb::get, "/api/v1/flows", Permission::flows_read, list_flows,
     {.summary = "List flows", .response = "FlowList", .query = list_query}},
    {net::Verb::post, "/api/v1/flows/validate", Permission::flows_read, validate_flow,
     {.summary = "Judge a flow document", .request = "NewFlow", .response = "ValidationResult",
      .description = "Answers 200 with every mistake and warning, and for a valid document with the times at which "
                     "the attempts of nodes with a retry policy begin; stores nothing.",
      .max_body = most_body, .check_body = false, .request_media = document_media, .audited = net::Audited::never}},
    {net::Verb::post, "/api/v1/flows/import", Permission::flows_write, import_flow,
     {.summary = "Import a flow", .request = "NewFlow", .response = "Flow", .query = publish_query,
      .description = "Creates the flow that the document names (201), or makes its next version (200). The same document "
                     "again changes nothing.",
      .max_body = most_body, .check_body = false, .request_media = document_media}},
    {net::Verb::get, "/api/v1/flows/{id}", Permission::flows_read, get_flow,
     {.summary = "Read a flow", .response = "Flow", .query = version_query}},
    {net::Verb::put, "/api/v1/flows/{id}", Permission::flows_write, update_flow,
     {.summary = "Publish a flow's next version", .request = "NewFlow", .response = "Flow", .query = publish_query,
      .description = "The same document again makes no new version. If-Match takes the flow's ETag.",
      .max_body = most_body, .check_body = false, .request_media = document_media}},
    {net::Verb::del, "/api/v1/flows/{id}", Permission::flows_write, delete_flow,
     {.summary = "Delete a flow", .status = 204, .description = "Frees its name; runs that have started go on."}},
    {net::Verb::put, "/api/v1/flows/{id}/live", Permission::flows_write, put_live,
     {.summary = "Make a version live", .request = "LiveVersion", .response = "Flow",
      .description = "Moves back (rollback) or forth. If-Match takes the flow's ETag."}},
    {net::Verb::get, "/api/v1/flows/{id}/versions", Permission::flows_read, list_versions,
     {.summary = "List a flow's versions", .response = "FlowVersionList", .query = page_query,
      .description = "Each with its note. Hidden versions, those of drafts' runs, are not among them."}},
    {net::Verb::get, "/api/v1/flows/{id}/versions/{version}", Permission::flows_read, get_version,
     {.summary = "Read one version", .response = "FlowVersion"}},
    {net::Verb::get, "/api/v1/flows/{id}/diff", Permission::flows_read, diff_flow,
     {.summary = "Compare two versions by node and edge", .response = "FlowDiff", .query = diff_query}},
    {net::Verb::get, "/api/v1/flows/{id}/export", Permission::flows_read, export_flow,
     {.summary = "Export a flow", .response = "NewFlow", .query = export_query,
      .description = "The document in canonical form: fixed order of members, defaults left out."}},
    {net::Verb::get, "/api/v1/node-types", Permission::flows_read, list_node_types,
     {.summary = "List the node types", .response = "NodeTypeList"}},
    {net::Verb::get, "/api/v1/node-types/{name}", Permission::flows_read, get_node_type,
     {.summary = "Read a node type", .response = "NodeType"}},
};

}  // namespace

void add_routes(net::Router& router, FlowRoutes& routes) {
    add_schemas(router);
    router.add(std::span<const net::Route<FlowRoutes>>(table), routes);
    add_draft_routes(router, routes);
    router.places().add("flows", [&routes](WorkspaceId workspace, std::string id) { return place_flow(routes.flows, workspace, std::move(id)); });
    router.places().add("node-types", [](WorkspaceId, std::string) { return place_node_type(); });
}

}  // namespace sluice::flows
