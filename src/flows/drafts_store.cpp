#include "flows/drafts_store.hpp"

#include "flows/drafts.hpp"
#include "flows/flows_store.hpp"
#include "sluice/storage/tx.hpp"

namespace sluice::flows {

namespace {

using storage::Query;
using storage::ReadTx;
using storage::Row;
using storage::to_value;
using storage::Tx;

const Query flow_is_there{"flows.is_there", R"sql(
    SELECT hidden_versions FROM flow WHERE workspace_id = ?1 AND id = ?2 AND deleted_at_us IS NULL)sql"};

const Query one_draft{"flows.find_draft", R"sql(
    SELECT document, based_on, revision, created_at_us, updated_at_us,
           (SELECT live_version FROM flow WHERE workspace_id = ?1 AND id = ?2)
    FROM flow_draft WHERE workspace_id = ?1 AND flow_id = ?2 AND owner = ?3)sql"};
const Query insert_draft{"flows.insert_draft", R"sql(
    INSERT INTO flow_draft (workspace_id, flow_id, owner, document, based_on, revision, created_at_us, updated_at_us)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) ON CONFLICT DO NOTHING)sql"};
const Query change_draft{"flows.change_draft", R"sql(
    UPDATE flow_draft SET document = ?4, based_on = ?5, revision = ?6, updated_at_us = ?7
    WHERE workspace_id = ?1 AND flow_id = ?2 AND owner = ?3 AND revision = ?8 AND created_at_us = ?9)sql"};
const Query delete_draft{"flows.delete_draft", R"sql(
    DELETE FROM flow_draft
    WHERE workspace_id = ?1 AND flow_id = ?2 AND owner = ?3 AND revision = ?4 AND created_at_us = ?5)sql"};

const Query hidden_of_content{"flows.find_hidden", R"sql(
    SELECT version, frozen_at_us FROM flow_version
    WHERE workspace_id = ?1 AND flow_id = ?2 AND content_hash = ?3 AND version < 0)sql"};
const Query insert_hidden{"flows.insert_hidden", R"sql(
    INSERT INTO flow_version (workspace_id, flow_id, version, document, content_hash, note, created_by, created_at_us,
                              frozen_at_us)
    VALUES (?1, ?2, ?3, ?4, ?5, '', ?6, ?7, ?7))sql"};
const Query count_hidden{"flows.count_hidden", "UPDATE flow SET hidden_versions = ?3 WHERE workspace_id = ?1 AND id = ?2"};
const Query touch_hidden{"flows.touch_hidden", R"sql(
    UPDATE flow_version SET frozen_at_us = ?4 WHERE workspace_id = ?1 AND flow_id = ?2 AND version = ?3)sql"};
const Query old_hidden{"flows.unused_hidden", R"sql(
    SELECT workspace_id, flow_id, version FROM flow_version v
    WHERE version < 0 AND frozen_at_us < ?1 AND NOT EXISTS (
        SELECT 1 FROM run r WHERE r.workspace_id = v.workspace_id AND r.flow_id = v.flow_id
        AND r.flow_version = v.version AND r.flow_version < 0)
    ORDER BY frozen_at_us LIMIT ?2)sql",
                       Query::Note::instance_wide};
const Query delete_hidden{"flows.delete_hidden", R"sql(
    DELETE FROM flow_version
    WHERE workspace_id = ?1 AND flow_id = ?2 AND version = ?3 AND version < 0 AND frozen_at_us < ?4 AND NOT EXISTS (
        SELECT 1 FROM run r WHERE r.workspace_id = ?1 AND r.flow_id = ?2 AND r.flow_version = ?3 AND r.flow_version < 0))sql"};

#define PIN_COLUMNS "node, size_bytes, content_hash, updated_by, updated_at_us"
const Query pins_of_flow{"flows.pins", "SELECT " PIN_COLUMNS ", output FROM flow_pin "
                                       "WHERE workspace_id = ?1 AND flow_id = ?2 ORDER BY node"};
const Query pin_rows_of_flow{"flows.list_pins", "SELECT " PIN_COLUMNS " FROM flow_pin "
                                                "WHERE workspace_id = ?1 AND flow_id = ?2 ORDER BY node"};
const Query one_pin{"flows.find_pin", "SELECT " PIN_COLUMNS ", output FROM flow_pin "
                                      "WHERE workspace_id = ?1 AND flow_id = ?2 AND node = ?3"};
const Query hash_of_pin{"flows.hash_of_pin", R"sql(
    SELECT content_hash FROM flow_pin WHERE workspace_id = ?1 AND flow_id = ?2 AND node = ?3)sql"};
