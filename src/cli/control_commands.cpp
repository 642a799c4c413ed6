// What people do to runs from the command line.

#include "cli/command.hpp"
#include "cli/table.hpp"

namespace sluice::cli {

namespace {

/// Posts to /api/v1/runs/ID/<verb> and says the status that came of it.
Outcome<int> act_on_run(Context& context, const std::string& verb, const Json& body) {
    auto server = context.connect();
    if (!server) return stop(std::move(server.error()));
    auto answer = (*server)->post("/api/v1/runs/" + encode(context.arguments.text("ID")) + "/" + verb, body);
    if (!answer) return stop(std::move(answer.error()));
    if (context.json()) context.print_json(*answer);
    else context.print(fmt::format("{} {}\n", cell(*answer, "id"), cell(*answer, "status")));
    return exit_ok;
}

Json with_reason(const Context& context) {
    Json body = Json::object();
    if (context.arguments.has("reason")) body["reason"] = context.arguments.text("reason");
    return body;
}

}  // namespace

Outcome<int> cancel_run(Context& context) { return act_on_run(context, "cancel", with_reason(context)); }

Outcome<int> pause_run(Context& context) { return act_on_run(context, "pause", with_reason(context)); }

Outcome<int> resume_run(Context& context) { return act_on_run(context, "resume", Json::object()); }

Outcome<int> retry_run(Context& context) { return act_on_run(context, "retry", with_reason(context)); }

Outcome<int> signal_run(Context& context) {
    Json body = Json::object();
    if (context.arguments.has("key")) body["key"] = context.arguments.text("key");
    if (context.arguments.has("payload")) {
        auto payload = context.json_argument("payload");
        if (!payload) return stop(std::move(payload.error()));
        body["payload"] = std::move(*payload);
    }
    return act_on_run(context, "signals/" + encode(context.arguments.text("NAME")), body);
}

Outcome<int> decide_step(Context& context) {
    Json body = with_reason(context);
    body["path"] = context.arguments.text("STEP");
    body["decision"] = context.arguments.text("DECISION");
    if (context.arguments.has("output")) {
        auto output = context.json_argument("output");
        if (!output) return stop(std::move(output.error()));
        body["output"] = std::move(*output);
    }
    return act_on_run(context, "decide", body);
}

Outcome<int> rerun_run(Context& context) {
    Json body = Json::object();
    if (context.arguments.has("from")) body["from"] = context.arguments.text("from");
    if (context.arguments.has("input")) {
        auto input = context.json_argument("input");
        if (!input) return stop(std::move(input.error()));
        body["input"] = std::move(*input);
    }
    if (context.arguments.has("outputs")) {
        auto outputs = context.json_argument("outputs");
        if (!outputs) return stop(std::move(outputs.error()));
        body["outputs"] = std::move(*outputs);
    }
    if (const auto version = context.arguments.text("version"); version == "live") {
        body["version"] = version;
    } else if (!version.empty()) {
        int number = 0;
        const auto [end, bad] = std::from_chars(version.data(), version.data() + version.size(), number);
        if (bad != std::errc() || end != version.data() + version.size())
            return wrong_use("--version is a number or \"live\", not {}", version);
        body["version"] = number;
    }
    return act_on_run(context, "rerun", body);
}

}  // namespace sluice::cli
