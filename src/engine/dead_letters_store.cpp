#include "engine/dead_letters_store.hpp"

#include "engine/id_range.hpp"
#include "engine/letter_groups.hpp"
#include "sluice/storage/tx.hpp"

namespace sluice::engine::store {

namespace {

using storage::Query;
using storage::ReadTx;
using storage::Row;
using storage::to_value;

// A step whose end is unknown is recorded once, but a unit may be sent again after a full disk.
const Query insert_letter{"engine.insert_dead_letter", R"sql(
    INSERT INTO dead_letter (workspace_id, id, run_id, flow_id, flow_version, flow_name, step, cause, code, message, attempts,
        created_at_us, state, project)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, 'open', ?13) ON CONFLICT DO NOTHING)sql"};

const Query close_of_run{"engine.close_letters_of_run", R"sql(
    UPDATE dead_letter SET state = ?3, reason = ?4, decided_by = ?5, decided_at_us = ?6, redriven_run_id = ?7
    WHERE workspace_id = ?1 AND run_id = ?2 AND state = 'open')sql"};
const Query close_of_step{"engine.close_letter_of_step", R"sql(
    UPDATE dead_letter SET state = ?3, reason = ?4, decided_by = ?5, decided_at_us = ?6, redriven_run_id = ?7
    WHERE workspace_id = ?1 AND run_id = ?2 AND step = ?8 AND state = 'open')sql"};
const Query close_one{"engine.close_letter", R"sql(
    UPDATE dead_letter SET state = ?3, reason = ?4, decided_by = ?5, decided_at_us = ?6, redriven_run_id = ?7
    WHERE workspace_id = ?1 AND id = ?2 AND state = 'open')sql"};

#define SLUICE_LETTER_COLUMNS                                                                                             \
    "id, run_id, flow_id, flow_version, flow_name, step, cause, code, message, attempts, created_at_us, state, reason, " \
    "decided_by, decided_at_us, redriven_run_id, project"
// `seen` is the parameter with the names that the reader is limited to.
#define SLUICE_LETTER_FILTER(seen) \
    " AND (?4 IS NULL OR flow_id = ?4) AND (?5 = '' OR code = ?5) AND " SLUICE_SEEN(seen, "project", "flow_name")

const Query select_letter{"engine.select_letter", "SELECT " SLUICE_LETTER_COLUMNS " FROM dead_letter WHERE workspace_id = ?1 AND id = ?2"};
const Query select_of_run{"engine.letters_of_run", "SELECT " SLUICE_LETTER_COLUMNS
    " FROM dead_letter WHERE workspace_id = ?1 AND run_id = ?2 AND state = 'open' ORDER BY id LIMIT 20"};
const Query select_letters{"engine.list_letters", "SELECT " SLUICE_LETTER_COLUMNS
    " FROM dead_letter WHERE workspace_id = ?1 AND id >= ?2 AND id < ?3" SLUICE_LETTER_FILTER("?8")
    " AND (?7 = '' OR state = ?7) ORDER BY id DESC LIMIT ?6"};
// The state stands in the text so that the partial index serves it.
const Query select_open_newest{"engine.list_open_letters", "SELECT " SLUICE_LETTER_COLUMNS
    " FROM dead_letter WHERE workspace_id = ?1 AND id >= ?2 AND id < ?3" SLUICE_LETTER_FILTER("?7")
    " AND state = 'open' ORDER BY id DESC LIMIT ?6"};
const Query select_open_oldest{"engine.next_open_letters", "SELECT " SLUICE_LETTER_COLUMNS
    " FROM dead_letter WHERE workspace_id = ?1 AND id > ?2 AND id <= ?3" SLUICE_LETTER_FILTER("?9")
    " AND id >= ?7 AND id < ?8 AND state = 'open' ORDER BY id LIMIT ?6"};
const Query count_open{"engine.count_open_letters", R"sql(
    SELECT count(*), max(id) FROM dead_letter WHERE workspace_id = ?1 AND id >= ?2 AND id < ?3)sql" SLUICE_LETTER_FILTER("?6") " AND state = 'open'"};
const Query select_attempts{"engine.letter_attempts", R"sql(
    SELECT kind, at_us, attempt, data, CASE WHEN value_bytes <= 8192 THEN value END FROM run_event
    WHERE run_id = ?2 AND workspace_id = ?1 AND path = ?3 ORDER BY seq DESC LIMIT 200)sql"};

std::string text_or_empty(const Row& row, int column) { return row.is_null(column) ? std::string() : row.str(column); }
std::optional<std::string> null_if_empty(const std::string& text) {
    return text.empty() ? std::nullopt : std::optional<std::string>(text);
}

DeadLetter read_letter(const Row& row) {
    DeadLetter letter;
    letter.id = row.id<DeadLetterId>(0);
    letter.run = row.id<RunId>(1);
    letter.flow = row.id<FlowId>(2);
    letter.flow_version = static_cast<int>(row.integer(3));
    letter.flow_name = row.str(4);
    letter.step = row.str(5);
    letter.cause = row.str(6);
    letter.code = row.str(7);
    letter.message = row.str(8);
    letter.attempts = static_cast<int>(row.integer(9));
    letter.created_at = row.time(10);
    letter.state = row.str(11);
    letter.reason = text_or_empty(row, 12);
    letter.decided_by = text_or_empty(row, 13);
    letter.decided_at = row.optional_time(14);
    if (!row.is_null(15)) letter.redriven_run = row.id<RunId>(15);
    letter.project = row.str(16);
    return letter;
}

/// Calls `take` for each letter of a filter, newest first, below `before`.
Result<void> each_letter(ReadTx& tx, WorkspaceId workspace, const LetterFilter& filter, DeadLetterId before, int limit,
                         const std::function<void(DeadLetter)>& take);

/// The ids of letters made from `since` to before `until`.
std::pair<DeadLetterId, DeadLetterId> range_of(const LetterFilter& filter) {
    return {filter.since ? first_id_of<DeadLetterId>(*filter.since) : DeadLetterId(),
            filter.until ? first_id_of<DeadLetterId>(*filter.until) : DeadLetterId::last()};
}

Result<void> each_letter(ReadTx& tx, WorkspaceId workspace, const LetterFilter& filter, DeadLetterId before, int limit,
                         const std::function<void(DeadLetter)>& take) {
    auto [from, to] = range_of(filter);
    if (before) to = std::min(to, before);
    std::vector<storage::Value> values = {to_value(workspace), to_value(from), to_value(to), to_value(filter.flow),
                                          to_value(filter.code), to_value(limit)};
    const bool open = filter.state == "open";
    if (!open) values.push_back(to_value(filter.state));
    values.push_back(to_value(filter.seen.text()));
    return tx.each(open ? select_open_newest : select_letters, values, [&](const Row& row) {
        take(read_letter(row));
        return true;
    });
}

}  // namespace

