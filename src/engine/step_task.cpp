// One execution of a task node: its context, its deadline, and what becomes of its end.

#include <boost/system/system_error.hpp>

#include "engine/engine_state.hpp"
#include "engine/step_secrets.hpp"
#include "sluice/base/log.hpp"
#include "sluice/base/teeth.hpp"
#include "sluice/crypto/crypto.hpp"
#include "sluice/runtime/deadline.hpp"
#include "sluice/storage/failpoint.hpp"

namespace sluice::engine {

namespace {

/// Derived from run, path and generation: attempts and crashes keep it.
std::string make_idempotency_key(RunId run, const std::string& path, int generation) {
    constexpr std::size_t longest = 200;
    std::string key = fmt::format("{}:{}:{}", run, path, generation);
    if (key.size() <= longest) return key;
    return fmt::format("{}:{}:{}", run, crypto::sha256_hex(path), generation);
}

class StepTask final : public flows::StepContext {
  public:
    StepTask(Engine::State& state, const ActiveRun& run, const command::Execute& execute, const StepSecrets& secrets, Time deadline)
        : state_(state), workspace_(run.row.workspace), run_(run.row.id),
          origin_{run.row.project, run.row.flow_name, run.row.started_by.kind, run.row.started_by.id}, execute_(execute), secrets_(secrets),
          environment_(*execute.instance, execute.step.node, execute.config, state.clock.now()),
          key_(make_idempotency_key(run_, execute.path, execute.generation)), deadline_(deadline),
          logger_{{"run", run_}, {"step", execute.path}} {
        if (base::teeth("attempt_in_effect_key")) key_ += fmt::format(":{}", execute.attempt);
    }

    const flows::StepInput& input() const override { return environment_.input(); }
    WorkspaceId workspace() const override { return workspace_; }
    RunId run() const override { return run_; }
    const std::string& path() const override { return execute_.path; }
    Origin origin() const override { return origin_; }
    int attempt() const override { return execute_.attempt; }
    const std::string& idempotency_key() const override { return key_; }
    Time deadline() const override { return deadline_; }
    const log::Logger& logger() const override { return logger_; }
    void progress(Json detail) override {
        const std::string topic = events::Bus::run_topic(run_);
        const auto watcher = state_.watchers.find(run_);
        const bool listened = state_.bus.has_listeners(workspace_, topic);
        if (watcher == state_.watchers.end() && !listened) return;
        secrets_.redact(detail);
        if (watcher != state_.watchers.end()) watcher->second(execute_.path, detail);
        if (!listened) return;
        Json message = {{"kind", "step.progress"}, {"path", execute_.path}, {"detail", std::move(detail)}};
        state_.bus.publish_live(workspace_, topic, message);
    }
    bool watched() const override {
        return state_.watchers.contains(run_) || state_.bus.has_listeners(workspace_, events::Bus::run_topic(run_));
    }
    void add_usage(const Usage& usage) override {
        report_.input_tokens += usage.input_tokens;
        report_.output_tokens += usage.output_tokens;
        report_.cost_nano_usd += usage.cost_nano_usd;
        if (!usage.model.empty()) report_.model = usage.model;
        report_.simulated = report_.simulated || usage.simulated;
    }
    Result<void> may_send_to(std::string_view host, std::uint16_t port) const override { return secrets_.may_send_to(host, port); }
    std::string redact(std::string_view text) const override { return secrets_.redacted(text); }
    void add_artifact(ArtifactId artifact) override { report_.artifacts.push_back(artifact); }
    StepReport take_report() { return std::move(report_); }

  private:
    Engine::State& state_;
    WorkspaceId workspace_;
    RunId run_;
    Origin origin_;
    const command::Execute& execute_;
    const StepSecrets& secrets_;
    StepEnvironment environment_;
    std::string key_;
    Time deadline_;
    log::Logger logger_;
    StepReport report_;
};

/// Without a timeout of its own a step may take as long as its run; the far deadline keeps arithmetic simple.
constexpr Duration longest_step = std::chrono::hours(24 * 365);

}  // namespace

Awaitable<void> Engine::State::run_step(std::shared_ptr<State> self, RunPtr run, command::Execute execute) {
    const flows::CompiledNode& node = *execute.node;
    const log::Logger logger{{"run", run->row.id}, {"step", execute.path}};
    StepSecrets secrets(self->vault, run->row.workspace);
    std::optional<StepTask> context;
    Result<flows::StepOutput> result = tl::unexpected<Error>(Error{});
    bool aborted = false;
    const Time began = self->clock.now();
    if (node.effect != flows::Effect::pure) storage::failpoint::hit("effect.before");
    try {
        auto ready = co_await secrets.prepare(execute, logger);
        const auto timeout = node.timeout ? node.timeout : node.type->default_timeout;
        const Time deadline = self->clock.now() + timeout.value_or(longest_step);
        context.emplace(*self, *run, execute, secrets, deadline);
        if (!ready) {
            result = fail(std::move(ready.error()));
        } else if (timeout) {
            auto operation = node.type->run(*context);
            std::string message = fmt::format("the step did not end within its timeout of {}; raise the node's timeout",
                                              base::format_duration(*timeout));
            result = co_await runtime::with_deadline<flows::StepOutput>(self->loop, deadline, std::move(operation),
                                                                        std::move(message));
            if (!result && result.error().code == ErrorCode::timeout) result.error().retryable = true;
        } else {
            result = co_await node.type->run(*context);
        }
        co_await secrets.redact(result);
    } catch (const boost::system::system_error& error) {
        aborted = error.code() == boost::asio::error::operation_aborted;
        if (!aborted) {
            logger.error("a step threw", {{"what", error.what()}});
            result = fail(ErrorCode::internal, "the step failed in a way it should not; the server's log has the detail");
        }
    } catch (const std::exception& error) {
        logger.error("a step threw", {{"what", error.what()}});
        result = fail(ErrorCode::internal, "the step failed in a way it should not; the server's log has the detail");
    }
    run->tasks.erase(key_of(execute.step));
    if (!aborted) self->step_times.note(run->row.workspace, self->clock.now(), self->clock.now() - began);
    // Cancelled: the machine has decided already, or the process stops and the next start decides.
    if (aborted) co_return;
    StepReport report = context ? context->take_report() : StepReport{};
    self->feed(run, event::StepEnded{execute.step, execute.attempt, std::move(result), std::move(report)});
}

}  // namespace sluice::engine
