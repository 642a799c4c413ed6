#include "budget/spend_store.hpp"

#include <algorithm>

#include "sluice/base/json.hpp"
#include "sluice/events/cursor.hpp"
#include "sluice/storage/storage.hpp"
#include "sluice/storage/tx.hpp"

namespace sluice::budget {
namespace {

using storage::Query;
using storage::ReadTx;
using storage::Row;
using storage::to_value;
using storage::Tx;
using storage::Value;

#define SPEND_COLUMNS                                                                                                              \
    "id, at_us, status, kind, door, provider, model, requested_model, project, agent, flow, run_id, step, session, api_key_id, "   \
    "user_id, tags, cost_nano_usd, held_nano_usd, estimated, streamed, input_uncached, cache_read, cache_write_5m, "               \
    "cache_write_1h, output_visible, output_reasoning, price_version, request_id, duration_us, first_token_us, attempts, "         \
    "raw_usage, tool_uses, route, error, guardrails"

const Query put_spend{"spend.insert", "INSERT INTO spend (workspace_id, " SPEND_COLUMNS R"sql()
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21, ?22, ?23, ?24, ?25, ?26, ?27,
            ?28, ?29, ?30, ?31, ?32, ?33, ?34, ?35, ?36, ?37, ?38)
    ON CONFLICT DO NOTHING)sql"};

// ?2 and ?3 bound the ids; the rest are filters, empty for all.
#define SPEND_WHERE                                                                                                                \
    " FROM spend WHERE workspace_id = ?1 AND id > ?2 AND id < ?3 AND (?4 = '' OR project = ?4) AND (?5 = '' OR flow = ?5)"         \
    " AND (?6 = '' OR agent = ?6) AND (?7 = '' OR model = ?7) AND (?8 = '' OR provider = ?8) AND (?9 = '' OR api_key_id = ?9)"     \
    " AND (?10 = '' OR user_id = ?10) AND (?11 = '' OR status = ?11)"
const Query newest_spend{"spend.list", "SELECT " SPEND_COLUMNS SPEND_WHERE " ORDER BY id DESC LIMIT ?12"};
const Query oldest_spend{"spend.read_after", "SELECT " SPEND_COLUMNS SPEND_WHERE " ORDER BY id LIMIT ?12"};
#define OF_RUN " AND run_id = ?13 AND run_id <> ''"
const Query newest_of_run{"spend.list_of_run", "SELECT " SPEND_COLUMNS SPEND_WHERE OF_RUN " ORDER BY id DESC LIMIT ?12"};
const Query oldest_of_run{"spend.read_after_of_run", "SELECT " SPEND_COLUMNS SPEND_WHERE OF_RUN " ORDER BY id LIMIT ?12"};
const Query one_spend{"spend.get", "SELECT " SPEND_COLUMNS " FROM spend WHERE workspace_id = ?1 AND id = ?2"};

// Dollars and the rest are summed apart, so that no sum of amounts can overflow.
#define SPEND_SUMS                                                                                                                 \
    " AS sum_key, count(*), sum(cost_nano_usd / 1000000000) AS dollars, sum(cost_nano_usd % 1000000000) AS nanos,"                  \
    " sum(status IN ('failed', 'aborted', 'unknown')), sum(input_uncached + cache_read + cache_write_5m + cache_write_1h),"          \
    " sum(cache_read), sum(output_visible + output_reasoning)"
#define OF_ANY_RUN " AND (?12 = '' OR run_id = ?12) GROUP BY sum_key"
#define DEAREST " ORDER BY dollars DESC, nanos DESC, sum_key LIMIT 1000"
const Query sums[] = {
    {"spend.by_model", "SELECT model" SPEND_SUMS SPEND_WHERE OF_ANY_RUN DEAREST},
    {"spend.by_provider", "SELECT provider" SPEND_SUMS SPEND_WHERE OF_ANY_RUN DEAREST},
    {"spend.by_project", "SELECT project" SPEND_SUMS SPEND_WHERE OF_ANY_RUN DEAREST},
    {"spend.by_flow", "SELECT flow" SPEND_SUMS SPEND_WHERE OF_ANY_RUN DEAREST},
    {"spend.by_agent", "SELECT agent" SPEND_SUMS SPEND_WHERE OF_ANY_RUN DEAREST},
    {"spend.by_api_key", "SELECT api_key_id" SPEND_SUMS SPEND_WHERE OF_ANY_RUN DEAREST},
    {"spend.by_user", "SELECT user_id" SPEND_SUMS SPEND_WHERE OF_ANY_RUN DEAREST},
    {"spend.by_tag", R"sql(SELECT tag)sql" SPEND_SUMS R"sql( FROM (
        SELECT t.value AS tag, s.* FROM spend s, json_each(s.tags) t
        WHERE s.workspace_id = ?1 AND s.id > ?2 AND s.id < ?3 AND s.tags IS NOT NULL) AS spend
        WHERE (?4 = '' OR project = ?4) AND (?5 = '' OR flow = ?5) AND (?6 = '' OR agent = ?6) AND (?7 = '' OR model = ?7)
        AND (?8 = '' OR provider = ?8) AND (?9 = '' OR api_key_id = ?9) AND (?10 = '' OR user_id = ?10)
        AND (?11 = '' OR status = ?11))sql" OF_ANY_RUN DEAREST},
    {"spend.by_day", "SELECT CAST(at_us / 86400000000 * 86400000000 AS TEXT)" SPEND_SUMS SPEND_WHERE OF_ANY_RUN
                     " ORDER BY min(at_us) LIMIT 1000"},
    {"spend.by_hour", "SELECT CAST(at_us / 3600000000 * 3600000000 AS TEXT)" SPEND_SUMS SPEND_WHERE OF_ANY_RUN
                      " ORDER BY min(at_us) LIMIT 1000"},
};

