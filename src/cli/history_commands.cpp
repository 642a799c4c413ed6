// `runs why`, `runs diff` and `runs replay`.

#include "cli/follow.hpp"
#include "cli/table.hpp"

namespace sluice::cli {

namespace {

std::string run_path(const Context& context, std::string_view argument) {
    return "/api/v1/runs/" + encode(context.arguments.text(argument));
}

std::string short_json(const Json& value) {
    return value.is_string() ? value.get<std::string>() : base::dump_json(value);
}

void print_entry(const Context& context, std::string_view title, const Json& entry) {
    if (!entry.is_object()) return;
    context.print(fmt::format("  {:<9} {} attempt {}", title, cell(entry, "kind"), cell(entry, "attempt")));
    for (const char* member : {"data", "value"})
        if (const auto* value = base::find_member(entry, member))
            context.print(fmt::format("  {} {}", member, short_json(*value)));
    context.print("\n");
}

void print_step_difference(const Context& context, const Json& step) {
    const auto change = base::string_or(step, "change", "");
    const auto path = cell(step, "path");
    if (change == "only_in_first" || change == "only_in_second") {
        context.print(fmt::format("{} {} ({})\n", change == "only_in_first" ? "-" : "+", path,
                                  cell(step.value(change == "only_in_first" ? "first" : "second", Json::object()), "status")));
        return;
    }
    const auto first = step.value("first", Json::object()), second = step.value("second", Json::object());
    std::string fields;
    for (const auto& field : step.value("fields", Json::array())) {
        const auto name = field.get<std::string>();
        fields += fields.empty() ? "" : ", ";
        fields += name;
        if (name == "status" || name == "attempts") fields += fmt::format(" {} → {}", cell(first, name), cell(second, name));
    }
    context.print(fmt::format("~ {}: {}\n", path, fields));
    const auto output = step.value("output", Json::object());
    for (const auto& place : output.value("places", Json::array())) {
        const auto* one = base::find_member(place, "first");
        const auto* other = base::find_member(place, "second");
        context.print(fmt::format("    {} {} → {}\n", base::string_or(place, "pointer", ""), one ? short_json(*one) : "(absent)",
                                  other ? short_json(*other) : "(absent)"));
    }
    if (output.value("truncated", false)) context.print("    …\n");
}

}  // namespace

Outcome<int> explain_run(Context& context) {
    auto server = context.connect();
    if (!server) return stop(std::move(server.error()));
    auto why = (*server)->get(run_path(context, "ID") + "/why");
    if (!why) return stop(std::move(why.error()));
    if (context.json()) {
        context.print_json(*why);
        return exit_ok;
    }
    context.print(base::string_or(*why, "text", "") + "\n");
    const auto steps = why->value("steps", Json::array());
    if (steps.size() > 1)
        for (const auto& step : steps) context.print(fmt::format("  {}\n", base::string_or(step, "text", "")));
    for (const auto& next : why->value("next", Json::array())) context.print(fmt::format("→ {}\n", short_json(next)));
    return exit_ok;
}

Outcome<int> compare_runs(Context& context) {
    auto server = context.connect();
    if (!server) return stop(std::move(server.error()));
    auto diff = (*server)->get(run_path(context, "FIRST") + "/diff", {{"with", context.arguments.text("SECOND")}});
    if (!diff) return stop(std::move(diff.error()));
    const auto steps = diff->value("steps", Json::array());
    const auto input = diff->value("input", Json::object()).value("places", Json::array());
    const int exit = steps.empty() && input.empty() ? exit_ok : exit_no;
    if (context.json()) {
        context.print_json(*diff);
        return exit;
    }
    for (const auto& run : diff->value("runs", Json::array())) {
        const auto flow = run.value("flow", Json::object());
        context.print(fmt::format("{}  {} version {}  {}\n", cell(run, "id"), cell(flow, "name"), cell(flow, "version"), cell(run, "status")));
    }
    if (!input.empty()) context.print("~ the input differs\n");
    for (const auto& step : steps) print_step_difference(context, step);
    if (diff->value("truncated", false)) context.print("… more steps differ\n");
    context.print(fmt::format("{} steps are the same\n", diff->value("same", std::int64_t{0})));
    return exit;
}

Outcome<int> replay_run(Context& context) {
    auto server = context.connect();
    if (!server) return stop(std::move(server.error()));
    Call call{"POST", run_path(context, "ID") + "/replay", {}, "{}"};
    call.timeout = std::chrono::minutes(10);
    auto report = (*server)->json(call);
    if (!report) return stop(std::move(report.error()));
    const bool same = report->value("same", false);
    if (context.json()) {
        context.print_json(*report);
        return same ? exit_ok : exit_no;
    }
    if (same) {
        context.print(fmt::format("the replay gives the journal again: {} entries, {} of them computed, {} from outside{}\n",
                                  cell(*report, "entries"), cell(*report, "computed"), cell(*report, "from_outside"),
                                  report->value("ended", false) ? "" : "; the run has not ended"));
        return exit_ok;
    }
    const auto divergence = report->value("divergence", Json::object());
    const auto step = base::string_or(divergence, "step", "");
    context.print(fmt::format("the replay diverges at entry {}{}: {}\n", cell(divergence, "seq"),
                              step.empty() ? "" : ", step " + step, base::string_or(divergence, "message", "")));
    print_entry(context, "recorded:", divergence.value("recorded", Json()));
    print_entry(context, "computed:", divergence.value("computed", Json()));
    return exit_no;
}

}  // namespace sluice::cli
