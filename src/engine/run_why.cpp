// Why a run waits or has not started, and how it ended: in words, with a code for machines, and what can be done next.

#include "engine/dead_letters_store.hpp"
#include "engine/engine_state.hpp"
#include "engine/steps_store.hpp"
#include "sluice/engine/history.hpp"

namespace sluice::engine {

namespace {

constexpr std::size_t most_steps = 20;

/// The node with this id anywhere in the flow.
const flows::CompiledNode* find_node(const flows::CompiledGraph& graph, std::string_view id) {
    if (const auto found = graph.index.find(id); found != graph.index.end()) return &graph.nodes[found->second];
    for (const auto& node : graph.nodes)
        if (node.body)
            if (const auto* inner = find_node(*node.body, id)) return inner;
    return nullptr;
}

bool is_container(const flows::CompiledFlow* flow, std::string_view path) {
    if (flow == nullptr) return false;
    const std::size_t slash = path.rfind('/');
    const auto* node = find_node(flow->graph, slash == std::string_view::npos ? path : path.substr(slash + 1));
    return node != nullptr && node->body != nullptr;
}

std::string message_of(const std::optional<Json>& error) { return error ? base::string_or(*error, "message", "") : std::string(); }

/// {"path", "status", "code", "text", …} of a step that has not ended.
Json explain_step(const StepSummary& step, const std::string& run) {
    Json out = {{"path", step.path}, {"status", to_string(step.status)}};
    if (step.attempts > 0) out["attempt"] = step.attempts;
    const std::string until = step.waiting_until ? base::format_time(*step.waiting_until) : std::string();
    if (!until.empty()) out["until"] = until;
    std::string code, text;
    if (step.status == StepStatus::unknown) {
        code = "unknown_step";
        text = fmt::format("a crash hid how the step {} ended (attempt {}), and it must not be done twice without somebody's word: look at "
                           "the other side, then `sluice runs decide {} {} retry|succeed|fail`", step.path, step.attempts, run, step.path);
    } else if (step.status == StepStatus::waiting && step.waiting_for.is_object()) {
        code = "waiting_signal";
        const std::string name = base::string_or(step.waiting_for, "signal", "");
        const std::string key = base::string_or(step.waiting_for, "key", "");
        out["signal"] = name;
        if (!key.empty()) out["key"] = key;
        text = fmt::format("the step {} waits for the signal \"{}\"{}{}: POST /api/v1/runs/{}/signals/{}", step.path, name,
                           key.empty() ? "" : fmt::format(" with the key \"{}\"", key),
                           until.empty() ? "" : ", at most until " + until, run, name);
    } else if (step.status == StepStatus::waiting && step.error) {
        code = "waiting_retry";
        out["error"] = *step.error;
        text = fmt::format("attempt {} of the step {} failed ({}: {}); the next one begins at {}", step.attempts, step.path,
                           base::string_or(*step.error, "code", "?"), message_of(step.error), until);
    } else if (step.status == StepStatus::waiting) {
        code = "waiting_timer";
        text = fmt::format("the step {} waits until {}", step.path, until);
    } else {
        code = "running";
        text = step.started_at ? fmt::format("the step {} runs since {} (attempt {})", step.path, base::format_time(*step.started_at), step.attempts)
                               : fmt::format("the step {} is about to run", step.path);
    }
    out["code"] = code;
    out["text"] = text;
    return out;
}

/// What decides first: a person's word, else what is under way, else what comes soonest.
int rank(const Json& step) {
    static constexpr std::string_view order[] = {"unknown_step", "running", "waiting_retry", "waiting_timer", "waiting_signal"};
    const std::string code = base::string_or(step, "code", "");
    return static_cast<int>(std::find(std::begin(order), std::end(order), code) - std::begin(order));
}

/// By key: the members of an object move when it grows.
void say_next(Json& out, std::string text) { out["next"].push_back(std::move(text)); }

/// Why the run holds no slot.
void explain_queue(Json& out, const QueueReason& reason) {
    static constexpr std::string_view names[] = {"nothing", "time", "paused", "flow_limit", "key_limit", "slots", "turn"};
    Json queue = {{"waits_for", names[static_cast<std::size_t>(reason.waits_for)]}, {"before", reason.before}};
    if (reason.limit > 0) queue["limit"] = reason.limit;
    if (reason.limit > 0) queue["held"] = reason.held;
    if (!reason.key.empty()) queue["key"] = reason.key;
    out["queue"] = std::move(queue);
    const std::string before = reason.before == 0 ? "nothing is before it" : fmt::format("{}{} runs are before it", reason.before_is_more ? "more than " : "", reason.before);
    std::string text;
    switch (reason.waits_for) {
        case WaitsFor::nothing: text = "the run has its slot and is being read back"; break;
        case WaitsFor::time:
            out["until"] = base::format_time(reason.until);
            text = fmt::format("the run is not to start before {}", base::format_time(reason.until));
            break;
        case WaitsFor::paused:
            text = "the workspace's queue is paused: nothing starts";
            say_next(out, "`POST /api/v1/queues/default/resume` lets the queue go on");
            break;
        case WaitsFor::flow_limit:
            text = fmt::format("{} runs of its flow are under way, as many as may be (settings.concurrency.limit {}); {}", reason.held, reason.limit, before);
            break;
        case WaitsFor::key_limit:
            text = fmt::format("{} runs with the concurrency key \"{}\" are under way, as many as may be (settings.concurrency.limit {}); {}",
                               reason.held, reason.key, reason.limit, before);
            break;
        case WaitsFor::slots:
            text = fmt::format("all {} slots of the server are taken (engine.max_running_runs); {}", reason.limit, before);
            break;
        case WaitsFor::turn: text = fmt::format("the run waits for its turn: {}", before); break;
    }
    out["code"] = "queued";
    out["text"] = text;
}

void explain_end(Json& out, const Run& run, const std::vector<DeadLetter>& letters) {
    const std::string id = run.id.str();
    const std::string took = run.started_at && run.finished_at ? base::format_duration(std::chrono::milliseconds(
        std::chrono::duration_cast<std::chrono::milliseconds>(*run.finished_at - *run.started_at))) : std::string("?");
    out["code"] = to_string(run.status);
    if (run.status == RunStatus::succeeded) {
        out["text"] = fmt::format("the run succeeded after {} with {} steps", took, run.totals.steps);
        say_next(out, fmt::format("`sluice runs output {}` prints what it gave", id));
        return;
    }
    const std::string message = message_of(run.error);
    const std::string step = run.error ? base::string_or(*run.error, "step", "") : std::string();
    if (run.error) out["error"] = *run.error;
    if (run.status == RunStatus::failed && !step.empty()) {
        const Json* attempt = base::find_member(*run.error, "attempt");
        out["text"] = fmt::format("the run failed after {} at the step {}{}: {} ({})", took, step,
                                  attempt != nullptr && attempt->is_number_integer() ? fmt::format(", attempt {}", attempt->get<int>()) : "",
                                  message, base::string_or(*run.error, "code", "?"));
    } else if (run.status == RunStatus::failed) {
        out["text"] = fmt::format("the run failed after {}: {}", took, message);
    } else if (run.status == RunStatus::timed_out) {
        out["text"] = fmt::format("the run timed out after {}: {}", took, message);
    } else {
        out["text"] = fmt::format("the run was cancelled after {}: {}", took, message);
    }
    say_next(out, fmt::format("`sluice runs retry {}` goes on from the steps that did not succeed; nothing that did is done again", id));
    say_next(out, fmt::format("`sluice runs rerun {}` does it again as a new run, from the start or from a step, with another input or version", id));
    for (const DeadLetter& letter : letters) {
        out["dead_letters"].push_back(letter.id.str());
        say_next(out, fmt::format("its dead letter {} is open: `sluice dead-letters redrive {}` or `sluice dead-letters discard {}`",
                                   letter.id, letter.id, letter.id));
    }
}

}  // namespace

Awaitable<Result<Json>> Engine::why(WorkspaceId workspace, RunId id) {
    State& s = *state_;
    auto run = co_await get(workspace, id);
    if (!run) co_return fail(std::move(run.error()));
    const std::string name = id.str();
    Json out = {{"run_id", name}, {"status", to_string(run->status)}, {"code", ""}, {"text", ""}, {"next", Json::array()}};
    auto letters = co_await store::open_letters_of(s.storage, workspace, id);
    if (!letters) co_return fail(std::move(letters.error()));
    if (is_terminal(run->status)) {
        explain_end(out, *run, *letters);
        co_return out;
    }
    for (const DeadLetter& letter : *letters) out["dead_letters"].push_back(letter.id.str());

    flows::FlowPtr flow;
    if (auto runnable = co_await s.flows.runnable(workspace, run->flow, run->flow_version)) flow = runnable->flow;
    auto index = co_await store::index_steps(s.storage, workspace, id);
    if (!index) co_return fail(std::move(index.error()));
    std::vector<std::uint32_t> open;
    std::size_t open_count = 0;
    for (std::uint32_t place = 0; place < (*index)->entries.size(); ++place) {
        const auto& entry = (*index)->entries[place];
        const bool shown = !is_terminal(entry.status) && !(entry.status == StepStatus::running && is_container(flow.get(), *entry.path));
        if (!shown) continue;
        ++open_count;
        // Those that need a person's word are shown before all others.
        if (open.size() < most_steps || entry.status == StepStatus::unknown) open.push_back(place);
    }
    Json steps = Json::array();
    if (!open.empty()) {
        auto summaries = co_await store::summarise_steps(s.storage, workspace, id, *index, std::move(open));
        if (!summaries) co_return fail(std::move(summaries.error()));
        std::vector<Json> explained;
        for (const StepSummary& step : *summaries) explained.push_back(explain_step(step, name));
        std::stable_sort(explained.begin(), explained.end(), [](const Json& a, const Json& b) {
            return rank(a) != rank(b) ? rank(a) < rank(b) : base::string_or(a, "until", "") < base::string_or(b, "until", "");
        });
        if (explained.size() > most_steps) explained.resize(most_steps);
        steps = Json(std::move(explained));
    }
    out["steps"] = steps;
    out["open_steps"] = open_count;
    auto entries = co_await store::run_entries(s.storage, workspace, id, 20);
    if (!entries) co_return fail(std::move(entries.error()));

    const auto active = s.active.find(id);
    const auto queued = s.queue.why(id);
    if (queued && (queued->waits_for != WaitsFor::nothing || active == s.active.end())) {
        explain_queue(out, *queued);
        say_next(out, fmt::format("`sluice runs cancel {}` ends it", name));
        co_return out;
    }
    if (active != s.active.end() ? active->second->machine.paused() : run->status == RunStatus::paused) {
        std::string by, reason, since;
        for (const auto& entry : *entries) {
            if (entry.kind != "run.paused") continue;
            by = base::string_or(entry.data, "by", "");
            reason = base::string_or(entry.data, "reason", "");
            since = base::format_time(entry.at);
            break;
        }
        out["code"] = "paused";
        out["text"] = fmt::format("the run is paused{}{}{}; no step starts until it is resumed", by.empty() ? "" : " by " + by,
                                  since.empty() ? "" : " since " + since, reason.empty() ? "" : " (" + reason + ")");
        if (!by.empty()) out["by"] = by;
        if (!since.empty()) out["since"] = since;
        say_next(out, fmt::format("`sluice runs resume {}` lets it go on", name));
        co_return out;
    }
    if (active == s.active.end() && !s.waiting.contains(id)) {
        out["code"] = "being_read_back";
        out["text"] = "the run is not in memory: it is read back after a start, or its journal could not be read (then the log has the cause)";
        say_next(out, "wait a moment; when nothing changes, look for the run's id in the server's log");
        co_return out;
    }
    if (const Json* error = active == s.active.end() ? nullptr : active->second->machine.rolling_back()) {
        out["code"] = "rolling_back";
        out["text"] = fmt::format("the run is undoing what it did, because of: {}", base::string_or(*error, "message", "its end"));
        out["error"] = *error;
        co_return out;
    }
    if (steps.empty()) {
        out["code"] = "running";
        out["text"] = "the run is between two steps";
        co_return out;
    }
    const Json& first = steps.front();
    out["code"] = first["code"];
    out["text"] = open_count > 1 ? fmt::format("{}; {} more steps are open", base::string_or(first, "text", ""), open_count - 1)
                                 : base::string_or(first, "text", "");
    if (const Json* until = base::find_member(first, "until")) out["until"] = *until;
    if (out["code"] == "unknown_step")
        say_next(out, fmt::format("`sluice runs decide {} {} retry|succeed|fail`", name, base::string_or(first, "path", "")));
    if (out["code"] == "waiting_signal")
        say_next(out, fmt::format("`sluice runs signal {} {}`", name, base::string_or(first, "signal", "")));
    say_next(out, fmt::format("`sluice runs cancel {}` ends it", name));
    co_return out;
}

}  // namespace sluice::engine
