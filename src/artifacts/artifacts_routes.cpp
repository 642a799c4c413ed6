// REST of artifacts. What a user uploaded is never shown by the browser as a page of ours:
// downloads are attachments, unsniffed, in a sandbox.

#include "content_disposition.hpp"
#include "sluice/artifacts/artifacts.hpp"
#include "sluice/net/server.hpp"

namespace sluice::artifacts {
namespace {

using net::json_response;
using net::problem;
using net::Request;
using net::Response;
using net::Verb;

constexpr std::size_t part_bytes = 256 << 10;
constexpr int max_uploads = 4;  // each may hold 64 MiB of memory

constexpr std::string_view artifact_schema = R"json({"type": "object",
    "required": ["id", "name", "media_type", "size_bytes", "sha256", "created_at"], "properties": {
    "id": {"type": "string"}, "name": {"type": "string"}, "media_type": {"type": "string"},
    "size_bytes": {"type": "integer"}, "sha256": {"type": "string"},
    "run_id": {"type": ["string", "null"]}, "step_path": {"type": ["string", "null"]},
    "created_by": {"type": "string"}, "created_at": {"type": "string"}}})json";
constexpr std::string_view list_schema =
    R"json({"type": "object", "required": ["items", "next_cursor"], "properties": {
    "items": {"type": "array", "items": {"$ref": "#/components/schemas/Artifact"}},
    "next_cursor": {"type": ["string", "null"]}}})json";

Json render(const Artifact& artifact) {
    return {{"id", artifact.id.str()},
            {"name", artifact.name},
            {"media_type", artifact.media_type},
            {"size_bytes", artifact.size_bytes},
            {"sha256", artifact.hash},
            {"run_id", artifact.run ? Json(artifact.run->str()) : Json()},
            {"step_path", artifact.step_path.empty() ? Json() : Json(artifact.step_path)},
            {"created_by", artifact.created_by},
            {"created_at", base::format_time(artifact.created_at)}};
}

Response bad(ErrorCode code, std::string message) {
    return problem(Error{code, std::move(message)});
}

Awaitable<Response> list_artifacts(Request& request, Artifacts& artifacts) {
    const auto limit = request.query_integer("limit", 50, 1, 200);
    if (!limit) co_return problem(limit.error());
    std::optional<RunId> run;
    if (auto text = request.query_value("run")) {
        run = RunId::parse(*text);
        if (!run)
            co_return bad(ErrorCode::invalid_argument, "the query's `run` is no run id (run_…)");
    }
    std::string cursor(request.query_value("cursor").value_or(""));
    ArtifactFilter filter{run, request.principal.seen(Permission::artifacts_read), {}};
    if (!filter.seen.all()) filter.owner = request.principal.id;
    auto list = co_await artifacts.list(request.workspace(), std::move(filter), static_cast<int>(*limit),
                                        std::move(cursor));
    if (!list) co_return problem(list.error());
    auto items = Json::array();
    for (const auto& artifact : list->items) items.push_back(render(artifact));
    const Json answer{
        {"items", std::move(items)},
        {"next_cursor", list->next_cursor.empty() ? Json() : Json(list->next_cursor)}};
    co_return json_response(200, answer);
}

/// How many uploads are in memory. Thread: loop.
struct Upload {
    static inline int open = 0;
    Upload() { ++open; }
    ~Upload() { --open; }
};

