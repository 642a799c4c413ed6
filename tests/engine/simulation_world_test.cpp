// The world of the simulation: what the shell, the store, other programs and people do to one run.

#include "engine/simulation.hpp"

#include <set>

#include "engine/reuse.hpp"

namespace sluice::engine::test {

namespace {

/// What one execution of a task would report: decided by path and attempt, the same in every replay of the seed.
Result<flows::StepOutput> outcome_of(std::uint64_t seed, const command::Execute& execute) {
    base::SeededRandom random(seed ^ std::hash<std::string>{}(execute.path) ^ (static_cast<std::uint64_t>(execute.attempt) << 48));
    const auto dice = random.below(100);
    if (dice < 20) {
        Error error{ErrorCode::upstream_failed, "the other side failed"};
        error.retryable = true;
        return fail(std::move(error));
    }
    if (dice < 25) return fail(ErrorCode::invalid_argument, "the other side refused");
    if (dice < 28) {
        Error error{ErrorCode::timeout, "too slow"};
        error.retryable = true;
        return fail(std::move(error));
    }
    flows::StepOutput output;
    output.output = {{"n", random.below(1000)}};
    if (random.below(2) == 0) output.output["text"] = std::string(random.below(4) == 0 ? 3000 : 60, 'y');
    return output;
}

/// The shell of the core as the simulation plays it: one page under way, effects after their page, timers, crashes.
class World {
  public:
    World(std::uint64_t seed, bool every_commit, Large large)
        : seed_(seed), random_(seed * 0x9e3779b97f4a7c15ull + 1), every_commit_(every_commit), large_(large) {
        const Json document = random_flow(random_);
        result_.document = document.dump();
        flow_ = compile(document);
        crashes_left_ = every_commit ? 1'000 : static_cast<int>(random_.below(4));
        retries_left_ = random_.below(3) == 0 ? 1 + static_cast<int>(random_.below(2)) : 0;
        signals_left_ = static_cast<int>(random_.below(6));
        if (random_.below(6) == 0) outer_ = OuterAttempts{static_cast<std::int64_t>(1 + random_.below(12)), 12};
        cancel_at_ = random_.below(12) == 0 ? static_cast<int>(random_.below(30)) : -1;
    }

