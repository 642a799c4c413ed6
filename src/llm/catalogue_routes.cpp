// REST of models and prices.

#include <span>

#include "sluice/base/json.hpp"
#include "sluice/llm/prices.hpp"
#include "sluice/net/router.hpp"
#include "sluice/storage/write_unit.hpp"

namespace sluice::llm {

namespace {

using net::json_response;
using net::problem;
using net::Request;
using net::Response;
using net::Route;
using net::Verb;

struct Schema {
    std::string_view name, json;
};

constexpr Schema schemas[] = {
    {"ModelPrice", R"json({"type": "object", "required": ["price_version", "provider", "model", "valid_from", "valid_to", "usd_per_million"],
        "properties": {
        "price_version": {"type": "string", "description": "Stands in the spend row of each call that it priced"},
        "provider": {"type": "string"}, "model": {"type": "string"},
        "valid_from": {"type": "string"}, "valid_to": {"type": ["string", "null"]},
        "usd_per_million": {"type": "object", "additionalProperties": {"type": "string"},
                            "description": "By kind of token; what is left out is not known, which is not 0"},
        "tiers": {"type": "array", "items": {"type": "object"}, "description": "Above so many input tokens the whole call costs this"},
        "tier_multipliers": {"type": "object"}, "region_multipliers": {"type": "object"}, "usd_per_tool_call": {"type": "object"},
        "source": {"type": "string"}, "as_of": {"type": "string"},
        "origin": {"type": "string", "enum": ["provider", "imported", "file", "embedded"]},
        "in_use": {"type": "boolean", "description": "False: of an earlier program or file, kept to explain what was spent"}}})json"},
    {"Model", R"json({"type": "object", "required": ["provider", "id", "kind", "price"], "properties": {
        "provider": {"type": "string"}, "id": {"type": "string"}, "aliases": {"type": "array", "items": {"type": "string"}},
        "kind": {"type": "string", "enum": ["chat", "embedding"]}, "context_window": {"type": ["integer", "null"]},
        "max_output_tokens": {"type": ["integer", "null"]}, "input_modalities": {"type": "array", "items": {"type": "string"}},
        "capabilities": {"type": "array", "items": {"type": "string"}}, "source": {"type": "string"},
        "price": {"description": "A ModelPrice; null: not priced at that time", "type": ["object", "null"]}}})json"},
    {"ModelList", R"json({"type": "object", "required": ["items", "next_cursor"], "properties": {
        "items": {"type": "array", "items": {"$ref": "#/components/schemas/Model"}},
        "next_cursor": {"type": ["string", "null"]}}})json"},
    {"ModelPriceList", R"json({"type": "object", "required": ["items"], "properties": {
        "items": {"type": "array", "items": {"$ref": "#/components/schemas/ModelPrice"}}}})json"},
    {"ModelCatalogue", R"json({"type": "object", "required": ["format", "models"], "properties": {
        "format": {"const": 1}, "comment": {"type": "string"},
        "models": {"type": "array", "items": {"type": "object"}, "description": "As in config/models.json"}}})json"},
    {"ModelImport", R"json({"type": "object", "required": ["dry_run", "models", "added", "unchanged", "warnings"], "properties": {
        "dry_run": {"type": "boolean"}, "models": {"type": "integer", "description": "In the file"},
        "added": {"type": "array", "items": {"$ref": "#/components/schemas/ModelPrice"}},
        "unchanged": {"type": "integer", "description": "Versions of the file that were imported already"},
        "warnings": {"type": "array", "items": {"type": "object"}}}})json"},
};

Json render(const PriceVersion& price, PriceOrigin origin, bool in_use) {
    Json out = render_price(price);
    out["origin"] = to_string(origin);
    out["in_use"] = in_use;
    return out;
}

Json render(const ImportReport& report) {
    Json added = Json::array(), warnings = Json::array();
    for (const auto& price : report.added) added.push_back(render(price, PriceOrigin::imported, !report.dry_run));
    for (const auto& warning : report.warnings) warnings.push_back({{"pointer", warning.pointer}, {"message", warning.message}});
    return {{"dry_run", report.dry_run},
            {"models", report.models},
            {"added", std::move(added)},
            {"unchanged", report.unchanged},
            {"warnings", std::move(warnings)}};
}