const Query series_of_spend{"spend.series", R"sql(
    SELECT id, cost_nano_usd, input_uncached + cache_read + cache_write_5m + cache_write_1h, output_visible + output_reasoning
    FROM spend WHERE workspace_id = ?1 AND id > ?2 AND id < ?3 ORDER BY id DESC LIMIT ?4)sql"};

const Query workspace_after{"spend.next_workspace", "SELECT workspace_id FROM spend WHERE workspace_id > ?1 ORDER BY workspace_id LIMIT 1",
                            Query::Note::instance_wide};
const Query drop_spend{"spend.delete", R"sql(
    DELETE FROM spend WHERE workspace_id = ?1 AND id IN (
        SELECT id FROM spend WHERE workspace_id = ?1 AND id < ?2 ORDER BY id LIMIT ?3))sql"};

Spend read_spend(const Row& row) {
    Spend s;
    int at = 0;
    s.id = row.id<SpendId>(at++);
    s.at = row.time(at++);
    for (auto* text : {&s.status, &s.kind, &s.door, &s.provider, &s.model, &s.requested_model, &s.scope.project, &s.scope.agent,
                       &s.scope.flow, &s.scope.run, &s.step, &s.scope.session, &s.scope.api_key, &s.scope.user})
        *text = row.str(at++);
    if (!row.is_null(at))
        for (const auto& tag : Json::parse(row.text(at), nullptr, false))
            if (tag.is_string()) s.scope.tags.push_back(tag.get<std::string>());
    ++at;
    s.cost = {row.integer(at++)};
    s.held = {row.integer(at++)};
    s.estimated = row.flag(at++);
    s.streamed = row.flag(at++);
    for (auto* count : {&s.input_uncached, &s.cache_read, &s.cache_write_5m, &s.cache_write_1h, &s.output_visible, &s.output_reasoning})
        *count = row.integer(at++);
    s.price_version = row.str(at++);
    s.request_id = row.str(at++);
    s.duration_us = row.integer(at++);
    s.first_token_us = row.integer(at++);
    s.attempts = static_cast<int>(row.integer(at++));
    for (auto* text : {&s.raw_usage, &s.tool_uses, &s.route, &s.error, &s.guardrails}) *text = row.str(at++);
    s.scope.model = s.model;
    return s;
}

SpendSum read_sum(const Row& row) {
    SpendSum out;
    out.key = row.str(0);
    out.calls = row.integer(1);
    const auto nanos = static_cast<__int128>(row.integer(2)) * 1'000'000'000 + row.integer(3);
    out.cost = {static_cast<std::int64_t>(std::min<__int128>(nanos, INT64_MAX))};
    out.failed = row.integer(4);
    out.input_tokens = row.integer(5);
    out.cached_tokens = row.integer(6);
    out.output_tokens = row.integer(7);
    return out;
}

