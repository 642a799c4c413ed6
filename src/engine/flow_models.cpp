#include "sluice/engine/flow_models.hpp"

#include "sluice/base/log.hpp"
#include "sluice/runtime/task_group.hpp"

namespace sluice::engine {
namespace {

constexpr std::size_t most_listed = 1'000;

/// "{{ nodes.ID.output }}" or "{{ nodes.ID.output.text }}": the node's id.
std::string_view only_node(std::string_view text) {
    const auto trim = [](std::string_view t) {
        while (t.starts_with(' ')) t.remove_prefix(1);
        while (t.ends_with(' ')) t.remove_suffix(1);
        return t;
    };
    text = trim(text);
    if (!text.starts_with("{{") || !text.ends_with("}}") || text.size() < 4) return {};
    text = trim(text.substr(2, text.size() - 4));
    if (!text.starts_with("nodes.")) return {};
    text.remove_prefix(6);
    if (text.ends_with(".text")) text.remove_suffix(5);
    if (!text.ends_with(".output")) return {};
    text.remove_suffix(7);
    return text.find_first_of(". []") == std::string_view::npos ? text : std::string_view();
}

Error no_flow(std::string_view name) {
    return Error{ErrorCode::not_found,
                 fmt::format("there is no model flow/{}; GET /v1/models lists what may be called", name.substr(0, 200)),
                 {},
                 false};
}

Error error_of(const Outcome& outcome) {
    Error out;
    out.code = outcome.status == RunStatus::timed_out   ? ErrorCode::timeout
               : outcome.status == RunStatus::cancelled ? ErrorCode::cancelled
                                                        : ErrorCode::upstream_failed;
    if (!is_terminal(outcome.status)) {
        out.code = ErrorCode::unavailable;
        out.message = "the server stops before the flow has ended; the run goes on at its next start";
        return out;
    }
    out.message = fmt::format("the flow's run {}", to_string(outcome.status));
    if (outcome.error) {
        if (outcome.status == RunStatus::failed) out.code = base::error_code_from(base::string_or(*outcome.error, "code", ""));
        out.message = base::string_or(*outcome.error, "message", out.message);
    }
    return out;
}

}  // namespace

std::string answer_text(const Json& output) {
    if (output.is_string()) return output.get<std::string>();
    if (output.is_object())
        for (const auto* name : {"text", "content"})
            if (const auto* text = base::find_member(output, name); text && text->is_string()) return text->get<std::string>();
    return base::dump_json(output);
}

std::string answering_step(const flows::CompiledFlow& flow) {
    const auto* output = base::find_member(flow.document, "output");
    if (!output || !output->is_string()) return {};
    const auto id = only_node(output->get_ref<const std::string&>());
    const auto at = flow.graph.index.find(id);
    if (id.empty() || at == flow.graph.index.end()) return {};
    const auto& node = flow.graph.nodes[at->second];
    // A second attempt would say it all again.
    return node.type_name == "llm.chat" && node.retry.max_attempts == 1 ? node.id : std::string();
}

struct FlowModels::State {
    State(runtime::Loop& the_loop, Engine& the_engine, base::Random& the_random)
        : loop(the_loop), engine(the_engine), random(the_random), tasks(the_loop) {}
    runtime::Loop& loop;
    Engine& engine;
    base::Random& random;
    bool stopped = false;
    runtime::TaskGroup tasks;

    static Awaitable<void> cancel(std::shared_ptr<State> self, WorkspaceId workspace, RunId run) {
        auto done = co_await self->engine.cancel(workspace, run, "the caller of the flow as a model has gone");
        if (!done && done.error().code != ErrorCode::conflict && done.error().code != ErrorCode::not_found)
            log::warn("a run whose caller has gone could not be cancelled",
                      {{"run", run.str()}, {"cause", done.error().message}});
    }
};

namespace {

/// What the steps of a run say, until it has ended.
struct Words {
    explicit Words(runtime::Loop& loop) : changed(loop) {}
    std::string text;
    bool ended = false;
    runtime::Signal changed;
};

Awaitable<void> note_end(std::shared_ptr<RunHandle> handle, std::shared_ptr<Words> words) {
    co_await handle->done.wait();
    words->ended = true;
    words->changed.notify();
}

class FlowRun final : public llm::SourceRun {
  public:
    FlowRun(std::shared_ptr<FlowModels::State> state, WorkspaceId workspace, RunId id, std::shared_ptr<Words> words)
        : state_(std::move(state)), workspace_(workspace), id_(id), words_(std::move(words)) {}
    ~FlowRun() override {
        state_->engine.unwatch(id_);
        if (waiting_ != 0) state_->tasks.cancel(waiting_);
        if (handle_ && !handle_->done.ready() && !state_->stopped)
            state_->tasks.spawn("cancel-flow-of-caller", FlowModels::State::cancel(state_, workspace_, id_));
    }
    FlowRun(const FlowRun&) = delete;
    FlowRun& operator=(const FlowRun&) = delete;

    std::string id() const override { return id_.str(); }
    void ended(Outcome outcome) { outcome_ = std::move(outcome); }
    void follow(std::shared_ptr<RunHandle> handle) {
        handle_ = std::move(handle);
        waiting_ = state_->tasks.spawn("wait-for-flow", note_end(handle_, words_));
    }

