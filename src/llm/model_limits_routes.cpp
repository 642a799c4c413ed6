// REST of limits on calls of models.

#include <span>

#include "llm/model_limits_json.hpp"
#include "sluice/llm/gateway.hpp"
#include "sluice/net/server.hpp"
#include "sluice/net/tagged.hpp"
#include "sluice/storage/write_unit.hpp"

namespace sluice::llm {

namespace {

using net::json_response;
using net::problem;
using net::Request;
using net::Response;
using net::Verb;

#define RATES                                                                                                                      \
    R"json("requests_per_minute": {"type": ["integer", "null"], "minimum": 1, "maximum": 1000000000},
        "tokens_per_minute": {"type": ["integer", "null"], "minimum": 1, "maximum": 1000000000, "description": "Input and output together"},
        "models": {"type": ["array", "null"], "minItems": 1, "maxItems": 200, "items": {"type": "string", "minLength": 1, "maxLength": 300},
                   "description": "These alone may be called: names of models or routes, or beginnings and *: gpt-*, anthropic/*"})json"
constexpr std::string_view limit_schema = R"json({"type": "object", "required": ["id", "scope"], "properties": {
    "id": {"type": "string"}, "scope": {"type": "object", "properties": {"type": {"type": "string"}, "id": {"type": "string"}}},
    "model": {"type": ["string", "null"]}, )json" RATES R"json(,
    "requests_left": {"type": ["integer", "null"], "description": "At once, now"}, "tokens_left": {"type": ["integer", "null"]},
    "created_by": {"type": "string"}, "created_at": {"type": "string"}, "updated_at": {"type": "string"}}})json";
constexpr std::string_view list_schema = R"json({"type": "object", "required": ["items", "next_cursor"], "properties": {
    "items": {"type": "array", "items": {"$ref": "#/components/schemas/ModelLimit"}}, "next_cursor": {"type": ["string", "null"]}}})json";
constexpr std::string_view new_schema = R"json({"type": "object", "required": ["scope"], "additionalProperties": false, "properties": {
    "scope": {"type": "object", "required": ["type"], "additionalProperties": false, "properties": {
        "type": {"enum": ["workspace", "project", "agent", "flow", "api_key", "user", "model"]},
        "id": {"type": "string", "maxLength": 300, "description": "A name (project, agent, flow, model) or an id (api_key, user); empty for workspace"}}},
    "model": {"type": ["string", "null"], "maxLength": 300, "description": "Counts calls of these models alone: a name, or a beginning and *"},
    )json" RATES "}}";
constexpr std::string_view change_schema = R"json({"type": "object", "additionalProperties": false, "properties": {)json" RATES "}}";

/// Those who are limited themselves do not change what binds them.
Result<void> check_actor(const Request& request, const ModelLimits& limits, budget::ScopeType scope, std::string_view scope_id) {
    if (scope != budget::ScopeType::api_key && scope != budget::ScopeType::user) return {};
    return check_unbound(request.principal, limits, scope, scope_id);
}

Response tagged(int status, const ModelLimit& limit, const ModelLimits& limits) {
    return net::tagged(status, render(limit, limits), etag_of(limit));
}

ModelLimits::Also record(Request& request, const ModelLimits& limits, int status, std::string before = {}) {
    return [&request, &limits, status, before = std::move(before)](storage::WriteUnit& unit, const ModelLimit& limit) {
        net::AuditNote note;
        note.target = limit.id.str();
        note.before = before;
        if (status == 204) return request.record(unit, {status, "", {}}, std::move(note));
        request.record(unit, {status, base::dump_json(render(limit, limits)), etag_of(limit)}, std::move(note));
    };
}

Result<ModelLimit> find_limit(const Request& request, const ModelLimits& limits) {
    auto id = request.id_parameter<ModelLimitId>();
    if (!id) return fail(std::move(id.error()));
    if (auto found = limits.find(request.workspace(), *id)) return std::move(*found);
    return fail(ErrorCode::not_found, "there is no limit {}; GET /api/v1/model-limits lists those that there are", id->str());
}