/// The greatest id below those that are made from this time on: an id's first six bytes are its time in milliseconds.
SpendId before_ids_of(Time time) {
    auto ms = static_cast<std::uint64_t>(std::max<std::int64_t>(0, base::to_us(time)) / 1000);
    if (ms == 0) return {};
    --ms;
    base::IdBytes bytes;
    bytes.fill(0xff);
    for (int i = 5; i >= 0; --i, ms >>= 8) bytes[static_cast<std::size_t>(i)] = static_cast<std::uint8_t>(ms & 0xff);
    return SpendId(bytes);
}

/// When a call began, in whole milliseconds.
Time time_of(SpendId id) {
    std::int64_t ms = 0;
    for (std::size_t i = 0; i < 6; ++i) ms = (ms << 8) | id.bytes()[i];
    return base::from_us(ms * 1000);
}

/// The parameters of SPEND_WHERE.
std::vector<Value> parameters_of(WorkspaceId workspace, const SpendFilter& f, SpendId above, SpendId below) {
    if (f.from) above = std::max(above, before_ids_of(*f.from));
    if (f.to) {
        // The ids of a millisecond are above the last one before it.
        auto first = before_ids_of(*f.to);
        below = std::min(below, first);
    }
    return {to_value(workspace), to_value(above),    to_value(below),    to_value(f.project), to_value(f.flow), to_value(f.agent),
            to_value(f.model),   to_value(f.provider), to_value(f.api_key), to_value(f.user), to_value(f.status)};
}

std::string name_of(const SpendFilter& f) {
    const auto at = [](const std::optional<Time>& time) { return time ? std::to_string(base::to_us(*time)) : std::string(); };
    return fmt::format("spend\n{}\n{}\n{}\n{}\n{}\n{}\n{}\n{}\n{}\n{}\n{}", at(f.from), at(f.to), f.project, f.flow, f.agent, f.model,
                       f.provider, f.api_key, f.user, f.run, f.status);
}

Awaitable<Result<std::vector<Spend>>> read_rows(storage::Storage& storage, const Query* all, const Query* of_run,
                                                std::vector<Value> parameters, int limit, std::string run) {
    parameters.push_back(to_value(limit));
    const Query* query = all;
    if (!run.empty()) {
        parameters.push_back(to_value(std::move(run)));
        query = of_run;
    }
    auto job = [query, parameters = std::move(parameters)](ReadTx& tx) { return tx.list<Spend>(*query, parameters, read_spend); };
    co_return co_await storage.read(std::move(job));
}

}  // namespace

Awaitable<Result<SpendPage>> SpendBook::list(WorkspaceId workspace, SpendFilter filter, int limit, std::string cursor) const {
    const events::Cursors cursors(cursor_key_);
    const auto name = name_of(filter);
    auto position = cursors.read(workspace, name, cursor);
    if (!position) co_return fail(std::move(position.error()));
    const auto below = position->empty() ? SpendId::last() : SpendId::from_raw(*position);
    auto rows = co_await read_rows(storage_, &newest_spend, &newest_of_run, parameters_of(workspace, filter, {}, below), limit + 1, filter.run);
    if (!rows) co_return fail(std::move(rows.error()));
    SpendPage page{std::move(*rows), {}};
    if (page.items.size() > static_cast<std::size_t>(limit)) {
        page.items.pop_back();
        page.next_cursor = cursors.make(workspace, name, page.items.back().id.raw());
    }
    for (auto& each : page.items) each.scope.workspace = workspace;
    co_return page;
}

Awaitable<Result<std::vector<Spend>>> SpendBook::read_after(WorkspaceId workspace, SpendFilter filter, SpendId after, int limit) const {
    auto rows = co_await read_rows(storage_, &oldest_spend, &oldest_of_run, parameters_of(workspace, filter, after, SpendId::last()), limit,
                                   filter.run);
    if (rows)
        for (auto& each : *rows) each.scope.workspace = workspace;
    co_return rows;
}

Awaitable<Result<std::vector<SpendSum>>> SpendBook::sums(WorkspaceId workspace, SpendBy by, SpendFilter filter) const {
    auto parameters = parameters_of(workspace, filter, {}, SpendId::last());
    parameters.push_back(to_value(filter.run));
    auto job = [query = &budget::sums[static_cast<std::size_t>(by)], parameters = std::move(parameters)](ReadTx& tx) {
        return tx.list<SpendSum>(*query, parameters, read_sum);
    };
    auto found = co_await storage_.read(std::move(job));
    if (found && (by == SpendBy::day || by == SpendBy::hour))
        for (auto& sum : *found) sum.key = base::format_time(base::from_us(std::stoll(sum.key)));
    co_return found;
}

