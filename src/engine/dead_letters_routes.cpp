// REST of dead letters.

#include "engine/control_routes.hpp"
#include "engine/run_masks.hpp"
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

/// As the caller may see it.
Json shown(const Request& request, const DeadLetter& letter) {
    Json json = to_json(letter);
    if (!reads_data(request, letter.project, letter.flow_name)) mask_letter(json);
    return json;
}

/// As everybody may see it: for the audit trail.
net::AuditNote note_of(const DeadLetter& letter) {
    Json json = to_json(letter);
    mask_letter(json);
    net::AuditNote note;
    note.after = base::dump_json(json);
    return note;
}

Json page_of(const Request& request, const std::vector<DeadLetter>& items, const std::string& next_cursor) {
    Json list = Json::array();
    for (const DeadLetter& item : items) list.push_back(shown(request, item));
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
    filter->seen = request.principal.seen(Permission::runs_read);
    std::string cursor(request.query_value("cursor").value_or(""));
    auto list = co_await letters.list(request.workspace(), std::move(*filter), static_cast<int>(*limit), std::move(cursor));
    if (!list) co_return problem(list.error());
    co_return net::json_response(200, page_of(request, list->items, list->next_cursor));
}

/// `filter` names the flow and the code for a redrive, which then takes the letters of every step and message with them.
Json group_json(const LetterGroup& group) {
    Json json = {{"flow", {{"id", group.flow.str()}, {"name", group.flow_name}}},
                 {"project", group.project},
                 {"step", group.step},
                 {"cause", group.cause},
                 {"code", group.code},
                 {"message", group.masked ? Json() : Json(group.message)},
                 {"count", group.count},
                 {"first_at", base::format_time(group.first_at)},
                 {"last_at", base::format_time(group.last_at)},
                 {"newest_id", group.newest.str()},
                 {"filter", {{"flow", group.flow.str()}, {"code", group.code}}}};
    if (group.masked) json["masked"] = true;
    return json;
}

Awaitable<Response> group_letters(Request& request, DeadLetters& letters) {
    Json wanted = {{"state", "open"}};
    for (const char* name : {"state", "flow", "code", "since", "until"})
        if (const auto value = request.query_value(name)) wanted[name] = std::string(*value);
    auto filter = letter_filter(wanted, "");
    if (!filter) co_return problem(filter.error());
    filter->seen = request.principal.seen(Permission::runs_read);
    auto data = request.principal.seen(Permission::runs_data);
    auto groups = co_await letters.groups(request.workspace(), std::move(*filter), std::move(data));
    if (!groups) co_return problem(groups.error());
    Json items = Json::array();
    for (const LetterGroup& group : groups->items) items.push_back(group_json(group));
    Json answer = {{"items", std::move(items)}, {"next_cursor", nullptr}, {"letters", groups->looked_at}, {"complete", groups->complete}};
    co_return net::json_response(200, answer);
}

Awaitable<Response> get_letter(Request& request, DeadLetters& letters) {
    auto id = request.id_parameter<DeadLetterId>();
    if (!id) co_return problem(id.error());
    auto letter = co_await letters.get(request.workspace(), *id);
    if (!letter) co_return problem(letter.error());
    auto detail = co_await letters.detail(request.workspace(), *id);
    if (!detail) co_return problem(detail.error());
    if (!reads_data(request, letter->project, letter->flow_name)) mask_letter(*detail);
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
            auto version = rerun_version(value);
            if (!version) return fail(std::move(version.error()));
            how.version = *version;
        } else {
            return fail(mistake("/" + base::escape_pointer(key), fmt::format("unknown field \"{}\"; there are input and version", key)));
        }
    }
    how.by = request.principal.name;
    how.started_by = starter_of(request.principal);
    return how;
}

Awaitable<Response> redrive_letter(Request& request, DeadLetters& letters) {
    auto id = request.id_parameter<DeadLetterId>();
    if (!id) co_return problem(id.error());
    auto how = redrive_body(request);
    if (!how) co_return problem(how.error());
    Json answer;
    how->also = [&request, &answer](storage::WriteUnit& unit, const DeadLetter& letter) {
        answer = {{"run_id", letter.redriven_run->str()}, {"dead_letter", shown(request, letter)}};
        request.record_once(unit, {202, base::dump_json(answer), {}}, note_of(letter));
    };
    auto run = co_await letters.redrive(request.workspace(), *id, std::move(*how));
    if (!run) co_return problem(run.error());
    if (answer.is_null()) {   // a version that keeps no record: nothing has committed with its run
        auto letter = co_await letters.get(request.workspace(), *id);
        if (!letter) co_return problem(letter.error());
        answer = {{"run_id", run->str()}, {"dead_letter", shown(request, *letter)}};
    }
    co_return net::json_response(202, answer);
}

