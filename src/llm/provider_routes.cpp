// REST of model providers and model routes.

#include <span>

#include "llm/providers_store.hpp"
#include "llm/upstreams/upstream.hpp"
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

constexpr std::string_view model_schema = R"json({"type": "object", "required": ["id"], "additionalProperties": false, "properties": {
    "id": {"type": "string", "minLength": 1, "maxLength": 200, "description": "As the provider calls it"},
    "kind": {"type": "string", "enum": ["chat", "embedding"]},
    "input_usd_per_million": {"type": ["string", "number", "null"], "description": "Of a million input tokens; left out: the catalogue's price"},
    "output_usd_per_million": {"type": ["string", "number", "null"]},
    "cache_read_usd_per_million": {"type": ["string", "number", "null"]},
    "cache_write_usd_per_million": {"type": ["string", "number", "null"]},
    "context_window": {"type": ["integer", "null"], "minimum": 1, "maximum": 100000000},
    "max_output_tokens": {"type": ["integer", "null"], "minimum": 1, "maximum": 100000000}}})json";
constexpr std::string_view new_schema = R"json({"type": "object", "required": ["name", "type"], "additionalProperties": false, "properties": {
    "name": {"type": "string", "minLength": 1, "maxLength": 64, "description": "Models are called by id, or as name/id"},
    "type": {"type": "string", "enum": ["anthropic", "azure_openai", "bedrock", "gemini", "openai", "openai_compatible"]},
    "base_url": {"type": "string", "maxLength": 2000, "description": "Left out: the vendor's own; may be an internal address"},
    "api_key": {"type": "string", "maxLength": 8192, "description": "Never given back; left out of a change: as it is"},
    "settings": {"type": "object", "description": "Of some types: region and control_url (bedrock; where models are listed), api_version (azure_openai)"},
    "models": {"type": "array", "maxItems": 1000, "items": {"$ref": "#/components/schemas/ProviderModel"},
               "description": "Empty: any model of the vendor, as name/id"},
    "enabled": {"type": "boolean"}}})json";
constexpr std::string_view provider_schema = R"json({"type": "object", "required": ["id", "name", "type", "models", "enabled"], "properties": {
    "id": {"type": "string"}, "name": {"type": "string"}, "type": {"type": "string"},
    "base_url": {"type": "string"}, "settings": {"type": "object"}, "models": {"type": "array", "items": {"$ref": "#/components/schemas/ProviderModel"}},
    "enabled": {"type": "boolean"}, "has_key": {"type": "boolean"}, "created_by": {"type": "string"},
    "created_at": {"type": "string"}, "updated_at": {"type": "string"}}})json";
constexpr std::string_view list_schema = R"json({"type": "object", "required": ["items", "next_cursor"], "properties": {
    "items": {"type": "array", "items": {"$ref": "#/components/schemas/Provider"}}, "next_cursor": {"type": ["string", "null"]}}})json";
constexpr std::string_view new_route_schema = R"json({"type": "object", "required": ["targets"], "additionalProperties": false, "properties": {
    "strategy": {"type": "string", "enum": ["priority", "weighted", "latency"],
                 "description": "Which target is tried first: the first, one by chance and weight, or the quickest of late; the others follow when it fails"},
    "targets": {"type": "array", "minItems": 1, "maxItems": 20, "items": {"type": "object", "required": ["model"], "additionalProperties": false,
                "properties": {"model": {"type": "string", "minLength": 1, "maxLength": 300}, "weight": {"type": "number", "exclusiveMinimum": 0, "maximum": 1000}}}},
    "max_attempts": {"type": "integer", "minimum": 1, "maximum": 10, "description": "Over all targets, before the first byte; 3 when left out"}}})json";
constexpr std::string_view route_schema = R"json({"type": "object", "required": ["name", "strategy", "targets", "max_attempts"], "properties": {
    "name": {"type": "string"}, "strategy": {"type": "string"}, "targets": {"type": "array", "items": {"type": "object"}},
    "max_attempts": {"type": "integer"}, "created_by": {"type": "string"}, "created_at": {"type": "string"}, "updated_at": {"type": "string"}}})json";
constexpr std::string_view route_list_schema = R"json({"type": "object", "required": ["items", "next_cursor"], "properties": {
    "items": {"type": "array", "items": {"$ref": "#/components/schemas/ModelRoute"}}, "next_cursor": {"type": ["string", "null"]}}})json";