Awaitable<Result<SpendSeries>> SpendBook::series(WorkspaceId workspace, Time from, Duration width, std::size_t count) const {
    auto job = [=](ReadTx& tx) -> Result<SpendSeries> {
        SpendSeries out{from, width, std::vector<SpendSeries::Part>(count), true, from};
        const Time end = from + width * static_cast<std::int64_t>(count);
        std::int64_t rows = 0;
        const std::vector<Value> values = {to_value(workspace), to_value(before_ids_of(from)), to_value(before_ids_of(end)),
                                           to_value(SpendSeries::most_rows)};
        auto done = tx.each(series_of_spend, values, [&](const Row& row) {
            const auto at = time_of(row.id<SpendId>(0));
            const auto place = static_cast<std::size_t>(std::max<std::int64_t>(0, (at - from) / width));
            if (++rows == SpendSeries::most_rows) {
                out.complete = false;
                out.counted_from = std::min(end, from + width * static_cast<std::int64_t>(place + 1));
            }
            if (place >= count) return true;
            auto& part = out.parts[place];
            ++part.calls;
            part.cost = NanoUsd{part.cost.value + row.integer(1)};
            part.input_tokens += row.integer(2);
            part.output_tokens += row.integer(3);
            return true;
        });
        if (!done) return fail(std::move(done.error()));
        for (std::size_t i = 0; !out.complete && i < count && from + width * static_cast<std::int64_t>(i) < out.counted_from; ++i) out.parts[i] = {};
        return out;
    };
    co_return co_await storage_.read(std::move(job));
}

Awaitable<Result<Spend>> SpendBook::get(WorkspaceId workspace, SpendId id) const {
    auto job = [=](ReadTx& tx) { return tx.find<Spend>(one_spend, {to_value(workspace), to_value(id)}, read_spend); };
    auto found = co_await storage_.read(std::move(job));
    if (!found) co_return fail(std::move(found.error()));
    if (!*found) co_return fail(ErrorCode::not_found, "there is no row of spend {}; GET /api/v1/spend lists them", id.str());
    (*found)->scope.workspace = workspace;
    co_return std::move(**found);
}

namespace store {

Result<bool> insert_spend(Tx& tx, const Spend& s) {
    const auto tags = s.scope.tags.empty() ? std::optional<std::string>() : std::optional(base::dump_json(Json(s.scope.tags)));
    auto done = tx.run(put_spend, {to_value(s.scope.workspace), to_value(s.id), to_value(s.at), to_value(s.status), to_value(s.kind),
                                   to_value(s.door), to_value(s.provider), to_value(s.model), to_value(s.requested_model),
                                   to_value(s.scope.project), to_value(s.scope.agent), to_value(s.scope.flow), to_value(s.scope.run),
                                   to_value(s.step), to_value(s.scope.session), to_value(s.scope.api_key), to_value(s.scope.user),
                                   to_value(tags), to_value(s.cost), to_value(s.held), to_value(s.estimated), to_value(s.streamed),
                                   to_value(s.input_uncached), to_value(s.cache_read), to_value(s.cache_write_5m),
                                   to_value(s.cache_write_1h), to_value(s.output_visible), to_value(s.output_reasoning),
                                   to_value(s.price_version), to_value(s.request_id), to_value(s.duration_us), to_value(s.first_token_us),
                                   to_value(s.attempts), to_value(s.raw_usage), to_value(s.tool_uses), to_value(s.route),
                                   to_value(s.error), to_value(s.guardrails)});
    if (!done) return fail(std::move(done.error()));
    return *done != 0;
}

Awaitable<Result<std::optional<WorkspaceId>>> next_workspace(storage::Storage& storage, WorkspaceId after) {
    auto job = [=](ReadTx& tx) {
        return tx.find<WorkspaceId>(workspace_after, {to_value(after)}, [](const Row& row) { return row.id<WorkspaceId>(0); });
    };
    co_return co_await storage.read(std::move(job));
}

Awaitable<Result<std::int64_t>> remove_spend(storage::Storage& storage, WorkspaceId workspace, Time before, int batch) {
    auto job = [=](Tx& tx) { return tx.run(drop_spend, {to_value(workspace), to_value(before_ids_of(before)), to_value(batch)}); };
    co_return co_await storage.write(std::move(job));
}

}  // namespace store
}  // namespace sluice::budget
