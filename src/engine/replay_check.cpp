#include "engine/replay_check.hpp"

#include "engine/instance.hpp"

namespace sluice::engine {

namespace {

constexpr std::size_t longest_shown = 2000;

/// The least delay of a retry: what the journal says beyond it was chance or asked for by the other side.
class LeastJitter final : public base::Random {
  public:
    std::uint64_t next() override { return 1; }
};

Json parsed(const std::string& text) {
    if (text.empty()) return Json();
    Json value = Json::parse(text, nullptr, false);
    return value.is_discarded() ? Json() : value;
}
Json object_of(const std::string& text) {
    Json value = parsed(text);
    return value.is_object() ? std::move(value) : Json::object();
}

bool same_json(const std::string& a, const std::string& b) { return a == b || parsed(a) == parsed(b); }

Json shown(const std::string& text) {
    if (text.size() <= longest_shown) return parsed(text);
    std::size_t end = longest_shown;
    while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80) --end;
    return text.substr(0, end) + "…";
}

Json shown(const Record& record) {
    Json out = {{"kind", to_string(record.kind)}, {"path", record.path}, {"attempt", record.attempt}};
    if (!record.data.empty()) out["data"] = shown(record.data);
    if (!record.value.empty()) out["value"] = shown(record.value);
    return out;
}

/// What a run may hold in memory, and whether a stored value could be read, is measured, not computed: how it was then is not known.
/// Older entries tell of memory in their text alone.
bool is_measured(const Record& record) {
    if (record.data.find("\"lacked_at\":") != std::string::npos) return true;
    return (record.kind == RecordKind::step_failed || record.kind == RecordKind::run_failed || record.kind == RecordKind::run_rollback_started) &&
           record.value.find("(engine.run_memory") != std::string::npos;
}

bool is_end(RecordKind kind) {
    return kind == RecordKind::step_succeeded || kind == RecordKind::step_failed || kind == RecordKind::step_timed_out ||
           kind == RecordKind::step_attempt_failed;
}

StepReport report_of(const Json& data) {
    StepReport report;
    if (const Json* usage = base::find_member(data, "usage")) {
        report.input_tokens = usage->value("input_tokens", std::int64_t{0});
        report.output_tokens = usage->value("output_tokens", std::int64_t{0});
        report.cost_nano_usd = usage->value("cost_nano_usd", std::int64_t{0});
        report.model = base::string_or(*usage, "model", "");
        report.simulated = usage->value("simulated", false);
    }
    if (const Json* artifacts = base::find_member(data, "artifacts"); artifacts != nullptr && artifacts->is_array())
        for (const Json& id : *artifacts)
            if (const auto artifact = id.is_string() ? ArtifactId::parse(id.get_ref<const std::string&>()) : std::nullopt)
                report.artifacts.push_back(*artifact);
    return report;
}

flows::StepOutput output_of(const Record& record, const Json& data) {
    flows::StepOutput output;
    output.output = parsed(record.value);
    output.response = data.value("response", false);
    if (const Json* ports = base::find_member(data, "ports"); ports != nullptr && ports->is_array())
        for (const Json& port : *ports) output.ports.push_back(port.get<std::string>());
    return output;
}

Error error_of(const Json& value) {
    Error error{base::error_code_from(base::string_or(value, "code", "")), base::string_or(value, "message", "")};
    if (const Json* details = base::find_member(value, "details"); details != nullptr && details->is_array())
        for (const Json& detail : *details)
            error.details.push_back({base::string_or(detail, "pointer", ""), base::string_or(detail, "message", "")});
    return error;
}

/// The error as the task gave it: a broken condition of an error edge is computed again, and said again.
Json without_broken_edge(Json error) {
    std::string message = base::string_or(error, "message", "");
    const std::size_t tail = message.rfind("; then the condition of the edge ");
    if (tail != std::string::npos) error["message"] = message.substr(0, tail);
    return error;
}

}  // namespace

