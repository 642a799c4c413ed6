// What is kept of calls: by the policy, for its time, over restarts; on a clock that is moved.

#include <catch2/catch.hpp>

#include "budget/budget_house.hpp"
#include "sluice/llm/contents.hpp"
#include "sluice/storage/blobs.hpp"

using namespace sluice;
using namespace sluice::llm;
using namespace std::chrono_literals;

namespace {

struct Fixture : sluice::testing::BudgetHouse {
    Fixture() { begin(); }
    ~Fixture() { run(contents->stop()); }
    void begin() {
        contents = std::make_unique<Contents>(loop, *storage, *budgets);
        done(contents->start());
    }
    void begin_again() {
        run(contents->stop());
        contents.reset();
        restart();
        begin();
    }
    ContentPolicy wanted(ContentKeep keep, Duration retention = 24h) const {
        ContentPolicy out;
        out.workspace = workspace;
        out.keep = keep;
        out.retention = retention;
        out.updated_by = "key_ann";
        return out;
    }
    void set(ContentKeep keep, Duration retention = 24h) { get(contents->set(wanted(keep, retention), std::nullopt)); }
    budget::SpendId keep(std::string content) {
        const auto call = budget::SpendId::make(clock.now(), random);
        contents->keep(workspace, call, std::move(content));
        run(contents->stop());  // waits for it
        contents.reset();
        begin();
        return call;
    }
    Result<std::string> read(budget::SpendId call) { return run(contents->read(workspace, call)); }

    std::unique_ptr<Contents> contents;
};

}  // namespace

TEST_CASE("nothing is kept until a workspace says so, and the other workspaces stay as they were", "[llm][contents]") {
    Fixture f;
    CHECK_FALSE(f.contents->keeps(f.workspace));
    CHECK(f.contents->policy(f.workspace).keep == ContentKeep::none);
    f.set(ContentKeep::errors);
    CHECK(f.contents->keeps(f.workspace));
    CHECK(f.contents->keeps(f.workspace, true));
    CHECK_FALSE(f.contents->keeps(f.workspace, false));
    CHECK_FALSE(f.contents->keeps(WorkspaceId::make(f.clock.now(), f.random)));
    f.set(ContentKeep::all);
    CHECK(f.contents->keeps(f.workspace, false));
    f.set(ContentKeep::none);
    CHECK_FALSE(f.contents->keeps(f.workspace));
    CHECK(f.contents->policy(f.workspace).revision == 3);
}

TEST_CASE("a policy is there after a restart", "[llm][contents]") {
    Fixture f;
    f.set(ContentKeep::all, 2h);
    f.begin_again();
    CHECK(f.contents->keeps(f.workspace, false));
    CHECK(f.contents->policy(f.workspace).retention == 2h);
}

TEST_CASE("a policy on top of somebody else's, or without sense, is refused", "[llm][contents]") {
    Fixture f;
    const auto before = etag_of(f.contents->policy(f.workspace));
    f.set(ContentKeep::all);
    auto late = f.run(f.contents->set(f.wanted(ContentKeep::none), before));
    REQUIRE_FALSE(late);
    CHECK(late.error().code == ErrorCode::precondition_failed);
    for (const Duration wrong : {Duration(30min), Duration(24h * 401)}) {
        auto refused = f.run(f.contents->set(f.wanted(ContentKeep::all, wrong), std::nullopt));
        REQUIRE_FALSE(refused);
        CHECK(refused.error().details.front().pointer == "/retention");
    }
}

TEST_CASE("content is there for its time, and then gone with its blob", "[llm][contents]") {
    Fixture f;
    f.set(ContentKeep::all, 2h);
    const auto first = f.keep(R"({"request":1})");
    f.clock.advance(1h);
    const auto second = f.keep(R"({"request":2})");
    CHECK(*f.read(first) == R"({"request":1})");
    CHECK(*f.run(f.contents->remove_expired()) == 0);
    f.clock.advance(1h);
    CHECK(f.read(first).error().code == ErrorCode::not_found);
    CHECK(*f.run(f.contents->remove_expired()) == 1);
    CHECK(*f.read(second) == R"({"request":2})");
    f.set(ContentKeep::none);  // what is kept keeps its time
    CHECK(*f.read(second) == R"({"request":2})");
    f.clock.advance(1h);
    CHECK(*f.run(f.contents->remove_expired()) == 1);
    CHECK(f.read(second).error().code == ErrorCode::not_found);
}

TEST_CASE("many contents that end at once are removed in batches, all of them", "[llm][contents]") {
    Fixture f;
    f.set(ContentKeep::all, 1h);
    for (int i = 0; i < 250; ++i) f.contents->keep(f.workspace, budget::SpendId::make(f.clock.now(), f.random), fmt::format("{{\"n\":{}}}", i));
    f.run(f.contents->stop());
    f.contents.reset();
    f.begin();
    f.clock.advance(1h);
    CHECK(*f.run(f.contents->remove_expired()) == 250);
    CHECK(*f.run(f.contents->remove_expired()) == 0);
}
