#pragma once
/// Runs one node as the executor does: compiled as part of a flow, its config rendered and judged,
/// then executed.

#include <cstdlib>
#include <filesystem>

#include "net/client_world.hpp"
#include "sluice/flows/graph.hpp"
#include "sluice/llm/gateway.hpp"
#include "sluice/llm/llm.hpp"
#include "sluice/nodes/nodes.hpp"

namespace sluice::test {

/// What a task sees, with everything it reported.
class FakeContext final : public flows::StepContext {
  public:
    FakeContext(const flows::StepInput& input, WorkspaceId workspace, RunId run, std::string key)
        : input_(input), workspace_(workspace), run_(run), key_(std::move(key)) {}
    const flows::StepInput& input() const override { return input_; }
    WorkspaceId workspace() const override { return workspace_; }
    RunId run() const override { return run_; }
    const std::string& path() const override { return path_; }
    int attempt() const override { return 1; }
    const std::string& idempotency_key() const override { return key_; }
    Time deadline() const override { return input_.now + std::chrono::hours(1); }
    const log::Logger& logger() const override { return logger_; }
    void progress(Json detail) override { pieces.push_back(std::move(detail)); }
    void add_usage(const Usage& usage) override { usages.push_back(usage); }
    void add_artifact(ArtifactId artifact) override { made.push_back(artifact); }

    std::vector<Json> pieces;
    std::vector<Usage> usages;
    std::vector<ArtifactId> made;

  private:
    const flows::StepInput& input_;
    WorkspaceId workspace_;
    RunId run_;
    std::string key_, path_ = "n";
    log::Logger logger_;
};

/// Everything that a step's input points at.
struct Step {
    Json input = Json::object();
    std::vector<Json> upstream;
    Time now = base::from_us(1'767'225'600'000'000);  // 2026-01-01T00:00:00Z
    std::string key = "key-1";
    // what came of it
    std::vector<Json> pieces;
    std::vector<flows::StepContext::Usage> usages;
    std::vector<ArtifactId> made;
};

inline Awaitable<Result<flows::StepOutput>> start_task(const flows::Task& task,
                                                       FakeContext& context) {
    return task(context);
}

/// Asks the providers without budgets: those have tests of their own.
class ProviderModels final : public llm::Models {
  public:
    explicit ProviderModels(llm::Providers& providers) : providers_(providers) {}
    Awaitable<Result<llm::FlowAnswer>> ask(llm::FlowCall call) override {
        auto choice = providers_.resolve(call.model);
        if (!choice) co_return fail(std::move(choice.error()));
        call.request.model = choice->model;
        const auto provider = choice->provider;
        auto completion = co_await provider->chat(std::move(call.request), std::move(call.on_text));
        if (!completion) co_return fail(std::move(completion.error()));
        co_return llm::FlowAnswer{std::move(*completion), provider->name(), provider->type() == "simulated"};
    }

  private:
    llm::Providers& providers_;
};

struct NodeWorld : World {
    explicit NodeWorld(const std::vector<std::string>& allow = {"127.0.0.0/8"}) : World(allow) {
        std::string name =
            (std::filesystem::temp_directory_path() / "sluice-nodes-XXXXXX").string();
        directory = ::mkdtemp(name.data());
        std::filesystem::create_directories(directory / "data" / "files" / "acme");
        providers.add(llm::make_simulated(loop));
        services.loop = &loop;
        services.client = &client;
        services.models = &models;
        services.files = &files;
        services.data_directory = directory / "data";
        services.file_roots = {directory / "root"};
        services.workspace_folder = [](WorkspaceId) { return std::string("acme"); };
        std::filesystem::create_directories(directory / "root");
    }
    ~NodeWorld() {
        std::error_code ignored;
        std::filesystem::remove_all(directory, ignored);
    }

