#pragma once
/// Dead letters: a step that failed finally and ended its run, or whose end a crash hid, waits here for a person. The
/// letter is written in the unit of that record and closed in the unit of what takes it up: a retry, a decision, the end.
///
/// A letter is open → redriven (its run was retried, decided or done again as a new run) | discarded (with a reason).
/// While it is open, retention keeps its run. Many letters are redriven by a bulk action (bulk_actions.hpp).

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "sluice/engine/engine.hpp"

namespace sluice::engine {

struct DeadLetterTag { static constexpr std::string_view prefix = "dl"; };
using DeadLetterId = Id<DeadLetterTag>;

struct DeadLetter {
    DeadLetterId id;
    RunId run;
    FlowId flow;
    int flow_version = 0;
    std::string flow_name, project, step;
    std::string cause;                 ///< failed | unknown
    std::string code, message;         ///< the error's class and text
    int attempts = 0;
    Time created_at{};
    std::string state;                 ///< open | redriven | discarded
    std::string reason, decided_by;
    std::optional<Time> decided_at;
    std::optional<RunId> redriven_run; ///< the same run after a retry
};

/// Which letters; empty members name all.
struct LetterFilter {
    std::string state, code;
    std::optional<FlowId> flow;
    std::optional<Time> since, until;  ///< of their making: from, before
    base::SeenNames seen;
};
/// `{"state"?, "flow"?, "code"?, "since"?, "until"?}`. Errors: invalid_argument with pointers below `pointer`.
Result<LetterFilter> letter_filter(const Json& json, const std::string& pointer);
Json to_json(const LetterFilter& filter);
Json to_json(const DeadLetter& letter);

/// Letters that fail alike: of one flow and step (whatever the item or turn), with one code and messages that differ in ids and
/// amounts alone.
struct LetterGroup {
    FlowId flow;
    std::string flow_name, project, step, cause, code;
    std::string message;               ///< of the newest
    bool masked = false;               ///< the caller may not read messages: they do not tell groups apart
    std::int64_t count = 0;
    Time first_at{}, last_at{};
    DeadLetterId newest;
};
struct LetterGroups {
    static constexpr std::size_t most = 100;
    static constexpr int most_letters = 10'000;   ///< the newest are looked at, no more
    std::vector<LetterGroup> items;    ///< the largest first
    std::int64_t looked_at = 0;
    bool complete = true;
};

struct LetterList {
    std::vector<DeadLetter> items;
    std::string next_cursor;
};

/// How one letter is taken up: as it is (its run goes on from the failed step), or as a new run with another input or version.
struct Redrive {
    std::optional<Json> input;
    int version = 0;                   ///< 0: the run's; live_version
    std::string by;
    Starter started_by;
    /// Lets more commit with it; the letter is as it will be, with the run that goes on.
    std::function<void(storage::WriteUnit&, const DeadLetter&)> also;
};

/// Called with the unit of a change and the letter as it will be, to let more commit with it.
using AlsoLetter = std::function<void(storage::WriteUnit&, const DeadLetter&)>;

/// Thread: loop.
class DeadLetters {
  public:
    DeadLetters(runtime::Loop& loop, storage::Storage& storage, Engine& engine, base::Random& random);
    ~DeadLetters();
    DeadLetters(const DeadLetters&) = delete;
    DeadLetters& operator=(const DeadLetters&) = delete;

    void set_cursor_key(std::string key);

    /// Newest first. Errors: invalid_argument (cursor).
    Awaitable<Result<LetterList>> list(WorkspaceId workspace, LetterFilter filter, int limit, std::string cursor);
    /// The letters of a filter, those put together that fail alike. `data`: whose messages the caller may read.
    Awaitable<Result<LetterGroups>> groups(WorkspaceId workspace, LetterFilter filter, base::SeenNames data);
    /// Errors: not_found.
    Awaitable<Result<DeadLetter>> get(WorkspaceId workspace, DeadLetterId id);
    /// The letter with "input", "attempts_history" (of its step, oldest first) and "lineage" {"parent_run_id", …}.
    Awaitable<Result<Json>> detail(WorkspaceId workspace, DeadLetterId id);
    /// The run that goes on. Errors: not_found, conflict (not open; the run's state), those of retry, decide and rerun.
    Awaitable<Result<RunId>> redrive(WorkspaceId workspace, DeadLetterId id, Redrive how);
    /// Errors: not_found, conflict (not open).
    Awaitable<Result<DeadLetter>> discard(WorkspaceId workspace, DeadLetterId id, std::string reason, std::string by, AlsoLetter also = {});

    struct State;

  private:
    std::shared_ptr<State> state_;
};

/// /api/v1/dead-letters…
void add_routes(net::Router& router, DeadLetters& letters);

}  // namespace sluice::engine
