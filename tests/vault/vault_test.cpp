#include "sluice/vault/vault.hpp"

#include <fstream>

#include "events/house.hpp"
#include "sluice/identity/identity.hpp"
#include "sluice/identity/wrapped_keys.hpp"
#include "sluice/runtime/pool.hpp"
#include "sluice/storage/failpoint.hpp"

using namespace sluice;
using namespace sluice::vault;
namespace fs = std::filesystem;

namespace {

struct Fixture : sluice::testing::House {
    Fixture() {
        sources.data = directory;
        start();
    }
    ~Fixture() {
        storage::failpoint::arm("");
        end();
        std::error_code ignored;
        fs::remove(crypto::key_file_beside(directory), ignored);
    }
    void start() {
        keys = std::make_unique<identity::WrappedKeys>(loop, *storage, blocking, random, sources);
        done(keys->start());
        people = std::make_unique<identity::Identity>(*storage, clock, random);
        done(people->start());
        workspace = get(people->ensure_workspace("default")).id;
        vault = std::make_unique<Vault>(loop, *storage, *keys, blocking, random);
        done(vault->start());
    }
    void end() {
        if (vault) run(vault->stop());
        if (people) run(people->stop());
        vault.reset();
        people.reset();
        keys.reset();
    }
    void restart() {
        storage::failpoint::arm("");
        end();
        close();
        open();
        start();
    }
    Secret make(const std::string& name, const std::string& value, Bindings bindings = {}) {
        return get(vault->create(workspace, {name, value, "what for", std::move(bindings)}, "key_ann"));
    }
    Result<Grant> grant(const std::string& name, const std::string& flow = "f", const std::string& type = "http.request") {
        return run(vault->grant({workspace, flow, type, {name}}));
    }
    std::string value(const std::string& name) {
        auto granted = grant(name);
        INFO((granted ? std::string() : granted.error().message));
        REQUIRE(granted);
        return granted->values().at(name).get<std::string>();
    }
    Principal principal(std::initializer_list<Permission> permissions) const {
        Principal out;
        out.workspace = workspace;
        for (const auto permission : permissions) out.permissions.set(static_cast<std::size_t>(permission));
        return out;
    }
    /// The whole database as bytes, with its log.
    std::string bytes() const {
        std::string out;
        for (const auto* name : {"sluice.db", "sluice.db-wal"}) {
            std::ifstream in(directory / name, std::ios::binary);
            out.append(std::istreambuf_iterator<char>(in), {});
        }
        return out;
    }

    runtime::Pool blocking{loop, "blocking", 1};
    crypto::RootSources sources;
    std::unique_ptr<identity::WrappedKeys> keys;
    std::unique_ptr<identity::Identity> people;
    std::unique_ptr<Vault> vault;
    WorkspaceId workspace;
};

Bindings to_host(const std::string& host) {
    Bindings bindings;
    bindings.hosts = {host};
    return bindings;
}

}  // namespace

TEST_CASE("a secret's value is given to a step that may use it, over restarts, and is nowhere on disk", "[vault]") {
    Fixture f;
    const auto secret = f.make("token", "canary-value-31337", to_host("api.example.com"));
    CHECK(secret.version == 1);
    CHECK(f.value("token") == "canary-value-31337");
    CHECK(f.vault->find(f.workspace, secret.id.str())->name == "token");
    CHECK(f.bytes().find("canary-value") == std::string::npos);
    f.restart();
    CHECK(f.value("token") == "canary-value-31337");
    REQUIRE(f.vault->list(f.workspace).size() == 1);
    const auto read = f.vault->list(f.workspace).front();
    CHECK(read.bindings.hosts == std::vector<std::string>{"api.example.com"});
    CHECK(read.description == "what for");
    CHECK(read.created_by == "key_ann");
    CHECK(f.bytes().find("canary-value") == std::string::npos);
}

