#include "nodes/file_access.hpp"
#include "nodes/node_parts.hpp"
#include "sluice/artifacts/artifacts.hpp"
#include "sluice/crypto/crypto.hpp"

namespace sluice::nodes {

namespace {

/// The same for every attempt of a step: the run's time, so that ids still sort by it, and the hash
/// of the step's key.
ArtifactId id_of(const StepContext& context) {
    const auto digest = crypto::sha256("artifact\n" + context.idempotency_key());
    base::IdBytes bytes = context.run().bytes();
    for (std::size_t i = 6; i < bytes.size(); ++i) bytes[i] = digest[i];
    bytes[6] = static_cast<std::uint8_t>(0x70 | (bytes[6] & 0x0f));  // UUIDv7's version and variant
    bytes[8] = static_cast<std::uint8_t>(0x80 | (bytes[8] & 0x3f));
    return ArtifactId(bytes);
}

Result<std::string> content_of(const Json& config) {
    const auto& content = field(config, "content");
    if (base::string_or(config, "encoding", "text") == "base64") {
        if (!content.is_string())
            return fail(mistake_at("/content", "with encoding base64 the content must be a text"));
        auto bytes = crypto::from_base64(content.get_ref<const std::string&>());
        if (!bytes) return fail(mistake_at("/content", bytes.error().message));
        return bytes;
    }
    return content.is_string() ? content.get<std::string>() : base::dump_json_pretty(content);
}

bool appends(const Json& config) { return base::string_or(config, "mode", "create") == "append"; }

Awaitable<Result<StepOutput>> write_artifact(artifacts::Artifacts* store, StepContext& context,
                                             std::string content) {
    if (!store) co_return fail(ErrorCode::unavailable, "this process keeps no artifacts");
    const Json& config = context.input().config;
    artifacts::NewArtifact wanted;
    wanted.name = base::string_or(config, "artifact", "");
    wanted.media_type = base::string_or(config, "media_type", "");
    wanted.content = std::move(content);
    wanted.run = context.run();
    wanted.step_path = context.path();
    wanted.created_by = context.run().str();
    wanted.id = id_of(context);
    auto made = co_await store->create(context.workspace(), std::move(wanted));
    if (!made) co_return fail(std::move(made.error()));
    context.add_artifact(made->id);
    StepOutput result{Json{{"artifact", artifacts::reference(*made)}, {"size", made->size_bytes}}};
    co_return result;
}

Awaitable<Result<StepOutput>> run(Services services, StepContext& context) {
    const Json& config = context.input().config;
    auto content = content_of(config);
    if (!content) co_return fail(std::move(content.error()));
    if (config.contains("artifact"))
        co_return co_await write_artifact(services.artifacts, context, std::move(*content));
    if (!services.files) co_return fail(ErrorCode::unavailable, "this process writes no files");
    FileArea area{services.data_directory,
                  services.workspace_folder ? services.workspace_folder(context.workspace())
                                            : context.workspace().str(),
                  services.file_roots};
    const std::string mode = base::string_or(config, "mode", "create");
    const WriteMode how = mode == "append"      ? WriteMode::append
                          : mode == "overwrite" ? WriteMode::overwrite
                                                : WriteMode::create;
    const std::string path = base::string_or(config, "path", "");
    const std::size_t size = content->size();
    auto work = [area = std::move(area), path, how, content = std::move(*content)] {
        return write_file(area, path, content, how);
    };
    auto written = co_await services.files->run(std::move(work));
    if (!written) co_return fail(std::move(written.error()));
    StepOutput result{Json{{"path", path}, {"size", size}}};
    co_return result;
}

}  // namespace

NodeType make_file_write(const Services& services) {
    NodeType type;
    type.name = "file.write";
    type.title = "Write a file";
    type.category = "Files";
    type.doc =
        "Writes a text, or any other value as indented JSON, to a file (`path`) or as a new "
        "artifact of the run (`artifact`: its name). Exactly one of the two. "
        "Paths are bound as in file.read; missing folders are made. A file is replaced or made in "
        "one go and synced before the step ends. A repeated attempt "
        "makes no second artifact, and `create` and `overwrite` give the same file again; `append` "
        "may append twice, so a step whose end is unknown stops for a person to decide.\n\n"
        "**Output:** `{\"path\", \"size\"}`, or `{\"artifact\": {\"$artifact\", \"name\", "
        "\"size\", \"media_type\"}, \"size\"}`.\n\n"
        "**Errors:** `conflict` when `create` finds another file there; `forbidden` (outside the "
        "folders, a link); `unavailable` when the disk is full; "
        "`too_large` for an artifact over 64 MiB; `invalid_argument` for a name that is none.";
    type.kind = NodeKind::task;
    type.effect = Effect::keyed;
    type.effect_of = [](const Json& config) {
        return config.contains("path") && appends(config) ? Effect::unsafe : Effect::keyed;
    };
    type.config_schema = json(R"json({
        "type": "object", "additionalProperties": false, "required": ["content"],
        "properties": {
            "path": {"type": "string", "minLength": 1, "maxLength": 4096, "title": "Path", "description": "The file."},
            "artifact": {"type": "string", "minLength": 1, "maxLength": 255, "title": "Artifact", "description": "Instead of a path: the new artifact's name, such as report.csv."},
            "media_type": {"type": "string", "title": "Media type", "description": "Of the artifact; without one it is guessed from the name."},
            "content": {"title": "Content", "description": "Text, or any value to write as JSON."},
            "encoding": {"type": "string", "enum": ["text", "base64"], "title": "Encoding", "description": "base64: the content's bytes are decoded first.", "default": "text"},
            "mode": {"type": "string", "enum": ["create", "overwrite", "append"], "title": "Mode", "description": "Of a file: what happens when it exists. Fixed when the flow is published.", "default": "create"}
        }})json");
    type.example = json(
        R"json({"config": {"path": "out/greeting.txt", "content": "Hello {{ input.name }}\n", "mode": "overwrite"}, "input": {"name": "Ada"},
                                "output": {"path": "out/greeting.txt", "size": 10}})json");
    type.check = [](const Json& config) {
        std::vector<base::ErrorDetail> mistakes;
        if (config.contains("path") == config.contains("artifact"))
            mistakes.push_back({"", "give exactly one of path and artifact"});
        if (config.contains("artifact") && config.contains("mode"))
            mistakes.push_back({"/mode", "mode is for files; every artifact is new"});
        if (config.contains("path") && config.contains("media_type"))
            mistakes.push_back({"/media_type", "media_type is for artifacts"});
        if (is_template(field(config, "mode")))
            mistakes.push_back({"/mode",
                                "the mode decides the effect class and is fixed when the flow is "
                                "published; no template"});
        return mistakes;
    };
    type.run = [services](StepContext& context) { return run(services, context); };
    return type;
}

}  // namespace sluice::nodes
