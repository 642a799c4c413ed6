#pragma once
// Offline replay: a fresh machine on the recorded version is driven by what came from outside (ends of tasks, timers,
// signals, what people did), in the journal's order. Every other entry is computed again and compared with the journal.
//
// The machine is held, so nothing that is ready starts by itself: an entry of a ready step makes that step, alone, start.
// So the journal's order decides, whatever order the turns of the loop, crashes and restarts gave the queue of that time.
//
// Thread: any, one at a time. Nothing leaves the process and nothing is written.

#include <deque>
#include <memory>
#include <optional>
#include <vector>

#include "engine/reuse.hpp"
#include "sluice/engine/history.hpp"

namespace sluice::engine {

class ReplayCheck {
  public:
    /// `retried`: the run was retried after an end; what had succeeded until then is kept in memory for that.
    ReplayCheck(flows::FlowPtr flow, RunFacts facts, MachineLimits limits, bool retried);
    ~ReplayCheck();

    /// The journal's next entry with its whole value. False once there is a divergence: it takes no more then.
    bool take(std::int64_t seq, const Record& record);
    /// After the last entry.
    ReplayReport finish();

  private:
    struct Entry { std::int64_t seq; Record record; };
    using Place = std::pair<Instance*, std::uint32_t>;

    void check(const Entry& entry);
    void match(const Entry& entry);
    bool is_out_of_line(const Record& cancelled) const;
    /// Lets happen what the entry tells of; what the machine gives is what the journal has to go on with.
    void drive(const Entry& entry);
    void drive_run(const Entry& entry);
    void drive_step(const Entry& entry);
    void drive_retry(const Entry& entry);
    void drive_container(const Entry& entry, Instance& instance, std::uint32_t at);
    void end_task(const Entry& entry, Instance& instance, std::uint32_t at);
    void take_up_again(const Entry& entry, Instance& instance, std::uint32_t at);
    void begin_machine(const std::string& input);
    void send(Event event, Time now);
    /// Runs `change` on the machine as if in one of its own calls.
    template <class Change>
    void within(Time now, Change change);
    void keep(Output output);
    void diverge(const Entry& entry, std::string message, const Record* computed);

    flows::FlowPtr flow_;
    RunFacts facts_;
    MachineLimits limits_;
    bool retried_, limited_ = false;
    std::unique_ptr<Machine> machine_;
    std::unique_ptr<ReuseBuilder> builder_;
    std::deque<Record> expected_;         ///< computed, and not yet met in the journal
    std::vector<Entry> before_cause_;     ///< cancelled steps whose cause comes after them in the journal
    std::vector<Entry> out_of_line_;      ///< cancelled steps that do not fit, unless what could not be had then is their cause
    ReplayReport report_;
};

}  // namespace sluice::engine
