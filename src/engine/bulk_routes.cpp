// REST of bulk actions, and of what makes one.

#include "engine/control_routes.hpp"
#include "engine/run_masks.hpp"
#include "sluice/engine/bulk_actions.hpp"
#include "sluice/engine/overview.hpp"
#include "sluice/net/server.hpp"

namespace sluice::engine {

namespace {

using net::Parameter;
using net::problem;
using net::Request;
using net::Response;
using net::Route;
using net::Verb;

net::Place place_of(const BulkAction& action) {
    net::Place place;
    if (auto names = seen_names(action); !names.all()) place.within = std::make_shared<const base::SeenNames>(std::move(names));
    return place;
}

Awaitable<Result<net::Place>> place_bulk(BulkActions& actions, WorkspaceId workspace, std::string id) {
    const auto wanted = BulkActionId::parse(id);
    if (!wanted) co_return fail(net::no_such_object(id));
    auto action = co_await actions.get(workspace, *wanted);
    if (!action) co_return fail(std::move(action.error()));
    co_return place_of(*action);
}

constexpr int shown_failures = 20;
constexpr Duration longest_wait = std::chrono::minutes(10);

Error mistake(std::string pointer, std::string message) {
    Error error{ErrorCode::invalid_argument, message};
    error.details.push_back({std::move(pointer), std::move(message)});
    return error;
}

/// The names of a filter's members that are the caller's own limits.
Result<void> refuse_limits(const Json* filter) {
    for (const char* name : {"within", "reads"})
        if (filter != nullptr && filter->contains(name))
            return fail(mistake(fmt::format("/filter/{}", name), fmt::format("unknown field \"{}\"", name)));
    return {};
}

/// Data of runs of many flows: for those who may read that everywhere, or within all that the action is limited to.
bool reads_data(const Request& request, const BulkAction& action) {
    if (!request.principal.may(Permission::runs_data)) return false;
    return net::check_place(request.principal, Permission::runs_data, place_of(action), "").has_value();
}

Json shown(const Request& request, const BulkAction& action) {
    Json json = to_json(action);
    if (!reads_data(request, action)) mask_bulk(json);
    return json;
}

net::AuditNote note_of(const BulkAction& action) {
    Json json = to_json(action);
    mask_bulk(json);
    net::AuditNote note;
    note.target = action.id.str();
    note.after = base::dump_json(json);
    return note;
}

Json page_of(Json items, const std::string& next_cursor) {
    return {{"items", std::move(items)}, {"next_cursor", next_cursor.empty() ? Json() : Json(next_cursor)}};
}

void read_pace(const Json& body, NewBulkAction& wanted) {
    if (const Json* rate = base::find_member(body, "rate_per_second")) wanted.rate_per_second = rate->get<double>();
    if (const Json* canary = base::find_member(body, "canary")) wanted.canary = canary->get<int>();
}

Result<NewBulkAction> redrive_body(const Json& body) {
    NewBulkAction wanted;
    wanted.kind = BulkKind::redrive_letters;
    const Json* filter = base::find_member(body, "filter");
    if (auto own = refuse_limits(filter); !own) return fail(std::move(own.error()));
    auto read = letter_filter(filter == nullptr ? Json() : *filter, "/filter");
    if (!read) return fail(std::move(read.error()));
    if (!read->state.empty() && read->state != "open") return fail(mistake("/filter/state", "only open dead letters are redriven"));
    wanted.letters = std::move(*read);
    wanted.letters.state = "open";
    read_pace(body, wanted);
    return wanted;
}

/// {"action", "filter"?, "reason"?, "from"?, "input"?, "version"?, …}, judged by the schema before.
Result<NewBulkAction> runs_body(const Json& body) {
    NewBulkAction wanted;
    const std::string action = base::string_or(body, "action", "");
    wanted.kind = bulk_kind_from("runs." + action).value_or(BulkKind::cancel_runs);
    const Json* filter = base::find_member(body, "filter");
    if (auto own = refuse_limits(filter); !own) return fail(std::move(own.error()));
    auto selection = run_selection(filter == nullptr ? Json() : *filter, wanted.kind, "/filter");
    if (!selection) return fail(std::move(selection.error()));
    wanted.runs = std::move(*selection);
    if (wanted.kind != BulkKind::rerun_runs) {
        for (const char* member : {"from", "input", "version"})
            if (body.contains(member))
                return fail(mistake(std::string("/") + member, fmt::format("{} goes with the action rerun, not with {}", member, action)));
    } else if (body.contains("reason")) {
        return fail(mistake("/reason", "a run that is done again has no reason; its parent_run_id tells where it comes from"));
    }
    wanted.how.reason = base::string_or(body, "reason", "");
    wanted.how.from = base::string_or(body, "from", "");
    if (const Json* input = base::find_member(body, "input")) wanted.how.input = *input;
    if (const Json* version = base::find_member(body, "version")) {
        auto number = rerun_version(*version);
        if (!number) return fail(std::move(number.error()));
        wanted.how.version = *number;
    }
    read_pace(body, wanted);
    return wanted;
}

Awaitable<Response> begin(Request& request, BulkActions& actions, NewBulkAction wanted, bool dry_run) {
    wanted.letters.seen = wanted.runs.seen = request.principal.seen(Permission::runs_write);
    wanted.runs.data = request.principal.seen(Permission::runs_data);
    if (dry_run) {
        request.audit = nullptr;  // it changes nothing
        auto preview = co_await actions.preview(request.workspace(), std::move(wanted));
        if (!preview) co_return problem(preview.error());
        Json samples = Json::array();
        for (const Run& run : preview->runs) {
            samples.push_back(to_json(run));
            mask_unread(request, run, samples.back());
        }
        for (const DeadLetter& letter : preview->letters) {
            samples.push_back(to_json(letter));
            if (!engine::reads_data(request, letter.project, letter.flow_name)) mask_letter(samples.back());
        }
        hide_limits(preview->filter);
        Json answer = {{"dry_run", true}, {"total", preview->total}, {"filter", std::move(preview->filter)},
                       {"first", std::move(preview->first)}, {"samples", std::move(samples)}};
        co_return net::json_response(200, answer);
    }
    wanted.by = request.principal.name;
    AlsoBulk also = [&request](storage::WriteUnit& unit, const BulkAction& action) {
        request.record(unit, {202, base::dump_json(shown(request, action)), {}}, note_of(action));
    };
    auto action = co_await actions.begin(request.workspace(), std::move(wanted), std::move(also));
    if (!action) co_return problem(action.error());
    auto response = net::json_response(202, shown(request, *action));
    response.headers.set("Location", "/api/v1/bulk-actions/" + action->id.str());
    co_return response;
}

Awaitable<Response> redrive_many(Request& request, BulkActions& actions) {
    auto body = request.json();
    if (!body) co_return problem(body.error());
    auto wanted = redrive_body(*body);
    if (!wanted) co_return problem(wanted.error());
    const Json* dry = base::find_member(*body, "dry_run");
    const bool dry_run = dry != nullptr && dry->get<bool>();
    co_return co_await begin(request, actions, std::move(*wanted), dry_run);
}

Awaitable<Response> act_on_runs(Request& request, BulkActions& actions) {
    auto body = request.json();
    if (!body) co_return problem(body.error());
    auto wanted = runs_body(*body);
    if (!wanted) co_return problem(wanted.error());
    const Json* dry = base::find_member(*body, "dry_run");
    const bool dry_run = dry != nullptr && dry->get<bool>();
    co_return co_await begin(request, actions, std::move(*wanted), dry_run);
}

Awaitable<Response> list_bulk(Request& request, BulkActions& actions) {
    auto limit = request.query_integer("limit", 50, 1, 200);
    if (!limit) co_return problem(limit.error());
    std::string cursor(request.query_value("cursor").value_or(""));
    std::function<bool(const BulkAction&)> shows;
    if (request.principal.scope)
        shows = [&request](const BulkAction& action) {
            return net::check_place(request.principal, Permission::runs_read, place_of(action), "").has_value();
        };
    auto list = co_await actions.list(request.workspace(), static_cast<int>(*limit), std::move(cursor), std::move(shows));
    if (!list) co_return problem(list.error());
    Json items = Json::array();
    for (const BulkAction& action : list->items) items.push_back(shown(request, action));
    co_return net::json_response(200, page_of(std::move(items), list->next_cursor));
}

/// The action, and the first objects that were refused.
Awaitable<Response> get_bulk(Request& request, BulkActions& actions) {
    auto id = request.id_parameter<BulkActionId>();
    if (!id) co_return problem(id.error());
    const auto text = request.query_value("wait");
    const auto wait = text ? base::parse_duration(*text) : Result<Duration>(Duration(0));
    if (!wait || *wait > longest_wait) co_return problem(mistake("", "wait is a duration of at most 10m, such as wait=30s"));
    auto action = co_await actions.wait(request.workspace(), *id, actions.now() + *wait);
    if (!action) co_return problem(action.error());
    auto refused = co_await actions.items(request.workspace(), *id, true, shown_failures, "");
    if (!refused) co_return problem(refused.error());
    Json answer = to_json(*action);
    Json failures = Json::array();
    for (const BulkItem& item : refused->items) failures.push_back(to_json(item, action->kind));
    answer["failures"] = std::move(failures);
    if (!reads_data(request, *action)) mask_bulk(answer);
    co_return net::json_response(200, answer);
}

Awaitable<bool> reads_items(const Request& request, BulkActions& actions, BulkActionId id) {
    if (!request.principal.scope) co_return request.principal.may(Permission::runs_data);
    auto action = co_await actions.get(request.workspace(), id);
    co_return action && reads_data(request, *action);
}

Awaitable<Response> list_items(Request& request, BulkActions& actions) {
    auto id = request.id_parameter<BulkActionId>();
    if (!id) co_return problem(id.error());
    auto limit = request.query_integer("limit", 50, 1, 200);
    if (!limit) co_return problem(limit.error());
    const auto result = request.query_value("result");
    if (result && *result != "failed")
        co_return problem(mistake("", fmt::format("result={} is unknown; leave it out for all, or use failed", *result)));
    std::string cursor(request.query_value("cursor").value_or(""));
    auto list = co_await actions.items(request.workspace(), *id, result.has_value(), static_cast<int>(*limit), std::move(cursor));
    if (!list) co_return problem(list.error());
    Json items = Json::array();
    const bool reads = co_await reads_items(request, actions, *id);
    for (const BulkItem& item : list->items) {
        items.push_back(to_json(item, list->kind));
        if (!reads) mask_bulk_item(items.back());
    }
    co_return net::json_response(200, page_of(std::move(items), list->next_cursor));
}

Awaitable<Response> cancel_bulk(Request& request, BulkActions& actions) {
    auto id = request.id_parameter<BulkActionId>();
    if (!id) co_return problem(id.error());
    AlsoBulk also = [&request](storage::WriteUnit& unit, const BulkAction& action) {
        request.record(unit, {200, base::dump_json(shown(request, action)), {}}, note_of(action));
    };
    auto action = co_await actions.cancel(request.workspace(), *id, request.principal.name, std::move(also));
    if (!action) co_return problem(action.error());
    co_return net::json_response(200, shown(request, *action));
}

constexpr Parameter page_query[] = {
    {"limit", "integer", "1 to 200, default 50"}, {"cursor", "string", "next_cursor of the page before"}};
constexpr Parameter get_query[] = {{"wait", "string", "Wait for the end up to this long"}};
constexpr Parameter items_query[] = {
    {"limit", "integer", "1 to 200, default 50"}, {"cursor", "string", "next_cursor of the page before"},
    {"result", "string", "failed: only objects to which it could not be done"}};

constexpr Route<BulkActions> routes[] = {
    {Verb::post, "/api/v1/dead-letters/redrive", Permission::runs_write, redrive_many,
     {.summary = "Redrive many dead letters by filter, at a rate, canaries first", .request = "BulkRedrive", .response = "BulkAnswer",
      .status = 202, .description = "With dry_run: 200 with how many match, the filter, the first ids and five samples"}},
    {Verb::post, "/api/v1/runs/bulk", Permission::runs_write, act_on_runs,
     {.summary = "Retry, run again or cancel many runs by filter, at a rate, canaries first", .request = "BulkRuns",
      .response = "BulkAnswer", .status = 202, .description = "With dry_run: 200 with how many match, the filter, the first ids and five samples"}},
    {Verb::get, "/api/v1/bulk-actions", Permission::runs_read, list_bulk,
     {.summary = "List bulk actions, newest first", .response = "BulkActionList", .query = page_query}},
    {Verb::get, "/api/v1/bulk-actions/{id}", Permission::runs_read, get_bulk,
     {.summary = "Read a bulk action with the first objects that were refused", .response = "BulkAction", .query = get_query}},
    {Verb::get, "/api/v1/bulk-actions/{id}/items", Permission::runs_read, list_items,
     {.summary = "List what became of each object of a bulk action", .response = "BulkItemList", .query = items_query}},
    {Verb::post, "/api/v1/bulk-actions/{id}/cancel", Permission::runs_write, cancel_bulk,
     {.summary = "Cancel a bulk action; what it has done stays", .response = "BulkAction"}},
};

}  // namespace

void add_routes(net::Router& router, BulkActions& actions) {
    router.add_schema("BulkRedrive", R"({"type": "object", "additionalProperties": false, "properties": {
        "filter": {"type": "object", "description": "state, flow, code, since, until, as in the list"},
        "rate_per_second": {"type": "number", "minimum": 0.01, "maximum": 1000, "description": "Default 5"},
        "canary": {"type": "integer", "minimum": 0, "maximum": 1000, "description": "So many are awaited before the rest; default 1"},
        "dry_run": {"type": "boolean"}}})");
    router.add_schema("BulkRuns", R"({"type": "object", "additionalProperties": false, "required": ["action"], "properties": {
        "action": {"type": "string", "enum": ["retry", "rerun", "cancel"]},
        "filter": {"type": "object", "description":
            "status (one or a list), flow (its id), version (a number, with flow), trigger, parent (a run's id), q (text, as in the list), project, code (the error's), since, until. Default: what failed or timed out is retried, what has not ended cancelled"},
        "reason": {"type": "string", "maxLength": 500, "description": "Of a retry or a cancel, for the runs' records"},
        "from": {"type": "string", "maxLength": 1000, "description": "Of a rerun: the first step to do again; what comes before it is reused"},
        "input": {"description": "Of a rerun: the input of all, instead of what each was started with"},
        "version": {"description": "Of a rerun: a version of the flow, \"live\", or \"recorded\" (default): each run's own", "type": ["integer", "string"]},
        "rate_per_second": {"type": "number", "minimum": 0.01, "maximum": 1000, "description": "Default 5"},
        "canary": {"type": "integer", "minimum": 0, "maximum": 1000, "description": "So many are awaited before the rest; default 1"},
        "dry_run": {"type": "boolean", "description": "Change nothing; tell how many match"}}})");
    router.add_schema("BulkItem", R"({"type": "object", "required": ["id", "result", "at"], "properties": {
        "id": {"type": "string", "description": "Of the run or the dead letter"},
        "result": {"type": "string", "enum": ["done", "failed"]},
        "run_id": {"type": ["string", "null"], "description": "The run that goes on, was made or was cancelled"},
        "run_status": {"type": ["string", "null"], "description": "Its status now"},
        "error": {"type": ["object", "null"], "description": "code and message, where it could not be done"}, "at": {"type": "string"}}})");
    router.add_schema("BulkItemList", R"({"type": "object", "properties": {
        "items": {"type": "array", "items": {"$ref": "#/components/schemas/BulkItem"}}, "next_cursor": {"type": ["string", "null"]}}})");
    router.add_schema("BulkAction", R"({"type": "object", "required": ["id", "kind", "state", "total", "done", "failed"], "properties": {
        "id": {"type": "string"}, "kind": {"type": "string", "enum": ["dead_letters.redrive", "runs.retry", "runs.rerun", "runs.cancel"]},
        "filter": {"type": "object"}, "options": {"type": "object"},
        "state": {"type": "string", "enum": ["running", "done", "stopped", "cancelled"]},
        "total": {"type": "integer"}, "done": {"type": "integer"}, "failed": {"type": "integer"}, "canary": {"type": "integer"},
        "rate_per_second": {"type": "number"}, "canary_run_id": {"type": ["string", "null"]}, "reason": {"type": ["string", "null"]},
        "created_by": {"type": "string"}, "created_at": {"type": "string"}, "finished_at": {"type": ["string", "null"]},
        "failures": {"type": "array", "items": {"$ref": "#/components/schemas/BulkItem"},
            "description": "Of one action: the first 20 objects to which it could not be done"}}})");
    router.add_schema("BulkAnswer", R"({"description": "The bulk action; with dry_run {dry_run, total, filter, first, samples}",
        "anyOf": [{"$ref": "#/components/schemas/BulkAction"}, {"type": "object", "required": ["dry_run"], "properties": {
        "dry_run": {"type": "boolean"}, "total": {"type": "integer"}, "filter": {"type": "object"},
        "first": {"type": "array", "items": {"type": "string"}}, "samples": {"type": "array", "items": {"type": "object"},
        "description": "The first five, runs or dead letters"}}}]})");
    router.add_schema("BulkActionList", R"({"type": "object", "properties": {
        "items": {"type": "array", "items": {"$ref": "#/components/schemas/BulkAction"}}, "next_cursor": {"type": ["string", "null"]}}})");
    router.places().add("bulk-actions",
                        [&actions](WorkspaceId workspace, std::string id) { return place_bulk(actions, workspace, std::move(id)); });
    router.add(std::span<const Route<BulkActions>>(routes), actions);
}

}  // namespace sluice::engine
