// The journal of a stored run through the replay check: read and checked in pieces, on another thread than the loop.

#include "engine/engine_state.hpp"
#include "engine/replay_check.hpp"

namespace sluice::engine {

namespace {
constexpr int entries_a_piece = 2000;
constexpr std::int64_t whole_value = std::int64_t{1} << 40;
}  // namespace

Awaitable<Result<ReplayReport>> Engine::replay(WorkspaceId workspace, RunId id) {
    State& s = *state_;
    auto run = co_await get(workspace, id);
    if (!run) co_return fail(std::move(run.error()));
    auto runnable = co_await s.flows.runnable(workspace, run->flow, run->flow_version);
    if (!runnable)
        co_return fail(ErrorCode::conflict, "version {} of the flow \"{}\", which the run used, cannot be read: {}", run->flow_version,
                       run->flow_name, runnable.error().message);
    if (!runnable->flow->settings.record && run->status == RunStatus::succeeded)
        co_return fail(ErrorCode::conflict, "the flow \"{}\" does not keep what its steps gave (settings.record), so its runs cannot be replayed",
                       run->flow_name);
    RunFacts facts{run->id, workspace, run->flow_name, run->flow_version, run->started_at.value_or(run->created_at), run->trigger, {}};
    auto check = std::make_shared<ReplayCheck>(runnable->flow, std::move(facts), s.options.machine, run->retries > 0);
    std::int64_t seq = 0;
    while (true) {
        auto records = co_await store::records(s.storage, workspace, id, seq, entries_a_piece, whole_value);
        if (!records) co_return fail(std::move(records.error()));
        const std::size_t count = records->size();
        for (auto& stored : *records) {
            seq = stored.seq;
            if (stored.value_blob.empty()) {
                if (stored.record.value.empty() && stored.value_bytes > 0)
                    co_return fail(ErrorCode::conflict, "the flow keeps no outputs of its steps once a run has ended (settings.record: "
                                                        "false), so the run cannot be replayed");
                continue;
            }
            auto value = co_await s.value_of(workspace, stored);
            if (!value) co_return fail(std::move(value.error()));
            stored.record.value = std::move(*value);
        }
        // A reader's thread, which takes no snapshot for it.
        auto piece = [check, records = std::move(*records)](storage::ReadTx&) -> Result<bool> {
            for (const auto& stored : records)
                if (!check->take(stored.seq, stored.record)) return false;
            return true;
        };
        auto same = co_await s.storage.read(std::move(piece));
        if (!same) co_return fail(std::move(same.error()));
        if (!*same || count < entries_a_piece) break;
    }
    // The machine of a large run is let go on that thread as well.
    auto end = [check = std::move(check)](storage::ReadTx&) mutable -> Result<ReplayReport> {
        auto report = check->finish();
        check.reset();
        return report;
    };
    co_return co_await s.storage.read(std::move(end));
}

}  // namespace sluice::engine
