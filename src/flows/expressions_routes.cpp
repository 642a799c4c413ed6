// REST of expressions, for editors.

#include <span>

#include "sluice/cel/reference.hpp"
#include "sluice/flows/expressions.hpp"
#include "sluice/net/server.hpp"
#include "sluice/runtime/pool.hpp"

namespace sluice::flows {

namespace {

using net::Request;
using net::Response;

/// Reads, evaluates and writes away from the loop: sample values may be megabytes, and an expression may take its 100,000 steps.
Awaitable<Response> preview(Request& request, ExpressionRoutes& routes) {
    auto job = [body = std::move(request.body), depth = request.json_depth]() -> Result<std::string> {
        auto answer = preview_expression(body, depth);
        if (!answer) return fail(std::move(answer.error()));
        return base::dump_json(*answer);
    };
    auto answer = co_await routes.pool.run(std::move(job));
    if (!answer) co_return net::problem(answer.error());
    co_return net::text_response(200, "application/json", std::move(*answer));
}

Awaitable<Response> list_functions(Request&, ExpressionRoutes&) {
    Json items = Json::array();
    for (const cel::FunctionDoc& row : cel::function_docs())
        items.push_back({{"kind", to_string(row.kind)}, {"name", row.name}, {"signature", row.signature}, {"doc", row.doc}});
    Json answer = {{"items", std::move(items)}, {"next_cursor", nullptr}};
    co_return net::json_response(200, answer);
}

const net::Route<ExpressionRoutes> table[] = {
    {net::Verb::post, "/api/v1/expressions/preview", Permission::flows_read, preview,
     {.summary = "Evaluate an expression with sample values", .request = "ExpressionPreview", .response = "ExpressionValue",
      .description = "Answers 200 with the value, or with the mistake and its place; stores nothing, and never has secrets.",
      .max_body = 4 << 20, .check_body = false, .audited = net::Audited::never}},
    {net::Verb::get, "/api/v1/expressions/functions", Permission::flows_read, list_functions,
     {.summary = "List what expressions can call", .response = "ExpressionFunctionList"}},
};

}  // namespace

void add_routes(net::Router& router, ExpressionRoutes& routes) {
    router.add_schema("ExpressionPreview", R"({"type": "object", "additionalProperties": false, "properties": {
        "expression": {"type": "string", "description": "One expression, without braces"},
        "template": {"description": "Instead of it: any JSON whose strings hold {{ expressions }}"},
        "scope": {"type": "object", "additionalProperties": false, "description": "Sample values; what is left out is missing", "properties": {
            "input": {}, "nodes": {"type": "object", "description": "By node: {\"classify\": {\"output\": …}}"},
            "vars": {"type": "object"}, "item": {}, "index": {"type": "integer"}, "error": {}, "run": {"type": "object"}}}}})");
    router.add_schema("ExpressionValue", R"({"type": "object", "properties": {
        "value": {"description": "What it gives"},
        "error": {"type": "object", "required": ["code", "message", "position", "pointer"], "properties": {
            "code": {"type": "string", "enum": ["invalid_argument", "unprocessable", "too_large"],
                "description": "invalid_argument: it does not compile; unprocessable: it fails with these values; too_large: it is over a limit"},
            "message": {"type": "string"},
            "position": {"type": ["object", "null"], "description": "Both from 1, columns in characters; null: of no single place",
                "properties": {"line": {"type": "integer"}, "column": {"type": "integer"}}},
            "pointer": {"type": "string", "description": "Of a template: the string that it concerns"}}}}})");
    router.add_schema("ExpressionFunctionList", R"({"type": "object", "required": ["items"], "properties": {
        "items": {"type": "array", "items": {"type": "object", "required": ["kind", "name", "signature", "doc"], "properties": {
            "kind": {"type": "string", "enum": ["function", "method", "macro"]}, "name": {"type": "string"},
            "signature": {"type": "string"}, "doc": {"type": "string"}}}}, "next_cursor": {"type": ["string", "null"]}}})");
    router.add(std::span<const net::Route<ExpressionRoutes>>(table), routes);
}

}  // namespace sluice::flows