Awaitable<Response> discard_letter(Request& request, DeadLetters& letters) {
    auto id = request.id_parameter<DeadLetterId>();
    if (!id) co_return problem(id.error());
    auto body = request.json();
    if (!body) co_return problem(body.error());
    AlsoLetter also = [&request](storage::WriteUnit& unit, const DeadLetter& letter) {
        request.record(unit, {200, base::dump_json(shown(request, letter)), {}}, note_of(letter));
    };
    auto letter = co_await letters.discard(request.workspace(), *id, base::string_or(*body, "reason", ""), request.principal.name, std::move(also));
    if (!letter) co_return problem(letter.error());
    co_return net::json_response(200, shown(request, *letter));
}

Awaitable<Result<net::Place>> place_letter(DeadLetters& letters, WorkspaceId workspace, std::string id) {
    const auto wanted = DeadLetterId::parse(id);
    if (!wanted) co_return fail(net::no_such_object(id));
    auto letter = co_await letters.get(workspace, *wanted);
    if (!letter) co_return fail(std::move(letter.error()));
    co_return net::Place{std::move(letter->project), std::move(letter->flow_name)};
}

constexpr Parameter letters_query[] = {
    {"limit", "integer", "1 to 200, default 50"},
    {"cursor", "string", "next_cursor of the page before"},
    {"state", "string", "open, redriven or discarded"},
    {"flow", "string", "Only those of this flow (its id)"},
    {"code", "string", "Only those with this error code"},
    {"since", "string", "Made at or after this time"},
    {"until", "string", "Made before this time"}};
constexpr Parameter groups_query[] = {
    {"state", "string", "open (default), redriven or discarded"},
    {"flow", "string", "Only those of this flow (its id)"},
    {"code", "string", "Only those with this error code"},
    {"since", "string", "Made at or after this time"},
    {"until", "string", "Made before this time"}};
constexpr Route<DeadLetters> routes[] = {
    {Verb::get, "/api/v1/dead-letters", Permission::runs_read, list_letters,
     {.summary = "List dead letters, newest first", .response = "DeadLetterList", .query = letters_query}},
    {Verb::get, "/api/v1/dead-letters/groups", Permission::runs_read, group_letters,
     {.summary = "List dead letters that fail alike as one, the largest groups first", .response = "DeadLetterGroupList", .query = groups_query,
      .description = "Of one flow, step and code, with messages that differ in ids and amounts alone; the newest 10,000 letters are looked at."}},
    {Verb::get, "/api/v1/dead-letters/{id}", Permission::runs_read, get_letter,
     {.summary = "Read a dead letter with its input, attempts and lineage", .response = "DeadLetterDetail"}},
    {Verb::post, "/api/v1/dead-letters/{id}/redrive", Permission::runs_write, redrive_letter,
     {.summary = "Redrive a dead letter", .request = "RedriveDeadLetter", .response = "RedrivenDeadLetter", .status = 202,
      .description = "As it is, its run goes on from the failed step; with an input or a version it is done again as a new run",
      .check_body = false}},
    {Verb::post, "/api/v1/dead-letters/{id}/discard", Permission::runs_write, discard_letter,
     {.summary = "Discard a dead letter", .request = "DiscardDeadLetter", .response = "DeadLetter"}},
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
    router.add_schema("DeadLetterGroupList", R"({"type": "object", "required": ["items", "next_cursor", "letters", "complete"], "properties": {
        "items": {"type": "array", "items": {"type": "object", "required": ["flow", "step", "cause", "code", "message", "count", "first_at", "last_at", "newest_id", "filter"],
            "properties": {"flow": {"type": "object", "properties": {"id": {"type": "string"}, "name": {"type": "string"}}}, "project": {"type": "string"},
            "step": {"type": "string", "description": "With * for the numbers of items and turns"}, "cause": {"type": "string"}, "code": {"type": "string"},
            "message": {"type": ["string", "null"], "description": "Of the newest"}, "count": {"type": "integer"},
            "first_at": {"type": "string"}, "last_at": {"type": "string"}, "newest_id": {"type": "string"},
            "filter": {"type": "object", "description": "For a redrive of all with this flow and code"}, "masked": {"type": "boolean"}}}},
        "next_cursor": {"type": "null"}, "letters": {"type": "integer", "description": "How many were looked at"},
        "complete": {"type": "boolean", "description": "false: there are older letters"}}})");
    router.add_schema("RedriveDeadLetter", R"({"type": "object", "additionalProperties": false, "properties": {
        "input": {"description": "Instead of the run's input"},
        "version": {"description": "A version of the flow, or \"live\"; default: the run's", "type": ["integer", "string"]}}})");
    router.add_schema("RedrivenDeadLetter", R"({"type": "object", "properties": {
        "run_id": {"type": "string"}, "dead_letter": {"$ref": "#/components/schemas/DeadLetter"}}})");
    router.add_schema("DiscardDeadLetter", R"({"type": "object", "additionalProperties": false, "required": ["reason"], "properties": {
        "reason": {"type": "string", "minLength": 1, "maxLength": 500}}})");
    router.places().add("dead-letters",
                        [&letters](WorkspaceId workspace, std::string id) { return place_letter(letters, workspace, std::move(id)); });
    router.add(std::span<const Route<DeadLetters>>(routes), letters);
}

}  // namespace sluice::engine