ReplayCheck::ReplayCheck(flows::FlowPtr flow, RunFacts facts, MachineLimits limits, bool retried)
    : flow_(std::move(flow)), facts_(std::move(facts)), limits_(limits), retried_(retried) {
    limits_.memory_bytes = std::numeric_limits<std::size_t>::max() / 2;
    limits_.spill_bytes = std::numeric_limits<std::size_t>::max();
    if (retried_) builder_ = std::make_unique<ReuseBuilder>(*flow_);
}
ReplayCheck::~ReplayCheck() = default;

bool ReplayCheck::take(std::int64_t seq, const Record& record) {
    if (report_.divergence) return false;
    ++report_.entries;
    if (limited_ || is_measured(record)) {
        limited_ = true;
        ++report_.unchecked;
        expected_.clear();
        before_cause_.clear();
        out_of_line_.clear();
        return true;
    }
    const Entry entry{seq, record};
    check(entry);
    if (builder_ && !report_.divergence)
        if (auto added = builder_->add(record); !added) diverge(entry, added.error().message, nullptr);
    return !report_.divergence;
}

ReplayReport ReplayCheck::finish() {
    if (!report_.divergence && !out_of_line_.empty()) match(out_of_line_.front());
    if (!report_.divergence && !before_cause_.empty())
        diverge(before_cause_.front(), "the step was cancelled, and nothing that came out of the replay cancels it", nullptr);
    if (!report_.divergence && !expected_.empty()) {
        const Record first = expected_.front();
        diverge({0, {}}, fmt::format("the journal ends, but the replay goes on with {}{}{}", to_string(first.kind),
                                     first.path.empty() ? "" : " of ", first.path), &first);
        report_.divergence->step = first.path;
        report_.divergence->recorded = Json();
    }
    report_.ended = machine_ && machine_->finished();
    report_.computed = report_.entries - report_.from_outside - report_.unchecked;
    return std::move(report_);
}

void ReplayCheck::check(const Entry& entry) {
    const RecordKind kind = entry.record.kind;
    // What could not be had then ends a graph here and there, and first cancels what was open in it; here it goes on.
    if (kind == RecordKind::step_cancelled && (!out_of_line_.empty() || is_out_of_line(entry.record))) return out_of_line_.push_back(entry);
    if (!out_of_line_.empty()) return match(out_of_line_.front());
    if (!expected_.empty() && before_cause_.empty()) return match(entry);
    // Steps are cancelled before the record of what ended them: the run's timeout, a container's.
    if (kind == RecordKind::step_cancelled) {
        before_cause_.push_back(entry);
        return;
    }
    drive(entry);
    if (report_.divergence) return;
    const auto earlier = std::exchange(before_cause_, {});
    for (const Entry& cancelled : earlier) {
        match(cancelled);
        if (report_.divergence) return;
    }
    match(entry);
}

/// A step was cancelled where the replay goes on with something else.
bool ReplayCheck::is_out_of_line(const Record& cancelled) const {
    if (expected_.empty() || !before_cause_.empty()) return false;
    const auto passed_over = [&](const Record& computed) { return computed.kind == RecordKind::step_cancelled && computed.path != cancelled.path; };
    const auto next = std::find_if_not(expected_.begin(), expected_.end(), passed_over);
    return next == expected_.end() || next->kind != RecordKind::step_cancelled;
}

void ReplayCheck::match(const Entry& entry) {
    const Record& recorded = entry.record;
    if (expected_.empty())
        return diverge(entry, fmt::format("the journal has {}, which does not follow in the replay", to_string(recorded.kind)), nullptr);
    const auto next = [this] {
        Record first = std::move(expected_.front());
        expected_.pop_front();
        return first;
    };
    Record computed = next();
    // A crash puts a step that was under way back to ready. When it is cancelled before it begins again, the journal has
    // no entry of that, while here, where crashes are seen by what follows them, it still runs.
    while (computed.kind == RecordKind::step_cancelled && !expected_.empty() &&
           (recorded.kind != computed.kind || recorded.path != computed.path))
        computed = next();
    const auto of = [](const Record& record) {
        return fmt::format("{}{}{}", to_string(record.kind), record.path.empty() ? "" : " of ", record.path);
    };
    if (computed.kind != recorded.kind || computed.path != recorded.path)
        return diverge(entry, fmt::format("the journal has {}, the replay gives {}", of(recorded), of(computed)), &computed);
    if (computed.attempt != recorded.attempt)
        return diverge(entry, fmt::format("the journal has attempt {}, the replay attempt {}", recorded.attempt, computed.attempt), &computed);
    if (!same_json(computed.value, recorded.value))
        return diverge(entry, fmt::format("{}: the replay gives another value than the journal has", of(recorded)), &computed);
    if (!same_json(computed.data, recorded.data))
        return diverge(entry, fmt::format("{}: the replay notes other data than the journal has", of(recorded)), &computed);
}