Awaitable<Response> upload(Request& request, Artifacts& artifacts) {
    if (Upload::open >= max_uploads)
        co_return bad(ErrorCode::unavailable,
                      "too many uploads are under way; try again in a moment");
    const Upload counted;
    NewArtifact wanted;
    wanted.name = std::string(request.query_value("name").value_or(""));
    if (wanted.name.empty())
        co_return bad(ErrorCode::invalid_argument, "name the file in the query: ?name=report.csv");
    wanted.media_type = std::string(request.headers.get("content-type"));
    if (wanted.media_type == "application/octet-stream" ||
        wanted.media_type == "application/x-www-form-urlencoded")
        wanted.media_type
            .clear();  // what clients send when they do not know: guessed from the name
    wanted.created_by = request.principal.id;
    while (request.body_reader) {
        auto piece = co_await request.body_reader->read();
        if (!piece) co_return problem(piece.error());
        if (piece->empty()) break;
        if (wanted.content.size() + piece->size() > max_size_bytes)
            co_return bad(ErrorCode::too_large,
                          "an artifact has at most 64 MiB; split it or compress it");
        wanted.content += *piece;
    }
    AlsoCommit also = [&request](storage::WriteUnit& unit, const Artifact& made) {
        request.record(unit, {201, base::dump_json(render(made)), {}});
    };
    auto made = co_await artifacts.create(request.workspace(), std::move(wanted), std::move(also));
    if (!made) co_return problem(made.error());
    auto response = json_response(201, render(*made));
    response.headers.set("Location", "/api/v1/artifacts/" + made->id.str());
    co_return response;
}

Awaitable<Response> get_artifact(Request& request, Artifacts& artifacts) {
    const auto id = request.id_parameter<ArtifactId>();
    if (!id) co_return problem(id.error());
    auto artifact = co_await artifacts.get(request.workspace(), *id);
    if (!artifact) co_return problem(artifact.error());
    co_return json_response(200, render(*artifact));
}

/// The bytes that are wanted of a file.
struct Span {
    std::uint64_t offset = 0, length = 0;
};

/// `?offset=` and `?limit=`; nothing without them. Errors: invalid_argument.
Result<std::optional<Span>> span_of(const Request& request, std::uint64_t size) {
    constexpr std::int64_t longest = std::int64_t{1} << 53;
    const auto offset = request.query_integer("offset", -1, 0, longest);
    if (!offset) return fail(offset.error());
    const auto limit = request.query_integer("limit", -1, 1, longest);
    if (!limit) return fail(limit.error());
    if (*offset < 0 && *limit < 0) return std::optional<Span>();
    const auto from = static_cast<std::uint64_t>(std::max<std::int64_t>(0, *offset));
    if (from >= size)
        return fail(ErrorCode::invalid_argument, "the file has {} bytes, so there is nothing from byte {} on", size, from);
    return std::optional(Span{from, *limit < 0 ? size - from : std::min<std::uint64_t>(size - from, static_cast<std::uint64_t>(*limit))});
}

Awaitable<void> send_parts(net::BodyWriter& writer, Artifacts& artifacts, Artifact artifact, Span span) {
    for (std::uint64_t offset = span.offset; offset < span.offset + span.length;) {
        const auto length = static_cast<std::size_t>(std::min<std::uint64_t>(part_bytes, span.offset + span.length - offset));
        auto part = co_await artifacts.read_part(artifact, offset, length);
        // The status is sent already: an exception is the one way to tell the client that the body
        // is not whole.
        if (!part) throw std::runtime_error(part.error().message);
        if (part->empty()) throw std::runtime_error("the blob is shorter than its artifact");
        offset += part->size();
        auto sent = co_await writer.write(std::move(*part));
        if (!sent) co_return;  // the client has gone
    }
}

Awaitable<Response> download(Request& request, Artifacts& artifacts) {
    const auto id = request.id_parameter<ArtifactId>();
    if (!id) co_return problem(id.error());
    auto artifact = co_await artifacts.get(request.workspace(), *id);
    if (!artifact) co_return problem(artifact.error());
    if (artifact->run && !request.principal.may_in(Permission::runs_data, artifact->project, artifact->flow))
        co_return bad(ErrorCode::forbidden, "this file was made by a run, and its content is the run's data: that needs the permission runs:data");

    Response response;
    const auto etag = "\"" + artifact->hash + "\"";
    response.headers.set("ETag", etag);
    response.headers.set("Content-Disposition", attachment(artifact->name));
    response.headers.set("X-Content-Type-Options", "nosniff");
    response.headers.set("Content-Security-Policy", "default-src 'none'; sandbox");
    response.headers.set("Cache-Control", "private, no-cache");
    if (auto known = request.headers.find("if-none-match");
        known && net::etag_matches(*known, etag)) {
        response.status = 304;
        co_return response;
    }
    response.headers.set("Content-Type", artifact->media_type);
    auto wanted = span_of(request, artifact->size_bytes);
    if (!wanted) co_return problem(wanted.error());
    const Span span = wanted->value_or(Span{0, artifact->size_bytes});
    if (*wanted) {
        response.status = 206;
        response.headers.set("Content-Range", fmt::format("bytes {}-{}/{}", span.offset, span.offset + span.length - 1, artifact->size_bytes));
    }
    if (span.length <= part_bytes) {
        auto content = co_await artifacts.read_part(*artifact, span.offset, static_cast<std::size_t>(span.length));
        if (!content) co_return problem(content.error());
        response.text = std::move(*content);
        co_return response;
    }
    response.stream = [&artifacts, row = std::move(*artifact), span](net::BodyWriter& writer) {
        return send_parts(writer, artifacts, row, span);
    };
    co_return response;
}

