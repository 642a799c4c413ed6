#include "nodes/node_parts.hpp"
#include "sluice/engine/engine.hpp"

namespace sluice::nodes {

namespace {

Awaitable<Result<StepOutput>> run(std::function<engine::Engine*()> find_engine, StepContext& context) {
    engine::Engine* engine = find_engine ? find_engine() : nullptr;
    if (engine == nullptr) co_return fail(ErrorCode::unavailable, "this process cannot start other flows");
    const Json& config = context.input().config;
    engine::SubRun sub_run;
    sub_run.parent = context.run();
    sub_run.path = context.path();
    sub_run.key = context.idempotency_key();
    sub_run.flow = base::string_or(config, "flow", "");
    sub_run.version = static_cast<int>(integer(config, "version", 0));
    sub_run.attempt = context.attempt();
    sub_run.wait = flag(config, "wait", true);
    sub_run.input = config.contains("input") ? field(config, "input") : Json::object();
    auto answer = co_await engine->run_sub_run(context.workspace(), std::move(sub_run));
    if (!answer) co_return fail(std::move(answer.error()));
    StepOutput result{std::move(*answer)};
    co_return result;
}

}  // namespace

NodeType make_subflow(const Services& services) {
    NodeType type;
    type.name = "subflow";
    type.title = "Run a flow";
    type.category = "Flow";
    type.doc =
        "Runs another flow of the workspace as a run of its own and, unless `wait` is off, waits for "
        "its end. The run belongs to the step: after a crash or a retried attempt the step finds it "
        "again and starts no second one, and when this run is cancelled, so is that one. The step's "
        "`timeout` bounds the waiting.\n\n"
        "**Output:** `{\"run\": its id, \"status\": \"succeeded\", \"output\": what it gave}`; without "
        "`wait` only `{\"run\"}`.\n\n"
        "**Errors:** `not_found` when there is no such flow or version; `unprocessable` when the "
        "input does not fit the flow, when it did not succeed (with its error), or when runs are "
        "nested deeper than `engine.sub_run_depth`.";
    type.kind = NodeKind::task;
    type.effect = Effect::keyed;
    type.config_schema = json(R"json({
        "type": "object", "additionalProperties": false, "required": ["flow"],
        "properties": {
            "flow": {"type": "string", "minLength": 1, "maxLength": 100, "title": "Flow", "description": "The flow's name."},
            "version": {"type": "integer", "minimum": 1, "title": "Version", "description": "A version of it; without it the live one."},
            "input": {"title": "Input", "description": "What it is given, usually with templates.", "default": {}},
            "wait": {"type": "boolean", "title": "Wait", "description": "Wait for its end.", "default": true}
        }})json");
    type.example = json(R"json({"config": {"flow": "enrich", "input": {"customer": "{{ input.customer }}"}},
                                "input": {"customer": "acme"},
                                "output": {"run": "run_01kah0example0000000000000", "status": "succeeded", "output": {"tier": "gold"}}})json");
    type.run = [find = services.engine](StepContext& context) { return run(find, context); };
    return type;
}

}  // namespace sluice::nodes
