#include "sluice/flows/flows.hpp"

#include <boost/asio/co_spawn.hpp>

#include <set>

#include "events/house.hpp"
#include "flows/flows_store.hpp"
#include "flows/types.hpp"
#include "sluice/identity/identity.hpp"
#include "sluice/storage/audit.hpp"

using namespace sluice;
using namespace sluice::flows;
using flows::test::flow;
using flows::test::types;

namespace {

struct Fixture : sluice::testing::House {
    Fixture() { start(); }
    void start() {
        identity = std::make_unique<identity::Identity>(*storage, clock, random);
        done(identity->start());
        workspace = identity->find_workspace("default")->id;
        flows = std::make_unique<Flows>(*storage, types(), clock, random);
    }
    void restart() {
        run(identity->stop());
        flows.reset();
        identity.reset();
        close();
        open();
        start();
    }
    Flow create(Json document, bool live = true) { return get(flows->create(workspace, std::move(document), live, "first", "tester")); }
    Flow update(FlowId id, Json document, bool live = true, std::optional<std::string> if_match = {}) {
        return get(flows->update(workspace, id, std::move(document), live, "next", "tester", std::move(if_match)));
    }
    template <class T>
    Error refused(Awaitable<Result<T>> task) {
        auto result = testing::run(loop, std::move(task));
        REQUIRE_FALSE(result);
        return result.error();
    }

    std::unique_ptr<identity::Identity> identity;
    std::unique_ptr<Flows> flows;
    WorkspaceId workspace;
};

Json document(std::string name = "triage", int value = 1) {
    auto made = flow(R"({"id": "a", "type": "echo", "config": {"value": 0}})", "", R"("output": "{{ nodes.a.output }}")");
    made["name"] = std::move(name);
    made["nodes"][0]["config"]["value"] = value;
    return made;
}

}  // namespace

TEST_CASE("a created flow is its first version, live and readable by id and name", "[flows][service]") {
    Fixture f;
    const auto made = f.create(document());
    CHECK(made.id.str().starts_with("flw_"));
    CHECK(made.version == 1);
    CHECK(made.live_version == 1);
    CHECK(made.latest_version == 1);
    CHECK(etag_of(made) == "\"1\"");
    CHECK(made.created_at == f.clock.now());
    for (const auto& read : {f.get(f.flows->get(f.workspace, made.id)), f.get(f.flows->get_by_name(f.workspace, "triage"))}) {
        CHECK(read.id == made.id);
        CHECK(read.name == "triage");
        CHECK(read.project == "default");
        CHECK(read.version == 1);
        CHECK(read.document == made.document);
        CHECK(read.created_at == made.created_at);
    }
    const auto versions = f.get(f.flows->versions(f.workspace, made.id));
    REQUIRE(versions.size() == 1);
    CHECK(versions[0].note == "first");
    CHECK(versions[0].created_by == "tester");
    CHECK(versions[0].content_hash.size() == 64);
}

TEST_CASE("what has mistakes is refused with a pointer to each and stores nothing", "[flows][service]") {
    Fixture f;
    auto bad = document();
    bad["nodes"][0]["type"] = "ecko";
    bad["x"] = 1;
    const auto error = f.refused(f.flows->create(f.workspace, bad, true, "", "t"));
    CHECK(error.code == ErrorCode::unprocessable);
    REQUIRE(error.details.size() == 2);
    CHECK(error.details[0].pointer == "/x");
    CHECK(error.details[1].pointer == "/nodes/0/type");
    CHECK(error.message.starts_with("the flow has 2 mistakes; the first at /x: "));
    CHECK(f.get(f.flows->list(f.workspace, "", {})).items.empty());
    CHECK(f.flows->validate(bad).errors.size() == 2);
    CHECK(f.get(f.flows->validate_apart(bad)).errors == f.flows->validate(bad).errors);
}