Json render(const ProviderRow& row) {
    return {{"id", row.id.str()},
            {"name", row.name},
            {"type", row.type},
            {"base_url", row.base_url},
            {"settings", row.settings},
            {"models", store::models_json(row.models)},
            {"enabled", row.enabled},
            {"has_key", !row.sealed_key.empty()},
            {"created_by", row.created_by},
            {"created_at", base::format_time(row.created_at)},
            {"updated_at", base::format_time(row.updated_at)}};
}

Json render(const ModelRoute& route) {
    return {{"name", route.name},
            {"strategy", route.strategy},
            {"targets", store::targets_json(route.targets)},
            {"max_attempts", route.max_attempts},
            {"created_by", route.created_by},
            {"created_at", base::format_time(route.created_at)},
            {"updated_at", base::format_time(route.updated_at)}};
}

Result<NewProvider> read_provider(const Request& request) {
    auto body = request.json();
    if (!body) return fail(std::move(body.error()));
    NewProvider out;
    out.name = base::string_or(*body, "name", "");
    out.type = base::string_or(*body, "type", "");
    out.base_url = base::string_or(*body, "base_url", "");
    if (const auto* key = base::find_member(*body, "api_key")) out.api_key = key->get<std::string>();
    if (const auto* settings = base::find_member(*body, "settings")) out.settings = *settings;
    if (const auto* models = base::find_member(*body, "models")) {
        auto read = store::models_from(*models, "/models");
        if (!read) return fail(std::move(read.error()));
        out.models = std::move(*read);
    }
    if (const auto* enabled = base::find_member(*body, "enabled")) out.enabled = enabled->get<bool>();
    return out;
}

Awaitable<Response> list_providers(Request& request, ProviderBook& book) {
    Json items = Json::array();
    for (const auto& row : book.list(request.workspace())) items.push_back(render(*row));
    co_return json_response(200, {{"items", std::move(items)}, {"next_cursor", nullptr}});
}

Awaitable<Response> get_provider(Request& request, ProviderBook& book) {
    const auto row = book.find(request.workspace(), request.parameter("id"));
    if (!row) co_return problem(net::no_such_object(request.parameter("id")));
    co_return net::tagged(200, render(*row), etag_of(*row));
}

Awaitable<Response> create_provider(Request& request, ProviderBook& book) {
    auto wanted = read_provider(request);
    if (!wanted) co_return problem(wanted.error());
    ProviderBook::Also also = [&request](storage::WriteUnit& unit, const ProviderRow& made) {
        request.record(unit, {201, base::dump_json(render(made)), etag_of(made)});
    };
    auto made = co_await book.create(request.workspace(), std::move(*wanted), request.principal.id, std::move(also));
    if (!made) co_return problem(made.error());
    co_return net::tagged(201, render(*made), etag_of(*made));
}

Awaitable<Response> put_provider(Request& request, ProviderBook& book) {
    auto wanted = read_provider(request);
    if (!wanted) co_return problem(wanted.error());
    const auto before = book.find(request.workspace(), request.parameter("id"));
    ProviderBook::Also also = [&request, before](storage::WriteUnit& unit, const ProviderRow& made) {
        request.record(unit, {200, base::dump_json(render(made)), etag_of(made)},
                       {.target = made.id.str(), .before = before ? base::dump_json(render(*before)) : std::string(), .after = {}, .reason = {}});
    };
    std::string id(request.parameter("id"));
    auto made = co_await book.edit(request.workspace(), std::move(id), std::move(*wanted), if_match(request), std::move(also));
    if (!made) co_return problem(made.error());
    co_return net::tagged(200, render(*made), etag_of(*made));
}

Awaitable<Response> delete_provider(Request& request, ProviderBook& book) {
    ProviderBook::Also also = [&request](storage::WriteUnit& unit, const ProviderRow& row) {
        request.record(unit, {204, {}, {}}, {.target = row.id.str(), .before = base::dump_json(render(row)), .after = {}, .reason = {}});
    };
    std::string id(request.parameter("id"));
    auto done = co_await book.remove(request.workspace(), std::move(id), if_match(request), std::move(also));
    if (!done) co_return problem(done.error());
    co_return net::no_content();
}

