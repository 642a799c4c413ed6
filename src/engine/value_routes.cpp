// REST of the values of runs: what a run was given, what it and its steps gave. A value over 64 KiB lies in a blob and is sent
// in pieces as it is stored, whole or in part; it is never built in memory.

#include <charconv>

#include "engine/run_masks.hpp"
#include "engine/value_routes.hpp"
#include "sluice/engine/values.hpp"
#include "sluice/net/server.hpp"

namespace sluice::engine {

namespace {

using net::Parameter;
using net::Request;
using net::Response;
using net::Route;
using net::Verb;

constexpr std::size_t piece_bytes = 256u << 10;
constexpr std::int64_t longest_offset = std::int64_t{1} << 53;

Awaitable<void> send_pieces(net::BodyWriter& writer, Engine& engine, WorkspaceId workspace, ValueText value, ByteRange range,
                            std::string before, std::string after) {
    if (auto sent = co_await writer.write(std::move(before)); !sent) co_return;
    for (std::uint64_t at = range.offset; at < range.offset + range.length;) {
        const std::size_t length = static_cast<std::size_t>(std::min<std::uint64_t>(piece_bytes, range.offset + range.length - at));
        auto piece = co_await engine.read_value(workspace, value, at, length);
        // The status is sent already: an exception is the one way to tell the client that the body is not whole.
        if (!piece) throw std::runtime_error(piece.error().message);
        if (piece->empty()) throw std::runtime_error("the stored value is shorter than its entry in the journal");
        at += piece->size();
        if (auto sent = co_await writer.write(std::move(*piece)); !sent) co_return;
    }
    co_await writer.write(std::move(after));
}

Response value_body(int status, Engine& engine, WorkspaceId workspace, ValueText value, ByteRange range, std::string before,
                    std::string after) {
    if (value.blob.empty())
        return net::text_response(status, "application/json", before + value.text.substr(range.offset, range.length) + after);
    Response response;
    response.status = status;
    response.headers.set("Content-Type", "application/json");
    response.headers.set("Content-Length", std::to_string(before.size() + range.length + after.size()));
    response.stream = [&engine, workspace, value = std::move(value), range, before = std::move(before),
                       after = std::move(after)](net::BodyWriter& writer) {
        return send_pieces(writer, engine, workspace, value, range, before, after);
    };
    return response;
}

bool is_true(std::optional<std::string_view> text) { return text && (*text == "true" || *text == "1"); }

}  // namespace

Result<std::optional<ByteRange>> range_of(std::string_view header, std::uint64_t size) {
    constexpr std::string_view unit = "bytes=";
    if (!header.starts_with(unit) || header.find(',') != header.npos) return std::optional<ByteRange>();  // may be ignored (RFC 9110)
    header.remove_prefix(unit.size());
    const auto dash = header.find('-');
    if (dash == header.npos) return std::optional<ByteRange>();
    std::uint64_t first = 0, last = 0;
    const auto number = [](std::string_view text, std::uint64_t& into) {
        const auto [end, bad] = std::from_chars(text.data(), text.data() + text.size(), into);
        return bad == std::errc() && end == text.data() + text.size();
    };
    const auto from = header.substr(0, dash), to = header.substr(dash + 1);
    if ((!from.empty() && !number(from, first)) || (!to.empty() && !number(to, last)) || (from.empty() && to.empty()))
        return std::optional<ByteRange>();
    if (from.empty()) {  // the last so many
        first = size - std::min(size, last);
        last = size - (size > 0);
    } else if (to.empty()) {
        last = size - (size > 0);
    } else if (last < first) {
        return std::optional<ByteRange>();
    }
    if (first >= size)
        return fail(ErrorCode::invalid_argument, "the value has {} bytes, so there is nothing from byte {} on", size, first);
    return std::optional<ByteRange>({first, std::min(last, size - 1) - first + 1});
}

Response whole_value(Engine& engine, WorkspaceId workspace, ValueText value, std::string before, std::string after) {
    const ByteRange all{0, value.bytes};
    return value_body(200, engine, workspace, std::move(value), all, std::move(before), std::move(after));
}

Response value_response(const Request& request, Engine& engine, ValueText value, std::string before, std::string after) {
    const std::uint64_t size = value.bytes;
    const auto offset = request.query_integer("offset", -1, 0, longest_offset), limit = request.query_integer("limit", -1, 1, longest_offset);
    if (!offset) return net::problem(offset.error());
    if (!limit) return net::problem(limit.error());
    const bool part = *offset >= 0 || *limit >= 0;
    if (!part && !is_true(request.query_value("raw")))
        return whole_value(engine, request.workspace(), std::move(value), std::move(before), std::move(after));
    std::optional<ByteRange> range;
    if (part) {
        const auto from = static_cast<std::uint64_t>(std::max<std::int64_t>(0, *offset));
        if (from >= size)
            return net::problem(Error{ErrorCode::invalid_argument,
                                      fmt::format("the value has {} bytes, so there is nothing from byte {} on", size, from)});
        range = ByteRange{from, std::min(size - from, *limit < 0 ? size : static_cast<std::uint64_t>(*limit))};
    } else if (const auto header = request.headers.find("range")) {
        auto asked = range_of(*header, size);
        if (!asked) {
            auto refused = net::problem(asked.error());
            refused.status = 416;
            refused.headers.set("Content-Range", fmt::format("bytes */{}", size));
            return refused;
        }
        range = *asked;
    }
    const ByteRange sent = range.value_or(ByteRange{0, size});
    auto response = value_body(range ? 206 : 200, engine, request.workspace(), std::move(value), sent, {}, {});
    response.headers.set("Accept-Ranges", "bytes");
    if (!range) return response;
    response.headers.set("Content-Type", "application/octet-stream");  // a part of a JSON text is none
    response.headers.set("Content-Range", fmt::format("bytes {}-{}/{}", sent.offset, sent.offset + sent.length - 1, size));
    return response;
}

namespace {

Awaitable<Response> get_input(Request& request, Engine& engine) {
    auto id = request.id_parameter<RunId>();
    if (!id) co_return net::problem(id.error());
    auto value = co_await engine.input_text(request.workspace(), *id);
    if (!value) co_return net::problem(value.error());
    co_return value_response(request, engine, std::move(*value), "{\"input\":", "}");
}

Awaitable<Response> get_output(Request& request, Engine& engine) {
    auto id = request.id_parameter<RunId>();
    if (!id) co_return net::problem(id.error());
    auto value = co_await engine.output_text(request.workspace(), *id);
    if (!value) co_return net::problem(value.error());
    if (!*value)
        co_return net::problem(Error{ErrorCode::not_found, fmt::format("the run {} has no output: it has not succeeded (yet); GET /api/v1/runs/{} tells "
                                                                       "where it stands", *id, *id)});
    co_return value_response(request, engine, std::move(**value), "{\"output\":", "}");
}

Awaitable<Response> get_step(Request& request, Engine& engine) {
    auto id = request.id_parameter<RunId>();
    if (!id) co_return net::problem(id.error());
    std::string path(request.parameter("path"));
    auto value = co_await engine.step_text(request.workspace(), *id, path);
    if (!value) co_return net::problem(value.error());
    const bool reads = co_await reads_data_of(request, id->str());
    if (!reads) {
        Json masked = {{"path", path}, {"attempt", value->attempt}};
        Json error = value->is_error ? Json::parse(value->text, nullptr, false) : Json();
        masked[value->is_error ? "error" : "output"] = error.is_object() ? std::move(error) : Json();
        mask_step_value(masked);
        co_return net::json_response(200, masked);
    }
    std::string before = base::dump_json({{"path", path}, {"attempt", value->attempt}});
    before.pop_back();
    before += value->is_error ? ",\"error\":" : ",\"output\":";
    co_return value_response(request, engine, std::move(*value), std::move(before), "}");
}

constexpr Parameter value_query[] = {
    {"raw", "string", "\"true\": the value's JSON text alone; takes a Range of bytes"},
    {"offset", "integer", "A part of that text: from this byte on, answered with 206 and Content-Range"},
    {"limit", "integer", "A part of that text: at most so many bytes"}};

constexpr Route<Engine> routes[] = {
    {Verb::get, "/api/v1/runs/{id}/input", Permission::runs_data, get_input,
     {.summary = "Read what a run was started with", .response = "RunInput", .query = value_query,
      .description = "Values over 64 KiB are sent in pieces as they are stored."}},
    {Verb::get, "/api/v1/runs/{id}/output", Permission::runs_data, get_output,
     {.summary = "Read what a run gave", .response = "RunOutput", .query = value_query,
      .description = "404 until the run has succeeded. Values over 64 KiB are sent in pieces as they are stored."}},
    {Verb::get, "/api/v1/runs/{id}/steps/{path}", Permission::runs_read, get_step,
     {.summary = "Read a step's output or error", .response = "StepValue", .query = value_query,
      .description = "The path is percent-encoded: each%5B17%5D%2Fclassify. Values over 64 KiB are sent in pieces as they are stored."}},
};

}  // namespace

void add_value_routes(net::Router& router, Engine& engine) {
    router.add_schema("RunInput", R"({"type": "object", "properties": {"input": {}}})");
    router.add_schema("RunOutput", R"({"type": "object", "properties": {"output": {}}})");
    router.add_schema("StepValue", R"({"type": "object", "properties": {
        "path": {"type": "string"}, "attempt": {"type": "integer"}, "output": {}, "error": {"$ref": "#/components/schemas/RunError"}}})");
    router.add(std::span<const Route<Engine>>(routes), engine);
}

}  // namespace sluice::engine
