// Models and what they cost: list, import, check.

#include "cli/follow.hpp"
#include "cli/table.hpp"
#include "sluice/llm/prices.hpp"

namespace sluice::cli {

namespace {

/// US dollars a million tokens; "?": not known. Above a threshold another price counts: "2+".
std::string rate(const Json& price, const char* kind) {
    if (!price.is_object()) return "-";
    const Json* rates = base::find_member(price, "usd_per_million");
    std::string out = rates ? base::string_or(*rates, kind, "?") : "?";
    const Json* tiers = base::find_member(price, "tiers");
    return tiers && !tiers->empty() && out != "?" ? out + "+" : out;
}

Json details_json(const std::vector<base::ErrorDetail>& details) {
    Json out = Json::array();
    for (const auto& detail : details) out.push_back({{"pointer", detail.pointer}, {"message", detail.message}});
    return out;
}

std::string counted(std::size_t number, std::string_view what) { return fmt::format("{} {}{}", number, what, number == 1 ? "" : "s"); }

std::string place_of(std::string_view pointer) { return pointer.empty() ? "/" : std::string(pointer); }

/// Asks each provider of the workspace what it lists.
Outcome<int> compare_providers(Context& context) {
    auto server = context.connect();
    if (!server) return stop(std::move(server.error()));
    auto providers = list_items(**server, "/api/v1/providers", {}, 10'000);
    if (!providers) return stop(std::move(providers.error()));
    Json items = Json::array();
    bool bad = false;
    for (const auto& provider : *providers) {
        if (!provider.value("enabled", true)) continue;
        auto checked = (*server)->json(Call{"POST", "/api/v1/providers/" + encode(cell(provider, "id")) + "/check"});
        if (!checked) return stop(std::move(checked.error()));
        bad = bad || (*checked)["ok"] == false || !(*checked)["missing"].empty();
        items.push_back(std::move(*checked));
    }
    if (context.json()) {
        context.print_json(Json{{"valid", !bad}, {"items", std::move(items)}});
        return bad ? exit_no : exit_ok;
    }
    for (const auto& item : items) context.print(cell(item, "message") + "\n");
    if (items.empty()) context.print("no providers; `sluice providers add NAME --type TYPE` makes one\n");
    return bad ? exit_no : exit_ok;
}

}  // namespace

Outcome<int> list_models(Context& context) {
    std::vector<std::pair<std::string, std::string>> query;
    for (const auto* name : {"provider", "at"})
        if (context.arguments.has(name)) query.emplace_back(name, context.arguments.text(name));
    auto server = context.connect();
    if (!server) return stop(std::move(server.error()));
    auto items = list_items(**server, "/api/v1/models", std::move(query), 100'000);
    if (!items) return stop(std::move(items.error()));
    if (context.json()) {
        context.print_json(Json{{"items", *items}});
        return exit_ok;
    }
    Table table({{"PROVIDER"}, {"MODEL"}, {"KIND"}, {"INPUT", true}, {"CACHED", true}, {"OUTPUT", true}, {"UNTIL"}, {"FROM"}});
    for (const auto& item : *items) {
        const Json price = item.value("price", Json());
        const std::string until = price.is_object() ? cell(price, "valid_to").substr(0, 10) : "-";
        table.add({cell(item, "provider"), cell(item, "id"), cell(item, "kind"), rate(price, "input"), rate(price, "cache_read"),
                   rate(price, "output"), until, price.is_object() ? cell(price, "origin") : "no price"});
    }
    context.print(table.render());
    context.print("US dollars a million tokens; +: dearer above a number of input tokens; ?: not known\n");
    return exit_ok;
}

Outcome<int> import_models(Context& context) {
    const auto file = context.arguments.text("FILE");
    auto text = read_whole(context, file);
    if (!text) return stop(std::move(text.error()));
    auto server = context.connect(true);
    if (!server) return stop(std::move(server.error()));
    const bool dry = context.arguments.has("dry-run");
    Call call{"POST", "/api/v1/models/import", {}, std::move(*text)};
    if (dry) call.query.emplace_back("dry_run", "true");
    auto done = (*server)->json(call);
    if (!done) return stop(std::move(done.error()));
    if (context.json()) {
        context.print_json(*done);
        return exit_ok;
    }
    const auto added = done->value("added", Json::array());
    for (const auto& price : added)
        context.print(fmt::format("{} {} from {}: input {}, output {} ({})\n", cell(price, "provider"), cell(price, "model"),
                                  cell(price, "valid_from"), rate(price, "input"), rate(price, "output"), cell(price, "price_version")));
    for (const auto& warning : done->value("warnings", Json::array()))
        context.note(fmt::format("warning: {}: {}\n", place_of(cell(warning, "pointer")), cell(warning, "message")));
    context.print(fmt::format("{}: {} {}, {} unchanged\n", file, counted(added.size(), "price"), dry ? "would be added" : "added",
                              done->value("unchanged", 0)));
    return exit_ok;
}

Outcome<int> check_models(Context& context) {
    if (context.arguments.has("providers")) return compare_providers(context);
    std::string file = context.arguments.text("FILE"), text;
    if (file.empty()) {
        auto config = context.config();
        if (!config) return stop(std::move(config.error()));
        file = (*config)->text("models.file");
    }
    if (file.empty()) {
        text = llm::embedded_catalogue();
        file = "the built-in catalogue";
    } else {
        auto whole = read_whole(context, file);
        if (!whole) return stop(std::move(whole.error()));
        text = std::move(*whole);
    }
    auto read = llm::read_catalogue(text);
    std::vector<base::ErrorDetail> mistakes, warnings;
    if (read)
        warnings = std::move(read->warnings);
    else
        mistakes = std::move(read.error().details);
    if (!read && mistakes.empty()) mistakes.push_back({"", read.error().message});
    if (context.json()) {
        context.print_json(Json{{"valid", read.has_value()}, {"errors", details_json(mistakes)}, {"warnings", details_json(warnings)}});
        return read ? exit_ok : exit_no;
    }
    for (const auto& mistake : mistakes) context.print(fmt::format("{}: {}: {}\n", file, place_of(mistake.pointer), mistake.message));
    for (const auto& warning : warnings) context.print(fmt::format("{}: {}: warning: {}\n", file, place_of(warning.pointer), warning.message));
    if (read)
        context.print(fmt::format("{}: sound, {}, {}\n", file, counted(read->rows.models.size(), "model"),
                                  counted(read->rows.prices.size(), "price")));
    return read ? exit_ok : exit_no;
}

}  // namespace sluice::cli
