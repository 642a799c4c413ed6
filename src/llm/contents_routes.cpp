// REST of what is kept of calls.

#include <span>

#include "sluice/base/json.hpp"
#include "sluice/llm/contents.hpp"
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

constexpr std::string_view new_schema = R"json({"type": "object", "required": ["keep"], "additionalProperties": false, "properties": {
    "keep": {"type": "string", "enum": ["none", "errors", "all"], "description": "Nothing, calls that failed, or all"},
    "retention": {"type": "string", "description": "How long, from 1h to 400d; left out: 168h"}}})json";
constexpr std::string_view policy_schema = R"json({"type": "object", "required": ["keep", "retention"], "properties": {
    "keep": {"type": "string"}, "retention": {"type": "string"}, "updated_by": {"type": ["string", "null"]},
    "updated_at": {"type": ["string", "null"]}}})json";
constexpr std::string_view content_schema = R"json({"type": "object", "required": ["request"], "properties": {
    "door": {"type": "string"}, "request": {"description": "The body, as guardrails let it through"},
    "answer": {"description": "The answer's body; null where it was streamed or none came"},
    "text": {"type": ["string", "null"], "description": "Of a stream"},
    "tool_calls": {"type": ["array", "null"], "items": {"type": "object"}},
    "cut": {"type": "boolean", "description": "It was longer than 8 MiB"}}})json";

Json render(const ContentPolicy& policy) {
    return {{"keep", to_string(policy.keep)},
            {"retention", base::format_duration(policy.retention)},
            {"updated_by", policy.revision > 0 ? Json(policy.updated_by) : Json()},
            {"updated_at", policy.revision > 0 ? Json(base::format_time(policy.updated_at)) : Json()}};
}

Response with_etag(const ContentPolicy& policy) { return net::tagged(200, render(policy), etag_of(policy)); }

Awaitable<Response> get_policy(Request& request, Contents& contents) { co_return with_etag(contents.policy(request.workspace())); }

Awaitable<Response> put_policy(Request& request, Contents& contents) {
    auto body = request.json();
    if (!body) co_return problem(body.error());
    ContentPolicy wanted;
    wanted.workspace = request.workspace();
    wanted.keep = *content_keep_from(base::string_or(*body, "keep", "none"));
    wanted.updated_by = request.principal.id;
    if (const auto text = base::string_or(*body, "retention", ""); !text.empty()) {
        auto retention = base::parse_duration(text);
        if (!retention) co_return problem(Error{ErrorCode::invalid_argument, retention.error().message, {{"/retention", retention.error().message}}, false});
        wanted.retention = *retention;
    }
    const auto before = contents.policy(request.workspace());
    Contents::Also also = [&request, before](storage::WriteUnit& unit, const ContentPolicy& made) {
        request.record(unit, {200, base::dump_json(render(made)), etag_of(made)},
                       {.target = "content-policy", .before = base::dump_json(render(before)), .after = {}, .reason = {}});
    };
    auto made = co_await contents.set(std::move(wanted), net::if_match(request), std::move(also));
    if (!made) co_return problem(made.error());
    co_return with_etag(*made);
}

Awaitable<Response> get_content(Request& request, Contents& contents) {
    const auto id = request.id_parameter<budget::SpendId>();
    if (!id) co_return problem(id.error());
    auto call = co_await contents.call(request.workspace(), *id);
    if (!call) co_return problem(call.error());
    const net::Place place{call->scope.project, call->scope.flow, {}, {}, false};
    if (auto may = net::check_place(request.principal, Permission::runs_data, place, request.parameter("id")); !may) co_return problem(may.error());
    auto content = co_await contents.read(request.workspace(), *id);
    if (!content) co_return problem(content.error());
    auto response = net::text_response(200, "application/json", std::move(*content));
    response.headers.set("Cache-Control", "no-store");
    co_return response;
}

const net::Route<Contents> routes[] = {
    {Verb::get, "/api/v1/content-policy", Permission::providers_read, get_policy,
     {.summary = "Read which prompts and answers of models are kept", .response = "ContentPolicy"}},
    {Verb::put, "/api/v1/content-policy", Permission::providers_write, put_policy,
     {.summary = "Say which prompts and answers of models are kept, and how long", .request = "NewContentPolicy", .response = "ContentPolicy"}},
    {Verb::get, "/api/v1/spend/{id}/content", Permission::runs_data, get_content,
     {.summary = "Read what was asked and answered in a call, where it was kept", .response = "CallContent"}},
};

}  // namespace

void add_routes(net::Router& router, Contents& contents) {
    router.add_schema("NewContentPolicy", new_schema);
    router.add_schema("ContentPolicy", policy_schema);
    router.add_schema("CallContent", content_schema);
    router.add(std::span<const net::Route<Contents>>(routes), contents);
}

}  // namespace sluice::llm