TEST_CASE("a name is there once, and a project must exist", "[flows][service]") {
    Fixture f;
    const auto first = f.create(document());
    CHECK(f.error(f.flows->create(f.workspace, document(), true, "", "t")) == ErrorCode::conflict);
    const auto other = f.create(document("other"));
    CHECK(f.error(f.flows->update(f.workspace, other.id, document("triage"), true, "", "t", {})) == ErrorCode::conflict);
    auto elsewhere = document("third");
    elsewhere["project"] = "sales";
    CHECK(f.error(f.flows->create(f.workspace, elsewhere, true, "", "t")) == ErrorCode::not_found);
    f.get(f.identity->create_project(f.workspace, "sales"));
    CHECK(f.create(elsewhere).project == "sales");
    SECTION("another workspace has names of its own and sees nothing of this one") {
        const auto acme = f.get(f.identity->ensure_workspace("acme")).id;
        CHECK(f.get(f.flows->create(acme, document(), true, "", "t")).name == "triage");
        CHECK(f.error(f.flows->get(acme, first.id)) == ErrorCode::not_found);
        CHECK(f.error(f.flows->update(acme, first.id, document("x"), true, "", "t", {})) == ErrorCode::not_found);
        CHECK(f.error(f.flows->remove(acme, first.id, {})) == ErrorCode::not_found);
        CHECK(f.error(f.flows->runnable(acme, first.id)) == ErrorCode::not_found);
        CHECK(f.get(f.flows->list(acme, "", {})).items.size() == 1);
    }
}

TEST_CASE("two that create one name at the same moment get one flow and one conflict", "[flows][service]") {
    Fixture f;
    int made = 0, conflicts = 0;
    const auto count = [&](std::exception_ptr thrown, Result<Flow> result) {
        REQUIRE_FALSE(thrown);
        if (result) ++made;
        else if (result.error().code == ErrorCode::conflict) ++conflicts;
        if (made + conflicts == 8) f.loop.stop();
    };
    for (int i = 0; i < 8; ++i)
        boost::asio::co_spawn(f.loop.context(), f.flows->create(f.workspace, document("same", i), true, "", "t"), count);
    f.loop.run();
    CHECK(made == 1);
    CHECK(conflicts == 7);
}

TEST_CASE("updates at the same moment all become versions, in some order", "[flows][service]") {
    Fixture f;
    const auto id = f.create(document()).id;
    int ended = 0;
    std::set<int> numbers;
    const auto note = [&](std::exception_ptr thrown, Result<Flow> result) {
        REQUIRE_FALSE(thrown);
        if (result) numbers.insert(result->version);
        if (++ended == 4) f.loop.stop();
    };
    for (int i = 0; i < 4; ++i)
        boost::asio::co_spawn(f.loop.context(), f.flows->update(f.workspace, id, document("triage", 10 + i), true, "", "t", {}), note);
    f.loop.run();
    CHECK(numbers == std::set<int>{2, 3, 4, 5});
    const auto flow = f.get(f.flows->get(f.workspace, id));
    CHECK(flow.live_version == 5);
    CHECK(f.get(f.flows->runnable(f.workspace, id)).version == 5);
}

TEST_CASE("a changed document is the next version, the same one is none", "[flows][service]") {
    Fixture f;
    const auto first = f.create(document());
    f.clock.advance(std::chrono::seconds(5));
    const auto second = f.update(first.id, document("triage", 2));
    CHECK(second.version == 2);
    CHECK(second.live_version == 2);
    CHECK(second.revision == 2);
    CHECK(second.updated_at == first.updated_at + std::chrono::seconds(5));
    CHECK(second.created_at == first.created_at);
    auto same = document("triage", 2);
    same["project"] = "default";  // says nothing new
    const auto again = f.update(first.id, same);
    CHECK(again.version == 2);
    CHECK(again.revision == 2);
    CHECK(f.get(f.flows->versions(f.workspace, first.id)).size() == 2);
    SECTION("without moving live") {
        const auto third = f.update(first.id, document("triage", 3), false);
        CHECK(third.version == 3);
        CHECK(third.live_version == 2);
        CHECK(f.get(f.flows->get(f.workspace, first.id)).version == 2);
        CHECK(f.get(f.flows->get(f.workspace, first.id, 3)).document == third.document);
        SECTION("the same again with live moves it") {
            const auto moved = f.update(first.id, document("triage", 3));
            CHECK(moved.version == 3);
            CHECK(moved.live_version == 3);
            CHECK(moved.revision == 4);
        }
    }
    SECTION("a rename is a version too, and frees the old name") {
        CHECK(f.update(first.id, document("sorting", 2)).name == "sorting");
        CHECK(f.error(f.flows->get_by_name(f.workspace, "triage")) == ErrorCode::not_found);
        CHECK(f.get(f.flows->get_by_name(f.workspace, "sorting")).version == 3);
        f.create(document("triage"));
    }
}

