#include "events_store.hpp"

#include "sluice/storage/tx.hpp"

namespace sluice::events {
namespace {

using storage::Query;
using storage::ReadTx;
using storage::Row;
using storage::to_value;

// The one writer gives the number, so it is gapless and in commit order; max() of the key's own
// prefix is one seek.
const Query insert_event{"events.append", R"sql(
    INSERT INTO event (workspace_id, number, id, type, subject, at_us, data)
    VALUES (?1, (SELECT coalesce(max(number), 0) + 1 FROM event WHERE workspace_id = ?1), ?2, ?3, ?4, ?5, ?6))sql"};

#define EVENT_COLUMNS "number, id, type, subject, at_us, data"
const Query events_after{"events.read_after", "SELECT " EVENT_COLUMNS
                                              " FROM event WHERE workspace_id = ?1 AND number > ?2 "
                                              "ORDER BY number LIMIT ?3"};
const Query events_before{"events.read_before",
                          "SELECT " EVENT_COLUMNS
                          " FROM event WHERE workspace_id = ?1 AND number < ?2 "
                          "ORDER BY number DESC LIMIT ?3"};
const Query one_event{
    "events.find", "SELECT " EVENT_COLUMNS " FROM event WHERE workspace_id = ?1 AND number = ?2"};
const Query newest_number{"events.newest",
                          "SELECT coalesce(max(number), 0) FROM event WHERE workspace_id = ?1"};
const Query workspace_after{"events.next_workspace", R"sql(
    SELECT workspace_id FROM event WHERE workspace_id > ?1 ORDER BY workspace_id LIMIT 1)sql",
                            Query::Note::instance_wide};
// The newest event stays for ever: the next number is counted from it.
const Query trim_events{"events.trim", R"sql(
    DELETE FROM event
    WHERE workspace_id = ?1 AND at_us < ?2
      AND number < (SELECT min(number) FROM event WHERE workspace_id = ?1) + ?3
      AND number < (SELECT max(number) FROM event WHERE workspace_id = ?1))sql"};

Event read_event(const Row& row) {
    return {row.integer(0), row.id<EventId>(1), row.str(2), row.str(3), row.time(4), row.str(5)};
}

}  // namespace

void append(storage::WriteUnit& unit, WorkspaceId workspace, const NewEvent& event) {
    unit.add(insert_event, workspace, event.id, event.type, event.subject, event.at,
             base::dump_json(event.data));
}

namespace store {

Awaitable<Result<std::vector<Event>>> read_after(storage::Storage& storage, WorkspaceId workspace,
                                                 std::int64_t after, int limit) {
    auto job = [=](ReadTx& tx) {
        return tx.list<Event>(events_after, {to_value(workspace), after, to_value(limit)},
                              read_event);
    };
    co_return co_await storage.read(std::move(job));
}

Awaitable<Result<std::vector<Event>>> read_before(storage::Storage& storage, WorkspaceId workspace,
                                                  std::int64_t before, int limit) {
    auto job = [=](ReadTx& tx) {
        return tx.list<Event>(events_before, {to_value(workspace), before, to_value(limit)},
                              read_event);
    };
    co_return co_await storage.read(std::move(job));
}

Awaitable<Result<std::optional<Event>>> find(storage::Storage& storage, WorkspaceId workspace,
                                             std::int64_t number) {
    auto job = [=](ReadTx& tx) {
        return tx.find<Event>(one_event, {to_value(workspace), number}, read_event);
    };
    co_return co_await storage.read(std::move(job));
}

Awaitable<Result<std::int64_t>> newest(storage::Storage& storage, WorkspaceId workspace) {
    auto job = [=](ReadTx& tx) -> Result<std::int64_t> {
        auto found = tx.find<std::int64_t>(newest_number, {to_value(workspace)},
                                           [](const Row& row) { return row.integer(0); });
        if (!found) return fail(std::move(found.error()));
        return found->value_or(0);
    };
    co_return co_await storage.read(std::move(job));
}

Awaitable<Result<std::optional<WorkspaceId>>> next_workspace(storage::Storage& storage,
                                                             WorkspaceId after) {
    auto job = [=](ReadTx& tx) {
        return tx.find<WorkspaceId>(workspace_after, {to_value(after)},
                                    [](const Row& row) { return row.id<WorkspaceId>(0); });
    };
    co_return co_await storage.read(std::move(job));
}

Awaitable<Result<std::int64_t>> trim(storage::Storage& storage, WorkspaceId workspace, Time before,
                                     int batch) {
    auto job = [=](storage::Tx& tx) {
        return tx.run(trim_events, {to_value(workspace), to_value(before), to_value(batch)});
    };
    co_return co_await storage.write(std::move(job));
}

}  // namespace store
}  // namespace sluice::events