void ReplayCheck::diverge(const Entry& entry, std::string message, const Record* computed) {
    if (report_.divergence) return;
    ReplayReport::Divergence divergence;
    divergence.seq = entry.seq;
    divergence.step = entry.record.path;
    divergence.message = std::move(message);
    divergence.recorded = shown(entry.record);
    if (computed != nullptr) divergence.computed = shown(*computed);
    report_.divergence = std::move(divergence);
}

void ReplayCheck::keep(Output output) {
    for (Record& record : output.records) expected_.push_back(std::move(record));
}

void ReplayCheck::send(Event event, Time now) {
    LeastJitter random;
    keep(machine_->handle(std::move(event), now, random));
}

template <class Change>
void ReplayCheck::within(Time now, Change change) {
    Output output;
    LeastJitter random;
    Machine& m = *machine_;
    m.out_ = &output;
    m.now_ = now;
    m.random_ = &random;
    change(m);
    if (!m.reusable_.empty()) m.take_reused();
    m.out_ = nullptr;
    m.random_ = nullptr;
    keep(std::move(output));
}

void ReplayCheck::begin_machine(const std::string& input) {
    machine_ = std::make_unique<Machine>(flow_, facts_, parsed(input), true, limits_);
    machine_->hold();
    // What the runs around left it then is not known; what followed from it stands in the journal.
    constexpr std::int64_t enough = std::numeric_limits<std::int64_t>::max() / 2;
    machine_->limit_attempts(OuterAttempts{enough, enough});
}

void ReplayCheck::drive(const Entry& entry) {
    const Record& record = entry.record;
    if (!machine_ && record.kind != RecordKind::run_started)
        return diverge(entry, "the journal does not begin with the run's start", nullptr);
    if (record.kind == RecordKind::run_retried) return drive_retry(entry);
    if (machine_ && machine_->finished()) return diverge(entry, "the journal has an entry after the run's end", nullptr);
    if (record.path.empty()) drive_run(entry);
    else drive_step(entry);
}

void ReplayCheck::drive_run(const Entry& entry) {
    const Record& record = entry.record;
    const Json data = object_of(record.data);
    switch (record.kind) {
        case RecordKind::run_started: {
            if (machine_) return diverge(entry, "the journal has a second start", nullptr);
            ++report_.from_outside;
            facts_.plan = record.data;
            begin_machine(record.value);
            if (!record.data.empty()) {  // what it took from elsewhere stands in its own journal, marked as reused
                auto reuse = std::make_shared<Reuse>();
                reuse->copied = true;
                machine_->reuse(std::move(reuse));
            }
            return send(event::Start{}, record.at);
        }
        case RecordKind::run_cancel_requested:
            ++report_.from_outside;
            return send(event::Cancel{base::string_or(data, "reason", "")}, record.at);
        case RecordKind::run_paused:
            ++report_.from_outside;
            return send(event::Pause{base::string_or(data, "by", ""), base::string_or(data, "reason", "")}, record.at);
        case RecordKind::run_resumed:
            ++report_.from_outside;
            return send(event::Resume{base::string_or(data, "by", "")}, record.at);
        case RecordKind::run_signalled:
            ++report_.from_outside;
            return send(event::Signal{base::string_or(data, "name", ""), base::string_or(data, "key", ""), parsed(record.value)}, record.at);
        case RecordKind::run_rollback_started:
            if (base::string_or(data, "status", "") != to_string(RunStatus::timed_out) || !flow_->settings.timeout) return;
            ++report_.from_outside;
            return send(event::RunTimedOut{}, record.at);
        case RecordKind::run_timed_out:
            if (!flow_->settings.timeout) return;
            ++report_.from_outside;
            return send(event::RunTimedOut{}, record.at);
        default: return;  // an end follows from the last step's
    }
}

