// REST of guardrails.

#include <span>

#include "sluice/llm/guardrails.hpp"
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

#define NAMES(what) R"json({"type": "array", "maxItems": 100, "items": {"type": "string", "minLength": 1, "maxLength": 200}, "description": ")json" what R"json("})json"
constexpr std::string_view new_schema = R"json({"type": "object", "required": ["name", "rule"], "additionalProperties": false, "properties": {
    "name": {"type": "string", "minLength": 1, "maxLength": 64},
    "enabled": {"type": "boolean", "description": "Left out: true"},
    "position": {"type": "integer", "minimum": 0, "maximum": 1000000, "description": "The least is asked first; left out: 100"},
    "direction": {"type": "string", "enum": ["input", "output", "both"], "description": "Requests, answers or both; left out: both, of a schema output"},
    "models": )json" NAMES("Only calls of these models, as the caller names them or as they answer; * stands for anything. Empty: all") R"json(,
    "api_keys": )json" NAMES("Only calls with these keys (key_…)") R"json(,
    "flows": )json" NAMES("Only calls of these flows, and of these flows as models") R"json(,
    "projects": )json" NAMES("Only calls in these projects") R"json(,
    "rule": {"type": "object", "required": ["type"], "properties": {"type": {"type": "string", "enum": ["pattern", "detect", "size", "tools", "schema"]}},
             "description": "{type: pattern, pattern, action, replacement, window} | {type: detect, kinds, action, replacement, window} | {type: size, max_characters, max_messages} | {type: tools, allow} | {type: schema, schema, repair}"}}})json";
constexpr std::string_view guardrail_schema = R"json({"type": "object", "required": ["id", "name", "enabled", "position", "direction", "rule"], "properties": {
    "id": {"type": "string"}, "name": {"type": "string"}, "enabled": {"type": "boolean"}, "position": {"type": "integer"},
    "direction": {"type": "string"}, "models": {"type": "array", "items": {"type": "string"}}, "api_keys": {"type": "array", "items": {"type": "string"}},
    "flows": {"type": "array", "items": {"type": "string"}}, "projects": {"type": "array", "items": {"type": "string"}}, "rule": {"type": "object"},
    "created_by": {"type": "string"}, "created_at": {"type": "string"}, "updated_at": {"type": "string"}}})json";
constexpr std::string_view list_schema = R"json({"type": "object", "required": ["items", "next_cursor"], "properties": {
    "items": {"type": "array", "items": {"$ref": "#/components/schemas/Guardrail"}}, "next_cursor": {"type": ["string", "null"]}}})json";

Json render(const Guardrail& row) {
    return {{"id", row.id.str()},
            {"name", row.name},
            {"enabled", row.enabled},
            {"position", row.position},
            {"direction", to_string(row.direction)},
            {"models", row.models},
            {"api_keys", row.api_keys},
            {"flows", row.flows},
            {"projects", row.projects},
            {"rule", row.rule},
            {"created_by", row.created_by},
            {"created_at", base::format_time(row.created_at)},
            {"updated_at", base::format_time(row.updated_at)}};
}

Response with_etag(int status, const Guardrail& row) { return net::tagged(status, render(row), etag_of(row)); }

Result<Guardrail> read_guardrail(const Request& request) {
    auto body = request.json();
    if (!body) return fail(std::move(body.error()));
    Guardrail out;
    out.workspace = request.workspace();
    out.created_by = request.principal.id;
    out.name = base::string_or(*body, "name", "");
    out.rule = body->at("rule");
    const bool schema = base::string_or(out.rule, "type", "") == "schema";
    out.enabled = body->value("enabled", true);
    out.position = body->value("position", std::int64_t{100});
    out.direction = *guard_direction_from(base::string_or(*body, "direction", schema ? "output" : "both"));
    const auto names = [&](const char* member) { return body->value(member, std::vector<std::string>()); };
    out.models = names("models");
    out.api_keys = names("api_keys");
    out.flows = names("flows");
    out.projects = names("projects");
    return out;
}