TEST_CASE("live moves back and forth", "[flows][service]") {
    Fixture f;
    const auto id = f.create(document()).id;
    f.update(id, document("triage", 2));
    const auto back = f.get(f.flows->set_live(f.workspace, id, 1, {}));
    CHECK(back.live_version == 1);
    CHECK(back.latest_version == 2);
    CHECK(back.version == 1);
    CHECK(back.document["nodes"][0]["config"]["value"] == 1);
    CHECK(f.get(f.flows->get(f.workspace, id)).version == 1);
    CHECK(f.get(f.flows->runnable(f.workspace, id)).version == 1);
    CHECK(f.get(f.flows->set_live(f.workspace, id, 2, {})).live_version == 2);
    CHECK(f.get(f.flows->set_live(f.workspace, id, 2, {})).revision == 4);
    CHECK(f.error(f.flows->set_live(f.workspace, id, 3, {})) == ErrorCode::not_found);
    CHECK(f.error(f.flows->set_live(f.workspace, id, 0, {})) == ErrorCode::not_found);
    CHECK(f.error(f.flows->get(f.workspace, id, 9)) == ErrorCode::not_found);
}

TEST_CASE("a change on an old state is refused by its ETag", "[flows][service]") {
    Fixture f;
    const auto first = f.create(document());
    const auto second = f.update(first.id, document("triage", 2), true, etag_of(first));
    CHECK(f.error(f.flows->update(f.workspace, first.id, document("triage", 3), true, "", "t", etag_of(first))) ==
          ErrorCode::precondition_failed);
    CHECK(f.error(f.flows->set_live(f.workspace, first.id, 1, etag_of(first))) == ErrorCode::precondition_failed);
    CHECK(f.error(f.flows->remove(f.workspace, first.id, etag_of(first))) == ErrorCode::precondition_failed);
    CHECK(f.get(f.flows->set_live(f.workspace, first.id, 1, etag_of(second))).revision == 3);
    f.done(f.flows->remove(f.workspace, first.id, "*"));
}

TEST_CASE("a deleted flow frees its name and stays for its runs", "[flows][service]") {
    Fixture f;
    const auto id = f.create(document()).id;
    f.done(f.flows->remove(f.workspace, id, {}));
    const auto gone = [&] {
        CHECK(f.error(f.flows->get(f.workspace, id)) == ErrorCode::not_found);
        CHECK(f.error(f.flows->get(f.workspace, id, 1)) == ErrorCode::not_found);
        CHECK(f.error(f.flows->get_by_name(f.workspace, "triage")) == ErrorCode::not_found);
        CHECK(f.error(f.flows->versions(f.workspace, id)) == ErrorCode::not_found);
        CHECK(f.error(f.flows->remove(f.workspace, id, {})) == ErrorCode::not_found);
        CHECK(f.error(f.flows->update(f.workspace, id, document(), true, "", "t", {})) == ErrorCode::not_found);
        CHECK(f.error(f.flows->set_live(f.workspace, id, 1, {})) == ErrorCode::not_found);
        CHECK(f.error(f.flows->runnable(f.workspace, id)) == ErrorCode::not_found);
        CHECK_FALSE(f.flows->cached(f.workspace, id));
        const auto running = f.get(f.flows->runnable(f.workspace, id, 1));
        CHECK(running.deleted);
        CHECK(running.flow->name == "triage");
    };
    gone();
    f.restart();
    gone();
    CHECK(f.create(document()).id != id);
}