/// A fresh machine, with what had succeeded.
void ReplayCheck::drive_retry(const Entry& entry) {
    const Json data = object_of(entry.record.data);
    if (!machine_->finished() || !builder_)
        return diverge(entry, "the journal has a retry of a run that had not ended", nullptr);
    ++report_.from_outside;
    const std::string input = base::dump_json(machine_->input());
    const Totals totals = machine_->totals();
    begin_machine(input);
    // A copy: a later retry builds on everything before it, so the builder goes on with its own.
    ReuseBuilder until_now(*builder_);
    const auto taken = until_now.take(false, totals);
    machine_->reuse(std::make_shared<const Reuse>(*taken));
    send(event::Restart{base::string_or(data, "by", ""), base::string_or(data, "reason", "")}, entry.record.at);
}

void ReplayCheck::drive_step(const Entry& entry) {
    const Record& record = entry.record;
    const auto [found, at] = machine_->find_step(record.path);
    if (found == nullptr)
        return diverge(entry, fmt::format("the journal has {}, but there is no such step in the replay at this point", to_string(record.kind)),
                       nullptr);
    const auto instance = found->shared_from_this();
    const std::uint32_t node_index = at;
    Step& step = instance->steps[at];
    const auto& node = instance->node(at);
    const Json data = object_of(record.data);
    const auto start = [&] { within(record.at, [&](Machine& m) { m.execute(*instance, node_index); }); };
    if (is_end(record.kind) && data.value("reused", false)) return end_task(entry, *instance, at);

    switch (step.status) {
        case StepStatus::waiting: {
            const bool retry = node.type != nullptr && node.type->kind == flows::NodeKind::task;
            if (step.signal && record.kind != RecordKind::step_timed_out) break;
            if (!retry) ++report_.from_outside;
            send(event::TimerFired{{instance->id, at}}, std::max(record.at, step.wait_until));
            if (!retry || step.status != StepStatus::ready) return;
            [[fallthrough]];
        }
        case StepStatus::ready:
            start();
            // A task without effects leaves no mark of its start.
            if (expected_.empty() && is_end(record.kind) && step.status == StepStatus::running) end_task(entry, *instance, at);
            return;
        case StepStatus::running:
            if (step.contains_graph()) return drive_container(entry, *instance, at);
            if (is_end(record.kind)) return end_task(entry, *instance, at);
            if (record.kind == RecordKind::step_attempts) {
                ++report_.from_outside;
                return send(event::SubAttempts{record.path, data.value("attempts", std::int64_t{0})}, record.at);
            }
            if (record.kind == RecordKind::step_started || record.kind == RecordKind::step_unknown)
                return take_up_again(entry, *instance, at);
            break;
        case StepStatus::unknown:
            if (record.kind == RecordKind::step_decided) {
                const auto decision = decision_from(base::string_or(data, "decision", ""));
                ++report_.from_outside;
                // The output that a person gave comes with the step's end.
                if (decision == Decision::succeed) return expected_.push_back(record);
                if (decision)
                    return send(event::Decide{record.path, *decision, Json(), base::string_or(data, "by", ""),
                                              base::string_or(data, "reason", "")}, record.at);
            }
            if (record.kind == RecordKind::step_succeeded) return end_task(entry, *instance, at);
            break;
        default: break;
    }
    diverge(entry, fmt::format("the journal has {}, but in the replay the step is {} then", to_string(record.kind), to_string(step.status)),
            nullptr);
}