    Simulated run() {
        boot();
        send(event::Start{});
        for (int turn = 0; result_.failure.empty(); ++turn) {
            if (turn > 200'000) broken("the run does not end");
            if (!over()) step(turn);
            else if (retries_left_ == 0 || machine_->status() == RunStatus::succeeded) break;
            else retry();
        }
        if (result_.failure.empty()) check_end();
        for (const Record& record : journal_)
            result_.history += fmt::format("{} {} {} {} {} {}\n", to_string(record.kind), base::to_us(record.at), record.path,
                                           record.attempt, record.data, record.value);
        result_.status = machine_->status();
        result_.facts = machine_->facts();
        result_.flow = flow_;
        result_.journal = std::move(journal_);
        return std::move(result_);
    }

  private:
    struct Flying { std::vector<Record> records; std::vector<command::Execute> after; };

    void broken(std::string what) { if (result_.failure.empty()) result_.failure = std::move(what); }
    bool slowly() const { return large_ == Large::leave_slowly || large_ == Large::scarce; }
    bool over() const { return machine_->finished() && page_.records.empty() && !flight_; }

    void boot() {
        RunFacts facts;
        facts.flow_name = "simulated";
        facts.started_at = base::from_us(1'000'000);
        MachineLimits limits;
        limits.steps_per_turn = 5;  // small, so that a turn often ends with work left
        if (large_ != Large::stay) limits.spill_bytes = spill_bytes;
        if (slowly()) limits.memory_bytes = large_ == Large::scarce ? 5'000 : 60'000;
        machine_ = std::make_unique<Machine>(flow_, facts, Json::object(), true, limits);
    }

    void absorb(Output output) {
        for (Record& record : output.records) page_.records.push_back(std::move(record));
        more_ = output.more;
        result_.dropped += static_cast<int>(output.dropped.size());
        for (Command& command : output.commands) {
            if (auto* execute = std::get_if<command::Execute>(&command)) {
                if (!execute->barrier) broken("an effect without a barrier: " + execute->path);
                tasks_.insert(execute->path);
                page_.after.push_back(std::move(*execute));
            } else if (auto* cancel = std::get_if<command::Cancel>(&command)) {
                std::erase_if(running_, [&](const auto& e) { return e.step == cancel->step; });
                timers_.erase(cancel->step);
            } else if (auto* timer = std::get_if<command::ArmTimer>(&command)) {
                timers_[timer->step] = timer->at;
            } else if (auto* read = std::get_if<command::ReadItems>(&command)) {
                reads_[read->step] = read->offset;
            } else if (auto* values = std::get_if<command::LoadValues>(&command)) {
                if (slowly()) loads_ = std::move(values->values);
            } else {
                run_timeout_ = std::get<command::ArmRunTimeout>(command).at;
            }
        }
        if (machine_->finished()) {
            running_.clear();
            timers_.clear();
            reads_.clear();
            loads_.clear();
            run_timeout_.reset();
        }
    }

    static bool is_large(const Record& record) {
        return record.kind == RecordKind::step_succeeded && record.value.size() > spill_bytes;
    }

    /// The record as the shell reads it back: a large output lies in its blob.
    Record stored(const Record& record) const {
        Record out = record;
        if (large_ == Large::stay || !is_large(record)) return out;
        out.blob = out.value;
        out.blob_bytes = out.value.size();
        out.value.clear();
        return out;
    }

    std::vector<LoadedValue> load(const std::vector<WantedValue>& wanted) {
        std::vector<LoadedValue> out;
        for (const WantedValue& value : wanted) {
            ++result_.loads;
            if (value.bytes != value.blob.size()) broken("a value is wanted by another size than it has");
            Json json = Json::parse(value.blob);
            const std::size_t bytes = 200 + value.blob.size();
            out.push_back({value.step, std::move(json), bytes});
        }
        return out;
    }

    void answer_load() {
        auto values = load(std::exchange(loads_, {}));
        if (random_.below(large_ == Large::scarce ? 4 : 60) == 0) values.back().value = fail(ErrorCode::internal, "the stored value is damaged");
        send(event::ValuesLoaded{std::move(values)});
    }

    /// The next items of the artifact that every map here reads: seven of them, up to three at a time.
    void answer_read() {
        const auto [step, offset] = *reads_.begin();
        reads_.erase(reads_.begin());
        ItemBlock block;
        const std::uint64_t most = 1 + random_.below(3);
        for (block.next = offset; block.next < 7 && block.next < offset + most; ++block.next) block.items.push_back(block.next);
        block.end = block.next >= 7;
        if (random_.below(30) == 0) return send(event::ItemsRead{step, fail(ErrorCode::not_found, "the artifact is gone")});
        send(event::ItemsRead{step, std::move(block)});
    }

    /// The ended run goes on, as `Engine::retry` lets it.
    void retry() {
        --retries_left_;
        if (result_.failure.empty()) check_end();
        boot();
        ReuseBuilder builder(*flow_);
        for (const Record& record : journal_)
            if (auto added = builder.add(stored(record)); !added) broken("reuse: " + added.error().message);
        machine_->reuse(builder.take(false, {}));
        now_ += std::chrono::seconds(30);
        ++result_.retries;
        send(event::Restart{"the simulation", ""});
    }

    void send_signal() {
        static constexpr const char* keys[] = {"", "a", "b"};
        send(event::Signal{random_.below(2) == 0 ? "go" : "stop", keys[random_.below(3)], Json(random_.below(100))});
    }

    /// Nothing happens by itself: somebody has to do something.
    void help() {
        if (machine_->paused()) return send(event::Resume{"the simulation"});
        if (machine_->status() != RunStatus::waiting) return broken("nothing can happen, but the run is not waiting");
        if (++helped_ > 60) return send(event::Cancel{"a person has had enough"});
        std::vector<std::string> unknown;
        for (const std::string& path : unknown_)
            if (machine_->step_status(path) == StepStatus::unknown) unknown.push_back(path);
        if (unknown.empty() || random_.below(3) == 0) return send_signal();
        const Decision decision = static_cast<Decision>(random_.below(3));
        ++result_.decisions;
        send(event::Decide{unknown[random_.below(unknown.size())], decision, Json{{"n", 5}}, "a person", ""});
    }

    void send(Event event) {
        result_.stands += !machine_->wanted().empty();
        machine_->limit_attempts(outer_);
        Output output = machine_->handle(std::move(event), now_, machine_random_);
        while (large_ == Large::leave && !machine_->wanted().empty()) {
            auto values = load(machine_->wanted());
            Output rest = machine_->handle(event::ValuesLoaded{std::move(values)}, now_, machine_random_);
            for (Record& record : rest.records) output.records.push_back(std::move(record));
            for (Command& command : rest.commands) output.commands.push_back(std::move(command));
            for (Json& value : rest.dropped) output.dropped.push_back(std::move(value));
            output.more = rest.more;
        }
        for (const Record& record : output.records)
            if (record.kind == RecordKind::step_attempt_failed && outer_ && outer_->left <= 1)
                broken("another attempt, though the runs around leave none: " + record.path);
        absorb(std::move(output));
    }

    /// The run that a step waits for, if it does, has made more attempts; it tells so now and then, also late or twice.
    void tell_sub_attempts() {
        const auto& execute = running_[random_.below(running_.size())];
        std::int64_t& made = sub_runs_[execute.path];
        made += static_cast<std::int64_t>(random_.below(3));
        send(event::SubAttempts{execute.path, made - static_cast<std::int64_t>(random_.below(2))});
    }

    void step(int turn) {
        if (turn == cancel_at_ && !machine_->finished()) return send(event::Cancel{"the simulation says so"});
        if (!flight_ && !page_.records.empty()) {
            flight_ = std::move(page_);
            page_ = {};
        }
        // What can happen now, each as likely.
        const bool timer = !timers_.empty() || run_timeout_;
        const std::uint64_t choices = (flight_ ? 2u : 0u) + (running_.empty() ? 0u : 2u) + (more_ ? 2u : 0u) + (reads_.empty() ? 0u : 2u) +
                                      (loads_.empty() ? 0u : 1u) +
                                      (timer ? 1u : 0u);
        if (choices == 0) return help();
        if (!machine_->finished() && random_.below(60) == 0) {
            if (machine_->paused()) return send(event::Resume{"the simulation"});
            return send(event::Pause{"the simulation", ""});
        }
        if (!machine_->finished() && signals_left_ > 0 && random_.below(20) == 0) {
            --signals_left_;
            return send_signal();
        }
        if (!running_.empty() && random_.below(12) == 0) return tell_sub_attempts();
        if (outer_ && outer_->left > 0 && random_.below(25) == 0) --outer_->left;   // somebody else's attempt
        std::uint64_t pick = random_.below(choices);
        if (flight_) {
            if (pick < 2) return commit();
            pick -= 2;
        }
        if (!running_.empty()) {
            if (pick < 2) return end_a_step();
            pick -= 2;
        }
        if (more_) {
            if (pick < 2) return send(event::Continue{});
            pick -= 2;
        }
        if (!reads_.empty()) {
            if (pick < 2) return answer_read();
            pick -= 2;
        }
        if (!loads_.empty() && pick < 1) return answer_load();
        fire();
    }

    void commit() {
        const bool crash = crashes_left_ > 0 && (every_commit_ ? commits_since_boot_ >= 1 || random_.below(2) == 0 : random_.below(6) == 0);
        const bool lost = crash && random_.below(2) == 0;
        if (!lost) {
            ++result_.commits;
            ++commits_since_boot_;
            for (Record& record : flight_->records) append(record);
        }
        event::ValuesStored values;
        for (const Record& record : flight_->records)
            if (large_ != Large::stay && is_large(record)) values.values.push_back({record.path, record.value});
        auto after = std::move(flight_->after);
        flight_.reset();
        if (crash) {
            // Effects of a committed page may have happened before the process died.
            if (!lost && random_.below(2) == 0)
                for (const auto& execute : after) count_execution(execute);
            return die();
        }
        for (auto& execute : after) {
            if (machine_->finished() || !machine_->runs(execute.step, execute.attempt)) continue;
            count_execution(execute);
            running_.push_back(std::move(execute));
        }
        if (!values.values.empty()) send(std::move(values));
        compare_with_replay();
    }

    void append(const Record& record) {
        if (record.kind == RecordKind::step_succeeded || record.kind == RecordKind::step_failed ||
            record.kind == RecordKind::step_timed_out) {
            if (!ended_.insert(record.path).second) broken("two ends of " + record.path);
        }
        if (record.kind == RecordKind::step_unknown) unknown_.insert(record.path);
        if (record.kind == RecordKind::step_decided && record.data.find("\"retry\"") != std::string::npos) ++failures_[record.path];
        if (record.kind == RecordKind::run_retried) begin_again();
        if (record.kind == RecordKind::step_started) marked_.insert(fmt::format("{}#{}", record.path, record.attempt));
        if (record.kind == RecordKind::step_attempt_failed) ++failures_[record.path];
        count_attempts(record);
        if (finished_) broken("a record after the run's end");
        finished_ = finished_ || record.kind == RecordKind::run_succeeded || record.kind == RecordKind::run_failed ||
                    record.kind == RecordKind::run_cancelled || record.kind == RecordKind::run_timed_out;
        journal_.push_back(record);
    }

    /// The budget, from the journal alone: what is tried again leaves at least one attempt of it.
    void count_attempts(const Record& record) {
        const bool end = record.kind == RecordKind::step_succeeded || record.kind == RecordKind::step_failed ||
                         record.kind == RecordKind::step_timed_out;
        const bool failed = record.kind == RecordKind::step_attempt_failed;
        if (record.kind == RecordKind::step_attempts) {
            const std::int64_t made = Json::parse(record.data).at("attempts").get<std::int64_t>();
            if (made <= told_[record.path]) broken("attempts of a sub-run that were counted before: " + record.path);
            used_ += made - told_[record.path];
            told_[record.path] = made;
            ++result_.told;
        }
        if (!tasks_.contains(record.path) || (!end && !failed)) return;
        ++used_;
        const auto& budget = flow_->settings.max_attempts;
        if (failed && budget && used_ >= *budget) broken("another attempt beyond settings.max_attempts: " + record.path);
    }

    /// What a retry takes from the journal is done; all else may be done again.
    void begin_again() {
        ReuseBuilder builder(*flow_);
        for (const Record& record : journal_)
            if (auto added = builder.add(stored(record)); !added) broken("reuse: " + added.error().message);
        ended_.clear();
        const auto reuse = builder.take(false, {});
        for (const auto& [path, step] : reuse->steps)
            if (!undoes(*flow_, path)) ended_.insert(path);
        for (const auto& [path, generation] : reuse->generations) {   // it gets another sub-run, which begins at nothing
            if (std::exchange(generations_[path], generation) == generation) continue;
            told_.erase(path);
            sub_runs_.erase(path);
        }
        executions_.clear();
        failures_.clear();
        used_ = 0;
        finished_ = false;
    }

    void count_execution(const command::Execute& execute) {
        ++result_.executions;
        if (ended_.contains(execute.path)) broken("a step with a recorded end ran again: " + execute.path);
        if (!marked_.contains(fmt::format("{}#{}", execute.path, execute.attempt)))
            broken("an effect ran before its mark was durable: " + execute.path);
        const int count = ++executions_[execute.path];
        if (execute.node->on_unknown == flows::OnUnknown::stop && count > 1 + failures_[execute.path])
            broken("a step with on_unknown stop ran again after a crash: " + execute.path);
    }

    void die() {
        --crashes_left_;
        ++result_.crashes;
        commits_since_boot_ = 0;
        page_ = {};
        running_.clear();
        timers_.clear();
        reads_.clear();
        loads_.clear();
        run_timeout_.reset();
        more_ = false;
        now_ += std::chrono::seconds(1);
        boot();
        if (journal_.empty()) {  // never accepted: the client starts it again
            send(event::Start{});
            return;
        }
        replay_into(*machine_);
        if (!machine_->finished()) send(event::Recovered{});
    }

    void replay_into(Machine& machine) {
        std::size_t first = 0;
        for (std::size_t i = 0; i < journal_.size(); ++i)
            if (journal_[i].kind == RecordKind::run_retried) first = i;
        if (first > 0) {  // as `revive_retried` does
            ReuseBuilder builder(*flow_);
            for (std::size_t i = 0; i < first; ++i)
                if (auto added = builder.add(stored(journal_[i])); !added) broken("reuse: " + added.error().message);
            machine.reuse(builder.take(false, {}));
        }
        for (std::size_t i = first; i <= journal_.size(); ++i) {
            auto applied = i < journal_.size() ? machine.apply(stored(journal_[i])) : machine.end_of_journal();
            while (applied && !machine.wanted().empty()) applied = machine.supply(load(machine.wanted()));
            if (!applied) broken("replay: " + applied.error().message);
        }
    }

    /// With nothing gathered, the journal must say exactly what the memory says.
    void compare_with_replay() {
        // While a run is paused, a retry whose time has come is ready here and still waits for its timer there.
        if (!page_.records.empty() || more_ || machine_->paused() || machine_->loading()) return;
        RunFacts facts = machine_->facts();
        Machine other(flow_, facts, Json::object());
        replay_into(other);
        if (other.describe() != machine_->describe())
            broken("replay differs from memory:\n--- memory\n" + machine_->describe() + "--- replay\n" + other.describe());
    }

    void end_a_step() {
        const auto index = random_.below(running_.size());
        const auto execute = std::move(running_[index]);
        running_.erase(running_.begin() + static_cast<std::ptrdiff_t>(index));
        StepReport report;
        report.cost_nano_usd = 3;
        event::StepEnded ended{execute.step, execute.attempt, outcome_of(seed_, execute), report};
        if (random_.below(10) == 0) send(ended);  // an answer that comes twice
        send(std::move(ended));
    }

    void fire() {
        std::optional<StepRef> first;
        for (const auto& [step, at] : timers_)
            if (!first || at < timers_[*first]) first = step;
        if (run_timeout_ && (!first || *run_timeout_ <= timers_[*first])) {
            now_ = std::max(now_, *run_timeout_);
            run_timeout_.reset();
            return send(event::RunTimedOut{});
        }
        const StepRef step = *first;
        now_ = std::max(now_, timers_[step]);
        timers_.erase(step);
        if (random_.below(25) == 0) now_ -= std::chrono::seconds(5);  // the clock is set back: the timer waits on
        send(event::TimerFired{step});
    }

    /// What was done at the top level and has a compensation is undone after a failure, the last first.
    void check_undone() {
        const auto status = machine_->status();
        if (status == RunStatus::succeeded || result_.retries > 0) return;
        std::vector<std::string> done, undone;
        for (const Record& record : journal_) {
            const auto found = flow_->graph.index.find(record.path);
            if (found == flow_->graph.index.end()) continue;
            const auto& node = flow_->graph.nodes[found->second];
            const bool end = record.kind == RecordKind::step_succeeded || record.kind == RecordKind::step_failed ||
                             record.kind == RecordKind::step_timed_out;
            if (node.compensation && record.kind == RecordKind::step_succeeded) done.push_back(flow_->graph.nodes[*node.compensation].id);
            if (node.compensates && end) undone.push_back(record.path);
        }
        std::reverse(done.begin(), done.end());
        if (done != undone) broken("what was done is not what was undone, in reverse order");
        result_.undone += static_cast<int>(undone.size());
    }

    void check_end() {
        if (!finished_) broken("the machine has ended, but the journal has no end");
        check_undone();
        Machine other(flow_, machine_->facts(), Json::object());
        replay_into(other);
        if (other.describe() != machine_->describe()) broken("the final replay differs");
        if (!running_.empty() || !timers_.empty()) broken("work is left behind");
    }

    std::uint64_t seed_;
    base::SeededRandom random_;
    base::SeededRandom machine_random_{7};
    bool every_commit_;
    Large large_;
    static constexpr std::size_t spill_bytes = 30;
    flows::FlowPtr flow_;
    std::unique_ptr<Machine> machine_;
    Time now_ = base::from_us(1'000'000);
    Flying page_;
    std::optional<Flying> flight_;
    std::vector<command::Execute> running_;
    std::map<StepRef, Time> timers_;
    std::optional<Time> run_timeout_;
    bool more_ = false, finished_ = false;
    int retries_left_ = 0, signals_left_ = 0, helped_ = 0;
    std::optional<OuterAttempts> outer_;           ///< what the runs around it leave it
    std::int64_t used_ = 0;                        ///< attempts, as the journal has them
    std::map<std::string, std::int64_t> sub_runs_, told_;   ///< attempts of sub-runs: made, and journaled
    std::map<std::string, int> generations_;
    std::set<std::string> tasks_;
    std::set<std::string> unknown_;
    std::map<StepRef, std::uint64_t> reads_;
    std::vector<WantedValue> loads_;
    int crashes_left_ = 0, cancel_at_ = -1, commits_since_boot_ = 0;
    std::vector<Record> journal_;
    std::set<std::string> ended_, marked_;
    std::map<std::string, int> executions_, failures_;
    Simulated result_;
};

}  // namespace

Simulated simulate(std::uint64_t seed, bool crash_at_every_commit, Large large) { return World(seed, crash_at_every_commit, large).run(); }

}  // namespace sluice::engine::test
