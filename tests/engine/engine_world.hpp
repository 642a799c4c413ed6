#pragma once
/// The whole executor over the real storage, with a clock that is moved by hand and node types that do as the test says.

#include <map>
#include <string>

#include "engine/test_types.hpp"
#include "events/house.hpp"
#include "sluice/engine/engine.hpp"
#include "sluice/engine/history.hpp"
#include "sluice/identity/identity.hpp"
#include "sluice/runtime/sync.hpp"

namespace sluice::engine::test {

/// A house with an engine. Tasks ("call" is keyed, "once" unsafe) ask `answers` by path, then by node id; without an
/// answer they give {"n": 1}.
struct EngineWorld : sluice::testing::House {
    using Answer = std::function<Result<flows::StepOutput>(flows::StepContext&)>;

    EngineWorld() {
        for (const auto* type : test_types().all())
            if (type->kind != flows::NodeKind::task) types.add(*type);
        const auto task = [this](flows::StepContext& context) -> Awaitable<Result<flows::StepOutput>> {
            return perform(*this, context);
        };
        for (const auto& [name, effect] : {std::pair{"call", flows::Effect::keyed}, {"once", flows::Effect::unsafe}}) {
            auto type = test_type(name, flows::NodeKind::task, effect);
            type.run = task;
            types.add(std::move(type));
        }
        start();
    }
    ~EngineWorld() { stop(); }

    static Awaitable<Result<flows::StepOutput>> perform(EngineWorld& world, flows::StepContext& context) {
        ++world.executions[context.path()];
        if (world.hold != nullptr) co_await world.hold->wait();
        const std::string& path = context.path();
        auto found = world.answers.find(path);
        if (found == world.answers.end()) found = world.answers.find(path.substr(path.rfind('/') + 1));
        if (found != world.answers.end()) co_return found->second(context);
        flows::StepOutput output;
        output.output = {{"n", 1}};
        co_return output;
    }

    void start() {
        identity = std::make_unique<identity::Identity>(*storage, clock, random);
        done(identity->start());
        workspace = identity->find_workspace("default")->id;
        bus = std::make_unique<events::Bus>(loop, *storage);
        flows = std::make_unique<flows::Flows>(*storage, types, clock, random);
        engine = std::make_unique<Engine>(loop, *storage, *flows, *bus, clock, random);
        bus->set_run_feed(engine.get());
        done(engine->start());
    }
    void stop() {
        if (!engine) return;
        // A stop waits, by the clock, for what is being committed.
        bool stopped = false;
        boost::asio::co_spawn(loop.context(), engine->stop(), [&](std::exception_ptr) { stopped = true; });
        while (!stopped) {
            run(pause());
            clock.advance(std::chrono::milliseconds(10));
        }
        run(bus->stop());
        run(identity->stop());
        engine.reset();
        flows.reset();
        bus.reset();
        identity.reset();
    }
    void restart() {
        stop();
        close();
        open();
        start();
    }

    FlowId publish(Json document) {
        if (!document.contains("name")) document["name"] = fmt::format("flow{}", ++flow_count);
        return get(flows->create(workspace, std::move(document), true, "", "tester")).id;
    }
    RunId begin(FlowId flow, Json input = Json::object(), int version = 0) {
        StartRun wanted;
        wanted.workspace = workspace;
        wanted.flow_id = flow;
        wanted.runnable = get(flows->runnable(workspace, flow, version));
        wanted.input = std::move(input);
        auto started = engine->start_run(std::move(wanted));
        INFO((started ? std::string() : started.error().message));
        REQUIRE(started);
        const auto handle = std::get<std::shared_ptr<RunHandle>>(std::move(*started));
        run(accepted(handle));
        return handle->id;
    }
    /// Waits for the end and gives the run.
    Run end(RunId id) {
        const Time far = clock.now() + std::chrono::hours(24 * 365 * 100);
        REQUIRE(get(engine->wait(workspace, id, far)));
        return get(engine->get(workspace, id));
    }
    Run whole(FlowId flow, Json input = Json::object()) { return end(begin(flow, std::move(input))); }
    static Awaitable<void> accepted(std::shared_ptr<RunHandle> handle) { co_await handle->accepted.wait(); }
    /// Lets the loop do what is ready until `judge` holds; work on other threads is waited for.
    template <class Judge>
    void until(Judge judge) {
        for (int turn = 0; turn < 1'000'000 && !judge(); ++turn) run(pause());
        REQUIRE(judge());
    }
    Awaitable<void> pause() {
        auto nothing = [](storage::ReadTx&) -> Result<int> { return 0; };
        co_await storage->read(nothing);
    }

    flows::NodeTypes types;
    std::map<std::string, Answer> answers;
    std::map<std::string, int> executions;
    runtime::Signal* hold = nullptr;   ///< tasks wait for it before they answer
    std::unique_ptr<identity::Identity> identity;
    std::unique_ptr<events::Bus> bus;
    std::unique_ptr<flows::Flows> flows;
    std::unique_ptr<Engine> engine;
    WorkspaceId workspace;
    int flow_count = 0;
};

inline EngineWorld::Answer failing(ErrorCode code, std::string message, bool retryable = false) {
    return [=](flows::StepContext&) -> Result<flows::StepOutput> {
        Error error{code, message};
        error.retryable = retryable;
        return fail(std::move(error));
    };
}
inline EngineWorld::Answer giving(Json output) {
    return [output](flows::StepContext&) -> Result<flows::StepOutput> {
        flows::StepOutput out;
        out.output = output;
        return out;
    };
}

inline Json step(std::string id, std::string type, Json config = Json::object(), Json more = Json::object()) {
    Json out = {{"id", std::move(id)}, {"type", std::move(type)}, {"config", std::move(config)}};
    out.update(more);
    return out;
}
inline Json arrow(std::string from, std::string to, Json more = Json::object()) {
    Json out = {{"from", std::move(from)}, {"to", std::move(to)}};
    out.update(more);
    return out;
}
inline Json graph(const std::vector<Json>& nodes, const std::vector<Json>& edges, Json more = Json::object()) {
    Json out = {{"nodes", nodes}, {"edges", edges}};
    out.update(more);
    return out;
}

}  // namespace sluice::engine::test
