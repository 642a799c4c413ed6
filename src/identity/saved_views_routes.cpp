// REST of saved views.

#include <span>

#include "identity_json.hpp"
#include "sluice/base/json.hpp"
#include "sluice/identity/saved_views.hpp"
#include "sluice/net/server.hpp"
#include "sluice/net/tagged.hpp"

namespace sluice::identity {
namespace {

using net::json_response;
using net::problem;
using net::Request;
using net::Response;
using net::Verb;

Json render(const SavedView& view, const Principal& caller) {
    return {{"id", view.id.str()},
            {"page", view.page},
            {"name", view.name},
            {"search", view.search},
            {"shared", view.shared},
            {"own", view.owner == view_owner(caller)},
            {"owner", view.owner},
            {"etag", etag_of(view)},
            {"created_at", base::format_time(view.created_at)},
            {"updated_at", base::format_time(view.updated_at)}};
}

Response answer(int status, const SavedView& view, const Principal& caller) {
    auto response = json_response(status, render(view, caller));
    response.headers.set("ETag", etag_of(view));
    return response;
}

SavedViews::Also recording(const Request& request, int status) {
    return [&request, status](storage::WriteUnit& unit, const SavedView& view) {
        net::AuditNote note;
        note.target = view.id.str();
        const bool gone = status == 204;
        request.record(unit, {status, gone ? std::string() : base::dump_json(render(view, request.principal)), gone ? std::string() : etag_of(view)},
                       std::move(note));
    };
}

SavedView view_of(const Json& body) {
    SavedView view;
    view.page = base::string_or(body, "page", "");
    view.name = base::string_or(body, "name", "");
    view.search = base::string_or(body, "search", "");
    view.shared = body.value("shared", false);
    return view;
}

Awaitable<Response> list_views(Request& request, SavedViews& views) {
    std::string page(request.query_value("page").value_or(""));
    auto found = co_await views.list(request.principal, std::move(page));
    if (!found) co_return problem(found.error());
    Json items = Json::array();
    for (const auto& view : *found) items.push_back(render(view, request.principal));
    co_return json_response(200, list_of(std::move(items)));
}

Awaitable<Response> create_view(Request& request, SavedViews& views) {
    const auto body = request.json();
    if (!body) co_return problem(body.error());
    auto made = co_await views.create(request.principal, view_of(*body), recording(request, 201));
    if (!made) co_return problem(made.error());
    co_return answer(201, *made, request.principal);
}

Awaitable<Response> change_view(Request& request, SavedViews& views) {
    const auto id = request.id_parameter<SavedViewId>();
    if (!id) co_return problem(id.error());
    const auto body = request.json();
    if (!body) co_return problem(body.error());
    auto made = co_await views.change(request.principal, *id, view_of(*body), if_match(request), recording(request, 200));
    if (!made) co_return problem(made.error());
    co_return answer(200, *made, request.principal);
}

Awaitable<Response> delete_view(Request& request, SavedViews& views) {
    const auto id = request.id_parameter<SavedViewId>();
    if (!id) co_return problem(id.error());
    auto done = co_await views.remove(request.principal, *id, if_match(request), recording(request, 204));
    if (!done) co_return problem(done.error());
    co_return net::no_content();
}

/// The handlers judge by the view's owner.
Awaitable<Result<net::Place>> place_view() {
    net::Place place;
    place.everyones = true;
    co_return place;
}

#define VIEW_TERMS                                                                                                              \
    R"json("name": {"type": "string", "minLength": 1, "maxLength": 80}, )json"                                                   \
    R"json("search": {"type": "string", "maxLength": 4000, "description": "The page's search parameters, as in its address"}, )json" \
    R"json("shared": {"type": "boolean", "description": "Everybody in the workspace sees it; default false"})json"

constexpr std::string_view view_schema = R"json({"type": "object", "required": ["id", "page", "name", "search", "shared", "own", "owner", "etag"],
    "properties": {"id": {"type": "string"}, "page": {"type": "string"}, "name": {"type": "string"}, "search": {"type": "string"},
    "shared": {"type": "boolean"}, "own": {"type": "boolean", "description": "The caller made it"},
    "owner": {"type": "string", "description": "The id of who made it"}, "etag": {"type": "string", "description": "For If-Match"},
    "created_at": {"type": "string"}, "updated_at": {"type": "string"}}})json";
constexpr std::string_view list_schema = R"json({"type": "object", "required": ["items", "next_cursor"], "properties": {
    "items": {"type": "array", "items": {"$ref": "#/components/schemas/SavedView"}}, "next_cursor": {"type": "null"}}})json";
constexpr std::string_view new_schema = R"json({"type": "object", "required": ["page", "name", "search"], "additionalProperties": false,
    "properties": {"page": {"type": "string", "minLength": 1, "maxLength": 60, "pattern": "^[a-z0-9-]+$", "description": "runs, dead-letters, …"},
    )json" VIEW_TERMS "}}";
constexpr std::string_view change_schema = R"json({"type": "object", "required": ["name", "search"], "additionalProperties": false,
    "properties": {)json" VIEW_TERMS "}}";

constexpr net::Parameter list_query[] = {{"page", "string", "Views of this page only"}};

const net::Route<SavedViews> routes[] = {
    {Verb::get, "/api/v1/saved-views", Permission::workspaces_read, list_views,
     {.summary = "List saved views: the caller's own and the shared ones", .response = "SavedViewList", .query = list_query}},
    {Verb::post, "/api/v1/saved-views", Permission::workspaces_read, create_view,
     {.summary = "Save a view", .request = "NewSavedView", .response = "SavedView", .status = 201,
      .description = "What is set on a list of the dashboard, under a name; up to 200 for each caller."}},
    {Verb::put, "/api/v1/saved-views/{id}", Permission::workspaces_read, change_view,
     {.summary = "Change a saved view", .request = "SavedViewChange", .response = "SavedView",
      .description = "One's own, or, with users:write, a shared one. If-Match takes its ETag."}},
    {Verb::del, "/api/v1/saved-views/{id}", Permission::workspaces_read, delete_view,
     {.summary = "Delete a saved view", .status = 204}},
};

}  // namespace

void add_routes(net::Router& router, SavedViews& views) {
    router.add_schema("SavedView", view_schema);
    router.add_schema("SavedViewList", list_schema);
    router.add_schema("NewSavedView", new_schema);
    router.add_schema("SavedViewChange", change_schema);
    router.add(std::span<const net::Route<SavedViews>>(routes), views);
    router.places().add("saved-views", [](WorkspaceId, std::string) { return place_view(); });
}

}  // namespace sluice::identity