const Query other_pins{"flows.other_pins", R"sql(
    SELECT count(*), coalesce(sum(size_bytes), 0) FROM flow_pin WHERE workspace_id = ?1 AND flow_id = ?2 AND node <> ?3)sql"};
const Query put_pin{"flows.put_pin", R"sql(
    INSERT INTO flow_pin (workspace_id, flow_id, node, output, size_bytes, content_hash, updated_by, updated_at_us)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
    ON CONFLICT (workspace_id, flow_id, node) DO UPDATE SET output = excluded.output, size_bytes = excluded.size_bytes,
        content_hash = excluded.content_hash, updated_by = excluded.updated_by, updated_at_us = excluded.updated_at_us)sql"};
const Query delete_pin{"flows.delete_pin", R"sql(
    DELETE FROM flow_pin WHERE workspace_id = ?1 AND flow_id = ?2 AND node = ?3 AND content_hash = ?4)sql"};

Pin read_pin_row(const Row& row) {
    Pin pin;
    pin.node = row.str(0);
    pin.size_bytes = static_cast<std::size_t>(row.integer(1));
    pin.content_hash = row.str(2);
    pin.updated_by = row.str(3);
    pin.updated_at = row.time(4);
    return pin;
}

/// A pin's row and its output's text, which is parsed outside of the statement.
struct PinText {
    Pin pin;
    std::string text;
};
PinText read_pin_text(const Row& row) { return {read_pin_row(row), row.str(5)}; }

Result<Pin> parse_pin(FlowId id, PinText row) {
    auto output = parse_stored(row.text);
    if (!output) {
        log::error("a pinned output does not parse", {{"flow", id}, {"node", row.pin.node}, {"reason", output.error().message}});
        return fail(ErrorCode::internal, "the pinned output of node \"{}\" cannot be read; the log has the reason", row.pin.node);
    }
    row.pin.output = std::move(*output);
    return std::move(row.pin);
}

/// How many hidden versions the flow has had, when it is there.
Result<std::int64_t> check_there(Tx& tx, WorkspaceId workspace, FlowId id) {
    auto there = tx.find<std::int64_t>(flow_is_there, {to_value(workspace), to_value(id)},
                                       [](const Row& row) { return row.integer(0); });
    if (!there) return fail(std::move(there.error()));
    if (!*there) return fail(ErrorCode::not_found, "flow {} was deleted at the same moment", id);
    return **there;
}

/// One row must have changed; else the unit fails and its maker is told why.
Result<void> check_one(Result<std::int64_t> changed, const Overtaken& overtaken, std::string_view what) {
    if (!changed) return fail(std::move(changed.error()));
    if (*changed == 1) return {};
    *overtaken = true;
    return fail(ErrorCode::conflict, "{} was changed at the same moment; read it again and retry", what);
}

}  // namespace

// ---- drafts ---------------------------------------------------------------------------------------------------------

Awaitable<Result<std::optional<LoadedDraft>>> DraftStore::load(WorkspaceId workspace, FlowId id, std::string owner,
                                                               const NodeTypes& types) {
    auto job = [=, &types](ReadTx& tx) -> Result<std::optional<LoadedDraft>> {
        LoadedDraft loaded;
        auto& draft = loaded.draft;
        const auto read = [&](const Row& row) {
            draft.based_on = static_cast<int>(row.integer(1));
            draft.revision = row.integer(2);
            draft.created_at = row.time(3);
            draft.updated_at = row.time(4);
            draft.live_version = static_cast<int>(row.integer(5));
            return row.str(0);
        };
        auto text = tx.find<std::string>(one_draft, {to_value(workspace), to_value(id), to_value(owner)}, read);
        if (!text) return fail(std::move(text.error()));
        if (!*text) return std::optional<LoadedDraft>();
        auto document = parse_stored(**text);
        if (!document) {
            log::error("a stored draft does not parse", {{"flow", id}, {"reason", document.error().message}});
            return fail(ErrorCode::internal, "your draft of flow {} cannot be read; the log has the reason", id);
        }
        draft.flow = id;
        draft.owner = owner;
        draft.document = std::move(*document);
        auto judged = compile_flow(draft.document, types);
        draft.errors = std::move(judged.errors);
        draft.warnings = std::move(judged.warnings);
        loaded.compiled = std::move(judged.flow);
        loaded.text = std::move(**text);
        return std::optional<LoadedDraft>(std::move(loaded));
    };
    co_return co_await storage_.read(std::move(job));
}

