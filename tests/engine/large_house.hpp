#pragma once
// A run whose large outputs are stored and read only when the test says so: the test plays the journal and the blobs.

#include <catch2/catch.hpp>

#include <map>
#include <memory>

#include "engine/reuse.hpp"
#include "engine/test_types.hpp"
#include "sluice/engine/machine.hpp"

namespace sluice::engine::test {

/// A longer output is large.
inline constexpr std::size_t house_spill_bytes = 100;

inline Json node(std::string id, std::string type, Json config = Json::object(), Json more = Json::object()) {
    Json out = {{"id", std::move(id)}, {"type", std::move(type)}, {"config", std::move(config)}};
    out.update(more);
    return out;
}
inline Json edge(std::string from, std::string to, Json more = Json::object()) {
    Json out = {{"from", std::move(from)}, {"to", std::move(to)}};
    out.update(more);
    return out;
}
inline Json flow(Json nodes, Json edges, Json more = Json::object()) {
    Json out = {{"name", "large"}, {"nodes", std::move(nodes)}, {"edges", std::move(edges)}};
    out.update(more);
    return out;
}
inline Json large(int n = 1) { return {{"n", n}, {"text", std::string(1000, 'x')}}; }

/// What comes after the journal so far.
enum class Then { retry, rerun, recovery };

/// Values are stored and read only when the story says so.
class House {
  public:
    explicit House(const Json& document, std::size_t memory = 1 << 20)
        : compiled(compile(document)), machine(compiled, facts(), Json::object(), true, limits(memory)) {
        take(machine.handle(event::Start{}, now, random));
    }
    /// The run of this journal has ended and is retried or, as another one, run again; or it is taken up again after a crash.
    House(const Json& document, std::vector<Record> until_now, Then then, std::size_t memory = 1 << 20)
        : compiled(compile(document)), machine(compiled, facts(), Json::object(), true, limits(memory)), journal(std::move(until_now)) {
        if (then == Then::rerun) {
            machine.reuse(known(std::exchange(journal, {}), true));
            take(machine.handle(event::Start{}, now, random));
        } else if (then == Then::retry) {
            machine.reuse(known(journal));
            take(machine.handle(event::Restart{"a person", ""}, now, random));
        } else {
            apply_journal(machine);
            end_of_journal(machine);
            take(machine.handle(event::Recovered{}, now, random));
        }
    }
    static RunFacts facts() {
        RunFacts out;
        out.flow_name = "large";
        return out;
    }
    static MachineLimits limits(std::size_t memory) {
        MachineLimits out;
        out.spill_bytes = house_spill_bytes;
        out.memory_bytes = memory;
        return out;
    }
    void take(Output output) {
        for (Record& record : output.records) {
            if (record.kind == RecordKind::step_succeeded && record.value.size() > house_spill_bytes) unstored.push_back({record.path, record.value});
            journal.push_back(std::move(record));
        }
        for (Command& command : output.commands) {
            if (auto* execute = std::get_if<command::Execute>(&command)) running.emplace(execute->path, std::move(*execute));
            else if (auto* values = std::get_if<command::LoadValues>(&command)) asked = std::move(values->values);
            else if (auto* timer = std::get_if<command::ArmTimer>(&command)) timers[timer->step] = timer->at;
        }
        dropped += output.dropped.size();
        if (output.more) take(machine.handle(event::Continue{}, now, random));
    }
    void end(const std::string& path, Result<flows::StepOutput> result) {
        CAPTURE(path);
        REQUIRE(running.contains(path));
        const auto task = std::move(running.extract(path).mapped());
        take(machine.handle(event::StepEnded{task.step, task.attempt, std::move(result), {}}, now, random));
    }
    void end(const std::string& path, Json output) {
        flows::StepOutput value;
        value.output = std::move(output);
        end(path, Result<flows::StepOutput>(std::move(value)));
    }
    void fail(const std::string& path, Error error) { end(path, Result<flows::StepOutput>(tl::unexpected<Error>(std::move(error)))); }
    void store() { take(machine.handle(event::ValuesStored{std::exchange(unstored, {})}, now, random)); }
    void load(std::optional<Error> error = std::nullopt) {
        std::vector<LoadedValue> values;
        for (const WantedValue& wanted : std::exchange(asked, {})) {
            if (error) values.push_back({wanted.step, tl::unexpected<Error>(*error), 0});
            else values.push_back({wanted.step, Json::parse(wanted.blob), wanted.bytes});
        }
        take(machine.handle(event::ValuesLoaded{std::move(values)}, now, random));
    }
    /// The record as it is read back: a large output lies in its blob, which has its text as its hash.
    static Record stored(Record record) {
        if (record.kind != RecordKind::step_succeeded || record.value.size() <= house_spill_bytes) return record;
        record.blob = std::exchange(record.value, {});
        record.blob_bytes = record.blob.size();
        return record;
    }
    std::shared_ptr<const Reuse> known(const std::vector<Record>& records, bool copied = false) const {
        ReuseBuilder builder(*compiled);
        for (const Record& record : records) REQUIRE(builder.add(stored(record)));
        return builder.take(copied, {});
    }
    /// The journal in another machine, which may hold as much as it likes, without its end; `loads` counts what it asked for.
    /// `parent`: what a rerun takes from its parent.
    std::unique_ptr<Machine> read_back(std::shared_ptr<const Reuse> parent = nullptr) {
        auto other = std::make_unique<Machine>(compiled, facts(), Json::object());
        other->reuse(std::move(parent));
        apply_journal(*other);
        return other;
    }
    void end_of_journal(Machine& other) {
        auto ended = other.end_of_journal();
        supply(other, ended);
    }
    std::string status(const std::string& path) const { return std::string(to_string(machine.step_status(path))); }

    flows::FlowPtr compiled;
    Time now = base::from_us(0);
    base::SeededRandom random{1};
    Machine machine;
    std::vector<Record> journal;
    std::map<std::string, command::Execute> running;
    std::vector<StoredValue> unstored;
    std::vector<WantedValue> asked;
    std::map<StepRef, Time> timers;
    std::size_t dropped = 0, loads = 0;

  private:
    void apply_journal(Machine& other) {
        std::size_t first = journal.size();
        while (first > 0 && journal[--first].kind != RecordKind::run_retried) {}
        if (first > 0) other.reuse(known({journal.begin(), journal.begin() + static_cast<std::ptrdiff_t>(first)}));
        loads = 0;
        for (; first < journal.size(); ++first) {
            auto applied = other.apply(stored(journal[first]));
            supply(other, applied);
        }
    }
    void supply(Machine& other, Result<void>& result) {
        for (; result && !other.wanted().empty(); ++loads) {
            std::vector<LoadedValue> values;
            for (const WantedValue& wanted : other.wanted()) values.push_back({wanted.step, Json::parse(wanted.blob), wanted.bytes});
            result = other.supply(std::move(values));
        }
        REQUIRE(result);
    }
};

}  // namespace sluice::engine::test