void append_letter(storage::WriteUnit& unit, WorkspaceId workspace, const DeadLetter& letter) {
    unit.add(insert_letter, workspace, letter.id, letter.run, letter.flow, letter.flow_version, letter.flow_name, letter.step,
             letter.cause, letter.code, letter.message, letter.attempts, letter.created_at, letter.project);
}

void append_close_run(storage::WriteUnit& unit, WorkspaceId workspace, RunId run, const Closing& closing) {
    unit.add(close_of_run, workspace, run, closing.state, null_if_empty(closing.reason), null_if_empty(closing.by), closing.at, closing.run);
}

void append_close_step(storage::WriteUnit& unit, WorkspaceId workspace, RunId run, const std::string& step, const Closing& closing) {
    unit.add(close_of_step, workspace, run, closing.state, null_if_empty(closing.reason), null_if_empty(closing.by), closing.at,
             closing.run, step);
}

void append_close(storage::WriteUnit& unit, WorkspaceId workspace, DeadLetterId id, const Closing& closing) {
    unit.add_expecting(ErrorCode::conflict, "the dead letter is no longer open", close_one, workspace, id, closing.state,
                       null_if_empty(closing.reason), null_if_empty(closing.by), closing.at, closing.run);
}

Awaitable<Result<std::optional<DeadLetter>>> find_letter(storage::Storage& storage, WorkspaceId workspace, DeadLetterId id) {
    auto job = [=](ReadTx& tx) { return tx.find<DeadLetter>(select_letter, {to_value(workspace), to_value(id)}, read_letter); };
    co_return co_await storage.read(std::move(job));
}

Awaitable<Result<std::vector<DeadLetter>>> open_letters_of(storage::Storage& storage, WorkspaceId workspace, RunId run) {
    auto job = [=](ReadTx& tx) { return tx.list<DeadLetter>(select_of_run, {to_value(workspace), to_value(run)}, read_letter); };
    co_return co_await storage.read(std::move(job));
}

