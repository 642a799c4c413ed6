// Commands that ask no server: serve, config, cel, version.

#include "cli/command.hpp"
#include "cli/table.hpp"
#include "sluice/base/clock.hpp"
#include "sluice/cel/case.hpp"
#include "sluice/cel/cel.hpp"

namespace sluice::cli {

Outcome<int> serve(Context& context) {
    auto config = context.config();
    if (!config) return stop(std::move(config.error()));
    if (auto started = context.start_log(false); !started) return stop(std::move(started.error()));
    const auto data = (*config)->text("data"), listen = (*config)->text("server.listen");
    return context.host.serve(**config, data, listen);
}

Outcome<int> check_config(Context& context) {
    auto config = context.config();
    if (!config && context.json()) {
        Json errors = Json::array();
        std::string_view rest = config.error().error.message;
        while (!rest.empty()) {
            const auto end = rest.find('\n');
            errors.push_back(rest.substr(0, end));
            rest = end == std::string_view::npos ? std::string_view() : rest.substr(end + 1);
        }
        context.print_json(Json{{"valid", false}, {"errors", std::move(errors)}});
        return exit_config;
    }
    if (!config) return stop(std::move(config.error()));
    const auto shown = (*config)->show();
    if (context.json()) {
        context.print_json(Json{{"valid", true}, {"errors", Json::array()}});
        return exit_ok;
    }
    std::size_t set = 0;
    for (const auto& row : shown)
        if (row.source != "default") ++set;
    context.print(fmt::format("the configuration is sound: {} settings, {} of them set\n",
                              shown.size(), set));
    return exit_ok;
}

Outcome<int> show_config(Context& context) {
    auto config = context.config();
    if (!config) return stop(std::move(config.error()));
    const auto shown = (*config)->show();
    if (context.json()) {
        Json items = Json::array();
        for (const auto& row : shown)
            items.push_back({{"name", row.name},
                             {"value", row.value},
                             {"source", row.source},
                             {"default", row.default_value},
                             {"doc", row.doc},
                             {"reload", row.reload}});
        context.print_json(Json{{"items", std::move(items)}});
        return exit_ok;
    }
    Table table({{"SETTING"}, {"VALUE"}, {"FROM"}});
    for (const auto& row : shown)
        table.add({row.name, row.value.empty() ? "\"\"" : row.value, row.source});
    context.print(table.render());
    return exit_ok;
}

Outcome<int> sample_config(Context& context) {
    context.print(config::render_sample(context.host.settings));
    return exit_ok;
}

Outcome<int> evaluate_cel(Context& context) {
    if (context.arguments.has("jsonl")) {
        std::string line;
        for (int c = std::fgetc(context.streams.in);; c = std::fgetc(context.streams.in)) {
            if (c != '\n' && c != EOF) {
                line += static_cast<char>(c);
                continue;
            }
            if (line.ends_with('\r')) line.pop_back();
            if (!line.empty())
                context.print_exactly(cel::evaluate_case_line(line) +
                                      "\n");  // flushed, for who waits for it
            line.clear();
            if (c == EOF) return exit_ok;
        }
    }
    if (!context.arguments.has("expr"))
        return wrong_use("give an expression: sluice cel --expr \"1 + 1\", or cases by --jsonl");
    Json input = Json::object();
    if (context.arguments.has("input")) {
        auto given = context.json_argument("input");
        if (!given) return stop(std::move(given.error()));
        input = std::move(*given);
    }
    auto program = cel::Program::compile(context.arguments.text("expr"));
    if (!program) return answer_no("{}", program.error().message);
    cel::Scope scope;
    if (input.is_object())
        for (const auto& [name, value] : input.get_ref<const Json::object_t&>())
            scope.set(name, &value);
    scope.set("input", &input);
    scope.set_now(base::SystemClock().now());
    const auto value = program->evaluate(scope);
    if (!value) return answer_no("{}", value.error().message);
    context.print_exactly(base::dump_json(*value) + "\n");
    return exit_ok;
}

Outcome<int> show_version(Context& context) {
    if (context.json())
        context.print_json(Json{{"version", context.host.version}});
    else
        context.print(fmt::format("sluice {}\n", context.host.version));
    return exit_ok;
}

}  // namespace sluice::cli