TEST_CASE("compiled versions are cached, and live follows every change", "[flows][cache]") {
    Fixture f;
    const auto id = f.create(document()).id;
    const auto first = f.flows->cached(f.workspace, id);
    REQUIRE(first);
    CHECK(first->version == 1);
    CHECK(first->name == "triage");
    CHECK(first->project == "default");
    f.update(id, document("triage", 2));
    REQUIRE(f.flows->cached(f.workspace, id));
    CHECK(f.flows->cached(f.workspace, id)->version == 2);
    CHECK(f.flows->cached(f.workspace, id, 1)->flow == first->flow);
    f.get(f.flows->set_live(f.workspace, id, 1, {}));
    CHECK(f.flows->cached(f.workspace, id)->version == 1);
    CHECK_FALSE(f.flows->cached(f.workspace, id, 7));
    SECTION("after a restart the first use loads it") {
        f.restart();
        CHECK_FALSE(f.flows->cached(f.workspace, id));
        const auto loaded = f.get(f.flows->runnable(f.workspace, id));
        CHECK(loaded.version == 1);
        CHECK(loaded.flow->document == first->flow->document);
        CHECK(f.flows->cached(f.workspace, id)->flow == loaded.flow);
        CHECK_FALSE(f.flows->cached(f.workspace, id, 2));
        CHECK(f.get(f.flows->runnable(f.workspace, id, 2)).version == 2);
        CHECK(f.flows->cached(f.workspace, id, 2));
        CHECK(f.error(f.flows->runnable(f.workspace, id, 3)) == ErrorCode::not_found);
    }
    SECTION("many flows push the oldest out, which is loaded again") {
        for (int i = 0; i < 520; ++i) f.create(document(fmt::format("n{}", i)));
        CHECK_FALSE(f.flows->cached(f.workspace, id));
        CHECK(f.get(f.flows->runnable(f.workspace, id)).version == 1);
        CHECK(f.flows->cached(f.workspace, id));
    }
}

TEST_CASE("a flow with nothing live cannot be run without a version", "[flows][service]") {
    Fixture f;
    const auto id = f.create(document(), false).id;
    CHECK(f.get(f.flows->get(f.workspace, id)).version == 1);
    CHECK(f.get(f.flows->get(f.workspace, id)).live_version == 0);
    CHECK_FALSE(f.flows->cached(f.workspace, id));
    CHECK(f.error(f.flows->runnable(f.workspace, id)) == ErrorCode::conflict);
    CHECK(f.get(f.flows->runnable(f.workspace, id, 1)).version == 1);
}

TEST_CASE("a stored flow whose node type was removed still loads", "[flows][service]") {
    Fixture f;
    const auto id = f.create(document()).id;
    NodeTypes none;
    Flows later(*f.storage, none, f.clock, f.random);
    const auto loaded = f.get(later.runnable(f.workspace, id));
    CHECK(loaded.flow->graph.nodes[0].type == nullptr);
    CHECK(f.error(later.update(f.workspace, id, document("triage", 5), true, "", "t", {})) == ErrorCode::unprocessable);
}

TEST_CASE("a list is cut into pages by signed cursors", "[flows][service]") {
    Fixture f;
    f.get(f.identity->create_project(f.workspace, "sales"));
    std::vector<std::string> names;
    for (int i = 0; i < 7; ++i) {
        auto one = document(fmt::format("n{}", i));
        if (i % 2) one["project"] = "sales";
        f.create(one);
        f.clock.advance(std::chrono::milliseconds(2));
    }
    Page page{3, ""};
    do {
        const auto part = f.get(f.flows->list(f.workspace, "", page));
        CHECK(part.items.size() <= 3);
        for (const auto& flow : part.items) names.push_back(flow.name);
        page.cursor = part.next_cursor;
    } while (!page.cursor.empty());
    CHECK(names == std::vector<std::string>{"n6", "n5", "n4", "n3", "n2", "n1", "n0"});
    const auto sales = f.get(f.flows->list(f.workspace, "sales", {2, ""}));
    REQUIRE(sales.items.size() == 2);
    CHECK(sales.items[0].name == "n5");
    CHECK(f.get(f.flows->list(f.workspace, "sales", {2, sales.next_cursor})).items.size() == 1);
    CHECK(f.error(f.flows->list(f.workspace, "", {2, sales.next_cursor})) == ErrorCode::invalid_argument);
    CHECK(f.error(f.flows->list(f.workspace, "", {2, "x"})) == ErrorCode::invalid_argument);
    CHECK(f.get(f.flows->list(f.workspace, "", {}, "n3")).items.size() == 1);
    CHECK(f.get(f.flows->list(f.workspace, "default", {}, "n3")).items.empty());
    SECTION("a cursor outlives the process when its key does") {
        f.flows->set_cursor_key(std::string(32, 'k'));
        const auto cursor = f.get(f.flows->list(f.workspace, "", {2, ""})).next_cursor;
        f.restart();
        f.flows->set_cursor_key(std::string(32, 'k'));
        CHECK(f.get(f.flows->list(f.workspace, "", {2, cursor})).items[0].name == "n4");
    }
}

