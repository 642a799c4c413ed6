// The audit trail over a real database: its order, its chain and what retention leaves.
#include "identity/audit_store.hpp"
#include "events/house.hpp"
#include "sluice/crypto/key_ring.hpp"
#include "sluice/identity/audit.hpp"
#include "sluice/net/router.hpp"
#include "sluice/runtime/pool.hpp"
#include "sluice/storage/write_unit.hpp"

using namespace sluice;
using namespace sluice::identity;

namespace {

struct Trail : sluice::testing::House {
    Trail() {
        audit.set_cursor_key(std::string(32, 'c'));
        audit.set_checkpoint_file(directory / "signatures.jsonl", pool);
    }
    ~Trail() { run(audit.stop()); }
    void give_keys() {
        audit.set_keys({std::make_shared<crypto::SecretKey>(std::string(32, 'm')), std::make_shared<crypto::SecretKey>(std::string(32, 's'))});
    }
    void add(const std::string& action, WorkspaceId workspace = {}) {
        AuditEntry entry;
        entry.workspace = workspace;
        entry.action = action;
        done(audit.record(std::move(entry)));
    }
    /// Until there are so many, or something is wrong (a generous time).
    void wait_for_signatures(std::size_t count) {
        const auto ends = std::chrono::steady_clock::now() + std::chrono::seconds(30);
        while (get(store::audit_checkpoints(*storage)).size() < count && std::chrono::steady_clock::now() < ends) run(loop.yield());
    }
    WorkspaceId one = WorkspaceId::make(clock.now(), random), other = WorkspaceId::make(clock.now(), random);
    runtime::Pool pool{loop, "files", 1};
    Audit audit{loop, *storage, clock};
};

}  // namespace

TEST_CASE("entries are numbered in commit order over all workspaces, and each workspace reads its own", "[identity][audit]") {
    Trail t;
    t.give_keys();
    t.add("a.create", t.one);
    t.add("b.create", t.other);
    t.add("c.create", t.one);
    const auto list = t.get(t.audit.list(t.one, {}, 10, ""));
    REQUIRE(list.items.size() == 2);
    CHECK(list.items[0].seq == 3);
    CHECK(list.items[1].action == "a.create");
    AuditFilter instance;
    instance.instance = true;
    CHECK(t.get(t.audit.list(t.one, instance, 10, "")).items.size() == 3);
    AuditFilter prefix;
    prefix.action = "c.*";
    CHECK(t.get(t.audit.list(t.one, prefix, 10, "")).items.size() == 1);
    prefix.action = "*.create";  // only a last star is one
    CHECK(t.get(t.audit.list(t.one, prefix, 10, "")).items.empty());
    CHECK(t.get(t.audit.verify()).sound());
}

TEST_CASE("without keys there is neither an entry nor the change that it tells of", "[identity][audit]") {
    Trail t;
    AuditEntry entry;
    entry.action = "flows.create";
    CHECK(t.error(t.audit.record(std::move(entry))) == ErrorCode::sealed);
    CHECK(t.error(t.audit.verify()) == ErrorCode::sealed);
    t.give_keys();
    t.add("flows.create");
    const auto report = t.get(t.audit.verify());
    CHECK(report.checked == 1);
}

TEST_CASE("a unit that fails takes its entry with it and leaves no gap", "[identity][audit]") {
    Trail t;
    t.give_keys();
    t.add("first");
    storage::WriteUnit unit;
    AuditEntry entry;
    entry.action = "second";
    t.audit.append(unit, std::move(entry));
    std::function<Result<void>(storage::Tx&)> refuse = [](storage::Tx&) -> Result<void> { return fail(ErrorCode::conflict, "no"); };
    unit.add(std::move(refuse));
    CHECK(t.error(t.storage->submit(std::move(unit))) == ErrorCode::conflict);
    t.add("third");
    const auto report = t.get(t.audit.verify());
    CHECK(report.sound());
    CHECK(report.last_seq == 2);
}

TEST_CASE("retention removes entries behind a signature, and the rest still verifies", "[identity][audit]") {
    Trail t;
    t.give_keys();
    for (int i = 0; i < 20; ++i) t.add("old");
    t.done(t.audit.checkpoint());
    t.clock.advance(std::chrono::hours(48));
    for (int i = 0; i < 5; ++i) t.add("new");
    CHECK(t.get(t.audit.remove_before(t.clock.now() - std::chrono::hours(24))) == 20);
    const auto report = t.get(t.audit.verify());
    INFO(report.what);
    CHECK(report.sound());
    CHECK(report.first_seq == 21);
    CHECK(report.removed_before == 20);
    CHECK(report.checked == 5);
    t.add("after");
    CHECK(t.get(t.audit.verify()).last_seq == 26);
}

TEST_CASE("a trail whose entries were all removed goes on with the next number", "[identity][audit]") {
    Trail t;
    t.give_keys();
    for (int i = 0; i < 3; ++i) t.add("old");
    t.done(t.audit.checkpoint());
    t.clock.advance(std::chrono::hours(48));
    CHECK(t.get(t.audit.remove_before(t.clock.now())) == 3);
    CHECK(t.get(t.audit.verify()).sound());
    t.add("new");
    const auto report = t.get(t.audit.verify());
    INFO(report.what);
    CHECK(report.sound());
    CHECK(report.first_seq == 4);
}

TEST_CASE("the head is signed a minute after an entry, and a thousand entries are signed at once", "[identity][audit]") {
    Trail t;
    t.give_keys();
    t.add("one");
    CHECK(t.get(store::audit_checkpoints(*t.storage)).empty());
    t.clock.advance(std::chrono::seconds(61));
    t.wait_for_signatures(1);
    CHECK(t.get(store::audit_checkpoints(*t.storage)).size() == 1);
    for (int i = 0; i < 1'000; ++i) t.add("many");
    t.wait_for_signatures(2);
    CHECK(t.get(store::audit_checkpoints(*t.storage)).size() == 2);
}

TEST_CASE("a long before or after becomes its hash", "[identity][audit]") {
    Trail t;
    t.give_keys();
    AuditEntry entry;
    entry.workspace = t.one;
    entry.action = "flows.update";
    entry.after = std::string(20'000, 'x');
    t.done(t.audit.record(std::move(entry)));
    const auto list = t.get(t.audit.list(t.one, {}, 10, ""));
    CHECK(list.items[0].after.find("\"bytes\":20000") != std::string::npos);
}

TEST_CASE("what a route does is named after its path and verb", "[net][audit]") {
    using net::Verb;
    CHECK(net::action_of(Verb::post, "/api/v1/flows") == "flows.create");
    CHECK(net::action_of(Verb::put, "/api/v1/flows/{id}") == "flows.update");
    CHECK(net::action_of(Verb::del, "/api/v1/flows/{id}") == "flows.delete");
    CHECK(net::action_of(Verb::post, "/api/v1/runs/{id}/cancel") == "runs.cancel");
    CHECK(net::action_of(Verb::post, "/api/v1/runs/{id}/signals/{name}") == "runs.signals.create");
    CHECK(net::action_of(Verb::post, "/api/v1/flows/{id}/draft/publish") == "flows.draft.publish");
    CHECK(net::action_of(Verb::get, "/api/v1/runs") == "runs.read");
}