Awaitable<Response> list_routes(Request& request, ProviderBook& book) {
    Json items = Json::array();
    for (const auto& row : book.routes(request.workspace())) items.push_back(render(*row));
    co_return json_response(200, {{"items", std::move(items)}, {"next_cursor", nullptr}});
}

Awaitable<Response> get_route(Request& request, ProviderBook& book) {
    const auto row = book.route(request.workspace(), request.parameter("name"));
    if (!row) co_return problem(net::no_such_object(request.parameter("name")));
    co_return net::tagged(200, render(*row), etag_of(*row));
}

Awaitable<Response> put_route(Request& request, ProviderBook& book) {
    auto body = request.json();
    if (!body) co_return problem(body.error());
    ModelRoute wanted;
    wanted.workspace = request.workspace();
    wanted.name = request.parameter("name");
    wanted.strategy = base::string_or(*body, "strategy", "priority");
    wanted.targets = store::targets_from(body->at("targets"));
    if (const auto* most = base::find_member(*body, "max_attempts")) wanted.max_attempts = most->get<int>();
    wanted.created_by = request.principal.id;
    ProviderBook::AlsoRoute also = [&request](storage::WriteUnit& unit, const ModelRoute& made) {
        request.record(unit, {200, base::dump_json(render(made)), etag_of(made)}, {.target = made.name, .before = {}, .after = {}, .reason = {}});
    };
    auto made = co_await book.put_route(std::move(wanted), if_match(request), std::move(also));
    if (!made) co_return problem(made.error());
    co_return net::tagged(200, render(*made), etag_of(*made));
}

Awaitable<Response> delete_route(Request& request, ProviderBook& book) {
    ProviderBook::AlsoRoute also = [&request](storage::WriteUnit& unit, const ModelRoute& row) {
        request.record(unit, {204, {}, {}}, {.target = row.name, .before = base::dump_json(render(row)), .after = {}, .reason = {}});
    };
    std::string name(request.parameter("name"));
    auto done = co_await book.remove_route(request.workspace(), std::move(name), if_match(request), std::move(also));
    if (!done) co_return problem(done.error());
    co_return net::no_content();
}

const net::Route<ProviderBook> routes[] = {
    {Verb::get, "/api/v1/providers", Permission::providers_read, list_providers, {.summary = "List model providers", .response = "ProviderList"}},
    {Verb::post, "/api/v1/providers", Permission::providers_write, create_provider,
     {.summary = "Add a model provider", .request = "NewProvider", .response = "Provider", .status = 201}},
    {Verb::get, "/api/v1/providers/{id}", Permission::providers_read, get_provider, {.summary = "Read a model provider, by name or id", .response = "Provider"}},
    {Verb::put, "/api/v1/providers/{id}", Permission::providers_write, put_provider,
     {.summary = "Change a model provider", .request = "NewProvider", .response = "Provider"}},
    {Verb::del, "/api/v1/providers/{id}", Permission::providers_write, delete_provider, {.summary = "Delete a model provider", .status = 204}},
    {Verb::get, "/api/v1/model-routes", Permission::providers_read, list_routes, {.summary = "List model routes", .response = "ModelRouteList"}},
    {Verb::get, "/api/v1/model-routes/{name}", Permission::providers_read, get_route, {.summary = "Read a model route", .response = "ModelRoute"}},
    {Verb::put, "/api/v1/model-routes/{name}", Permission::providers_write, put_route,
     {.summary = "Make or replace a model route: a name that stands for several models", .request = "NewModelRoute", .response = "ModelRoute"}},
    {Verb::del, "/api/v1/model-routes/{name}", Permission::providers_write, delete_route, {.summary = "Delete a model route", .status = 204}},
};

}  // namespace

void add_routes(net::Router& router, ProviderBook& book) {
    router.add_schema("ProviderModel", model_schema);
    router.add_schema("NewProvider", new_schema);
    router.add_schema("Provider", provider_schema);
    router.add_schema("ProviderList", list_schema);
    router.add_schema("NewModelRoute", new_route_schema);
    router.add_schema("ModelRoute", route_schema);
    router.add_schema("ModelRouteList", route_list_schema);
    router.places().add_whole("providers");
    router.places().add_whole("model-routes");
    router.add(std::span<const net::Route<ProviderBook>>(routes), book);
}

}  // namespace sluice::llm
