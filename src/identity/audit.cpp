#include "sluice/identity/audit.hpp"

#include <fstream>
#include <limits>
#include <unordered_map>

#include "audit_store.hpp"
#include "sluice/base/json.hpp"
#include "sluice/base/log.hpp"
#include "sluice/base/metrics.hpp"
#include "sluice/crypto/crypto.hpp"
#include "sluice/crypto/ed25519.hpp"
#include "sluice/crypto/key_ring.hpp"
#include "sluice/events/cursor.hpp"
#include "sluice/runtime/loop.hpp"
#include "sluice/runtime/pool.hpp"
#include "sluice/runtime/task_group.hpp"

namespace sluice::identity {
namespace {

base::metrics::Counter entries_total("sluice_audit_entries_total", "Entries handed to the audit trail");

constexpr std::size_t longest_text = 8 << 10;      // of before and after
constexpr std::size_t entries_per_signature = 1'000;
constexpr Duration signature_delay = std::chrono::seconds(60);
constexpr int denials_per_second = 10;             // of one principal or address; more become counts
constexpr std::size_t most_deniers = 1'000;
constexpr int verify_batch = 2'000, removal_batch = 500;

std::string bounded(std::string text) {
    if (text.size() <= longest_text) return text;
    return fmt::format("{{\"sha256\":\"{}\",\"bytes\":{}}}", crypto::sha256_hex(text), text.size());
}

/// The id that a creation answered, from the front of its JSON text.
std::string answered_id(std::string_view body) {
    constexpr std::string_view member = "\"id\":\"";
    const auto at = body.substr(0, 200).find(member);
    if (at == body.npos) return {};
    const auto from = at + member.size();
    const auto end = body.find('"', from);
    return end == body.npos || end - from > 100 ? std::string() : std::string(body.substr(from, end - from));
}

std::string filter_text(const AuditFilter& filter) {
    return fmt::format("audit\n{}\n{}\n{}\n{}\n{}\n{}\n{}", filter.actor, filter.action, filter.target, filter.outcome,
                       filter.since ? base::to_us(*filter.since) : 0, filter.until ? base::to_us(*filter.until) : 0, filter.instance);
}

/// Denials of one principal (or address) within a second.
struct Denier {
    std::int64_t second = 0;
    int written = 0;
    std::int64_t left_out = 0;
    AuditEntry last;
};

}  // namespace

struct Audit::State {
    State(runtime::Loop& l, storage::Storage& s, base::Clock& c) : loop(l), storage(s), clock(c), tasks(l) {}

    runtime::Loop& loop;
    storage::Storage& storage;
    base::Clock& clock;
    std::shared_ptr<const AuditKeys> keys;
    std::string public_key;
    std::filesystem::path file;
    runtime::Pool* pool = nullptr;
    std::optional<events::Cursors> cursors;
    std::unordered_map<std::string, Denier> deniers;
    std::size_t unsigned_entries = 0;
    runtime::Loop::TimerId timer = 0;
    bool timer_set = false, signing = false, stopped = false;
    runtime::TaskGroup tasks;

