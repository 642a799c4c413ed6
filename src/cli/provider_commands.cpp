// Model providers and model routes. A provider's key comes from a file, standard input or a prompt, never from the command line.

#include "cli/follow.hpp"
#include "cli/read_secret.hpp"
#include "cli/table.hpp"
#include "sluice/crypto/crypto.hpp"

namespace sluice::cli {
namespace {

Call call_of(std::string verb, std::string path, std::string body = {}) {
    Call call;
    call.verb = std::move(verb);
    call.path = std::move(path);
    call.body = std::move(body);
    return call;
}

std::string models_of(const Json& provider) {
    std::string out;
    for (const auto& model : provider.value("models", Json::array())) out += (out.empty() ? "" : ", ") + cell(model, "id");
    return out.empty() ? "any, as NAME/MODEL" : out;
}

/// "ID", or "ID=INPUT:OUTPUT" with dollars for a million tokens.
Outcome<Json> model_of(const std::string& text) {
    const auto equals = text.find('=');
    Json out{{"id", text.substr(0, equals)}};
    if (equals == std::string::npos) return out;
    const auto prices = text.substr(equals + 1);
    const auto colon = prices.find(':');
    if (colon == std::string::npos) return wrong_use("--model is ID, or ID=INPUT:OUTPUT with dollars for a million tokens, not {}", text);
    out["input_usd_per_million"] = prices.substr(0, colon);
    out["output_usd_per_million"] = prices.substr(colon + 1);
    return out;
}

int show_row(Context& context, const Json& row, std::string_view done) {
    if (context.json()) context.print_json(row);
    else context.print(fmt::format("{} {}\n", done, cell(row, "name")));
    return exit_ok;
}

}  // namespace

Outcome<int> list_providers(Context& context) {
    auto server = context.connect();
    if (!server) return stop(std::move(server.error()));
    auto items = list_items(**server, "/api/v1/providers", {}, 10'000);
    if (!items) return stop(std::move(items.error()));
    if (context.json()) {
        context.print_json(Json{{"items", std::move(*items)}});
        return exit_ok;
    }
    Table table({{"NAME"}, {"TYPE"}, {"BASE URL"}, {"KEY"}, {"MODELS"}});
    for (const auto& row : *items)
        table.add({cell(row, "name") + (row.value("enabled", true) ? "" : " (off)"), cell(row, "type"), cell(row, "base_url"),
                   row.value("has_key", false) ? "set" : "none", models_of(row)});
    context.print(table.empty() ? "no providers; `sluice providers add NAME --type TYPE` makes one\n" : table.render());
    return exit_ok;
}

Outcome<int> add_provider(Context& context) {
    const auto& arguments = context.arguments;
    Json body{{"name", arguments.text("NAME")}, {"type", arguments.text("type")}};
    if (arguments.has("base-url")) body["base_url"] = arguments.text("base-url");
    Json models = Json::array();
    for (const auto& text : arguments.list("model")) {
        auto model = model_of(text);
        if (!model) return stop(std::move(model.error()));
        models.push_back(std::move(*model));
    }
    body["models"] = std::move(models);
    Json settings = Json::object();
    if (arguments.has("region")) settings["region"] = arguments.text("region");
    if (arguments.has("api-version")) settings["api_version"] = arguments.text("api-version");
    body["settings"] = std::move(settings);
    auto server = context.connect(true);
    if (!server) return stop(std::move(server.error()));
    if (!arguments.has("no-key")) {
        auto key = read_secret(context, arguments.text("file"), "API key");
        if (!key) return stop(std::move(key.error()));
        body["api_key"] = std::move(*key);
    }
    auto made = (*server)->post("/api/v1/providers", body);
    if (!made) return stop(std::move(made.error()));
    return show_row(context, *made, "added");
}

Outcome<int> delete_provider(Context& context) { return delete_object(context, "/api/v1/providers/" + encode(context.arguments.text("NAME")), "NAME"); }

Outcome<int> check_provider(Context& context) {
    auto server = context.connect();
    if (!server) return stop(std::move(server.error()));
    const auto path = "/api/v1/providers/" + encode(context.arguments.text("NAME"));
    auto checked = (*server)->json(call_of("POST", path + "/check"));
    if (!checked) return stop(std::move(checked.error()));
    auto health = (*server)->get(path + "/health");
    if (!health) return stop(std::move(health.error()));
    const bool bad = (*checked)["ok"] == false || !(*checked)["missing"].empty();
    if (context.json()) {
        (*checked)["health"] = std::move(*health);
        context.print_json(*checked);
        return bad ? exit_no : exit_ok;
    }
    context.print(cell(*checked, "message") + "\n");
    context.print(fmt::format("circuit {}; in the last 5 minutes {} answered, {} failed\n", cell(*health, "state"), cell(*health, "answered"),
                              cell(*health, "failed")));
    if (const auto& error = (*health)["last_error"]; error.is_object())
        context.print(fmt::format("last error {}: {}\n", human_time(error["at"]), cell(error, "message")));
    return bad ? exit_no : exit_ok;
}

Outcome<int> list_model_routes(Context& context) {
    auto server = context.connect();
    if (!server) return stop(std::move(server.error()));
    auto items = list_items(**server, "/api/v1/model-routes", {}, 10'000);
    if (!items) return stop(std::move(items.error()));
    if (context.json()) {
        context.print_json(Json{{"items", std::move(*items)}});
        return exit_ok;
    }
    Table table({{"NAME"}, {"STRATEGY"}, {"TARGETS"}, {"ATTEMPTS", true}});
    for (const auto& row : *items) {
        std::string targets;
        for (const auto& target : row.value("targets", Json::array()))
            targets += fmt::format("{}{}{}", targets.empty() ? "" : ", ", cell(target, "model"),
                                   cell(row, "strategy") == "weighted" ? " (" + cell(target, "weight") + ")" : "");
        table.add({cell(row, "name"), cell(row, "strategy"), targets, cell(row, "max_attempts")});
    }
    context.print(table.empty() ? "no model routes; `sluice model-routes set NAME --target MODEL` makes one\n" : table.render());
    return exit_ok;
}

Outcome<int> set_model_route(Context& context) {
    const auto& arguments = context.arguments;
    Json targets = Json::array();
    for (const auto& text : arguments.list("target")) {
        const auto at = text.rfind('=');
        Json target{{"model", text.substr(0, at)}};
        if (at != std::string::npos) {
            const auto weight = Json::parse(text.substr(at + 1), nullptr, false);
            if (!weight.is_number()) return wrong_use("--target is MODEL or MODEL=WEIGHT, not {}", text);
            target["weight"] = weight;
        }
        targets.push_back(std::move(target));
    }
    Json body{{"targets", std::move(targets)}};
    if (arguments.has("strategy")) body["strategy"] = arguments.text("strategy");
    auto server = context.connect(true);
    if (!server) return stop(std::move(server.error()));
    auto done = (*server)->json(call_of("PUT", "/api/v1/model-routes/" + encode(arguments.text("NAME")), base::dump_json(body)));
    if (!done) return stop(std::move(done.error()));
    return show_row(context, *done, "set");
}

Outcome<int> delete_model_route(Context& context) { return delete_object(context, "/api/v1/model-routes/" + encode(context.arguments.text("NAME")), "NAME"); }

}  // namespace sluice::cli