TEST_CASE("names, values and bindings that cannot be are refused with their place", "[vault]") {
    Fixture f;
    for (const auto* name : {"", "1st", "with-dash", "with.dot", "ä"}) {
        CAPTURE(name);
        CHECK(f.error(f.vault->create(f.workspace, {name, "some value", "", {}}, "t")) == ErrorCode::invalid_argument);
    }
    CHECK(f.error(f.vault->create(f.workspace, {"a", "", "", {}}, "t")) == ErrorCode::invalid_argument);
    CHECK(f.error(f.vault->create(f.workspace, {"a", std::string((64 << 10) + 1, 'x'), "", {}}, "t")) == ErrorCode::invalid_argument);
    CHECK(f.error(f.vault->create(f.workspace, {"a", "v", std::string(1001, 'x'), {}}, "t")) == ErrorCode::invalid_argument);
    for (const auto* host : {"", "https://a.b", "a.b/c", "A.b", "a.b:", "a.b:0", "a.b:x", "[::1", ".a", "a..", "a b", "*."}) {
        CAPTURE(host);
        auto refused = f.run(f.vault->create(f.workspace, {"a", "v", "", to_host(host)}, "t"));
        REQUIRE_FALSE(refused);
        CHECK(refused.error().code == ErrorCode::invalid_argument);
        CHECK(refused.error().details.front().pointer == "/bindings/hosts/0");
    }
    f.make("a", "v");
    CHECK(f.error(f.vault->create(f.workspace, {"a", "w", "", {}}, "t")) == ErrorCode::conflict);
    CHECK(f.value("a") == "v");
}

TEST_CASE("a new value is used at once, and the one before is kept for a day", "[vault]") {
    Fixture f;
    const auto first = f.make("token", "first-value");
    const auto second = f.get(f.vault->set_value(f.workspace, "token", "second-value", "key_bob", etag_of(first)));
    CHECK(second.version == 2);
    CHECK(second.previous_ends_at == f.clock.now() + std::chrono::hours(24));
    CHECK(f.value("token") == "second-value");
    // Both are taken out of texts while both are good.
    f.run(f.vault->prepare(f.workspace));
    CHECK(f.vault->redactor(f.workspace)->redact("first-value second-value") == "[secret:token] [secret:token]");
    CHECK(f.error(f.vault->set_value(f.workspace, "token", "third", "t", etag_of(first))) == ErrorCode::precondition_failed);
    CHECK(f.error(f.vault->set_value(f.workspace, "other", "third", "t", {})) == ErrorCode::not_found);
    CHECK(f.get(f.vault->remove_ended()) == 0);
    f.clock.advance(std::chrono::hours(24));
    CHECK(f.get(f.vault->remove_ended()) == 1);
    CHECK_FALSE(f.vault->find(f.workspace, "token")->previous_ends_at);
    f.restart();
    CHECK(f.value("token") == "second-value");
    f.run(f.vault->prepare(f.workspace));
    CHECK(f.vault->redactor(f.workspace)->redact("first-value second-value") == "first-value [secret:token]");
}

TEST_CASE("a deleted secret is gone with its versions, and its name is free", "[vault]") {
    Fixture f;
    const auto secret = f.make("token", "some-value");
    CHECK(f.error(f.vault->remove(f.workspace, "token", "\"9\"")) == ErrorCode::precondition_failed);
    f.done(f.vault->remove(f.workspace, "token", etag_of(secret)));
    CHECK(f.error(f.vault->remove(f.workspace, "token", {})) == ErrorCode::not_found);
    CHECK(f.grant("token").error().code == ErrorCode::not_found);
    f.make("token", "another-value");
    f.restart();
    CHECK(f.value("token") == "another-value");
}

TEST_CASE("a secret is of its workspace alone", "[vault]") {
    Fixture f;
    const auto secret = f.make("token", "some-value");
    const auto other = f.get(f.people->ensure_workspace("other")).id;
    CHECK(f.vault->list(other).empty());
    CHECK_FALSE(f.vault->find(other, "token"));
    CHECK_FALSE(f.vault->find(other, secret.id.str()));
    CHECK(f.error(f.vault->grant({other, "f", "http.request", {"token"}})) == ErrorCode::not_found);
    CHECK(f.error(f.vault->set_value(other, secret.id.str(), "x", "t", {})) == ErrorCode::not_found);
    CHECK(f.error(f.vault->remove(other, "token", {})) == ErrorCode::not_found);
}