    Awaitable<Piece> next(Time deadline) override {
        Piece out;
        while (!over() && words_->text.empty())
            if (!co_await words_->changed.wait_until(deadline)) break;
        out.text = std::exchange(words_->text, {});
        if (over()) out.end = answer(outcome_ ? *outcome_ : handle_->done.get());
        co_return out;
    }

  private:
    bool over() const { return outcome_ || words_->ended || handle_->done.ready(); }
    static Result<llm::SourceAnswer> answer(const Outcome& outcome) {
        if (outcome.status != RunStatus::succeeded) return fail(error_of(outcome));
        llm::SourceAnswer out;
        out.text = answer_text(outcome.output);
        out.usage.input_tokens = outcome.totals.input_tokens;
        out.usage.output_tokens = outcome.totals.output_tokens;
        out.cost = NanoUsd{outcome.totals.cost_nano_usd};
        return out;
    }

    std::shared_ptr<FlowModels::State> state_;
    WorkspaceId workspace_;
    RunId id_;
    std::shared_ptr<Words> words_;
    std::shared_ptr<RunHandle> handle_;  ///< null: it ended within its start
    std::optional<Outcome> outcome_;
    runtime::TaskGroup::TaskId waiting_ = 0;
};

}  // namespace

FlowModels::FlowModels(runtime::Loop& loop, Engine& engine, base::Random& random)
    : state_(std::make_shared<State>(loop, engine, random)) {}
FlowModels::~FlowModels() = default;

Awaitable<void> FlowModels::stop() {
    state_->stopped = true;
    co_await state_->tasks.cancel_and_join();
}

Awaitable<Result<std::vector<std::string>>> FlowModels::names(Principal caller) {
    std::vector<std::string> out;
    if (!caller.may(Permission::runs_write) || !caller.may(Permission::runs_data)) co_return out;
    const auto seen = caller.seen(Permission::runs_write);
    flows::Page page{200, {}};
    while (out.size() < most_listed) {
        auto list = co_await state_->engine.flows().list(caller.workspace, {}, page, {}, seen);
        if (!list) co_return fail(std::move(list.error()));
        for (auto& flow : list->items)
            if (flow.live_version > 0 && caller.may_in(Permission::runs_data, flow.project, flow.name))
                out.push_back(std::move(flow.name));
        if (list->next_cursor.empty()) break;
        page.cursor = std::move(list->next_cursor);
    }
    co_return out;
}

Awaitable<Result<std::unique_ptr<llm::SourceRun>>> FlowModels::start(llm::SourceCall call) {
    using Started = Result<std::unique_ptr<llm::SourceRun>>;
    auto& engine = state_->engine;
    const auto workspace = call.caller.workspace;
    auto flow = co_await engine.flows().get_by_name(workspace, call.name);
    if (!flow) {
        if (flow.error().code == ErrorCode::not_found) co_return Started(fail(no_flow(call.name)));
        co_return Started(fail(std::move(flow.error())));
    }
    if (flow->live_version == 0 || !call.caller.sees(flow->project, flow->name)) co_return Started(fail(no_flow(call.name)));
    for (const auto permission : {Permission::runs_write, Permission::runs_data})
        if (!call.caller.may_in(permission, flow->project, flow->name))
            co_return Started(fail(ErrorCode::forbidden, "calling the flow {} as a model needs {} for it", call.name, to_string(permission)));
    auto runnable = co_await engine.flows().runnable(workspace, flow->id);
    if (!runnable) co_return Started(fail(std::move(runnable.error())));
    if (runnable->deleted) co_return Started(fail(no_flow(call.name)));

    StartRun start;
    start.workspace = workspace;
    start.flow_id = flow->id;
    start.runnable = std::move(*runnable);
    start.input = std::move(call.input);
    start.trigger = "model";
    start.started_by = starter_of(call.caller);
    start.waits = true;
    start.id = RunId::make(engine.now(), state_->random);
    auto words = std::make_shared<Words>(state_->loop);
    const auto step = call.stream ? answering_step(*start.runnable.flow) : std::string();
    auto run = std::make_unique<FlowRun>(state_, workspace, *start.id, words);
    if (!step.empty()) {
        auto tell = [words, step](std::string_view path, const Json& detail) {
            if (path != step) return;
            words->text += base::string_or(detail, "text", "");
            words->changed.notify();
        };
        engine.watch(*start.id, std::move(tell));
    }
    auto started = engine.start_run(std::move(start));
    if (!started) co_return Started(fail(std::move(started.error())));
    if (auto* ended = std::get_if<EndedRun>(&*started)) {
        run->ended(std::move(ended->outcome));
        co_return Started(std::move(run));
    }
    auto handle = std::get<std::shared_ptr<RunHandle>>(std::move(*started));
    run->follow(handle);
    co_await handle->accepted.wait();
    if (!handle->accepted.get()) co_return Started(fail(Error(handle->accepted.get().error())));
    co_return Started(std::move(run));
}

}  // namespace sluice::engine