Awaitable<Result<std::vector<DeadLetter>>> list_letters(storage::Storage& storage, WorkspaceId workspace, LetterFilter filter,
                                                        DeadLetterId before, int limit) {
    auto job = [workspace, filter = std::move(filter), before, limit](ReadTx& tx) -> Result<std::vector<DeadLetter>> {
        std::vector<DeadLetter> out;
        auto done = each_letter(tx, workspace, filter, before, limit, [&](DeadLetter letter) { out.push_back(std::move(letter)); });
        if (!done) return fail(std::move(done.error()));
        return out;
    };
    co_return co_await storage.read(std::move(job));
}

Awaitable<Result<LetterGroups>> group_letters(storage::Storage& storage, WorkspaceId workspace, LetterFilter filter, base::SeenNames data) {
    auto job = [workspace, filter = std::move(filter), data = std::move(data)](ReadTx& tx) -> Result<LetterGroups> {
        LetterGroups out;
        LetterGrouping grouping(data);
        auto done = each_letter(tx, workspace, filter, {}, LetterGroups::most_letters, [&](DeadLetter letter) {
            ++out.looked_at;
            grouping.take(letter);
        });
        if (!done) return fail(std::move(done.error()));
        out.complete = out.looked_at < LetterGroups::most_letters;
        out.items = grouping.finish(LetterGroups::most);
        return out;
    };
    co_return co_await storage.read(std::move(job));
}

Awaitable<Result<std::vector<DeadLetter>>> open_letters(storage::Storage& storage, WorkspaceId workspace, LetterFilter filter,
                                                        DeadLetterId after, DeadLetterId until, int limit) {
    auto job = [workspace, filter = std::move(filter), after, until, limit](ReadTx& tx) {
        const auto [from, to] = range_of(filter);
        return tx.list<DeadLetter>(select_open_oldest, {to_value(workspace), to_value(after), to_value(until), to_value(filter.flow),
                                                        to_value(filter.code), to_value(limit), to_value(from), to_value(to),
                                                        to_value(filter.seen.text())}, read_letter);
    };
    co_return co_await storage.read(std::move(job));
}

Awaitable<Result<OpenLetters>> count_open_letters(storage::Storage& storage, WorkspaceId workspace, LetterFilter filter) {
    auto job = [workspace, filter = std::move(filter)](ReadTx& tx) -> Result<OpenLetters> {
        const auto [from, to] = range_of(filter);
        auto found = tx.find<OpenLetters>(count_open, {to_value(workspace), to_value(from), to_value(to), to_value(filter.flow),
                                                       to_value(filter.code), to_value(filter.seen.text())}, [](const Row& row) {
            return OpenLetters{row.integer(0), row.is_null(1) ? DeadLetterId() : row.id<DeadLetterId>(1)};
        });
        if (!found) return fail(std::move(found.error()));
        return found->value_or(OpenLetters{});
    };
    co_return co_await storage.read(std::move(job));
}

Awaitable<Result<std::vector<Json>>> attempts_of(storage::Storage& storage, WorkspaceId workspace, RunId run, std::string step) {
    auto job = [workspace, run, step = std::move(step)](ReadTx& tx) -> Result<std::vector<Json>> {
        auto entries = tx.list<Json>(select_attempts, {to_value(workspace), to_value(run), to_value(step)}, [](const Row& row) {
            Json entry = {{"kind", row.text(0)}, {"at", base::format_time(row.time(1))}, {"attempt", row.integer(2)}};
            const auto parsed = [&row](int column) {
                Json value = row.is_null(column) ? Json() : Json::parse(row.text(column), nullptr, false);
                return value.is_discarded() ? Json() : value;
            };
            const bool failed = row.text(0).find("failed") != std::string_view::npos || row.text(0) == "step.timed_out";
            if (Json error = failed ? parsed(4) : Json(); error.is_object()) entry["error"] = std::move(error);
            if (Json data = parsed(3); data.is_object()) {
                if (const Json* retry = base::find_member(data, "retry_at_us"); retry != nullptr && retry->is_number_integer())
                    entry["next_attempt_at"] = base::format_time(base::from_us(retry->get<std::int64_t>()));
                if (const Json* decision = base::find_member(data, "decision")) entry["decision"] = *decision;
                if (const Json* by = base::find_member(data, "by")) entry["by"] = *by;
            }
            return entry;
        });
        if (entries) std::reverse(entries->begin(), entries->end());
        return entries;
    };
    co_return co_await storage.read(std::move(job));
}

}  // namespace sluice::engine::store