TEST_CASE("a value is given only to the node types and flows it is bound to, for its hosts", "[vault][binding]") {
    Fixture f;
    Bindings bindings;
    bindings.node_types = {"http.request"};
    bindings.flows = {"billing"};
    bindings.hosts = {"api.example.com", "*.acme.test", "10.0.0.1:8443", "[::1]:80"};
    f.make("token", "some-value", bindings);
    CHECK(f.grant("token", "other").error().code == ErrorCode::forbidden);
    CHECK(f.grant("token", "billing", "mail.send").error().code == ErrorCode::forbidden);
    CHECK(f.grant("absent", "billing").error().message.find("sluice secrets set absent") != std::string::npos);
    auto granted = f.grant("token", "billing");
    REQUIRE(granted);
    CHECK(granted->may_reach("api.example.com", 443));
    CHECK(granted->may_reach("api.example.com", 8080));
    CHECK(granted->may_reach("x.acme.test", 443));
    CHECK(granted->may_reach("10.0.0.1", 8443));
    CHECK(granted->may_reach("::1", 80));
    for (const auto* host : {"example.com", "api.example.com.evil.test", "xapi.example.com", "acme.test", "evilacme.test", "10.0.0.1", "::1"}) {
        CAPTURE(host);
        CHECK_FALSE(granted->may_reach(host, 443));
    }
    CHECK(granted->may_reach("evil.test", 443).error().message.find("sluice secrets bind token --host evil.test") != std::string::npos);
    CHECK(Grant().may_reach("anywhere", 443));
    f.make("nowhere", "some-value");
    CHECK_FALSE(f.grant("nowhere")->may_reach("api.example.com", 443));
    f.make("anywhere", "some-value", to_host("*"));
    CHECK(f.grant("anywhere")->may_reach("api.example.com", 443));
}

TEST_CASE("publishing a use is judged by name, binding, host and the publisher's right", "[vault][binding]") {
    Fixture f;
    Bindings bindings = to_host("api.example.com");
    bindings.flows = {"billing"};
    bindings.node_types = {"http.request"};
    const auto secret = f.make("token", "some-value", bindings);
    const auto owner = f.principal({Permission::flows_write, Permission::secrets_use});
    const auto developer = f.principal({Permission::flows_write});
    const auto judge = [&](const PlannedUse& use, const Principal& who, std::string_view flow = "billing") {
        return f.vault->judge(f.workspace, flow, {use}, who);
    };
    const PlannedUse good{"/nodes/0/config/headers/A", "token", "http.request", "api.example.com:443"};
    CHECK(judge(good, owner).mistakes.empty());
    PlannedUse use = good;
    use.secret = "absent";
    REQUIRE(judge(use, owner).mistakes.size() == 1);
    CHECK(judge(use, owner).mistakes[0].pointer == good.pointer);
    CHECK(judge(use, owner).mistakes[0].message.find("sluice secrets set absent") != std::string::npos);
    use.secret = secret.id.str();  // a flow names secrets by name
    CHECK(judge(use, owner).mistakes.size() == 1);
    use = good;
    use.node_type = "other";
    CHECK(judge(use, owner).mistakes.size() == 1);
    use = good;
    use.host = "evil.test:443";
    CHECK(judge(use, owner).mistakes.size() == 1);
    use.host.clear();  // known at the run
    CHECK(judge(use, owner).mistakes.empty());
    CHECK(judge(good, owner, "other").mistakes.size() == 1);

    CHECK(judge(good, developer).forbidden);
    CHECK(judge(good, developer).mistakes.size() == 1);
    bindings.developers = true;
    SecretEdit change;
    change.bindings = bindings;
    f.get(f.vault->edit(f.workspace, "token", change, etag_of(secret)));
    CHECK_FALSE(judge(good, developer).forbidden);
    CHECK(judge(good, f.principal({})).forbidden);
    CHECK(f.error(f.vault->edit(f.workspace, "token", change, etag_of(secret))) == ErrorCode::precondition_failed);
}

