#pragma once
// Node types for tests of the core: small, with every effect class. The simulation never runs a coroutine of theirs; it
// decides itself how a task ends.

#include "sluice/flows/graph.hpp"
#include "sluice/flows/node_type.hpp"

namespace sluice::engine::test {

inline flows::NodeType test_type(std::string name, flows::NodeKind kind, flows::Effect effect) {
    flows::NodeType type;
    type.name = std::move(name);
    type.title = type.name;
    type.category = "Flow";
    type.doc = "For tests.";
    type.kind = kind;
    type.effect = effect;
    type.config_schema = Json::parse(R"({"type": "object", "properties": {"n": {}, "items": {}, "concurrency": {"type": "integer"},
        "on_item_error": {"type": "string"}, "while": {"type": "string", "x-expression": true, "x-scope": ["item", "index"]},
        "max_turns": {"type": "integer"}, "chunk": {"type": "integer"}, "name": {"type": "string"}, "key": {"type": "string"}, "for": {"type": "string"}, "fail": {"type": "string"}, "ports": {"type": "array"}, "large": {"type": "integer"},
        "body": {"type": "object", "x-body": true}}, "additionalProperties": false})");
    type.example = {{"config", Json::object()}};
    return type;
}

/// {"n": config.n + the sum of the upstream n}, with config.large a text of that many bytes besides; fails with config.fail.
inline Result<flows::StepOutput> add_up(const flows::StepInput& input) {
    if (const std::string message = base::string_or(input.config, "fail", ""); !message.empty())
        return fail(ErrorCode::unprocessable, "{}", message);
    std::int64_t n = input.config.value("n", std::int64_t{0});
    for (const Json* output : input.upstream)
        if (const Json* other = base::find_member(*output, "n"); other != nullptr && other->is_number_integer())
            n += other->get<std::int64_t>();
    flows::StepOutput output;
    output.output = {{"n", n % 1000}};
    if (const std::size_t bytes = input.config.value("large", std::size_t{0}); bytes > 0) output.output["text"] = std::string(bytes, 'x');
    if (const Json* ports = base::find_member(input.config, "ports"))
        for (const Json& port : *ports) output.ports.push_back(port.get<std::string>());
    return output;
}

inline const flows::NodeTypes& test_types() {
    static const flows::NodeTypes* const types = [] {
        auto* all = new flows::NodeTypes;
        auto pure = test_type("pure", flows::NodeKind::compute, flows::Effect::pure);
        const auto always = [](const Json&) { return true; };
        pure.compute = add_up;
        pure.reads_upstream = always;
        all->add(pure);
        auto ports = test_type("ports", flows::NodeKind::compute, flows::Effect::pure);
        ports.compute = add_up;
        ports.reads_upstream = always;
        ports.ports = [](const Json&) { return std::vector<std::string>{"left", "right"}; };
        all->add(ports);
        auto respond = test_type("respond", flows::NodeKind::compute, flows::Effect::pure);
        respond.reads_upstream = always;
        respond.compute = [](const flows::StepInput& input) {
            auto output = add_up(input);
            if (output) output->response = true;
            return output;
        };
        all->add(respond);
        auto wait = test_type("wait", flows::NodeKind::timer, flows::Effect::pure);
        wait.compute = [](const flows::StepInput& input) -> Result<flows::StepOutput> {
            flows::StepOutput plan;
            plan.output = {{"for", base::string_or(input.config, "for", "5s")}};
            return plan;
        };
        all->add(wait);
        all->add(test_type("each", flows::NodeKind::map, flows::Effect::pure));
        all->add(test_type("again", flows::NodeKind::loop, flows::Effect::pure));
        auto signal = test_type("signal", flows::NodeKind::signal, flows::Effect::pure);
        signal.compute = [](const flows::StepInput& input) -> Result<flows::StepOutput> {
            flows::StepOutput plan;
            plan.output = {{"name", base::string_or(input.config, "name", "go")}, {"key", base::string_or(input.config, "key", "")}};
            return plan;
        };
        all->add(signal);
        const auto never = [](flows::StepContext&) -> Awaitable<Result<flows::StepOutput>> { co_return flows::StepOutput{}; };
        for (const auto& [name, effect] : {std::pair{"safe", flows::Effect::safe}, {"keyed", flows::Effect::keyed},
                                           {"unsafe", flows::Effect::unsafe}}) {
            auto task = test_type(name, flows::NodeKind::task, effect);
            task.run = never;
            all->add(task);
        }
        return all;
    }();
    return *types;
}

inline flows::FlowPtr compile(const Json& document) {
    auto result = flows::compile_flow(document, test_types());
    if (!result.flow) {
        std::string all;
        for (const auto& mistake : result.errors) all += mistake.pointer + ": " + mistake.message + "\n";
        throw std::runtime_error("the test's flow is wrong:\n" + all + document.dump());
    }
    return result.flow;
}

}  // namespace sluice::engine::test
