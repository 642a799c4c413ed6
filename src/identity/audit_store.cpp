#include "audit_store.hpp"

#include "sluice/crypto/crypto.hpp"
#include "sluice/crypto/ed25519.hpp"
#include "sluice/crypto/key_ring.hpp"
#include "sluice/storage/tx.hpp"

namespace sluice::identity {
namespace {

using storage::Bytes;
using storage::Query;
using storage::ReadTx;
using storage::Row;
using storage::to_value;
using storage::Tx;

#define AUDIT_COLUMNS                                                                                       \
    "seq, workspace_id, at_us, actor_kind, actor, actor_name, action, target, outcome, reason, request_id, " \
    "address, before, after, mac"

// One chain for the instance: its head is the newest entry of any workspace, or, once all were removed, the checkpoint.
const Query head{"audit.head", "SELECT seq, mac FROM audit_entry WHERE seq = (SELECT max(seq) FROM audit_entry)", Query::Note::instance_wide};
const Query signed_head{"audit.signed_head", "SELECT seq, mac FROM audit_checkpoint WHERE seq = (SELECT max(seq) FROM audit_checkpoint)",
                        Query::Note::instance_wide};
const Query insert_entry{"audit.append", R"sql(
    INSERT INTO audit_entry (workspace_id, seq, at_us, actor_kind, actor, actor_name, action, target, outcome, reason,
                             request_id, address, before, after, mac)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15))sql"};

#define AUDIT_FILTER                                                                                     \
    " AND (?4 IS NULL OR actor = ?4) AND (?5 IS NULL OR action GLOB ?5) AND (?6 IS NULL OR outcome = ?6)" \
    " AND (?7 IS NULL OR at_us >= ?7) AND (?8 IS NULL OR at_us < ?8)"
const Query newest{"audit.list", "SELECT " AUDIT_COLUMNS " FROM audit_entry WHERE workspace_id = ?1 AND seq < ?2" AUDIT_FILTER
                                 " ORDER BY seq DESC LIMIT ?3"};
const Query newest_of_target{"audit.list_target", "SELECT " AUDIT_COLUMNS
                             " FROM audit_entry WHERE workspace_id = ?1 AND target = ?9 AND seq < ?2" AUDIT_FILTER
                             " ORDER BY seq DESC LIMIT ?3"};
const Query newest_of_all{"audit.list_instance", "SELECT " AUDIT_COLUMNS " FROM audit_entry WHERE seq < ?2 AND ?1 IS NOT NULL" AUDIT_FILTER
                          " AND (?9 IS NULL OR target = ?9) ORDER BY seq DESC LIMIT ?3", Query::Note::instance_wide};
const Query following{"audit.read_after", "SELECT " AUDIT_COLUMNS " FROM audit_entry WHERE workspace_id = ?1 AND seq > ?2" AUDIT_FILTER
                      " AND (?9 IS NULL OR target = ?9) ORDER BY seq LIMIT ?3"};
const Query following_of_all{"audit.read_after_instance", "SELECT " AUDIT_COLUMNS
                             " FROM audit_entry WHERE seq > ?2 AND ?1 IS NOT NULL" AUDIT_FILTER
                             " AND (?9 IS NULL OR target = ?9) ORDER BY seq LIMIT ?3", Query::Note::instance_wide};
const Query chain{"audit.chain", "SELECT " AUDIT_COLUMNS " FROM audit_entry WHERE seq > ?1 ORDER BY seq LIMIT ?2",
                  Query::Note::instance_wide};

const Query all_checkpoints{"audit.checkpoints", "SELECT seq, at_us, mac, signature FROM audit_checkpoint ORDER BY seq",
                            Query::Note::instance_scan};
const Query insert_checkpoint{"audit.insert_checkpoint",
                              "INSERT INTO audit_checkpoint (seq, at_us, mac, signature) VALUES (?1, ?2, ?3, ?4)",
                              Query::Note::instance_wide};
const Query last_before{"audit.last_checkpoint_before", R"sql(
    SELECT seq FROM audit_checkpoint WHERE at_us < ?1 ORDER BY seq DESC LIMIT 1)sql", Query::Note::instance_scan};
const Query remove_entries{"audit.remove_entries", R"sql(
    DELETE FROM audit_entry WHERE seq <= ?1 AND seq < (SELECT min(seq) FROM audit_entry) + ?2)sql", Query::Note::instance_wide};
const Query remove_checkpoints{"audit.remove_checkpoints", "DELETE FROM audit_checkpoint WHERE seq < ?1", Query::Note::instance_wide};

AuditEntry read_entry(const Row& row) {
    AuditEntry entry;
    entry.seq = row.integer(0);
    entry.workspace = row.id<WorkspaceId>(1);
    entry.at = row.time(2);
    int column = 3;
    for (std::string* text : {&entry.actor_kind, &entry.actor, &entry.actor_name, &entry.action, &entry.target, &entry.outcome,
                              &entry.reason, &entry.request_id, &entry.address, &entry.before, &entry.after})
        *text = row.str(column++);
    entry.mac = std::string(row.bytes(column));
    return entry;
}

struct Head {
    std::int64_t seq = 0;
    std::string mac = std::string(32, '\0');
};

Head read_head(const Row& row) { return {row.integer(0), std::string(row.bytes(1))}; }

Result<Head> head_of(ReadTx& tx) {
    auto found = tx.find<Head>(head, {}, read_head);
    if (!found) return fail(std::move(found.error()));
    if (*found) return std::move(**found);
    found = tx.find<Head>(signed_head, {}, read_head);
    if (!found) return fail(std::move(found.error()));
    return *found ? std::move(**found) : Head{};
}

Result<void> insert(Tx& tx, const AuditEntry& wanted, const AuditKeys& keys) {
    auto before = head_of(tx);
    if (!before) return fail(std::move(before.error()));
    AuditEntry entry = wanted;
    entry.seq = before->seq + 1;
    entry.mac = audit_mac(keys.mac->bytes(), before->mac, entry);
    auto done = tx.run(insert_entry, {to_value(entry.workspace), to_value(entry.seq), to_value(entry.at), entry.actor_kind, entry.actor,
                                      entry.actor_name, entry.action, entry.target, entry.outcome, entry.reason, entry.request_id,
                                      entry.address, entry.before, entry.after, Bytes{entry.mac}});
    if (!done) return fail(std::move(done.error()));
    return {};
}

storage::Value or_null(const std::string& text) { return text.empty() ? storage::Value() : storage::Value(text); }
storage::Value or_null(const std::optional<Time>& time) { return time ? to_value(*time) : storage::Value(); }

/// An action as a GLOB: only a last '*' is special.
std::string action_glob(std::string_view action) {
    std::string out;
    const bool prefix = action.ends_with('*');
    if (prefix) action.remove_suffix(1);
    for (const char c : action) {
        if (c == '*' || c == '?' || c == '[') out.append("[").append(1, c).append("]");
        else out += c;
    }
    return prefix ? out + "*" : out;
}

std::vector<storage::Value> parameters_of(WorkspaceId workspace, const AuditFilter& filter, std::int64_t seq, int limit) {
    return {to_value(workspace), to_value(seq), to_value(limit), or_null(filter.actor), or_null(action_glob(filter.action)),
            or_null(filter.outcome), or_null(filter.since), or_null(filter.until), or_null(filter.target)};
}

void field(std::string& out, std::string_view text) {
    out += std::to_string(text.size());
    out += ':';
    out += text;
}

}  // namespace

