// Limits on calls of models, and those of keys.

#include "cli/follow.hpp"
#include "cli/limit_terms.hpp"
#include "cli/lists.hpp"
#include "cli/table.hpp"

namespace sluice::cli {

namespace {

std::string path_of(const Context& context) { return "/api/v1/model-limits/" + encode(context.arguments.text("ID")); }

std::string scope_of(const Json& limit) {
    const Json& scope = limit["scope"];
    const auto id = base::string_or(scope, "id", "");
    return base::string_or(scope, "type", "") + (id.empty() ? "" : " " + id);
}

/// "5 of 60", "-".
std::string left_of(const Json& limit, const char* left, const char* of) {
    return limit.value(of, Json()).is_null() ? std::string("-") : fmt::format("{} of {}", cell(limit, left), cell(limit, of));
}

std::string models_of(const Json& row) {
    const auto models = row.value("models", Json());
    return models.is_array() ? joined(models) : "all";
}

int print_limit(Context& context, const Json& limit, std::string_view done) {
    if (context.json())
        context.print_json(limit);
    else
        context.print(fmt::format("{} {}: {}{}, requests a minute {}, tokens a minute {}, models {}\n", done, cell(limit, "id"), scope_of(limit),
                                  limit["model"].is_null() ? "" : ", models " + cell(limit, "model"),
                                  left_of(limit, "requests_left", "requests_per_minute"), left_of(limit, "tokens_left", "tokens_per_minute"),
                                  models_of(limit)));
    return exit_ok;
}

}  // namespace

Outcome<Json> limit_terms(const Context& context, Json terms) {
    const auto& given = context.arguments;
    for (const auto& [option, member] : {std::pair("requests-per-minute", "requests_per_minute"), std::pair("tokens-per-minute", "tokens_per_minute")}) {
        if (!given.has(option)) continue;
        if (given.text(option) == "none") {
            terms[member] = nullptr;
            continue;
        }
        const auto number = Json::parse(given.text(option), nullptr, false);
        if (!number.is_number_integer()) return wrong_use("--{} {} is no whole number; write for example 60, or none", option, given.text(option));
        terms[member] = number;
    }
    if (given.has("models")) {
        terms["models"] = given.text("models") == "any" ? Json() : split(given.text("models"));
        if (terms["models"].is_array() && terms["models"].empty()) return wrong_use("--models is empty; write names with commas between them, or any");
    }
    return terms;
}

Outcome<int> list_model_limits(Context& context) {
    auto server = context.connect();
    if (!server) return stop(std::move(server.error()));
    auto items = list_items(**server, "/api/v1/model-limits", {}, 10'000);
    if (!items) return stop(std::move(items.error()));
    if (context.json()) {
        context.print_json(Json{{"items", std::move(*items)}});
        return exit_ok;
    }
    Table table({{"ID"}, {"SCOPE"}, {"OF MODELS"}, {"REQUESTS LEFT", true}, {"TOKENS LEFT", true}, {"ALLOWED MODELS"}});
    for (const auto& limit : *items)
        table.add({cell(limit, "id"), scope_of(limit), cell(limit, "model"), left_of(limit, "requests_left", "requests_per_minute"),
                   left_of(limit, "tokens_left", "tokens_per_minute"), models_of(limit)});
    context.print(table.empty() ? "no limits; `sluice model-limits create --requests-per-minute 60` makes one for the workspace\n" : table.render());
    return exit_ok;
}

Outcome<int> create_model_limit(Context& context) {
    auto terms = limit_terms(context, Json::object());
    if (!terms) return stop(std::move(terms.error()));
    const auto scope = context.arguments.text("scope", "workspace");
    const auto colon = scope.find(':');
    (*terms)["scope"] = {{"type", scope.substr(0, colon)}, {"id", colon == std::string::npos ? std::string() : scope.substr(colon + 1)}};
    if (context.arguments.has("model")) (*terms)["model"] = context.arguments.text("model");
    auto server = context.connect();
    if (!server) return stop(std::move(server.error()));
    auto made = (*server)->post("/api/v1/model-limits", *terms);
    if (!made) return stop(std::move(made.error()));
    return print_limit(context, *made, "made");
}

Outcome<int> edit_model_limit(Context& context) {
    auto server = context.connect();
    if (!server) return stop(std::move(server.error()));
    auto present = (*server)->get(path_of(context));
    if (!present) return stop(std::move(present.error()));
    Json before = Json::object();
    for (const auto* member : {"requests_per_minute", "tokens_per_minute", "models"}) before[member] = (*present)[member];
    auto terms = limit_terms(context, std::move(before));
    if (!terms) return stop(std::move(terms.error()));
    auto changed = (*server)->json(Call{"PUT", path_of(context), {}, base::dump_json(*terms)});
    if (!changed) return stop(std::move(changed.error()));
    return print_limit(context, *changed, "changed");
}

Outcome<int> delete_model_limit(Context& context) { return delete_object(context, path_of(context), "ID"); }

Outcome<int> edit_key(Context& context) {
    auto terms = limit_terms(context, Json::object());
    if (!terms) return stop(std::move(terms.error()));
    if (terms->empty()) return wrong_use("say what shall change: --models, --requests-per-minute, --tokens-per-minute");
    auto server = context.connect();
    if (!server) return stop(std::move(server.error()));
    auto key = (*server)->json(Call{"PATCH", "/api/v1/api-keys/" + encode(context.arguments.text("ID")), {}, base::dump_json(*terms)});
    if (!key) return stop(std::move(key.error()));
    if (context.json())
        context.print_json(*key);
    else
        context.print(fmt::format("{}: models {}, requests a minute {}, tokens a minute {}\n", cell(*key, "id"), models_of(*key),
                                  cell(*key, "requests_per_minute"), cell(*key, "tokens_per_minute")));
    return exit_ok;
}

}  // namespace sluice::cli