Awaitable<Response> list_models(Request& request, Catalogues& service) {
    auto limit = request.query_integer("limit", 50, 1, 200);
    if (!limit) co_return problem(limit.error());
    Time at = service.now();
    if (const auto wanted = request.query_value("at")) {
        const auto parsed = base::parse_time(*wanted);
        if (!parsed) {
            const Error error{ErrorCode::invalid_argument, fmt::format("at: {}", parsed.error().message), {}, false};
            co_return problem(error);
        }
        at = *parsed;
    }
    const auto provider = request.query_value("provider");
    const auto after = request.query_value("cursor");
    const auto snapshot = service.snapshot();
    std::pair<std::string_view, std::string_view> place_after;  // a provider's name has no slash
    if (after) {
        const auto slash = after->find('/');
        if (slash == std::string_view::npos) {
            const Error error{ErrorCode::invalid_argument, "cursor must be the next_cursor of a page of this list", {}, false};
            co_return problem(error);
        }
        place_after = {after->substr(0, slash), after->substr(slash + 1)};
    }
    Json items = Json::array(), cursor;
    std::string last;
    for (const auto* entry : snapshot->entries()) {
        if (provider && entry->provider != *provider) continue;
        if (after && std::pair<std::string_view, std::string_view>(entry->provider, entry->id) <= place_after) continue;
        if (items.size() == static_cast<std::size_t>(*limit)) {
            cursor = last;
            break;
        }
        last = entry->provider + "/" + entry->id;
        Json item = render_entry(*entry);
        const auto version = snapshot->find_version(entry->provider, entry->id, at);
        item["price"] = version.price ? render(*version.price, version.origin, true) : Json();
        items.push_back(std::move(item));
    }
    const Json answer{{"items", std::move(items)}, {"next_cursor", std::move(cursor)}};
    co_return json_response(200, answer);
}

Awaitable<Response> list_prices(Request& request, Catalogues& service) {
    const auto model = request.query_value("model");
    if (!model || model->empty()) {
        const Error error{ErrorCode::invalid_argument, "name the model whose prices you want: ?model=ID", {}, false};
        co_return problem(error);
    }
    Json items = Json::array();
    for (const auto& row : service.history(*model, request.query_value("provider").value_or("")))
        items.push_back(render(row.price, row.origin, row.in_use));
    const Json answer{{"items", std::move(items)}};
    co_return json_response(200, answer);
}

Awaitable<Response> import_models(Request& request, Catalogues& service) {
    const auto dry = request.query_value("dry_run").value_or("false");
    if (dry != "true" && dry != "false") {
        const Error error{ErrorCode::invalid_argument, "dry_run must be true or false", {}, false};
        co_return problem(error);
    }
    std::function<void(storage::WriteUnit&, const ImportReport&)> also = [&request](storage::WriteUnit& unit, const ImportReport& report) {
        net::AuditNote note;
        note.target = report.dry_run ? "models, not imported" : "models";
        request.record(unit, {200, base::dump_json(render(report)), {}}, std::move(note));
    };
    auto done = co_await service.import(request.body, dry == "true", request.principal.id, std::move(also));
    if (!done) co_return problem(done.error());
    co_return json_response(200, render(*done));
}

constexpr net::Parameter list_query[] = {{"provider", "string", "Only models of this provider"},
                                         {"at", "string", "With the prices of this time (RFC 3339); default: now"},
                                         {"limit", "integer", "How many, at most 200; default 50"},
                                         {"cursor", "string", "next_cursor of the page before"}};
constexpr net::Parameter prices_query[] = {{"model", "string", "The model's id or an alias"},
                                           {"provider", "string", "Only of this provider"}};
constexpr net::Parameter import_query[] = {{"dry_run", "boolean", "Only says what would be added"}};

constexpr Route<Catalogues> routes[] = {
    {Verb::get, "/api/v1/models", Permission::providers_read, list_models,
     {.summary = "List models with their prices", .response = "ModelList", .query = list_query,
      .description = "By provider and id."}},
    {Verb::get, "/api/v1/models/prices", Permission::providers_read, list_prices,
     {.summary = "List all prices that a model has had or will have, the newest first", .response = "ModelPriceList", .query = prices_query}},
    {Verb::post, "/api/v1/models/import", Permission::system_write, import_models,
     {.summary = "Add models and prices from a catalogue file", .request = "ModelCatalogue", .response = "ModelImport",
      .query = import_query,
      .description = "For the whole server. Versions are added and never changed; of two that hold at one time the later import counts.",
      .max_body = 8 << 20, .check_body = false, .action = "models.import"}},
};

}  // namespace

void add_routes(net::Router& router, Catalogues& catalogues) {
    for (const auto& schema : schemas) router.add_schema(schema.name, schema.json);
    router.places().add_whole("models");
    router.add(std::span<const Route<Catalogues>>(routes), catalogues);
}

}  // namespace sluice::llm
