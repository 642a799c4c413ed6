// Guardrails, what is kept of calls, and models beside each other.

#include "cli/follow.hpp"
#include "cli/guardrail_options.hpp"
#include "cli/table.hpp"

namespace sluice::cli {
namespace {

Call call_of(std::string verb, std::string path, std::string body = {}) {
    Call call;
    call.verb = std::move(verb);
    call.path = std::move(path);
    call.body = std::move(body);
    return call;
}

std::string listed(const Json& row, const char* member) {
    std::string out;
    for (const auto& each : row.value(member, Json::array())) out += (out.empty() ? "" : ", ") + each.get<std::string>();
    return out;
}

/// Whose calls a guardrail judges, in words.
std::string covered(const Json& row) {
    std::string out;
    for (const auto& [member, word] : {std::pair{"models", "models"}, {"api_keys", "keys"}, {"flows", "flows"}, {"projects", "projects"}})
        if (const auto names = listed(row, member); !names.empty()) out += fmt::format("{}{} {}", out.empty() ? "" : "; ", word, names);
    return out.empty() ? "all" : out;
}

std::string in_words(const Json& rule) {
    const auto type = cell(rule, "type");
    if (type == "pattern") return fmt::format("{} /{}/", rule.value("action", "redact"), cell(rule, "pattern"));
    if (type == "detect") return fmt::format("{} {}", rule.value("action", "redact"), listed(rule, "kinds"));
    if (type == "tools") return "allow tools " + listed(rule, "allow");
    if (type == "size") {
        std::string out = "at most";
        for (const auto& [member, word] : {std::pair{"max_characters", "characters"}, {"max_messages", "messages"}})
            if (rule.contains(member)) out += fmt::format(" {} {}", cell(rule, member), word);
        return out;
    }
    return "keep a schema";
}

void add_list(Json& body, const char* member, const std::vector<std::string>& names) {
    if (!names.empty()) body[member] = names;
}

std::string first_lines(const std::string& text) { return text.empty() ? "(no text)" : text; }

}  // namespace

Outcome<int> list_guardrails(Context& context) {
    auto server = context.connect();
    if (!server) return stop(std::move(server.error()));
    auto items = list_items(**server, "/api/v1/guardrails", {}, 10'000);
    if (!items) return stop(std::move(items.error()));
    if (context.json()) {
        context.print_json(Json{{"items", std::move(*items)}});
        return exit_ok;
    }
    Table table({{"NAME"}, {"POSITION", true}, {"DIRECTION"}, {"RULE"}, {"CALLS"}});
    for (const auto& row : *items)
        table.add({cell(row, "name") + (row.value("enabled", true) ? "" : " (off)"), cell(row, "position"), cell(row, "direction"),
                   in_words(row.value("rule", Json::object())), covered(row)});
    context.print(table.empty() ? "no guardrails; `sluice guardrails set NAME --rule JSON` makes one\n" : table.render());
    return exit_ok;
}

Outcome<int> set_guardrail(Context& context) {
    const auto& arguments = context.arguments;
    auto rule = context.json_argument("rule");
    if (!rule) return stop(std::move(rule.error()));
    const auto name = arguments.text("NAME");
    Json body{{"name", name}, {"rule", std::move(*rule)}};
    if (arguments.has("direction")) body["direction"] = arguments.text("direction");
    add_list(body, "models", arguments.list("model"));
    add_list(body, "api_keys", arguments.list("api-key"));
    add_list(body, "flows", arguments.list("flow"));
    add_list(body, "projects", arguments.list("project"));
    if (arguments.has("position")) {
        const auto position = Json::parse(arguments.text("position"), nullptr, false);
        if (!position.is_number_integer()) return wrong_use("--position is a whole number, not {}", arguments.text("position"));
        body["position"] = position;
    }
    if (arguments.has("off")) body["enabled"] = false;
    auto server = context.connect(true);
    if (!server) return stop(std::move(server.error()));
    auto items = list_items(**server, "/api/v1/guardrails", {}, 10'000);
    if (!items) return stop(std::move(items.error()));
    const bool there = std::any_of(items->begin(), items->end(), [&](const Json& row) { return cell(row, "name") == name; });
    auto done = there ? (*server)->json(call_of("PUT", "/api/v1/guardrails/" + encode(name), base::dump_json(body)))
                      : (*server)->post("/api/v1/guardrails", body);
    if (!done) return stop(std::move(done.error()));
    if (context.json()) context.print_json(*done);
    else context.print(fmt::format("{} {}\n", there ? "changed" : "made", name));
    return exit_ok;
}

Outcome<int> delete_guardrail(Context& context) { return delete_object(context, "/api/v1/guardrails/" + encode(context.arguments.text("NAME")), "NAME"); }

Outcome<int> show_content_policy(Context& context) {
    auto server = context.connect();
    if (!server) return stop(std::move(server.error()));
    auto policy = (*server)->get("/api/v1/content-policy");
    if (!policy) return stop(std::move(policy.error()));
    if (context.json()) context.print_json(*policy);
    else context.print(fmt::format("keep {}, for {}\n", cell(*policy, "keep"), cell(*policy, "retention")));
    return exit_ok;
}

Outcome<int> set_content_policy(Context& context) {
    Json body{{"keep", context.arguments.text("keep")}};
    if (context.arguments.has("retention")) body["retention"] = context.arguments.text("retention");
    auto server = context.connect(true);
    if (!server) return stop(std::move(server.error()));
    auto policy = (*server)->json(call_of("PUT", "/api/v1/content-policy", base::dump_json(body)));
    if (!policy) return stop(std::move(policy.error()));
    if (context.json()) context.print_json(*policy);
    else context.print(fmt::format("keep {}, for {}\n", cell(*policy, "keep"), cell(*policy, "retention")));
    return exit_ok;
}

Outcome<int> show_content(Context& context) {
    auto server = context.connect();
    if (!server) return stop(std::move(server.error()));
    auto content = (*server)->get(fmt::format("/api/v1/spend/{}/content", encode(context.arguments.text("ID"))));
    if (!content) return stop(std::move(content.error()));
    context.print_json(*content);
    return exit_ok;
}

Outcome<int> compare_models(Context& context) {
    const auto& arguments = context.arguments;
    Json body{{"models", arguments.list("model")}, {"prompt", arguments.text("prompt")}};
    if (arguments.has("system")) body["system"] = arguments.text("system");
    if (arguments.has("parameters")) {
        auto parameters = context.json_argument("parameters");
        if (!parameters) return stop(std::move(parameters.error()));
        body["parameters"] = std::move(*parameters);
    }
    auto server = context.connect(true);
    if (!server) return stop(std::move(server.error()));
    auto call = call_of("POST", "/api/v1/playground/compare", base::dump_json(body));
    call.timeout = std::chrono::minutes(15);
    call.accept = "application/json";
    auto done = (*server)->json(call);
    if (!done) return stop(std::move(done.error()));
    bool all = true;
    const auto results = done->value("results", Json::array());
    for (const auto& result : results) all = all && result["error"].is_null();
    if (context.json()) {
        context.print_json(*done);
        return all ? exit_ok : exit_no;
    }
    for (const auto& result : results) {
        context.print(fmt::format("== {}\n", cell(result, "model")));
        if (result["error"].is_null()) context.print(first_lines(cell(result, "text")) + "\n");
        else context.print(fmt::format("failed: {}\n", cell(result["error"], "message")));
        for (const auto& each : result.value("tool_calls", Json::array()))
            context.print(fmt::format("calls {} {}\n", cell(each, "name"), cell(each, "arguments")));
    }
    Table table({{"MODEL"}, {"ANSWERED BY"}, {"FIRST TOKEN MS", true}, {"MS", true}, {"INPUT", true}, {"OUTPUT", true}, {"USD", true}});
    for (const auto& result : results) {
        const Json usage = result["usage"].is_object() ? result["usage"] : Json::object();
        table.add({cell(result, "model"), cell(result, "answered_by"), cell(result, "first_token_ms"), cell(result, "duration_ms"),
                   cell(usage, "input_tokens"), cell(usage, "output_tokens"), cell(result, "cost_usd")});
    }
    context.print(table.render());
    return all ? exit_ok : exit_no;
}

}  // namespace sluice::cli