Awaitable<Response> list_limits(Request& request, ModelLimits& limits) {
    const auto limit = request.query_integer("limit", 50, 1, 200);
    if (!limit) co_return problem(limit.error());
    ModelLimitId before = ModelLimitId::last();
    if (const auto cursor = request.query_value("cursor"); cursor && !cursor->empty()) {
        const auto id = ModelLimitId::parse(*cursor);
        if (!id) {
            const Error error{ErrorCode::invalid_argument, "cursor must be the next_cursor of a page of this list", {}, false};
            co_return problem(error);
        }
        before = *id;
    }
    const auto type = request.query_value("scope_type").value_or(""), name = request.query_value("scope_id").value_or("");
    Json items = Json::array(), next;
    std::string last;
    for (const auto& each : limits.list(request.workspace())) {
        if (each.id >= before || (!type.empty() && type != budget::to_string(each.scope)) || (!name.empty() && name != each.scope_id)) continue;
        if (items.size() == static_cast<std::size_t>(*limit)) {
            next = last;
            break;
        }
        last = each.id.str();
        items.push_back(render(each, limits));
    }
    const Json answer{{"items", std::move(items)}, {"next_cursor", std::move(next)}};
    co_return json_response(200, answer);
}

Awaitable<Response> create_limit(Request& request, ModelLimits& limits) {
    const auto body = request.json();
    if (!body) co_return problem(body.error());
    const Json& scope = body->at("scope");
    ModelLimit wanted;
    wanted.workspace = request.workspace();
    wanted.scope = *budget::scope_type_from(scope.at("type").get<std::string>());
    wanted.scope_id = base::string_or(scope, "id", "");
    wanted.model = base::string_or(*body, "model", "");
    wanted.terms = terms_of(*body);
    wanted.created_by = request.principal.id;
    if (auto free = check_actor(request, limits, wanted.scope, wanted.scope_id); !free) co_return problem(free.error());
    auto made = co_await limits.create(std::move(wanted), record(request, limits, 201));
    if (!made) co_return problem(made.error());
    auto response = tagged(201, *made, limits);
    response.headers.set("Location", "/api/v1/model-limits/" + made->id.str());
    co_return response;
}

Awaitable<Response> get_limit(Request& request, ModelLimits& limits) {
    const auto found = find_limit(request, limits);
    if (!found) co_return problem(found.error());
    co_return tagged(200, *found, limits);
}

Awaitable<Response> edit_limit(Request& request, ModelLimits& limits) {
    const auto found = find_limit(request, limits);
    if (!found) co_return problem(found.error());
    const auto body = request.json();
    if (!body) co_return problem(body.error());
    if (auto free = check_actor(request, limits, found->scope, found->scope_id); !free) co_return problem(free.error());
    std::string before = base::dump_json(render(*found, limits));
    auto done = co_await limits.edit(found->workspace, found->id, terms_of(*body), if_match(request),
                                     record(request, limits, 200, std::move(before)));
    if (!done) co_return problem(done.error());
    co_return tagged(200, *done, limits);
}

Awaitable<Response> delete_limit(Request& request, ModelLimits& limits) {
    const auto found = find_limit(request, limits);
    if (!found) co_return problem(found.error());
    if (auto free = check_actor(request, limits, found->scope, found->scope_id); !free) co_return problem(free.error());
    std::string before = base::dump_json(render(*found, limits));
    auto done = co_await limits.remove(found->workspace, found->id, if_match(request), record(request, limits, 204, std::move(before)));
    if (!done) co_return problem(done.error());
    co_return net::no_content();
}

constexpr net::Parameter page[] = {{"limit", "integer", "How many, at most 200; default 50"},
                                   {"cursor", "string", "next_cursor of the page before"},
                                   {"scope_type", "string", "Only limits of this type of scope"},
                                   {"scope_id", "string", "Only limits of this name or id"}};