Awaitable<Response> remove_artifact(Request& request, Artifacts& artifacts) {
    const auto id = request.id_parameter<ArtifactId>();
    if (!id) co_return problem(id.error());
    AlsoCommit also = [&request](storage::WriteUnit& unit, const Artifact&) {
        request.record(unit, {204, {}, {}});
    };
    auto done = co_await artifacts.remove(request.workspace(), *id, std::move(also));
    if (!done) co_return problem(done.error());
    co_return net::no_content();
}

constexpr net::Parameter list_query[] = {{"run", "string", "Only those that this run made"},
                                         {"limit", "integer", "How many, at most 200; default 50"},
                                         {"cursor", "string", "next_cursor of the page before"}};
constexpr net::Parameter content_query[] = {
    {"offset", "integer", "A part of it: from this byte on, answered with 206 and Content-Range"},
    {"limit", "integer", "A part of it: at most so many bytes"}};
constexpr net::Parameter upload_query[] = {{"name", "string", "The file's name"}};

const net::Route<Artifacts> routes[] = {
    {Verb::get,
     "/api/v1/artifacts",
     Permission::artifacts_read,
     list_artifacts,
     {.summary = "List artifacts, newest first", .response = "ArtifactList", .query = list_query}},
    {Verb::post,
     "/api/v1/artifacts",
     Permission::artifacts_write,
     upload,
     {.summary = "Upload a file",
      .response = "Artifact",
      .status = 201,
      .query = upload_query,
      .description =
          "The body is the file; its media type is the Content-Type, else guessed from the name.",
      .max_body = max_size_bytes,
      .stream_body = true,
      .check_body = false,
      .request_media = "*/*"}},
    {Verb::get,
     "/api/v1/artifacts/{id}",
     Permission::artifacts_read,
     get_artifact,
     {.summary = "Read an artifact's row", .response = "Artifact"}},
    {Verb::get,
     "/api/v1/artifacts/{id}/content",
     Permission::artifacts_read,
     download,
     {.summary = "Download an artifact", .query = content_query, .response_media = "application/octet-stream"}},
    {Verb::del,
     "/api/v1/artifacts/{id}",
     Permission::artifacts_write,
     remove_artifact,
     {.summary = "Delete an artifact", .status = 204}},
};

}  // namespace

namespace {

Awaitable<Result<net::Place>> place(Artifacts& artifacts, WorkspaceId workspace, std::string id) {
    const auto wanted = ArtifactId::parse(id);
    if (!wanted) co_return fail(net::no_such_object(id));
    auto artifact = co_await artifacts.get(workspace, *wanted);
    if (!artifact) co_return fail(std::move(artifact.error()));
    net::Place place{std::move(artifact->project), std::move(artifact->flow)};
    if (!artifact->run) place.owner = std::move(artifact->created_by);
    co_return place;
}

}  // namespace

void add_routes(net::Router& router, Artifacts& artifacts) {
    router.places().add("artifacts",
                        [&artifacts](WorkspaceId workspace, std::string id) { return place(artifacts, workspace, std::move(id)); });
    router.add_schema("Artifact", artifact_schema);
    router.add_schema("ArtifactList", list_schema);
    router.add<Artifacts>(routes, artifacts);
}

}  // namespace sluice::artifacts
