#include "nodes/file_access.hpp"
#include "nodes/node_parts.hpp"
#include "nodes/readable.hpp"
#include "sluice/artifacts/artifacts.hpp"
#include "sluice/crypto/crypto.hpp"

namespace sluice::nodes {

namespace {

constexpr std::int64_t usual_limit = 16 << 20;

struct Job {
    FileArea area;
    std::string path, format;
    std::size_t max_bytes = 0;
};

Result<Json> shaped(std::string content, const std::string& path, const std::string& format,
                    std::size_t max_bytes) {
    Json out{{"path", path}, {"size", content.size()}};
    if (format == "base64") {
        out["content"] = crypto::base64(content);
        return out;
    }
    if (!is_utf8(content))
        return fail(ErrorCode::unprocessable, "{} is no UTF-8 text; read it with format base64",
                    path);
    if (content.starts_with("\xef\xbb\xbf")) content.erase(0, 3);
    if (format == "json") {
        auto parsed = base::parse_json(
            content,
            {.size_bytes = max_bytes, .depth = 128, .keys = 1'000'000, .string_bytes = max_bytes});
        if (!parsed)
            return fail(ErrorCode::unprocessable, "{} is no JSON: {}", path,
                        parsed.error().message);
        out["content"] = std::move(*parsed);
    } else if (format == "lines") {
        Json lines = Json::array();
        std::size_t begin = 0;
        while (begin < content.size()) {
            std::size_t end = std::min(content.find('\n', begin), content.size());
            const std::size_t next = end + 1;
            if (end > begin && content[end - 1] == '\r') --end;
            lines.push_back(content.substr(begin, end - begin));
            begin = next;
        }
        out["content"] = std::move(lines);
    } else {
        out["content"] = std::move(content);
    }
    return out;
}

Result<Json> read(const Job& job) {
    auto content = read_file(job.area, job.path, job.max_bytes);
    if (!content) return fail(std::move(content.error()));
    return shaped(std::move(*content), job.path, job.format, job.max_bytes);
}

Awaitable<Result<StepOutput>> run(Services services, StepContext& context) {
    const Json& config = context.input().config;
    const std::string format = base::string_or(config, "format", "text");
    const auto limit = static_cast<std::size_t>(integer(config, "max_bytes", usual_limit));
    Result<Json> out = Json();
    if (const auto& artifact = field(config, "artifact"); !artifact.is_null()) {
        if (!services.artifacts)
            co_return fail(ErrorCode::unavailable, "this process keeps no artifacts");
        const auto id = artifact.is_string()
                            ? ArtifactId::parse(artifact.get_ref<const std::string&>())
                            : artifacts::referenced(artifact);
        if (!id)
            co_return fail(mistake_at(
                "/artifact", "is no artifact: an id (art_…) or a reference {\"$artifact\": …}"));
        auto found = co_await services.artifacts->get(context.workspace(), *id);
        if (!found) co_return fail(std::move(found.error()));
        auto content = co_await services.artifacts->read(context.workspace(), *id, limit);
        if (!content) co_return fail(std::move(content.error()));
        const std::size_t size = content->size();
        auto shape = [content = std::move(*content), name = found->name, format, limit] {
            return shaped(content, name, format, limit);
        };
        out = co_await run_heavy(services, size, std::move(shape));
    } else {
        Job job;
        job.area.data_directory = services.data_directory;
        job.area.roots = services.file_roots;
        job.area.workspace_folder = services.workspace_folder
                                        ? services.workspace_folder(context.workspace())
                                        : context.workspace().str();
        job.path = base::string_or(config, "path", "");
        job.format = format;
        job.max_bytes = limit;
        if (!services.files) co_return fail(ErrorCode::unavailable, "this process reads no files");
        auto work = [job = std::move(job)] { return read(job); };
        out = co_await services.files->run(std::move(work));
    }
    if (!out) co_return fail(std::move(out.error()));
    StepOutput result{std::move(*out)};
    co_return result;
}

}  // namespace

NodeType make_file_read(const Services& services) {
    NodeType type;
    type.name = "file.read";
    type.title = "Read a file";
    type.category = "Files";
    type.doc =
        "Reads a whole file, or an artifact. A relative `path` is below the workspace's folder "
        "(`files/<workspace>` in the data directory), an absolute "
        "one must be below a folder of the operator's `files.roots`. Symbolic links are not "
        "followed, and the data directory itself is never read.\n\n"
        "**Output:** `{\"path\", \"size\": bytes, \"content\"}`; the content by `format`: `text`, "
        "`json` (parsed), `lines` (a list of texts) or `base64`.\n\n"
        "**Errors:** `not_found`; `forbidden` (outside the folders, a link); `too_large` over "
        "`max_bytes`; `unprocessable` when the content is no UTF-8 or no JSON; "
        "`invalid_argument` for a folder or a device.";
    type.kind = NodeKind::task;
    type.effect = Effect::safe;
    type.config_schema = json(R"json({
        "type": "object", "additionalProperties": false,
        "properties": {
            "path": {"type": "string", "minLength": 1, "maxLength": 4096, "title": "Path", "description": "The file."},
            "artifact": {"title": "Artifact", "description": "Instead of a path: an artifact's id or reference."},
            "format": {"type": "string", "enum": ["text", "json", "lines", "base64"], "title": "Format", "description": "What the content becomes.", "default": "text"},
            "max_bytes": {"type": "integer", "minimum": 1, "maximum": 67108864, "title": "Largest file", "description": "Bytes.", "default": 16777216}
        }})json");
    type.example = json(
        R"json({"config": {"path": "tickets.csv"}, "input": {}, "output": {"path": "tickets.csv", "size": 24, "content": "id,subject\n1,Late parcel\n"}})json");
    type.check = [](const Json& config) {
        std::vector<base::ErrorDetail> mistakes;
        if (config.contains("path") == config.contains("artifact"))
            mistakes.push_back({"", "give exactly one of path and artifact"});
        return mistakes;
    };
    type.run = [services](StepContext& context) { return run(services, context); };
    return type;
}

}  // namespace sluice::nodes