    const flows::NodeTypes& types() {
        if (!types_) {
            types_ = std::make_unique<flows::NodeTypes>();
            nodes::add_node_types(*types_, services);
        }
        return *types_;
    }
    flows::ValidationResult publish(std::string_view type, const Json& config) {
        const Json document{
            {"name", "test"},
            {"nodes", Json::array({Json{{"id", "n"}, {"type", type}, {"config", config}}})},
            {"edges", Json::array()}};
        return flows::compile_flow(document, types());
    }
    /// The mistakes of publishing, as one text.
    std::string refusal(std::string_view type, const Json& config) {
        std::string text;
        for (const auto& each : publish(type, config).errors)
            text += each.pointer + ": " + each.message + "\n";
        return text;
    }

    Result<flows::StepOutput> run(std::string_view type, const Json& config, Step& step) {
        auto published = publish(type, config);
        INFO("publishing: " << refusal(type, config));
        REQUIRE(published.flow);
        const auto& node = published.flow->graph.nodes.at(0);
        cel::Scope scope;
        const Json vars = Json::object(), run_value{{"id", run_id.str()}}, nodes = Json::object();
        scope.set("input", &step.input);
        scope.set("vars", &vars);
        scope.set("run", &run_value);
        scope.set("nodes", &nodes);
        auto config_value = node.config.render(scope);
        if (!config_value) return fail(std::move(config_value.error()));
        auto mistakes = types().config_schema(*node.type).validate(*config_value);
        if (!mistakes.empty())
            return fail(Error{ErrorCode::invalid_argument,
                              mistakes[0].pointer + " " + mistakes[0].message, mistakes, false});
        std::vector<const Json*> upstream;
        // As the executor does it: a node that does not ask for them gets none.
        if (node.reads_upstream)
            for (const auto& each : step.upstream) upstream.push_back(&each);
        const flows::StepInput input{*config_value, scope,      node.expressions,
                                     upstream,      step.input, step.now};
        if (node.type->kind != flows::NodeKind::task) return node.type->compute(input);
        FakeContext context(input, workspace, run_id, step.key);
        auto answer = std::make_shared<std::optional<Result<flows::StepOutput>>>();
        tasks->spawn("step", keep(start_task(node.type->run, context), answer));
        REQUIRE(turn_until([&] {
            if (advance_while_waiting.count() > 0 && !answer->has_value())
                clock.advance(advance_while_waiting);
            return answer->has_value();
        }));
        step.pieces = context.pieces;
        step.usages = context.usages;
        step.made = context.made;
        return **answer;
    }
    Result<Json> output(std::string_view type, const Json& config, Json input = Json::object(),
                        std::vector<Json> upstream = {}) {
        Step step;
        step.input = std::move(input);
        step.upstream = std::move(upstream);
        auto result = run(type, config, step);
        if (!result) return fail(std::move(result.error()));
        return std::move(result->output);
    }
    /// The output, which must be there.
    Json get(std::string_view type, const Json& config, Json input = Json::object(),
             std::vector<Json> upstream = {}) {
        auto result = output(type, config, std::move(input), std::move(upstream));
        INFO((result ? std::string() : result.error().message));
        REQUIRE(result);
        return std::move(*result);
    }
    Error error(std::string_view type, const Json& config, Json input = Json::object(),
                std::vector<Json> upstream = {}) {
        auto result = output(type, config, std::move(input), std::move(upstream));
        REQUIRE_FALSE(result);
        return result.error();
    }

    runtime::Pool files{loop, "files", 1};
    llm::Providers providers;
    ProviderModels models{providers};
    nodes::Services services;
    std::filesystem::path directory;
    Duration advance_while_waiting{0};
    base::SeededRandom random{7};
    WorkspaceId workspace = WorkspaceId::make(base::from_us(1'767'225'600'000'000), random);
    RunId run_id = RunId::make(base::from_us(1'767'225'600'000'000), random);

  private:
    std::unique_ptr<flows::NodeTypes> types_;
};

inline Json parse(std::string_view text) { return Json::parse(text); }

}  // namespace sluice::test
