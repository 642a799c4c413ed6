// REST of how providers do.

#include <span>

#include "llm/provider_health.hpp"
#include "sluice/net/server.hpp"

namespace sluice::llm {
namespace {

using net::json_response;
using net::problem;
using net::Request;
using net::Response;
using net::Verb;

constexpr std::string_view health_schema = R"json({"type": "object", "required": ["provider", "state", "models"], "properties": {
    "provider": {"type": "string"}, "state": {"type": "string", "enum": ["closed", "open", "half_open"],
        "description": "The worst of its models: closed, calls go to it; open, left for the end after failures; half_open, the next call tries it"},
    "since": {"type": ["string", "null"]}, "retry_at": {"type": ["string", "null"]},
    "last_error": {"type": ["object", "null"], "properties": {"message": {"type": "string"}, "at": {"type": "string"}}},
    "window": {"type": "string"}, "answered": {"type": "integer"}, "failed": {"type": "integer"},
    "success_rate": {"type": ["number", "null"], "description": "Null: no call in the window"},
    "latency_ms": {"type": ["number", "null"], "description": "To the first byte, of the answered calls in the window"},
    "models": {"type": "array", "description": "Those that were called since the start", "items": {"type": "object"}}}})json";
constexpr std::string_view check_schema = R"json({"type": "object", "required": ["provider", "ok", "message"], "properties": {
    "provider": {"type": "string"}, "ok": {"type": ["boolean", "null"], "description": "Null: there is no list to ask for, and nothing was checked"},
    "message": {"type": "string", "description": "What is wrong and what to do"},
    "status": {"type": ["integer", "null"]}, "took_ms": {"type": "number"},
    "models": {"type": ["array", "null"], "items": {"type": "string"}, "description": "What it lists; null: it told no list"},
    "missing": {"type": "array", "items": {"type": "string"}, "description": "Models of the provider's row that it does not list"}}})json";

Awaitable<Response> get_health(Request& request, Gateway& gateway) {
    const auto row = gateway.state().parts.book.find(request.workspace(), request.parameter("id"));
    if (!row) co_return problem(net::no_such_object(request.parameter("id")));
    co_return json_response(200, health_json(gateway.state(), *row));
}

Awaitable<Response> post_check(Request& request, Gateway& gateway) {
    auto row = gateway.state().parts.book.find(request.workspace(), request.parameter("id"));
    if (!row) co_return problem(net::no_such_object(request.parameter("id")));
    const auto checked = co_await check_provider(gateway.state(), std::move(row));
    co_return json_response(200, checked);
}

const net::Route<Gateway> routes[] = {
    {Verb::get, "/api/v1/providers/{id}/health", Permission::providers_read, get_health,
     {.summary = "How calls to a model provider have ended of late, and whether it is left out", .response = "ProviderHealth"}},
    {Verb::post, "/api/v1/providers/{id}/check", Permission::providers_write, post_check,
     {.summary = "Ask a model provider for its models, with its key", .response = "ProviderCheck",
      .description = "Says in words what is wrong. A provider that was left out after failures may be tried again at once if it is well.",
      .audited = net::Audited::never}},
};

}  // namespace

void add_health_routes(net::Router& router, Gateway& gateway) {
    router.add_schema("ProviderHealth", health_schema);
    router.add_schema("ProviderCheck", check_schema);
    router.add(std::span<const net::Route<Gateway>>(routes), gateway);
}

}  // namespace sluice::llm