/// What comes from outside into a container: its timeout, and the items that a map reads from an artifact.
void ReplayCheck::drive_container(const Entry& entry, Instance& instance, std::uint32_t at) {
    const Record& record = entry.record;
    Step& step = instance.steps[at];
    ++report_.from_outside;
    // A map that a crash met reads on at once, whether or not it needs more items.
    if (step.map && step.map->more) step.map->reading = true;
    if (record.kind == RecordKind::step_timed_out)
        return send(event::TimerFired{{instance.id, at}}, std::max(record.at, step.wait_until));
    if (record.kind == RecordKind::step_items && step.map) {
        const Json data = object_of(record.data);
        ItemBlock block;
        block.items = parsed(record.value);
        block.next = data.value("offset", std::uint64_t{0});
        block.end = data.value("end", true);
        if (!block.items.is_array()) return diverge(entry, "the journal's items are no list", nullptr);
        return send(event::ItemsRead{{instance.id, at}, std::move(block)}, record.at);
    }
    if (record.kind == RecordKind::step_failed && step.map && step.map->reading) {  // they could not be read
        Error error = error_of(object_of(record.value));
        return send(event::ItemsRead{{instance.id, at}, tl::unexpected<Error>(std::move(error))}, record.at);
    }
    diverge(entry, fmt::format("the journal has {}, but in the replay the step is running then", to_string(record.kind)), nullptr);
}

/// After a crash: the step was under way, and its end is not recorded.
void ReplayCheck::take_up_again(const Entry& entry, Instance& instance, std::uint32_t at) {
    ++report_.from_outside;
    within(entry.record.at, [&](Machine& m) {
        const Step& step = instance.steps[at];
        if (instance.node(at).on_unknown == flows::OnUnknown::stop) {
            m.set_status(instance, at, StepStatus::unknown);
            m.record_step(RecordKind::step_unknown, instance, at, step.attempt);
        } else {
            m.set_status(instance, at, StepStatus::ready);
            m.execute(instance, at);
        }
    });
}

void ReplayCheck::end_task(const Entry& entry, Instance& instance, std::uint32_t at) {
    const Record& record = entry.record;
    const Json data = object_of(record.data);
    const Json value = parsed(record.value);
    const bool reused = data.value("reused", false);
    if (record.kind != RecordKind::step_succeeded && !value.is_object())
        return diverge(entry, "the journal's error is no object", nullptr);
    ++report_.from_outside;
    within(record.at, [&](Machine& m) {
        Step& step = instance.steps[at];
        if (reused) step.attempt = record.attempt;
        m.reusing_ = reused;
        const bool marked = instance.node(at).effect != flows::Effect::pure;
        if (const Json* began = base::find_member(data, "first_began_us"); began != nullptr && !marked && began->is_number_integer())
            step.first_began = base::from_us(began->get<std::int64_t>());
        if (record.kind == RecordKind::step_succeeded) {
            m.succeed(instance, at, output_of(record, data), report_of(data));
        } else if (record.kind == RecordKind::step_attempt_failed) {
            Error error = error_of(value);
            error.retryable = true;
            const Json* next = base::find_member(data, "retry_at_us");
            if (next != nullptr && next->is_number_integer()) error.retry_after_us = next->get<std::int64_t>() - base::to_us(record.at);
            m.fail_step(instance, at, error, report_of(data));
        } else {
            m.fail_finally(instance, at, without_broken_edge(value), record.kind == RecordKind::step_timed_out, report_of(data));
        }
    });
}

Json to_json(const ReplayReport& report) {
    Json json = {{"same", report.same()},
                 {"entries", report.entries},
                 {"from_outside", report.from_outside},
                 {"computed", report.computed},
                 {"unchecked", report.unchecked},
                 {"ended", report.ended},
                 {"divergence", Json()}};
    if (report.divergence) {
        const auto& d = *report.divergence;
        json["divergence"] = {{"seq", d.seq}, {"step", d.step}, {"message", d.message}, {"recorded", d.recorded}, {"computed", d.computed}};
    }
    return json;
}

}  // namespace sluice::engine
