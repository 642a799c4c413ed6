#include <array>

#include "flows/flows_json.hpp"
#include "flows/flows_requests.hpp"
#include "sluice/net/router.hpp"
#include "sluice/net/server.hpp"

namespace sluice::flows {

namespace {

using net::Request;
using net::Response;

constexpr std::size_t most_pin_body = 4 << 20;  // an output of 1 MiB, written with indentation

/// Records an answer without a body under the client's Idempotency-Key, if it sent one.
AlsoChange recording_nothing(const Request& request) {
    return [&request](storage::WriteUnit& unit) { request.record(unit, {204, {}, {}}); };
}

/// The answer of an earlier request with the same Idempotency-Key; nothing when this is the first.
Awaitable<std::optional<Response>> repeated(const Request& request) {
    if (!request.idempotency) co_return std::nullopt;
    auto stored = co_await request.idempotency->stored();
    if (!stored) co_return net::problem(stored.error());
    if (!*stored) co_return std::nullopt;
    auto response = net::text_response((*stored)->status, "application/json", (*stored)->body);
    response.headers.set("ETag", (*stored)->etag);
    response.headers.set("Idempotent-Replayed", "true");
    co_return response;
}

Awaitable<Response> get_draft(Request& request, FlowRoutes& routes) {
    auto id = request.id_parameter<FlowId>();
    if (!id) co_return net::problem(id.error());
    const auto optional = read_flag(request, "optional", false);
    if (!optional) co_return net::problem(optional.error());
    auto draft = co_await routes.flows.draft(request.workspace(), *id, request.principal);
    if (!draft && draft.error().code == ErrorCode::not_found && *optional) co_return net::no_content();
    if (!draft) co_return net::problem(draft.error());
    // Whether the draft is behind changes without it, so that a known ETag does not spare the answer.
    co_return tagged(200, draft_json(*draft), etag_of(*draft));
}

Awaitable<Response> put_draft(Request& request, FlowRoutes& routes) {
    auto id = request.id_parameter<FlowId>();
    if (!id) co_return net::problem(id.error());
    SaveDraft save;
    if (request.query_value("based_on")) {
        auto based_on = request.query_integer("based_on", 0, 1, 1 << 30);
        if (!based_on) co_return net::problem(based_on.error());
        save.based_on = static_cast<int>(*based_on);
    }
    auto document = read_document(request);
    if (!document) co_return net::problem(document.error());
    save.document = std::move(*document);
    save.if_match = if_match(request);
    save.only_new = request.headers.get("If-None-Match") == "*";
    AlsoSaveDraft also = [&request](storage::WriteUnit& unit, const SavedDraft& saved) {
        request.record(unit, {saved.created ? 201 : 200, base::dump_json(draft_json(saved.draft)), etag_of(saved.draft)});
    };
    auto saved = co_await routes.flows.save_draft(request.workspace(), *id, request.principal, std::move(save), std::move(also));
    if (!saved) co_return net::problem(saved.error());
    co_return tagged(saved->created ? 201 : 200, draft_json(saved->draft), etag_of(saved->draft));
}

Awaitable<Response> delete_draft(Request& request, FlowRoutes& routes) {
    auto id = request.id_parameter<FlowId>();
    if (!id) co_return net::problem(id.error());
    auto done = co_await routes.flows.discard_draft(request.workspace(), *id, request.principal, if_match(request),
                                                    recording_nothing(request));
    if (!done) co_return net::problem(done.error());
    co_return net::no_content();
}

/// `{"note"?}`; a body is optional, so that the route's schema is judged here.
Result<std::string> note_of(const Json& body) {
    const auto wrong = [](std::string pointer, std::string message) {
        return fail(Error{ErrorCode::invalid_argument, message, {{std::move(pointer), message}}});
    };
    if (!body.is_object()) return wrong("", "the body must be an object such as {\"note\": \"faster\"}, or absent");
    std::string note;
    for (const auto& [key, value] : body.items()) {
        if (key != "note") return wrong("/" + base::escape_pointer(key), fmt::format("unknown field \"{}\"; there is note", key));
        if (!value.is_string() || value.get_ref<const std::string&>().size() > 1000)
            return wrong("/note", "note must be a text of at most 1000 bytes");
        note = value.get<std::string>();
    }
    return note;
}

Awaitable<Response> publish_draft(Request& request, FlowRoutes& routes) {
    auto id = request.id_parameter<FlowId>();
    if (!id) co_return net::problem(id.error());
    // The first time took the draft away: a repetition must not look for it.
    if (auto answer = co_await repeated(request)) co_return std::move(*answer);
    auto publication = read_publication(request);
    if (!publication) co_return net::problem(publication.error());
    auto force = read_flag(request, "force", false);
    if (!force) co_return net::problem(force.error());
    PublishDraft how{publication->live, *force, std::move(publication->note), if_match(request)};
    if (!request.body.empty()) {
        auto body = request.json();
        if (!body) co_return net::problem(body.error());
        auto note = note_of(*body);
        if (!note) co_return net::problem(note.error());
        if (!note->empty()) how.note = std::move(*note);
    }
    AlsoApply also = [&request](storage::WriteUnit& unit, const Applied& applied) {
        request.record(unit, {200, base::dump_json(applied_json(applied)), etag_of(applied.flow)});
    };
    auto applied = co_await routes.flows.publish_draft(request.workspace(), *id, request.principal, std::move(how), std::move(also));
    if (!applied) co_return net::problem(applied.error());
    co_return tagged(200, applied_json(*applied), etag_of(applied->flow));
}

Awaitable<Response> list_pins(Request& request, FlowRoutes& routes) {
    auto id = request.id_parameter<FlowId>();
    if (!id) co_return net::problem(id.error());
    auto pins = co_await routes.flows.list_pins(request.workspace(), *id);
    if (!pins) co_return net::problem(pins.error());
    Json items = Json::array();
    for (const auto& pin : *pins) items.push_back(pin_row_json(pin));
    co_return net::json_response(200, page_json(std::move(items), {}));
}

/// Whether the caller may read the data of the flow's runs.
Awaitable<bool> reads_data(const Request& request, Flows& flows, FlowId id) {
    if (!request.principal.scope) co_return request.principal.may(Permission::runs_data);
    auto where = co_await flows.place(request.workspace(), id);
    co_return where && request.principal.may_in(Permission::runs_data, where->project, where->name);
}

Awaitable<Response> get_pin(Request& request, FlowRoutes& routes) {
    auto id = request.id_parameter<FlowId>();
    if (!id) co_return net::problem(id.error());
    std::string node(request.parameter("node"));
    auto pin = co_await routes.flows.pin(request.workspace(), *id, std::move(node));
    if (!pin) co_return net::problem(pin.error());
    if (auto same = unchanged(request, etag_of(*pin))) co_return std::move(*same);
    auto json = pin_json(*pin);
    if (!co_await reads_data(request, routes.flows, *id)) {  // most samples are taken from runs
        json["output"] = nullptr;
        json["masked"] = true;
    }
    co_return tagged(200, json, etag_of(*pin));
}

Awaitable<Response> put_pin(Request& request, FlowRoutes& routes) {
    auto id = request.id_parameter<FlowId>();
    if (!id) co_return net::problem(id.error());
    auto body = request.json();
    if (!body) co_return net::problem(body.error());
    std::string node(request.parameter("node"));
    AlsoPin also = [&request](storage::WriteUnit& unit, const Pin& pin) {
        request.record(unit, {200, base::dump_json(pin_row_json(pin)), etag_of(pin)});
    };
    auto pin = co_await routes.flows.put_pin(request.workspace(), *id, std::move(node), std::move((*body)["output"]),
                                             request.principal.id, if_match(request), std::move(also));
    if (!pin) co_return net::problem(pin.error());
    co_return tagged(200, pin_row_json(*pin), etag_of(*pin));
}

Awaitable<Response> delete_pin(Request& request, FlowRoutes& routes) {
    auto id = request.id_parameter<FlowId>();
    if (!id) co_return net::problem(id.error());
    std::string node(request.parameter("node"));
    auto done = co_await routes.flows.remove_pin(request.workspace(), *id, std::move(node), if_match(request),
                                                 recording_nothing(request));
    if (!done) co_return net::problem(done.error());
    co_return net::no_content();
}

constexpr std::array<net::Parameter, 1> save_query{{
    {"based_on", "integer", "The version that was edited; default: as before, for a new draft the live version"},
}};
constexpr net::Parameter read_query[] = {{"optional", "boolean", "true: 204 where there is no draft, for who only looks whether there is one"}};

constexpr std::array<net::Parameter, 3> publish_query{{
    {"live", "boolean", "false: make the version without moving `live` to it"},
    {"force", "boolean", "true: publish although the live version is newer than the draft's base"},
    {"note", "string", "As in the body"},
}};

const net::Route<FlowRoutes> table[] = {
    {net::Verb::get, "/api/v1/flows/{id}/draft", Permission::flows_read, get_draft,
     {.summary = "Read your draft of a flow", .response = "FlowDraft", .query = read_query,
      .description = "Each key has a draft of its own; browsers and the machine's owner share one. Answers with the draft's "
                     "mistakes and warnings."}},
    {net::Verb::put, "/api/v1/flows/{id}/draft", Permission::flows_write, put_draft,
     {.summary = "Save your draft of a flow", .request = "DraftDocument", .response = "FlowDraft", .query = save_query,
      .description = "The body is the flow document, which may have mistakes. 201 for a new draft. Over a draft that is there "
                     "If-Match must name its ETag: without it 428, with another 412.",
      .max_body = most_body, .request_media = document_media}},
    {net::Verb::del, "/api/v1/flows/{id}/draft", Permission::flows_write, delete_draft,
     {.summary = "Discard your draft of a flow", .status = 204, .description = "If-Match takes the draft's ETag."}},
    {net::Verb::post, "/api/v1/flows/{id}/draft/publish", Permission::flows_write, publish_draft,
     {.summary = "Publish your draft as the flow's next version", .request = "DraftPublication", .response = "Flow",
      .query = publish_query,
      .description = "Removes the draft in the same commit; the body is optional. 422 with every mistake when it is not valid; 409 "
                     "when the live version is newer than the one that the draft is based on.",
      .check_body = false}},
    {net::Verb::get, "/api/v1/flows/{id}/pins", Permission::flows_read, list_pins,
     {.summary = "List a flow's pinned sample outputs", .response = "PinList"}},
    {net::Verb::get, "/api/v1/flows/{id}/pins/{node}", Permission::flows_read, get_pin,
     {.summary = "Read a node's pinned sample output", .response = "Pin"}},
    {net::Verb::put, "/api/v1/flows/{id}/pins/{node}", Permission::flows_write, put_pin,
     {.summary = "Pin a sample output to a node", .request = "NewPin", .response = "Pin",
      .description = "Runs of drafts take it instead of executing the node. If-Match takes the pin's ETag.",
      .max_body = most_pin_body}},
    {net::Verb::del, "/api/v1/flows/{id}/pins/{node}", Permission::flows_write, delete_pin,
     {.summary = "Remove a node's pinned sample output", .status = 204, .description = "If-Match takes the pin's ETag."}},
};

}  // namespace

void add_draft_routes(net::Router& router, FlowRoutes& routes) {
    router.add(std::span<const net::Route<FlowRoutes>>(table), routes);
}

}  // namespace sluice::flows
