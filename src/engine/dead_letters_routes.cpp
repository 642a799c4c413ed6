// REST of dead letters and bulk actions.

#include "sluice/engine/dead_letters.hpp"
#include "sluice/net/server.hpp"

namespace sluice::engine {

namespace {

using net::Parameter;
using net::problem;
using net::Request;
using net::Response;
using net::Route;
using net::Verb;

Error mistake(std::string pointer, std::string message) {
    Error error{ErrorCode::invalid_argument, message};
    error.details.push_back({std::move(pointer), std::move(message)});
    return error;
}

template <class Item>
Json page_of(const std::vector<Item>& items, const std::string& next_cursor) {
    Json list = Json::array();
    for (const Item& item : items) list.push_back(to_json(item));
    return {{"items", std::move(list)}, {"next_cursor", next_cursor.empty() ? Json() : Json(next_cursor)}};
}

/// The body as an object; an absent one is empty.
Result<Json> body_of(const Request& request) {
    if (request.body.empty()) return Json::object();
    auto body = request.json();
    if (body && !body->is_object()) return fail(mistake("", "the body must be an object"));
    return body;
}

Awaitable<Response> list_letters(Request& request, DeadLetters& letters) {
    auto limit = request.query_integer("limit", 50, 1, 200);
    if (!limit) co_return problem(limit.error());
    Json wanted = Json::object();
    for (const char* name : {"state", "flow", "code", "since", "until"})
        if (const auto value = request.query_value(name)) wanted[name] = std::string(*value);
    auto filter = letter_filter(wanted, "");
    if (!filter) co_return problem(filter.error());
    std::string cursor(request.query_value("cursor").value_or(""));
    auto list = co_await letters.list(request.workspace(), std::move(*filter), static_cast<int>(*limit), std::move(cursor));
    if (!list) co_return problem(list.error());
    co_return net::json_response(200, page_of(list->items, list->next_cursor));
}

Awaitable<Response> get_letter(Request& request, DeadLetters& letters) {
    auto id = request.id_parameter<DeadLetterId>();
    if (!id) co_return problem(id.error());
    auto detail = co_await letters.detail(request.workspace(), *id);
    if (!detail) co_return problem(detail.error());
    co_return net::json_response(200, *detail);
}

/// `{"input"?, "version"?}`: a version's number or "live".
Result<Redrive> redrive_body(const Request& request) {
    auto body = body_of(request);
    if (!body) return fail(std::move(body.error()));
    Redrive how;
    for (auto& [key, value] : body->get_ref<Json::object_t&>()) {
        if (key == "input") {
            how.input = std::move(value);
        } else if (key == "version") {
            if (value == "live") how.version = live_version;
            else if (value.is_number_integer() && value.get<std::int64_t>() >= 1 && value.get<std::int64_t>() <= 1'000'000'000)
                how.version = value.get<int>();
            else return fail(mistake("/version", "version must be the number of a version of the flow, or \"live\""));
        } else {
            return fail(mistake("/" + base::escape_pointer(key), fmt::format("unknown field \"{}\"; there are input and version", key)));
        }
    }
    how.by = request.principal.name;
    return how;
}

Awaitable<Response> redrive_letter(Request& request, DeadLetters& letters) {
    auto id = request.id_parameter<DeadLetterId>();
    if (!id) co_return problem(id.error());
    auto how = redrive_body(request);
    if (!how) co_return problem(how.error());
    auto run = co_await letters.redrive(request.workspace(), *id, std::move(*how));
    if (!run) co_return problem(run.error());
    auto letter = co_await letters.get(request.workspace(), *id);
    if (!letter) co_return problem(letter.error());
    Json answer = {{"run_id", run->str()}, {"dead_letter", to_json(*letter)}};
    co_return net::json_response(202, answer);
}

Awaitable<Response> discard_letter(Request& request, DeadLetters& letters) {
    auto id = request.id_parameter<DeadLetterId>();
    if (!id) co_return problem(id.error());
    auto body = request.json();
    if (!body) co_return problem(body.error());
    AlsoLetter also = [&request, id = *id](storage::WriteUnit& unit) {
        request.record(unit, {200, fmt::format("{{\"id\":\"{}\",\"state\":\"discarded\"}}", id), {}});
    };
    auto letter = co_await letters.discard(request.workspace(), *id, base::string_or(*body, "reason", ""), request.principal.name, std::move(also));
    if (!letter) co_return problem(letter.error());
    co_return net::json_response(200, to_json(*letter));
}

Result<NewBulkRedrive> bulk_body(const Json& body) {
    NewBulkRedrive wanted;
    const Json* filter = base::find_member(body, "filter");
    auto read = letter_filter(filter == nullptr ? Json() : *filter, "/filter");
    if (!read) return fail(std::move(read.error()));
    if (!read->state.empty() && read->state != "open") return fail(mistake("/filter/state", "only open dead letters are redriven"));
    wanted.filter = std::move(*read);
    if (const Json* rate = base::find_member(body, "rate_per_second")) wanted.rate_per_second = rate->get<double>();
    if (const Json* canary = base::find_member(body, "canary")) wanted.canary = canary->get<int>();
    return wanted;
}

Awaitable<Response> redrive_many(Request& request, DeadLetters& letters) {
    auto body = request.json();
    if (!body) co_return problem(body.error());
    auto wanted = bulk_body(*body);
    if (!wanted) co_return problem(wanted.error());
    if (const Json* dry = base::find_member(*body, "dry_run"); dry != nullptr && dry->get<bool>()) {
        auto preview = co_await letters.preview(request.workspace(), std::move(wanted->filter));
        if (!preview) co_return problem(preview.error());
        Json ids = Json::array();
        for (const DeadLetter& letter : preview->first) ids.push_back(letter.id.str());
        Json answer = {{"dry_run", true}, {"total", preview->total}, {"first", std::move(ids)}};
        co_return net::json_response(200, answer);
    }
    wanted->by = request.principal.name;
    AlsoBulk also = [&request](storage::WriteUnit& unit, const BulkAction& action) {
        request.record(unit, {202, base::dump_json(to_json(action)), {}});
    };
    auto action = co_await letters.redrive_many(request.workspace(), std::move(*wanted), std::move(also));
    if (!action) co_return problem(action.error());
    auto response = net::json_response(202, to_json(*action));
    response.headers.set("Location", "/api/v1/bulk-actions/" + action->id.str());
    co_return response;
}

Awaitable<Response> list_bulk(Request& request, DeadLetters& letters) {
    auto limit = request.query_integer("limit", 50, 1, 200);
    if (!limit) co_return problem(limit.error());
    std::string cursor(request.query_value("cursor").value_or(""));
    auto list = co_await letters.bulk_actions(request.workspace(), static_cast<int>(*limit), std::move(cursor));
    if (!list) co_return problem(list.error());
    co_return net::json_response(200, page_of(list->items, list->next_cursor));
}

Awaitable<Response> get_bulk(Request& request, DeadLetters& letters) {
    auto id = request.id_parameter<BulkActionId>();
    if (!id) co_return problem(id.error());
    auto action = co_await letters.bulk_action(request.workspace(), *id);
    if (!action) co_return problem(action.error());
    co_return net::json_response(200, to_json(*action));
}

Awaitable<Response> cancel_bulk(Request& request, DeadLetters& letters) {
    auto id = request.id_parameter<BulkActionId>();
    if (!id) co_return problem(id.error());
    auto action = co_await letters.cancel_bulk(request.workspace(), *id, request.principal.name);
    if (!action) co_return problem(action.error());
    co_return net::json_response(200, to_json(*action));
}

constexpr Parameter letters_query[] = {
    {"limit", "integer", "1 to 200, default 50"},
    {"cursor", "string", "next_cursor of the page before"},
    {"state", "string", "open, redriven or discarded"},
    {"flow", "string", "Only those of this flow (its id)"},
    {"code", "string", "Only those with this error code"},
    {"since", "string", "Made at or after this time"},
    {"until", "string", "Made before this time"}};
constexpr Parameter page_query[] = {
    {"limit", "integer", "1 to 200, default 50"}, {"cursor", "string", "next_cursor of the page before"}};

constexpr Route<DeadLetters> routes[] = {
    {Verb::get, "/api/v1/dead-letters", Permission::runs_read, list_letters,
     {.summary = "List dead letters, newest first", .response = "DeadLetterList", .query = letters_query}},
    {Verb::post, "/api/v1/dead-letters/redrive", Permission::runs_write, redrive_many,
     {.summary = "Redrive many dead letters by filter, at a rate, canaries first", .request = "BulkRedrive", .response = "BulkRedriveAnswer",
      .status = 202, .description = "With dry_run: 200 with how many match and the first ids"}},
    {Verb::get, "/api/v1/dead-letters/{id}", Permission::runs_read, get_letter,
     {.summary = "Read a dead letter with its input, attempts and lineage", .response = "DeadLetterDetail"}},
    {Verb::post, "/api/v1/dead-letters/{id}/redrive", Permission::runs_write, redrive_letter,
     {.summary = "Redrive a dead letter", .request = "RedriveDeadLetter", .response = "RedrivenDeadLetter", .status = 202,
      .description = "As it is, its run goes on from the failed step; with an input or a version it is done again as a new run",
      .check_body = false}},
    {Verb::post, "/api/v1/dead-letters/{id}/discard", Permission::runs_write, discard_letter,
     {.summary = "Discard a dead letter", .request = "DiscardDeadLetter", .response = "DeadLetter"}},
    {Verb::get, "/api/v1/bulk-actions", Permission::runs_read, list_bulk,
     {.summary = "List bulk actions, newest first", .response = "BulkActionList", .query = page_query}},
    {Verb::get, "/api/v1/bulk-actions/{id}", Permission::runs_read, get_bulk,
     {.summary = "Read a bulk action", .response = "BulkAction"}},
    {Verb::post, "/api/v1/bulk-actions/{id}/cancel", Permission::runs_write, cancel_bulk,
     {.summary = "Cancel a bulk action; what it has done stays", .response = "BulkAction"}},
};

}  // namespace

void add_routes(net::Router& router, DeadLetters& letters) {
    router.add_schema("DeadLetter", R"({"type": "object", "required": ["id", "run_id", "flow", "step", "cause", "error", "state"],
        "properties": {"id": {"type": "string"}, "run_id": {"type": "string"},
        "flow": {"type": "object", "properties": {"id": {"type": "string"}, "name": {"type": "string"}, "version": {"type": "integer"}}},
        "step": {"type": "string"}, "cause": {"type": "string", "enum": ["failed", "unknown"]},
        "error": {"$ref": "#/components/schemas/RunError"}, "attempts": {"type": "integer"}, "created_at": {"type": "string"},
        "state": {"type": "string", "enum": ["open", "redriven", "discarded"]}, "reason": {"type": ["string", "null"]},
        "decided_by": {"type": ["string", "null"]}, "decided_at": {"type": ["string", "null"]},
        "redriven_run_id": {"type": ["string", "null"]}}})");
    router.add_schema("DeadLetterDetail", R"({"allOf": [{"$ref": "#/components/schemas/DeadLetter"}, {"type": "object", "properties": {
        "input": {}, "history": {"type": "array", "items": {"type": "object"}}, "lineage": {"type": "object"}}}]})");
    router.add_schema("DeadLetterList", R"({"type": "object", "properties": {
        "items": {"type": "array", "items": {"$ref": "#/components/schemas/DeadLetter"}}, "next_cursor": {"type": ["string", "null"]}}})");
    router.add_schema("RedriveDeadLetter", R"({"type": "object", "additionalProperties": false, "properties": {
        "input": {"description": "Instead of the run's input"},
        "version": {"description": "A version of the flow, or \"live\"; default: the run's", "type": ["integer", "string"]}}})");
    router.add_schema("RedrivenDeadLetter", R"({"type": "object", "properties": {
        "run_id": {"type": "string"}, "dead_letter": {"$ref": "#/components/schemas/DeadLetter"}}})");
    router.add_schema("DiscardDeadLetter", R"({"type": "object", "additionalProperties": false, "required": ["reason"], "properties": {
        "reason": {"type": "string", "minLength": 1, "maxLength": 500}}})");
    router.add_schema("BulkRedrive", R"({"type": "object", "additionalProperties": false, "properties": {
        "filter": {"type": "object", "description": "state, flow, code, since, until, as in the list"},
        "rate_per_second": {"type": "number", "minimum": 0.01, "maximum": 1000, "description": "Default 5"},
        "canary": {"type": "integer", "minimum": 0, "maximum": 1000, "description": "So many are awaited before the rest; default 1"},
        "dry_run": {"type": "boolean"}}})");
    router.add_schema("BulkAction", R"({"type": "object", "required": ["id", "kind", "state", "total", "done", "failed"], "properties": {
        "id": {"type": "string"}, "kind": {"type": "string"}, "filter": {"type": "object"},
        "state": {"type": "string", "enum": ["running", "done", "stopped", "cancelled"]},
        "total": {"type": "integer"}, "done": {"type": "integer"}, "failed": {"type": "integer"}, "canary": {"type": "integer"},
        "rate_per_second": {"type": "number"}, "canary_run_id": {"type": ["string", "null"]}, "reason": {"type": ["string", "null"]},
        "created_by": {"type": "string"}, "created_at": {"type": "string"}, "finished_at": {"type": ["string", "null"]}}})");
    router.add_schema("BulkRedriveAnswer", R"({"description": "The bulk action; with dry_run {dry_run, total, first}",
        "anyOf": [{"$ref": "#/components/schemas/BulkAction"}, {"type": "object", "required": ["dry_run"], "properties": {
        "dry_run": {"type": "boolean"}, "total": {"type": "integer"}, "first": {"type": "array", "items": {"type": "string"}}}}]})");
    router.add_schema("BulkActionList", R"({"type": "object", "properties": {
        "items": {"type": "array", "items": {"$ref": "#/components/schemas/BulkAction"}}, "next_cursor": {"type": ["string", "null"]}}})");
    router.add(std::span<const Route<DeadLetters>>(routes), letters);
}

}  // namespace sluice::engine
