// `run` and `apply`: flows from files.

#include <filesystem>
#include <set>

#include "cli/follow.hpp"
#include "cli/table.hpp"

namespace sluice::cli {

bool is_yaml(const std::filesystem::path& file) {
    return file.extension() == ".yaml" || file.extension() == ".yml";
}

namespace {

/// A folder may hold data beside its flows. A flow document has `nodes` at its top.
bool looks_like_flow(const std::filesystem::path& file, const std::string& text) {
    if (is_yaml(file))
        return text.starts_with("nodes:") || text.find("\nnodes:") != std::string::npos ||
               text.starts_with('{');
    const auto json =
        base::parse_json(text, {std::size_t{16} << 20, 512, 1'000'000, std::size_t{16} << 20, 64});
    return !json ||
           (json->is_object() && json->contains("nodes"));  // broken JSON is told, not passed over
}

Outcome<Json> import_document(Connection& server, const std::string& file, std::string text) {
    Call call{"POST", "/api/v1/flows/import", {}, std::move(text)};
    if (is_yaml(file)) call.media_type = "application/yaml";
    auto applied = server.json(call);
    if (!applied) {
        auto failure = std::move(applied.error());
        failure.error.message = fmt::format("{}: {}", file, failure.error.message);
        return stop(std::move(failure));
    }
    return applied;
}

std::string what_changed(const Json& applied) {
    const auto change = base::string_or(applied, "change", "");
    if (change == "updated") return fmt::format("new version {}", cell(applied, "version"));
    return change;
}

/// All documents of a folder, by name.
Outcome<std::vector<std::string>> files_below(const std::string& place) {
    std::error_code error;
    if (!std::filesystem::exists(place, error))
        return wrong_use("there is no file or folder {}", place);
    if (!std::filesystem::is_directory(place, error)) return std::vector<std::string>{place};
    std::set<std::string> found;
    std::filesystem::recursive_directory_iterator entries(place, error), end;
    for (; !error && entries != end; entries.increment(error)) {
        const auto& path = entries->path();
        const bool hidden = path.filename().string().starts_with('.');
        if (hidden && entries->is_directory(error)) entries.disable_recursion_pending();
        if (!hidden && (path.extension() == ".json" || is_yaml(path)) &&
            entries->is_regular_file(error))
            found.insert(path.string());
    }
    if (error) return wrong_use("{} cannot be read: {}", place, error.message());
    if (found.empty()) return wrong_use("{} has no .json, .yaml or .yml file", place);
    return std::vector<std::string>(found.begin(), found.end());
}

/// Flows that keep no record run only while somebody waits.
Outcome<int> run_unrecorded(Context& context, Connection& server, const std::string& path,
                            const Json& start) {
    Call call{"POST",
              path,
              {{"wait", "10m"}},
              base::dump_json(start),
              "application/json",
              std::chrono::minutes(11)};
    auto outcome = server.json(call);
    if (!outcome) return stop(std::move(outcome.error()));
    const auto status = base::string_or(*outcome, "status", "");
    if (context.json()) {
        context.print_json(Json{{"run", std::move(*outcome)}});
    } else {
        context.print(
            fmt::format("run {} {}; the flow keeps no record of its runs (durability none)\n",
                        cell(*outcome, "id"), status));
        if (const auto* error = base::find_member(*outcome, "error"); error && error->is_object())
            context.print(fmt::format("error: {}\n", base::string_or(*error, "message", "")));
        if (const auto* output = base::find_member(*outcome, "output");
            output && !output->is_null())
            context.print("\noutput:\n" + base::dump_json_pretty(*output));
    }
    return status == "succeeded" ? exit_ok : exit_no;
}

/// Whether the refusal was of the kind that waiting would not meet.
bool wants_waiting(const Failure& failure) { return failure.error.code == ErrorCode::conflict; }

Outcome<int> start_and_follow(Context& context, Connection& server, const std::string& flow,
                              const Json& start, Json more) {
    const auto path = "/api/v1/flows/" + encode(flow) + "/runs";
    auto started = server.post(path, start);
    if (!started) {
        if (wants_waiting(started.error())) return run_unrecorded(context, server, path, start);
        return stop(std::move(started.error()));
    }
    const auto id = base::string_or(*started, "id", "");
    if (!context.json()) context.note(fmt::format("run {} started\n", id));
    auto followed = follow_run(context, server, id);
    if (!followed) return stop(std::move(followed.error()));
    if (!*followed) return tell_interrupted(context, server, id);
    return print_run(context, server, id, std::move(more));
}

}  // namespace

Outcome<int> run_file(Context& context) {
    const auto file = context.arguments.text("FILE");
    Json start = Json::object();
    if (context.arguments.has("input")) {
        auto input = context.json_argument("input");
        if (!input) return stop(std::move(input.error()));
        start["input"] = std::move(*input);
    }
    auto text = read_whole(context, file);
    if (!text) return stop(std::move(text.error()));
    auto server = context.connect(true);
    if (!server) return stop(std::move(server.error()));
    auto applied = import_document(**server, file, std::move(*text));
    if (!applied) return stop(std::move(applied.error()));
    start["version"] = applied->value("version", 1);
    if (!context.json())
        context.note(fmt::format("flow {}: {}\n", cell(*applied, "name"),
                                 what_changed(*applied) == "unchanged"
                                     ? "version " + cell(*applied, "version")
                                     : what_changed(*applied)));
    Json more = {{"flow",
                  {{"id", cell(*applied, "id")},
                   {"name", cell(*applied, "name")},
                   {"version", applied->value("version", 1)},
                   {"change", cell(*applied, "change")}}}};
    return start_and_follow(context, **server, cell(*applied, "id"), start, std::move(more));
}

Outcome<int> start_flow(Context& context) {
    Json start = Json::object();
    if (context.arguments.has("input")) {
        auto input = context.json_argument("input");
        if (!input) return stop(std::move(input.error()));
        start["input"] = std::move(*input);
    }
    auto version = whole_number(context, "version", 0);
    if (!version) return stop(std::move(version.error()));
    if (*version > 0) start["version"] = *version;
    if (context.arguments.has("priority")) {
        auto priority = whole_number(context, "priority", 0);
        if (!priority) return stop(std::move(priority.error()));
        start["priority"] = *priority;
    }
    if (context.arguments.has("delay")) start["delay"] = context.arguments.text("delay");
    if (context.arguments.has("at")) start["run_at"] = context.arguments.text("at");
    auto server = context.connect();
    if (!server) return stop(std::move(server.error()));
    auto flow = flow_id(**server, context.arguments.text("FLOWNAME"));
    if (!flow) return stop(std::move(flow.error()));
    // Without a server of its own the run would stop with this command: it is followed.
    const bool follow =
        context.arguments.has("wait") || (*server)->way() == Connection::Way::in_process;
    if (follow) return start_and_follow(context, **server, *flow, start, Json::object());
    auto started = (*server)->post("/api/v1/flows/" + encode(*flow) + "/runs", start);
    if (!started) return stop(std::move(started.error()));
    if (context.json())
        context.print_json(*started);
    else
        context.print(fmt::format("{} {}\n", cell(*started, "id"), cell(*started, "status")));
    return exit_ok;
}

Outcome<int> apply_files(Context& context) {
    struct Document {
        std::string file, text;
        bool flow = true;
    };
    std::vector<Document> documents;
    for (const auto& place : context.arguments.list("file")) {
        auto files = files_below(place);
        if (!files) return stop(std::move(files.error()));
        const bool folder = files->size() != 1 || files->front() != place;
        for (const auto& file : *files) {
            auto text = read_whole(context, file);
            if (!text) return stop(std::move(text.error()));
            const bool flow = !folder || looks_like_flow(file, *text);
            documents.push_back({file, std::move(*text), flow});
        }
    }
    auto server = context.connect(true);
    if (!server) return stop(std::move(server.error()));

    int exit = exit_ok;
    Json report = Json::array();
    for (auto& document : documents) {
        Json row = {{"file", document.file}};
        if (!document.flow) {
            row["change"] = "skipped";
            if (!context.json())
                context.print(fmt::format("{}: skipped, no flow document (it has no `nodes`)\n",
                                          document.file));
            report.push_back(std::move(row));
            continue;
        }
        auto applied = import_document(**server, document.file, std::move(document.text));
        if (!applied) {
            auto& failure = applied.error();
            if (failure.exit != exit_no)
                return stop(std::move(failure));  // the others would fare no better
            exit = exit_no;
            row["change"] = "invalid";
            row["error"] = failure.error.message;
            Json errors = Json::array();
            for (const auto& detail : failure.error.details)
                errors.push_back({{"pointer", detail.pointer}, {"message", detail.message}});
            row["errors"] = std::move(errors);
            if (!context.json()) context.note(describe(failure.error));
        } else {
            for (const char* member : {"change", "name", "id", "version", "live_version"})
                row[member] = (*applied)[member];
            if (!context.json())
                context.print(fmt::format("{}: flow {} {}\n", document.file, cell(*applied, "name"),
                                          what_changed(*applied)));
        }
        report.push_back(std::move(row));
    }
    if (context.json()) context.print_json(Json{{"files", std::move(report)}});
    return exit;
}

}  // namespace sluice::cli