void DraftStore::append_save(storage::WriteUnit& unit, WorkspaceId workspace, const Draft& draft, std::string document,
                             std::optional<Draft> expected, Overtaken overtaken) {
    unit.add([workspace, id = draft.flow, owner = draft.owner, based_on = draft.based_on, revision = draft.revision,
              created_at = draft.created_at, updated_at = draft.updated_at, document = std::move(document),
              inserts = !expected, over = expected ? expected->revision : 0,
              overtaken = std::move(overtaken)](Tx& tx) -> Result<void> {
        if (auto there = check_there(tx, workspace, id); !there) return fail(std::move(there.error()));
        auto done = inserts ? tx.run(insert_draft, {to_value(workspace), to_value(id), to_value(owner), to_value(document),
                                                    to_value(based_on), to_value(revision), to_value(created_at),
                                                    to_value(updated_at)})
                            : tx.run(change_draft, {to_value(workspace), to_value(id), to_value(owner), to_value(document),
                                                    to_value(based_on), to_value(revision), to_value(updated_at),
                                                    to_value(over), to_value(created_at)});
        return check_one(std::move(done), overtaken, "the draft");
    });
}

void DraftStore::append_remove(storage::WriteUnit& unit, WorkspaceId workspace, const Draft& draft, Overtaken overtaken) {
    unit.add([workspace, id = draft.flow, owner = draft.owner, revision = draft.revision, created_at = draft.created_at,
              overtaken = std::move(overtaken)](Tx& tx) -> Result<void> {
        auto done = tx.run(delete_draft, {to_value(workspace), to_value(id), to_value(owner), to_value(revision),
                                          to_value(created_at)});
        return check_one(std::move(done), overtaken, "the draft");
    });
}

// ---- hidden versions ------------------------------------------------------------------------------------------------

Awaitable<Result<std::optional<int>>> DraftStore::find_hidden(WorkspaceId workspace, FlowId id, std::string content_hash,
                                                              Time since) {
    auto job = [=](ReadTx& tx) -> Result<std::optional<int>> {
        const auto read = [&](const Row& row) { return row.time(1) < since ? 0 : static_cast<int>(row.integer(0)); };
        auto found = tx.find<int>(hidden_of_content, {to_value(workspace), to_value(id), to_value(content_hash)}, read);
        if (found && *found && **found == 0) found->reset();
        return found;
    };
    co_return co_await storage_.read(std::move(job));
}

Awaitable<Result<int>> DraftStore::freeze(WorkspaceId workspace, FlowId id, HiddenVersion version, Time now) {
    auto job = [=, version = std::move(version)](Tx& tx) -> Result<int> {
        auto given = check_there(tx, workspace, id);
        if (!given) return fail(std::move(given.error()));
        auto known = tx.find<int>(hidden_of_content, {to_value(workspace), to_value(id), to_value(version.content_hash)},
                                  [](const Row& row) { return static_cast<int>(row.integer(0)); });
        if (!known) return fail(std::move(known.error()));
        if (*known) {
            auto touched = tx.run(touch_hidden, {to_value(workspace), to_value(id), to_value(**known), to_value(now)});
            if (!touched) return fail(std::move(touched.error()));
            return **known;
        }
        const auto number = *given + 1;
        auto counted = tx.run(count_hidden, {to_value(workspace), to_value(id), to_value(number)});
        if (!counted) return fail(std::move(counted.error()));
        auto made = tx.run(insert_hidden, {to_value(workspace), to_value(id), to_value(-number), to_value(version.document),
                                           to_value(version.content_hash), to_value(version.created_by), to_value(now)});
        if (!made) return fail(std::move(made.error()));
        return static_cast<int>(-number);
    };
    co_return co_await storage_.write(std::move(job));
}

Awaitable<Result<std::vector<HiddenKey>>> DraftStore::unused_hidden(Time before, int limit) {
    auto job = [=](ReadTx& tx) {
        const auto read = [](const Row& row) {
            return HiddenKey{row.id<WorkspaceId>(0), row.id<FlowId>(1), static_cast<int>(row.integer(2))};
        };
        return tx.list<HiddenKey>(old_hidden, {to_value(before), to_value(limit)}, read);
    };
    co_return co_await storage_.read(std::move(job));
}

Awaitable<Result<std::vector<HiddenKey>>> DraftStore::remove_hidden(std::vector<HiddenKey> keys, Time before) {
    auto job = [keys = std::move(keys), before](Tx& tx) -> Result<std::vector<HiddenKey>> {
        std::vector<HiddenKey> removed;
        for (const auto& key : keys) {
            auto done = tx.run(delete_hidden, {to_value(key.workspace), to_value(key.flow), to_value(key.version), to_value(before)});
            if (!done) return fail(std::move(done.error()));
            if (*done == 1) removed.push_back(key);
        }
        return removed;
    };
    co_return co_await storage_.write(std::move(job));
}