    void count_entry(const std::shared_ptr<State>& self);
    void sign_soon(const std::shared_ptr<State>& self);
    void write_denials_left_out();
    void submit_alone(AuditEntry entry);
};

namespace {

Awaitable<Result<void>> sign(std::shared_ptr<Audit::State> s) {
    s->unsigned_entries = 0;
    if (!s->keys) co_return Result<void>();
    auto made = co_await store::make_checkpoint(s->storage, s->clock.now(), s->keys);
    if (!made) co_return fail(std::move(made.error()));
    if (!*made || !s->pool) co_return Result<void>();
    const auto& checkpoint = **made;
    const Json line{{"seq", checkpoint.seq}, {"at", base::format_time(checkpoint.at)}, {"mac", crypto::hex(checkpoint.mac)},
                    {"signature", crypto::hex(checkpoint.signature)}, {"public_key", crypto::hex(s->public_key)}};
    auto append = [file = s->file, text = base::dump_json(line) + "\n"] {
        std::ofstream out(file, std::ios::app | std::ios::binary);
        out << text;
        out.flush();
        return out.good();
    };
    const bool good = co_await s->pool->run(std::move(append));
    if (!good) log::warn("a signature of the audit trail could not be appended to its file", {{"file", s->file.string()}});
    co_return Result<void>();
}

Awaitable<void> sign_and_say(std::shared_ptr<Audit::State> s) {
    s->signing = true;
    auto done = co_await sign(s);
    s->signing = false;
    if (!done) log::warn("the audit trail could not be signed", {{"cause", done.error().message}});
}

}  // namespace

void Audit::State::count_entry(const std::shared_ptr<State>& self) {
    entries_total.add();
    if (++unsigned_entries >= entries_per_signature) return sign_soon(self);
    if (timer_set || stopped) return;
    timer_set = true;
    std::weak_ptr<State> weak = self;
    timer = loop.at(clock.now() + signature_delay, [weak] {
        const auto s = weak.lock();
        if (!s) return;
        s->timer_set = false;
        s->write_denials_left_out();
        s->sign_soon(s);
    });
}

void Audit::State::sign_soon(const std::shared_ptr<State>& self) {
    if (signing || stopped) return;
    signing = true;
    tasks.spawn("audit-signature", sign_and_say(self));
}

void Audit::State::submit_alone(AuditEntry entry) {
    storage::WriteUnit unit;
    entry.at = clock.now();
    store::append_audit(unit, std::make_shared<const AuditEntry>(std::move(entry)), keys);
    storage.enqueue(std::move(unit), [](const Result<void>& done) {
        if (!done) log::warn("an audit entry could not be written", {{"cause", done.error().message}});
    });
}

void Audit::State::write_denials_left_out() {
    for (auto& [who, denier] : deniers) {
        if (denier.left_out == 0) continue;
        AuditEntry entry = std::move(denier.last);
        entry.reason = fmt::format("{} more refusals like this one within a short time", denier.left_out);
        submit_alone(std::move(entry));
    }
    deniers.clear();
}

Audit::Audit(runtime::Loop& loop, storage::Storage& storage, base::Clock& clock)
    : state_(std::make_shared<State>(loop, storage, clock)) {}
Audit::~Audit() = default;

void Audit::set_keys(AuditKeys keys) {
    state_->public_key = crypto::ed25519_public_key(keys.signing->bytes());
    state_->keys = std::make_shared<const AuditKeys>(std::move(keys));
}

void Audit::set_checkpoint_file(std::filesystem::path file, runtime::Pool& pool) {
    state_->file = std::move(file);
    state_->pool = &pool;
}

void Audit::set_cursor_key(std::string key) { state_->cursors.emplace(std::move(key)); }

void Audit::append(storage::WriteUnit& unit, AuditEntry entry) {
    if (entry.at == Time{}) entry.at = state_->clock.now();
    entry.before = bounded(std::move(entry.before));
    entry.after = bounded(std::move(entry.after));
    store::append_audit(unit, std::make_shared<const AuditEntry>(std::move(entry)), state_->keys);
    state_->count_entry(state_);
}

Awaitable<Result<void>> Audit::record(AuditEntry entry) {
    storage::WriteUnit unit;
    append(unit, std::move(entry));
    co_return co_await state_->storage.submit(std::move(unit));
}

AuditEntry Audit::entry_of(const net::Request& request) const {
    AuditEntry entry;
    entry.workspace = request.principal.workspace;
    entry.at = state_->clock.now();
    entry.actor_kind = std::string(base::to_string(request.principal.kind));
    entry.actor = request.principal.id;
    entry.actor_name = request.principal.name;
    entry.action = std::string(request.action);
    entry.target = std::string(request.parameter("id"));
    entry.request_id = request.id;
    entry.address = request.local_socket ? "local" : request.remote_address;
    return entry;
}

void Audit::changed(storage::WriteUnit& unit, const net::Request& request, const net::StoredAnswer& answer, net::AuditNote note) {
    AuditEntry entry = entry_of(request);
    if (!note.target.empty()) entry.target = std::move(note.target);
    else if (entry.target.empty()) entry.target = answered_id(answer.body);
    entry.reason = std::move(note.reason);
    entry.before = std::move(note.before);
    entry.after = note.after.empty() ? answer.body : std::move(note.after);
    append(unit, std::move(entry));
}

void Audit::denied(const net::Request& request, const Error& why) {
    const bool known = request.principal.kind != Principal::Kind::anonymous;
    const bool has_credential = request.headers.find("authorization") || request.headers.find("cookie") ||
                                request.headers.find("x-api-key") || request.headers.find("x-goog-api-key");
    if (!known && !has_credential) return;  // it only has not signed in yet
    AuditEntry entry = entry_of(request);
    entry.outcome = "denied";
    entry.reason = why.message.substr(0, 500);
    const auto second = std::chrono::duration_cast<std::chrono::seconds>(entry.at.time_since_epoch()).count();
    if (state_->deniers.size() >= most_deniers) state_->write_denials_left_out();
    Denier& denier = state_->deniers[known ? entry.actor : "@" + entry.address];
    if (denier.second != second) {
        denier.second = second;
        denier.written = 0;
    }
    if (denier.written >= denials_per_second) {
        ++denier.left_out;
        denier.last = std::move(entry);
        return;
    }
    ++denier.written;
    state_->submit_alone(std::move(entry));
    state_->count_entry(state_);
}

Awaitable<Result<AuditList>> Audit::list(WorkspaceId workspace, AuditFilter filter, int limit, std::string cursor) {
    const auto text = filter_text(filter);
    auto position = state_->cursors->read(workspace, text, cursor);
    if (!position) co_return fail(std::move(position.error()));
    std::int64_t before = std::numeric_limits<std::int64_t>::max();
    if (!position->empty()) before = std::stoll(*position);
    auto found = co_await store::list_audit(state_->storage, workspace, std::move(filter), before, limit + 1);
    if (!found) co_return fail(std::move(found.error()));
    AuditList list{std::move(*found), {}};
    if (list.items.size() > static_cast<std::size_t>(limit)) {
        list.items.resize(static_cast<std::size_t>(limit));
        list.next_cursor = state_->cursors->make(workspace, text, std::to_string(list.items.back().seq));
    }
    co_return list;
}

Awaitable<Result<std::vector<AuditEntry>>> Audit::read_after(WorkspaceId workspace, AuditFilter filter, std::int64_t after_seq, int limit) {
    co_return co_await store::read_audit(state_->storage, workspace, std::move(filter), after_seq, limit);
}

Awaitable<Result<void>> Audit::checkpoint() { co_return co_await sign(state_); }

Awaitable<Result<std::int64_t>> Audit::remove_before(Time before) {
    std::int64_t total = 0;
    for (;;) {
        auto removed = co_await store::remove_audit(state_->storage, before, removal_batch);
        if (!removed) co_return removed;
        total += *removed;
        if (*removed < removal_batch) co_return total;
        co_await state_->loop.yield();
    }
}

Awaitable<void> Audit::stop() {
    if (std::exchange(state_->stopped, true)) co_return;
    if (state_->timer_set) state_->loop.cancel_timer(state_->timer);
    state_->write_denials_left_out();
    co_await state_->tasks.join();
    auto done = co_await sign(state_);
    if (!done) log::warn("the audit trail could not be signed", {{"cause", done.error().message}});
}

Awaitable<Result<AuditReport>> Audit::verify() {
    auto& s = *state_;
    if (!s.keys)
        co_return fail(ErrorCode::sealed, "the audit trail cannot be verified without the server's root key; see `sluice doctor`");
    auto signatures = co_await store::audit_checkpoints(s.storage);
    if (!signatures) co_return fail(std::move(signatures.error()));
    AuditReport report;
    const auto broken = [&report](std::int64_t seq, std::string what) {
        report.broken_seq = seq;
        report.what = std::move(what);
        return report;
    };
    for (const auto& one : *signatures) {
        if (!crypto::ed25519_verify(s.public_key, audit_checkpoint_text(one), one.signature))
            co_return broken(one.seq, fmt::format("the signature over entry {} is not this server's", one.seq));
        ++report.checkpoints;
    }
    std::string mac(32, '\0');
    std::int64_t at = 0;
    std::size_t next_signature = 0;
    for (bool first = true;; first = false) {
        auto entries = co_await store::chain_audit(s.storage, at, verify_batch);
        if (!entries) co_return fail(std::move(entries.error()));
        if (first && !entries->empty()) {
            report.first_seq = entries->front().seq;
            // Retention removes from the front, up to a signature.
            if (report.first_seq > 1) {
                const auto base = std::ranges::find(*signatures, report.first_seq - 1, &AuditCheckpoint::seq);
                const bool behind_signature = !signatures->empty() && signatures->front().seq >= report.first_seq - 1;
                if (base != signatures->end()) {
                    mac = base->mac;
                } else if (behind_signature) {  // some of what the oldest signature covers is there still: judged from the first one's own
                    mac.clear();
                } else {
                    co_return broken(1, fmt::format("the entries before {} are missing, and no signature stands for them", report.first_seq));
                }
                report.removed_before = report.first_seq - 1;
                at = report.first_seq - 1;
            }
        }
        if (entries->empty()) break;
        for (const auto& entry : *entries) {
            if (entry.seq != at + 1) co_return broken(at + 1, fmt::format("entry {} is missing", at + 1));
            if (!mac.empty() && !crypto::constant_time_equal(audit_mac(s.keys->mac->bytes(), mac, entry), entry.mac))
                co_return broken(entry.seq, fmt::format("entry {} was altered, or put in another's place", entry.seq));
            mac = entry.mac;
            at = entry.seq;
            ++report.checked;
            while (next_signature < signatures->size() && (*signatures)[next_signature].seq < at) ++next_signature;
            if (next_signature < signatures->size() && (*signatures)[next_signature].seq == at && (*signatures)[next_signature].mac != mac)
                co_return broken(at, fmt::format("entry {} differs from what was signed", at));
        }
        co_await s.loop.yield();
    }
    report.last_seq = at;
    std::int64_t signed_until = signatures->empty() ? 0 : signatures->back().seq;
    std::string file_mac;
    if (s.pool) {
        auto last_line = [file = s.file] {
            std::ifstream in(file, std::ios::binary);
            std::string line, last;
            while (std::getline(in, line))
                if (!line.empty()) last = line;
            return last;
        };
        const std::string line = co_await s.pool->run(std::move(last_line));
        if (auto parsed = base::parse_json(line); parsed && parsed->is_object()) {
            const auto* seq = base::find_member(*parsed, "seq");
            if (seq && seq->is_number_integer()) signed_until = std::max(signed_until, seq->get<std::int64_t>());
        }
    }
    if (signed_until > at && (at > 0 || report.checkpoints == 0 || signatures->back().seq != signed_until))
        co_return broken(at + 1, fmt::format("the entries {} to {} are missing: they were signed, and the trail ends before them", at + 1,
                                             signed_until));
    co_return report;
}

}  // namespace sluice::identity