TEST_CASE("a sealed vault lists and deletes, refuses values, and gives them once it is open", "[vault][sealed]") {
    Fixture f;
    f.make("token", "some-value");
    f.make("second", "other-value");
    const auto file = crypto::key_file_beside(f.directory);
    const fs::path away = file.string() + "-away";
    fs::rename(file, away);
    f.restart();
    CHECK(f.vault->sealed());
    CHECK(f.vault->list(f.workspace).size() == 2);
    CHECK(f.grant("token").error().code == ErrorCode::sealed);
    CHECK(f.error(f.vault->create(f.workspace, {"new", "v", "", {}}, "t")) == ErrorCode::sealed);
    CHECK(f.error(f.vault->set_value(f.workspace, "token", "v", "t", {})) == ErrorCode::sealed);
    CHECK(f.error(f.vault->rotate_keys(f.workspace)) == ErrorCode::sealed);
    CHECK(f.vault->prepared(f.workspace));  // nothing can be known, and nobody waits for it
    f.done(f.vault->remove(f.workspace, "second", {}));
    fs::rename(away, file);
    f.done(f.keys->unseal());
    f.run(f.vault->wait_open());
    CHECK(f.value("token") == "some-value");
    CHECK_FALSE(f.vault->prepared(f.workspace));
}

TEST_CASE("rotating the workspace's key wraps every version anew and lets the old key go", "[vault][rotation]") {
    Fixture f;
    f.make("a", "value-of-a");
    f.make("b", "value-of-b");
    f.get(f.vault->set_value(f.workspace, "b", "next-of-b", "t", {}));
    const auto rotated = f.get(f.vault->rotate_keys(f.workspace));
    CHECK(rotated.key_version == 2);
    CHECK(rotated.rewrapped == 3);
    CHECK(f.keys->versions("secrets", f.workspace).size() == 1);
    f.restart();
    CHECK(f.value("a") == "value-of-a");
    CHECK(f.value("b") == "next-of-b");
}

TEST_CASE("a rotation of the workspace's key that breaks off goes on at the next start", "[vault][rotation]") {
    Fixture f;
    for (int i = 0; i < 5; ++i) f.make(fmt::format("s{}", i), fmt::format("value-of-{}", i));
    REQUIRE(storage::failpoint::arm("secret.rewrap:error:3"));
    CHECK(f.error(f.vault->rotate_keys(f.workspace)) == ErrorCode::unavailable);
    storage::failpoint::arm("");
    CHECK(f.keys->versions("secrets", f.workspace).size() == 2);
    f.make("during", "value-between");
    for (int i = 0; i < 5; ++i) CHECK(f.value(fmt::format("s{}", i)) == fmt::format("value-of-{}", i));
    f.restart();
    f.get(f.vault->create(f.workspace, {"after", "value-after", "", {}}, "t"));  // waits for the rotation's turn
    CHECK(f.keys->versions("secrets", f.workspace).size() == 1);
    for (int i = 0; i < 5; ++i) CHECK(f.value(fmt::format("s{}", i)) == fmt::format("value-of-{}", i));
    CHECK(f.value("during") == "value-between");
}

TEST_CASE("a value that was moved to another row does not open", "[vault]") {
    Fixture f;
    f.make("a", "value-of-a");
    f.make("b", "value-of-b");
    static const storage::Query swap{"test.swap", R"sql(
        UPDATE secret_version SET (data_key, value) = (SELECT data_key, value FROM secret_version o WHERE o.rowid <> secret_version.rowid LIMIT 1)
        WHERE rowid = (SELECT min(rowid) FROM secret_version))sql", storage::Query::Note::instance_scan};
    storage::WriteUnit unit;
    unit.add(swap);
    f.done(f.storage->submit(std::move(unit)));
    CHECK(f.grant("a").error().code == ErrorCode::internal);
    CHECK(f.value("b") == "value-of-b");
}