// ---- pins -----------------------------------------------------------------------------------------------------------

Awaitable<Result<std::vector<Pin>>> DraftStore::pins(WorkspaceId workspace, FlowId id) {
    auto job = [=](ReadTx& tx) -> Result<std::vector<Pin>> {
        auto rows = tx.list<PinText>(pins_of_flow, {to_value(workspace), to_value(id)}, read_pin_text);
        if (!rows) return fail(std::move(rows.error()));
        std::vector<Pin> out;
        for (auto& row : *rows) {
            auto pin = parse_pin(id, std::move(row));
            if (!pin) return fail(std::move(pin.error()));
            out.push_back(std::move(*pin));
        }
        return out;
    };
    co_return co_await storage_.read(std::move(job));
}

Awaitable<Result<std::vector<Pin>>> DraftStore::list_pins(WorkspaceId workspace, FlowId id) {
    auto job = [=](ReadTx& tx) {
        return tx.list<Pin>(pin_rows_of_flow, {to_value(workspace), to_value(id)}, read_pin_row);
    };
    co_return co_await storage_.read(std::move(job));
}

Awaitable<Result<std::optional<Pin>>> DraftStore::find_pin(WorkspaceId workspace, FlowId id, std::string node) {
    auto job = [=](ReadTx& tx) -> Result<std::optional<Pin>> {
        auto row = tx.find<PinText>(one_pin, {to_value(workspace), to_value(id), to_value(node)}, read_pin_text);
        if (!row) return fail(std::move(row.error()));
        if (!*row) return std::optional<Pin>();
        auto pin = parse_pin(id, std::move(**row));
        if (!pin) return fail(std::move(pin.error()));
        return std::optional<Pin>(std::move(*pin));
    };
    co_return co_await storage_.read(std::move(job));
}

void DraftStore::append_pin(storage::WriteUnit& unit, WorkspaceId workspace, FlowId id, const Pin& pin, std::string output,
                            std::string expected, Overtaken overtaken) {
    unit.add([workspace, id, node = pin.node, size = pin.size_bytes, hash = pin.content_hash, by = pin.updated_by,
              at = pin.updated_at, output = std::move(output), expected = std::move(expected),
              overtaken = std::move(overtaken)](Tx& tx) -> Result<void> {
        if (auto there = check_there(tx, workspace, id); !there) return fail(std::move(there.error()));
        if (!expected.empty()) {
            auto present = tx.find<std::string>(hash_of_pin, {to_value(workspace), to_value(id), to_value(node)},
                                                [](const Row& row) { return row.str(0); });
            if (!present) return fail(std::move(present.error()));
            const std::int64_t same = *present && **present == expected ? 1 : 0;
            if (auto fine = check_one(same, overtaken, "the pin"); !fine) return fine;
        }
        struct Others {
            std::int64_t pins = 0, bytes = 0;
        };
        auto others = tx.find<Others>(other_pins, {to_value(workspace), to_value(id), to_value(node)},
                                      [](const Row& row) { return Others{row.integer(0), row.integer(1)}; });
        if (!others) return fail(std::move(others.error()));
        if (*others && (*others)->pins >= most_pins)
            return fail(ErrorCode::unprocessable, "a flow has at most {} pins; remove some of this flow's first", most_pins);
        if (*others && (*others)->bytes + static_cast<std::int64_t>(size) > most_pinned_bytes)
            return fail(ErrorCode::unprocessable, "the pins of a flow have at most {} bytes together; remove some of this flow's first",
                        most_pinned_bytes);
        auto done = tx.run(put_pin, {to_value(workspace), to_value(id), to_value(node), to_value(output), to_value(size),
                                     to_value(hash), to_value(by), to_value(at)});
        if (!done) return fail(std::move(done.error()));
        return {};
    });
}

void DraftStore::append_unpin(storage::WriteUnit& unit, WorkspaceId workspace, FlowId id, const Pin& pin, Overtaken overtaken) {
    unit.add([workspace, id, node = pin.node, hash = pin.content_hash, overtaken = std::move(overtaken)](Tx& tx) -> Result<void> {
        auto done = tx.run(delete_pin, {to_value(workspace), to_value(id), to_value(node), to_value(hash)});
        return check_one(std::move(done), overtaken, "the pin");
    });
}

}  // namespace sluice::flows