const net::Route<ModelLimits> routes[] = {
    {Verb::get, "/api/v1/model-limits", Permission::budgets_read, list_limits,
     {.summary = "List limits on calls of models, newest first", .response = "ModelLimitList", .query = page}},
    {Verb::post, "/api/v1/model-limits", Permission::budgets_write, create_limit,
     {.summary = "Limit requests and tokens a minute, or the models that may be called", .request = "NewModelLimit", .response = "ModelLimit",
      .status = 201}},
    {Verb::get, "/api/v1/model-limits/{id}", Permission::budgets_read, get_limit, {.summary = "Read a limit and what is left of it", .response = "ModelLimit"}},
    {Verb::put, "/api/v1/model-limits/{id}", Permission::budgets_write, edit_limit,
     {.summary = "Change a limit", .request = "ModelLimitChange", .response = "ModelLimit",
      .description = "What is left out is not limited any more; scope and model stay."}},
    {Verb::del, "/api/v1/model-limits/{id}", Permission::budgets_write, delete_limit, {.summary = "Delete a limit", .status = 204}},
};

}  // namespace

LimitTerms terms_of(const Json& body) {
    LimitTerms out;
    for (const auto& [name, value] : {std::pair("requests_per_minute", &out.requests_per_minute), std::pair("tokens_per_minute", &out.tokens_per_minute)})
        if (const auto* number = base::find_member(body, name); number && number->is_number_integer()) *value = number->get<std::int64_t>();
    if (const auto* models = base::find_member(body, "models"); models && models->is_array()) {
        out.models.emplace();
        for (const auto& each : *models)
            if (each.is_string()) out.models->push_back(each.get<std::string>());
    }
    return out;
}

Json terms_json(const LimitTerms& terms) {
    return {{"requests_per_minute", terms.requests_per_minute ? Json(*terms.requests_per_minute) : Json()},
            {"tokens_per_minute", terms.tokens_per_minute ? Json(*terms.tokens_per_minute) : Json()},
            {"models", terms.models ? Json(*terms.models) : Json()}};
}

Json render(const ModelLimit& limit, const ModelLimits& limits) {
    Json out{{"id", limit.id.str()},
             {"scope", {{"type", budget::to_string(limit.scope)}, {"id", limit.scope_id}}},
             {"model", limit.model.empty() ? Json() : Json(limit.model)}};
    out.update(terms_json(limit.terms));
    const auto standings = limits.standings(limit);
    out["requests_left"] = standings.requests ? Json(standings.requests->left) : Json();
    out["tokens_left"] = standings.tokens ? Json(standings.tokens->left) : Json();
    out["created_by"] = limit.created_by;
    out["created_at"] = base::format_time(limit.created_at);
    out["updated_at"] = base::format_time(limit.updated_at);
    return out;
}

Result<void> check_unbound(const Principal& actor, const ModelLimits& limits, budget::ScopeType scope, std::string_view scope_id) {
    const bool key = actor.kind == Principal::Kind::api_key;
    if (!key && actor.kind != Principal::Kind::user) return {};
    const auto own = key ? budget::ScopeType::api_key : budget::ScopeType::user;
    if (key && scope == own && scope_id == actor.id)
        return fail(ErrorCode::forbidden, "a key does not change its own limits; ask whoever made it");
    if (key && !limits.of_scope_all(actor.workspace, own, actor.id).empty())
        return fail(ErrorCode::forbidden, "this key has limits of its own, and so changes those of no key or person");
    return {};
}

void add_routes(net::Router& router, ModelLimits& limits) {
    router.add_schema("ModelLimit", limit_schema);
    router.add_schema("ModelLimitList", list_schema);
    router.add_schema("NewModelLimit", new_schema);
    router.add_schema("ModelLimitChange", change_schema);
    router.places().add_whole("model-limits");
    router.add(std::span<const net::Route<ModelLimits>>(routes), limits);
}

}  // namespace sluice::llm