std::string audit_mac(std::string_view key, const std::string& before, const AuditEntry& entry) {
    std::string text = "sluice audit 1\n";
    field(text, before);
    field(text, std::to_string(entry.seq));
    field(text, entry.workspace.raw());
    field(text, std::to_string(base::to_us(entry.at)));
    for (const std::string* part : {&entry.actor_kind, &entry.actor, &entry.actor_name, &entry.action, &entry.target, &entry.outcome,
                                    &entry.reason, &entry.request_id, &entry.address, &entry.before, &entry.after})
        field(text, *part);
    const auto mac = crypto::hmac_sha256(key, text);
    return std::string(crypto::raw(mac));
}

std::string audit_checkpoint_text(const AuditCheckpoint& checkpoint) {
    std::string text = "sluice audit checkpoint 1\n";
    field(text, std::to_string(checkpoint.seq));
    field(text, std::to_string(base::to_us(checkpoint.at)));
    field(text, checkpoint.mac);
    return text;
}

namespace store {

void append_audit(storage::WriteUnit& unit, std::shared_ptr<const AuditEntry> entry, std::shared_ptr<const AuditKeys> keys) {
    std::function<Result<void>(Tx&)> insertion = [entry = std::move(entry), keys = std::move(keys)](Tx& tx) -> Result<void> {
        if (!keys)
            return fail(ErrorCode::sealed,
                        "the server is sealed: without its root key it has no key for the audit trail, and makes no change "
                        "without an entry there; see `sluice vault status`");
        return insert(tx, *entry, *keys);
    };
    unit.add(std::move(insertion));
}

Awaitable<Result<std::vector<AuditEntry>>> list_audit(storage::Storage& storage, WorkspaceId workspace, AuditFilter filter,
                                                      std::int64_t before_seq, int limit) {
    auto job = [=](ReadTx& tx) {
        auto parameters = parameters_of(workspace, filter, before_seq, limit);
        if (!filter.instance && filter.target.empty()) parameters.pop_back();
        const Query& query = filter.instance ? newest_of_all : filter.target.empty() ? newest : newest_of_target;
        return tx.list<AuditEntry>(query, std::move(parameters), read_entry);
    };
    co_return co_await storage.read(std::move(job));
}

Awaitable<Result<std::vector<AuditEntry>>> read_audit(storage::Storage& storage, WorkspaceId workspace, AuditFilter filter,
                                                      std::int64_t after_seq, int limit) {
    auto job = [=](ReadTx& tx) {
        return tx.list<AuditEntry>(filter.instance ? following_of_all : following, parameters_of(workspace, filter, after_seq, limit),
                                   read_entry);
    };
    co_return co_await storage.read(std::move(job));
}

Awaitable<Result<std::vector<AuditEntry>>> chain_audit(storage::Storage& storage, std::int64_t after_seq, int limit) {
    auto job = [=](ReadTx& tx) { return tx.list<AuditEntry>(chain, {to_value(after_seq), to_value(limit)}, read_entry); };
    co_return co_await storage.read(std::move(job));
}

Awaitable<Result<std::vector<AuditCheckpoint>>> audit_checkpoints(storage::Storage& storage) {
    auto job = [](ReadTx& tx) {
        return tx.list<AuditCheckpoint>(all_checkpoints, {}, [](const Row& row) {
            return AuditCheckpoint{row.integer(0), row.time(1), std::string(row.bytes(2)), std::string(row.bytes(3))};
        });
    };
    co_return co_await storage.read(std::move(job));
}

Awaitable<Result<std::optional<AuditCheckpoint>>> make_checkpoint(storage::Storage& storage, Time now, std::shared_ptr<const AuditKeys> keys) {
    auto job = [now, keys = std::move(keys)](Tx& tx) -> Result<std::optional<AuditCheckpoint>> {
        auto entry = tx.find<Head>(head, {}, read_head);
        if (!entry) return fail(std::move(entry.error()));
        auto known = tx.find<Head>(signed_head, {}, read_head);
        if (!known) return fail(std::move(known.error()));
        if (!*entry || (*known && (*known)->seq >= (*entry)->seq)) return std::optional<AuditCheckpoint>();
        AuditCheckpoint made{(*entry)->seq, now, (*entry)->mac, {}};
        made.signature = crypto::ed25519_sign(keys->signing->bytes(), audit_checkpoint_text(made));
        auto done = tx.run(insert_checkpoint, {to_value(made.seq), to_value(made.at), Bytes{made.mac}, Bytes{made.signature}});
        if (!done) return fail(std::move(done.error()));
        return std::optional<AuditCheckpoint>(std::move(made));
    };
    co_return co_await storage.write(std::move(job));
}

Awaitable<Result<std::int64_t>> remove_audit(storage::Storage& storage, Time before, int batch) {
    auto job = [before, batch](Tx& tx) -> Result<std::int64_t> {
        auto last = tx.find<std::int64_t>(last_before, {to_value(before)}, [](const Row& row) { return row.integer(0); });
        if (!last) return fail(std::move(last.error()));
        if (!*last) return 0;
        auto removed = tx.run(remove_entries, {to_value(**last), to_value(batch)});
        if (!removed) return removed;
        auto older = tx.run(remove_checkpoints, {to_value(**last)});
        if (!older) return fail(std::move(older.error()));
        return removed;
    };
    co_return co_await storage.write(std::move(job));
}

}  // namespace store
}  // namespace sluice::identity
