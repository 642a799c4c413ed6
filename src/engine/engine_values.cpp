// Large values between a run's memory and its blobs: written before the unit that names them commits, and read again, on
// another thread than the loop, when the machine asks for them.

#include "engine/engine_state.hpp"
#include "sluice/base/log.hpp"
#include "sluice/storage/blobs.hpp"

namespace sluice::engine {

namespace {

constexpr Duration try_again_after = std::chrono::seconds(1);
constexpr std::size_t largest_value = std::size_t{1} << 32;

struct ParsedValue {
    Json value;
    std::size_t memory_bytes = 0;
};

}  // namespace

Awaitable<void> Engine::State::spill(std::shared_ptr<State> self, RunPtr run) {
    Page& page = *run->flight;
    for (Record& record : page.records) {
        if (record.value.size() <= storage::blob_threshold_bytes) continue;
        while (true) {
            auto hash = co_await self->storage.blobs().put(run->row.workspace, record.value);
            if (hash) {
                record.blob = std::move(*hash);
                record.blob_bytes = record.value.size();
                if (record.kind == RecordKind::step_succeeded) record.value = std::string();  // nobody reads it here
                break;
            }
            if (run->first) {
                self->refused(run, hash.error());
                co_return;
            }
            log::error("a large value could not be stored; trying again",
                       {{"run", run->row.id}, {"cause", hash.error().message}});
            co_await self->loop.sleep_for(try_again_after);
        }
    }
    self->submit(run);
}

Awaitable<Result<std::string>> Engine::State::value_of(WorkspaceId workspace, const store::StoredRecord& stored) {
    if (stored.value_blob.empty()) co_return stored.record.value;
    co_return co_await storage.blobs().get(workspace, stored.value_blob, largest_value);
}

/// Gives a record its value where it lies in a blob; a step's output stays there until something reads it.
Awaitable<Result<void>> Engine::State::complete(WorkspaceId workspace, store::StoredRecord& stored) {
    if (stored.value_blob.empty()) co_return Result<void>();
    stored.record.blob = stored.value_blob;
    stored.record.blob_bytes = static_cast<std::uint64_t>(stored.value_bytes);
    if (stored.record.kind == RecordKind::step_succeeded) co_return Result<void>();
    auto value = co_await value_of(workspace, stored);
    if (!value) co_return fail(std::move(value.error()));
    stored.record.value = std::move(*value);
    co_return Result<void>();
}

Awaitable<std::vector<LoadedValue>> Engine::State::loaded(WorkspaceId workspace, std::vector<WantedValue> wanted) {
    std::vector<LoadedValue> out;
    out.reserve(wanted.size());
    for (WantedValue& value : wanted) {
        auto text = co_await storage.blobs().get(workspace, value.blob, static_cast<std::size_t>(value.bytes));
        if (!text) {
            out.push_back({value.step, fail(std::move(text.error())), 0});
            continue;
        }
        // A reader's thread, which takes no snapshot for it.
        auto parse = [text = std::move(*text)](storage::ReadTx&) -> Result<ParsedValue> {
            ParsedValue parsed{Json::parse(text, nullptr, false), 0};
            if (parsed.value.is_discarded()) return fail(ErrorCode::internal, "a stored value is not JSON; restore it from a backup");
            parsed.memory_bytes = memory_of(parsed.value);
            return parsed;
        };
        auto parsed = co_await storage.read(std::move(parse));
        if (parsed) out.push_back({value.step, std::move(parsed->value), parsed->memory_bytes});
        else out.push_back({value.step, fail(std::move(parsed.error())), 0});
    }
    co_return out;
}

/// While a journal is read back: what the machine has to look at for the record that it was given last.
Awaitable<Result<void>> Engine::State::supply(WorkspaceId workspace, Machine& machine) {
    while (!machine.wanted().empty()) {
        auto wanted = machine.wanted();
        auto values = co_await loaded(workspace, std::move(wanted));
        auto supplied = machine.supply(std::move(values));
        if (!supplied) co_return supplied;
    }
    co_return Result<void>();
}

/// After the last record.
Awaitable<Result<void>> Engine::State::end_of_journal(WorkspaceId workspace, Machine& machine) {
    auto ended = machine.end_of_journal();
    if (!ended) co_return ended;
    co_return co_await supply(workspace, machine);
}

Awaitable<void> Engine::State::load_values(std::shared_ptr<State> self, RunPtr run, std::vector<WantedValue> wanted) {
    auto values = co_await self->loaded(run->row.workspace, std::move(wanted));
    self->feed(run, event::ValuesLoaded{std::move(values)});
}

Awaitable<void> Engine::State::free_values(std::shared_ptr<State> self, std::vector<Json> values) {
    auto free = [values = std::move(values)](storage::ReadTx&) mutable -> Result<bool> {
        values.clear();
        return true;
    };
    auto freed = co_await self->storage.read(std::move(free));
    if (!freed) log::debug("values were let go on the loop", {{"cause", freed.error().message}});
}

/// Waits while the machine waits for values. Errors: conflict when the run ends with them; unavailable when it left memory.
Awaitable<Result<void>> Engine::State::until_it_moves(RunPtr run) {
    while (!run->machine.wanted().empty() && !run->dropped) {
        auto gate = std::make_shared<runtime::OneShot<bool>>(loop);
        run->gates.push_back(gate);
        co_await gate->wait();
    }
    if (run->ended) co_return fail(ErrorCode::conflict, "the run has just ended ({})", to_string(run->machine.status()));
    if (run->dropped) co_return fail(ErrorCode::unavailable, "the run could not be changed just now; send the request again in a moment");
    co_return Result<void>();
}

void Engine::State::open_gates(ActiveRun& run) {
    for (const auto& gate : std::exchange(run.gates, {})) gate->set(true);
}

}  // namespace sluice::engine