TEST_CASE("versions are compared by number", "[flows][service]") {
    Fixture f;
    const auto id = f.create(document()).id;
    auto next = document();
    next["nodes"].push_back({{"id", "b"}, {"type", "echo"}});
    next["edges"].push_back({{"from", "a"}, {"to", "b"}});
    f.update(id, next);
    const auto differences = f.get(f.flows->diff(f.workspace, id, 1, 2));
    REQUIRE(differences.size() == 2);
    CHECK(differences[0].key == "b");
    CHECK(differences[1].key == "a→b");
    CHECK(f.get(f.flows->diff(f.workspace, id, 2, 2)).empty());
    CHECK(f.error(f.flows->diff(f.workspace, id, 1, 3)) == ErrorCode::not_found);
    CHECK(f.get(f.flows->version(f.workspace, id, 2)).document == canonical_document(next));
    CHECK(f.get(f.flows->versions(f.workspace, id, 2, 10)).size() == 1);
}

TEST_CASE("applying a document creates, updates or changes nothing", "[flows][service]") {
    Fixture f;
    const auto apply = [&](Json json) { return f.get(f.flows->apply(f.workspace, std::move(json), true, "", "t")); };
    CHECK(apply(document()).change == "created");
    CHECK(apply(document()).change == "unchanged");
    const auto next = apply(document("triage", 2));
    CHECK(next.change == "updated");
    CHECK(next.flow.version == 2);
    f.get(f.flows->set_live(f.workspace, next.flow.id, 1, {}));
    const auto forth = apply(document("triage", 2));
    CHECK(forth.change == "updated");
    CHECK(forth.flow.live_version == 2);
    CHECK(forth.flow.latest_version == 2);
    const auto from_yaml = parse_yaml(to_yaml(next.flow.document));
    REQUIRE(from_yaml);
    CHECK(apply(*from_yaml).change == "unchanged");
    auto bad = document("triage", 3);
    bad["project"] = "nowhere";
    CHECK(f.error(f.flows->apply(f.workspace, bad, true, "", "t")) == ErrorCode::not_found);
}

TEST_CASE("what commits with a change sees its result and fails with it", "[flows][service]") {
    Fixture f;
    std::vector<std::int64_t> seen;
    const AlsoCommit also = [&](storage::WriteUnit&, const Flow& flow) { seen.push_back(flow.revision); };
    const auto made = f.get(f.flows->create(f.workspace, document(), true, "", "t", also));
    f.get(f.flows->update(f.workspace, made.id, document("triage", 2), true, "", "t", {}, also));
    f.get(f.flows->set_live(f.workspace, made.id, 1, {}, also));
    f.done(f.flows->remove(f.workspace, made.id, {}, also));
    CHECK(seen == std::vector<std::int64_t>{1, 2, 3, 4});
    const AlsoCommit refuse = [](storage::WriteUnit& unit, const Flow&) {
        unit.add([](storage::Tx&) -> Result<void> { return fail(ErrorCode::forbidden, "no"); });
    };
    CHECK(f.error(f.flows->create(f.workspace, document(), true, "", "t", refuse)) == ErrorCode::forbidden);
    CHECK(f.get(f.flows->list(f.workspace, "", {})).items.empty());
}

TEST_CASE("the statements of flows keep storage's rules", "[flows][store]") {
    std::vector<const storage::Query*> own;
    for (const auto* query : storage::Query::all())
        if (std::string_view(query->name()).starts_with("flows.")) own.push_back(query);
    REQUIRE(own.size() >= 12);
    const auto findings = storage::audit_queries(storage::built_in_migrations(), own, {});
    REQUIRE(findings);
    for (const auto& finding : *findings) {
        CAPTURE(finding.query, finding.problem);
        CHECK(finding.query.empty());
    }
}