Awaitable<Response> list_guardrails(Request& request, Guardrails& guardrails) {
    Json items = Json::array();
    for (const auto& row : guardrails.list(request.workspace())) items.push_back(render(*row));
    co_return json_response(200, {{"items", std::move(items)}, {"next_cursor", nullptr}});
}

Awaitable<Response> get_guardrail(Request& request, Guardrails& guardrails) {
    const auto row = guardrails.find(request.workspace(), request.parameter("id"));
    if (!row) co_return problem(net::no_such_object(request.parameter("id")));
    co_return with_etag(200, *row);
}

Awaitable<Response> create_guardrail(Request& request, Guardrails& guardrails) {
    auto wanted = read_guardrail(request);
    if (!wanted) co_return problem(wanted.error());
    Guardrails::Also also = [&request](storage::WriteUnit& unit, const Guardrail& made) {
        request.record(unit, {201, base::dump_json(render(made)), etag_of(made)});
    };
    auto made = co_await guardrails.create(std::move(*wanted), std::move(also));
    if (!made) co_return problem(made.error());
    co_return with_etag(201, *made);
}

Awaitable<Response> put_guardrail(Request& request, Guardrails& guardrails) {
    auto wanted = read_guardrail(request);
    if (!wanted) co_return problem(wanted.error());
    const auto before = guardrails.find(request.workspace(), request.parameter("id"));
    Guardrails::Also also = [&request, before](storage::WriteUnit& unit, const Guardrail& made) {
        request.record(unit, {200, base::dump_json(render(made)), etag_of(made)},
                       {.target = made.id.str(), .before = before ? base::dump_json(render(*before)) : std::string(), .after = {}, .reason = {}});
    };
    std::string id(request.parameter("id"));
    auto made = co_await guardrails.edit(request.workspace(), std::move(id), std::move(*wanted), if_match(request), std::move(also));
    if (!made) co_return problem(made.error());
    co_return with_etag(200, *made);
}

Awaitable<Response> delete_guardrail(Request& request, Guardrails& guardrails) {
    Guardrails::Also also = [&request](storage::WriteUnit& unit, const Guardrail& row) {
        request.record(unit, {204, {}, {}}, {.target = row.id.str(), .before = base::dump_json(render(row)), .after = {}, .reason = {}});
    };
    std::string id(request.parameter("id"));
    auto done = co_await guardrails.remove(request.workspace(), std::move(id), if_match(request), std::move(also));
    if (!done) co_return problem(done.error());
    co_return net::no_content();
}

const net::Route<Guardrails> routes[] = {
    {Verb::get, "/api/v1/guardrails", Permission::providers_read, list_guardrails,
     {.summary = "List guardrails in the order in which they are asked", .response = "GuardrailList"}},
    {Verb::post, "/api/v1/guardrails", Permission::providers_write, create_guardrail,
     {.summary = "Make a guardrail", .request = "NewGuardrail", .response = "Guardrail", .status = 201}},
    {Verb::get, "/api/v1/guardrails/{id}", Permission::providers_read, get_guardrail,
     {.summary = "Read a guardrail, by id or name", .response = "Guardrail"}},
    {Verb::put, "/api/v1/guardrails/{id}", Permission::providers_write, put_guardrail,
     {.summary = "Change a guardrail", .request = "NewGuardrail", .response = "Guardrail"}},
    {Verb::del, "/api/v1/guardrails/{id}", Permission::providers_write, delete_guardrail,
     {.summary = "Delete a guardrail", .status = 204}},
};

}  // namespace

void add_routes(net::Router& router, Guardrails& guardrails) {
    router.add_schema("NewGuardrail", new_schema);
    router.add_schema("Guardrail", guardrail_schema);
    router.add_schema("GuardrailList", list_schema);
    router.places().add_whole("guardrails");
    router.add(std::span<const net::Route<Guardrails>>(routes), guardrails);
}

}  // namespace sluice::llm
