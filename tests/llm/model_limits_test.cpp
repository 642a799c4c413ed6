// Limits on calls of models: buckets on a clock that is moved, lists of allowed models, and definitions over restarts.

#include <catch2/catch.hpp>

#include "budget/budget_house.hpp"
#include "sluice/identity/key_grants.hpp"
#include "sluice/llm/model_limits.hpp"

using namespace sluice;
using namespace sluice::llm;
using namespace std::chrono_literals;
using budget::ScopeType;

namespace {

struct Fixture : sluice::testing::BudgetHouse {
    Fixture() { begin(); }
    void begin() {
        limits = std::make_unique<ModelLimits>(*storage, clock, random);
        done(limits->start());
        grants = make_key_grants(*budgets, *limits);
    }
    void begin_again() {
        grants.reset();
        limits.reset();
        restart();
        begin();
    }
    ModelLimit wanted(LimitTerms terms, ScopeType type = ScopeType::workspace, const std::string& id = "", const std::string& model = "") const {
        ModelLimit out;
        out.workspace = workspace;
        out.scope = type;
        out.scope_id = id;
        out.model = model;
        out.terms = std::move(terms);
        out.created_by = "key_ann";
        return out;
    }
    ModelLimit limit(LimitTerms terms, ScopeType type = ScopeType::workspace, const std::string& id = "", const std::string& model = "") {
        return get(limits->create(wanted(std::move(terms), type, id, model)));
    }
    Error refused(ModelLimit what) {
        auto made = run(limits->create(std::move(what)));
        REQUIRE_FALSE(made);
        return made.error();
    }
    ModelLimits::Verdict call(std::int64_t tokens = 0, const ModelNames& names = {"m", "m", "up/m"}) {
        CountedLimits counted;
        return limits->admit(scope(), names, tokens, counted);
    }
    bool passes(std::int64_t tokens = 0, const ModelNames& names = {"m", "m", "up/m"}) { return !call(tokens, names).refusal; }
    bool allows(std::string_view asked, std::string_view model = {}, std::string_view label = {}) {
        return limits->allows(scope(), {asked, model, label});
    }
    Principal key(const ApiKeyId& id) const {
        Principal out;
        out.kind = Principal::Kind::api_key;
        out.id = id.str();
        out.workspace = workspace;
        return out;
    }
    /// Makes what a key is given, as the creation of the key does.
    Result<ApiKeyId> give(const Principal& maker, Json body) {
        auto draft = run(grants->draft(maker, std::move(body)));
        if (!draft) return fail(std::move(draft.error()));
        identity::ApiKey made;
        made.id = ApiKeyId::make(clock.now(), random);
        made.workspace = workspace;
        storage::WriteUnit unit;
        (*draft)->append(unit, made);
        done(storage->submit(std::move(unit)));
        (*draft)->committed();
        return made.id;
    }

    std::unique_ptr<ModelLimits> limits;
    std::unique_ptr<identity::KeyGrants> grants;
};

LimitTerms requests(std::int64_t count) { return {count, {}, {}}; }
LimitTerms tokens(std::int64_t count) { return {{}, count, {}}; }
LimitTerms models(std::vector<std::string> names) { return {{}, {}, std::move(names)}; }

Principal local(WorkspaceId workspace) {
    Principal out;
    out.kind = Principal::Kind::local;
    out.id = "local";
    out.workspace = workspace;
    return out;
}

}  // namespace

TEST_CASE("a full bucket admits exactly its limit, then one whenever its part of the minute has passed", "[llm][limits]") {
    const auto per_minute = GENERATE(1, 7, 60, 1'000);
    CAPTURE(per_minute);
    Fixture f;
    f.limit(requests(per_minute));
    for (int i = 0; i < per_minute; ++i) REQUIRE(f.passes());
    const auto verdict = f.call();
    REQUIRE(verdict.refusal);
    CHECK(verdict.refusal->retry_in > 0s);
    CHECK(verdict.standings.requests->left == 0);
    f.clock.advance(verdict.refusal->retry_in - 2us);
    CHECK_FALSE(f.passes());
    f.clock.advance(2us);
    CHECK(f.passes());
    CHECK_FALSE(f.passes());
    f.clock.advance(1h);  // an idle hour fills one minute's worth, no more
    for (int i = 0; i < per_minute; ++i) REQUIRE(f.passes());
    CHECK_FALSE(f.passes());
}

TEST_CASE("tokens are reserved, corrected by what was used, and what was used beyond is owed", "[llm][limits]") {
    Fixture f;
    f.limit(tokens(600));
    auto small = f.call(400);
    REQUIRE_FALSE(small.refusal);
    CHECK(small.standings.tokens->left == 200);
    CHECK_FALSE(f.passes(300));
    SECTION("less was used: the rest is free again") {
        small.share.settle(100);
        CHECK(f.call(0).standings.tokens->left == 500);
        CHECK(f.passes(500));
    }
    SECTION("more was used: nobody is admitted until it is made up for") {
        small.share.settle(900);
        const auto verdict = f.call(1);
        REQUIRE(verdict.refusal);
        CHECK(verdict.refusal->retry_in >= 30s);
        CHECK(verdict.refusal->retry_in < 31s);
        f.clock.advance(31s);
        CHECK(f.passes(1));
    }
    SECTION("absurd usage closes the scope for an hour, not for ever") {
        small.share.settle(INT64_MAX);
        REQUIRE_FALSE(f.passes(1));
        f.clock.advance(61min);
        CHECK(f.passes(1));
    }
    SECTION("without a word what was reserved stays counted") {
        small.share = {};
        CHECK(f.call(0).standings.tokens->left == 200);
    }
    SECTION("settled twice it counts once") {
        small.share.settle(100);
        small.share.settle(0);
        CHECK(f.call(0).standings.tokens->left == 500);
    }
}

TEST_CASE("a call larger than a minute's tokens takes a whole minute instead of being refused for ever", "[llm][limits]") {
    Fixture f;
    f.limit(tokens(100));
    CHECK(f.passes(1'000'000));
    CHECK_FALSE(f.passes(1'000'000));
    f.clock.advance(60s);
    CHECK(f.passes(INT64_MAX));
}

TEST_CASE("every limit that covers a call must have room, and a refused call takes from none", "[llm][limits]") {
    Fixture f;
    const auto wide = f.limit(requests(10));
    f.limit(requests(2), ScopeType::project, "default");
    f.limit(requests(1), ScopeType::project, "other");
    CHECK(f.passes());
    CHECK(f.passes());
    for (int i = 0; i < 5; ++i) CHECK_FALSE(f.passes());
    CHECK(f.limits->standings(wide).requests->left == 8);
    CHECK(f.call().refusal->message.find("the project default") != std::string::npos);
}

TEST_CASE("the attempts of one call are one request, and a call that was not made gives everything back", "[llm][limits]") {
    Fixture f;
    const auto of_workspace = f.limit({2, 1'000, {}});
    CountedLimits counted;
    const ModelNames names{"m", "m", "up/m"};
    auto first = f.limits->admit(f.scope(), names, 100, counted);
    auto second = f.limits->admit(f.scope(), names, 100, counted);
    CHECK(f.limits->standings(of_workspace).requests->left == 1);
    CHECK(f.limits->standings(of_workspace).tokens->left == 800);
    f.limits->release(std::move(second.share), counted);
    CHECK(f.limits->standings(of_workspace).requests->left == 1);
    CHECK(f.limits->standings(of_workspace).tokens->left == 900);
    f.limits->release(std::move(first.share), counted);
    CHECK(f.limits->standings(of_workspace).requests->left == 2);
    CHECK(f.limits->standings(of_workspace).tokens->left == 1'000);
    CHECK(counted.empty());
}

TEST_CASE("a limit of some models leaves others alone, and says so when it refuses", "[llm][limits]") {
    Fixture f;
    SECTION("by the beginning of a name in a scope") { f.limit(requests(1), ScopeType::workspace, "", "gpt-*"); }
    SECTION("by the name of the model") { f.limit(requests(1), ScopeType::model, "gpt-6"); }
    SECTION("by the beginning of the name of a model") { f.limit(requests(1), ScopeType::model, "gpt-*"); }
    SECTION("by its provider") { f.limit(requests(1), ScopeType::model, "openai/*"); }
    const ModelNames gpt{"gpt-6", "gpt-6", "openai/gpt-6"};
    CHECK(f.passes(0, gpt));
    const auto again = f.call(0, gpt);
    REQUIRE(again.refusal);
    CHECK(again.refusal->of_models);
    for (int i = 0; i < 5; ++i) CHECK(f.passes(0, {"claude", "claude", "anthropic/claude"}));
    f.limit(requests(5), ScopeType::project, "default");
    CHECK(f.call(0, gpt).refusal->of_models);
    for (int i = 0; i < 5; ++i) f.call();
    CHECK_FALSE(f.call(0, gpt).refusal->of_models);  // no other model has room either
}

TEST_CASE("a list of models allows names and beginnings; of several lists each must", "[llm][limits]") {
    Fixture f;
    CHECK_FALSE(f.limits->any(f.workspace));
    CHECK(f.allows("anything"));
    f.limit(models({"gpt-6", "claude-*", "up/*"}));
    CHECK(f.limits->any(f.workspace));
    CHECK(f.allows("gpt-6"));
    CHECK_FALSE(f.allows("gpt-6-astra"));
    CHECK(f.allows("claude-sonnet-5-5"));
    CHECK_FALSE(f.allows("claude"));
    CHECK_FALSE(f.allows(""));
    CHECK(f.allows("smart-name", "small", "up/small"));
    f.limit(models({"claude-haiku-*"}), ScopeType::project, "default");
    CHECK(f.allows("claude-haiku-5-5"));
    CHECK_FALSE(f.allows("claude-sonnet-5-5"));
    CHECK_FALSE(f.allows("gpt-6"));
}

TEST_CASE("a list is within another one when it allows nothing more", "[llm][limits]") {
    CHECK(within({"a"}, {"a", "b"}));
    CHECK(within({"gpt-6", "gpt-7*"}, {"gpt-*"}));
    CHECK(within({"*"}, {"*"}));
    CHECK_FALSE(within({"*"}, {"a*", "b*"}));
    CHECK_FALSE(within({"gpt-*"}, {"gpt-6"}));
    CHECK_FALSE(within({"gp*"}, {"gpt-*"}));
    CHECK_FALSE(within({"a", "c"}, {"a", "b"}));
}

TEST_CASE("definitions outlive a restart, buckets do not", "[llm][limits]") {
    Fixture f;
    const auto made = f.limit({1, 100, std::vector<std::string>{"m"}}, ScopeType::project, "default");
    CHECK(f.passes());
    CHECK_FALSE(f.passes());
    f.begin_again();
    const auto found = f.limits->find(f.workspace, made.id);
    REQUIRE(found);
    CHECK(found->terms == made.terms);
    CHECK(found->scope_id == "default");
    CHECK(f.passes());
    CHECK_FALSE(f.passes());
}

TEST_CASE("a changed limit keeps what its bucket has used; a deleted one is gone at once", "[llm][limits]") {
    Fixture f;
    const auto made = f.limit(requests(2));
    CHECK(f.passes());
    CHECK(f.passes());
    auto changed = f.get(f.limits->edit(f.workspace, made.id, requests(4), "\"1\""));
    CHECK(changed.revision == 2);
    CHECK_FALSE(f.passes());
    f.clock.advance(15s);
    CHECK(f.passes());
    auto stale = f.run(f.limits->edit(f.workspace, made.id, requests(9), "\"1\""));
    REQUIRE_FALSE(stale);
    CHECK(stale.error().code == ErrorCode::precondition_failed);
    f.done(f.limits->remove(f.workspace, made.id, std::nullopt));
    CHECK_FALSE(f.limits->any(f.workspace));
    for (int i = 0; i < 10; ++i) CHECK(f.passes());
    auto gone = f.run(f.limits->remove(f.workspace, made.id, std::nullopt));
    REQUIRE_FALSE(gone);
    CHECK(gone.error().code == ErrorCode::not_found);
}

TEST_CASE("what is no limit is refused with its place", "[llm][limits]") {
    Fixture f;
    const auto pointer = [&](ModelLimit what) { return f.refused(std::move(what)).details.at(0).pointer; };
    CHECK(pointer(f.wanted({})) == "");
    CHECK(pointer(f.wanted(requests(0))) == "/requests_per_minute");
    CHECK(pointer(f.wanted(tokens(1'000'000'001))) == "/tokens_per_minute");
    CHECK(pointer(f.wanted(models({}))) == "/models");
    CHECK(pointer(f.wanted(models({"a", "b*c"}))) == "/models/1");
    CHECK(pointer(f.wanted(models({"a b"}))) == "/models/0");
    CHECK(pointer(f.wanted(requests(1), ScopeType::workspace, "x")) == "/scope/id");
    CHECK(pointer(f.wanted(requests(1), ScopeType::project)) == "/scope/id");
    CHECK(pointer(f.wanted(requests(1), ScopeType::api_key, "x")) == "/scope/id");
    CHECK(pointer(f.wanted(requests(1), ScopeType::user, "x")) == "/scope/id");
    CHECK(pointer(f.wanted(requests(1), ScopeType::model, "")) == "/scope/id");
    CHECK(pointer(f.wanted(requests(1), ScopeType::run, "x")) == "/scope/type");
    CHECK(pointer(f.wanted(requests(1), ScopeType::workspace, "", "a*b")) == "/model");
    CHECK(pointer(f.wanted(models({"a"}), ScopeType::model, "a")) == "/models");
    f.limit(requests(1));
    CHECK(f.refused(f.wanted(requests(2))).code == ErrorCode::conflict);
}

TEST_CASE("who is limited gives a key at most the same, and that where nothing is said", "[llm][limits]") {
    Fixture f;
    const auto parent = *f.give(local(f.workspace), {{"models", {"gpt-*"}},
                                                     {"requests_per_minute", 10},
                                                     {"tokens_per_minute", 1000},
                                                     {"budget", {{"limit_usd", "5"}, {"window", "month"}}}});
    const auto me = f.key(parent);
    const auto forbidden = [&](Json body) {
        auto given = f.give(me, std::move(body));
        REQUIRE_FALSE(given);
        CHECK(given.error().code == ErrorCode::forbidden);
    };
    forbidden({{"models", {"claude"}}});
    forbidden({{"models", {"*"}}});
    forbidden({{"requests_per_minute", 11}});
    forbidden({{"tokens_per_minute", 1001}});
    forbidden({{"budget", {{"limit_usd", "5.01"}, {"window", "month"}}}});
    forbidden({{"budget", {{"limit_usd", "5"}, {"window", "month"}, {"action", "warn"}}}});

    auto child = f.grants->describe(f.workspace, *f.give(me, Json::object()));
    CHECK(child["models"] == Json{"gpt-*"});
    CHECK(child["requests_per_minute"] == 10);
    CHECK(child["tokens_per_minute"] == 1000);
    REQUIRE(child["budgets"].size() == 1);
    CHECK(child["budgets"][0]["limit_usd"] == "5");

    child = f.grants->describe(f.workspace, *f.give(me, {{"models", {"gpt-6"}}, {"budget", {{"limit_usd", "1"}, {"window", "day"}}}}));
    CHECK(child["models"] == Json{"gpt-6"});
    CHECK(child["budgets"].size() == 2);  // its own of a day, and its maker's of a month

    // A person who is limited passes that on as well.
    Principal person;
    person.kind = Principal::Kind::user;
    person.id = UserId::make(f.clock.now(), f.random).str();
    person.workspace = f.workspace;
    f.limit(models({"claude-*"}), ScopeType::user, person.id);
    f.limit(requests(3), ScopeType::user, person.id, "claude-o*");
    f.make(7'000'000'000, ScopeType::user, person.id, budget::Window::week);
    const auto theirs = *f.give(person, Json::object());
    child = f.grants->describe(f.workspace, theirs);
    CHECK(child["models"] == Json{"claude-*"});
    CHECK(child["budgets"][0]["limit_usd"] == "7");
    CHECK(f.limits->of_scope_all(f.workspace, ScopeType::api_key, theirs.str()).size() == 2);

    auto widened = f.grants->change(me, parent, {{"models", nullptr}});
    REQUIRE_FALSE(widened);
    CHECK(widened.error().code == ErrorCode::forbidden);
}

TEST_CASE("limits of a key are changed member by member, and go with the key", "[llm][limits]") {
    Fixture f;
    const auto id = *f.give(local(f.workspace), {{"models", {"a"}}, {"requests_per_minute", 10}});
    const auto change = [&](Json body) {
        auto changed = f.grants->change(local(f.workspace), id, body);
        REQUIRE(changed);
        storage::WriteUnit unit;
        (*changed)->append(unit, {});
        f.done(f.storage->submit(std::move(unit)));
        (*changed)->committed();
        return f.grants->describe(f.workspace, id);
    };
    CHECK(change({{"models", {"b", "c*"}}})["requests_per_minute"] == 10);
    CHECK(change({{"requests_per_minute", nullptr}})["models"] == Json{"b", "c*"});
    CHECK(change({{"models", nullptr}})["models"].is_null());
    CHECK_FALSE(f.limits->any(f.workspace));
    CHECK(change({{"tokens_per_minute", 5}})["tokens_per_minute"] == 5);
    const auto ended = f.grants->end(f.workspace, id);
    storage::WriteUnit unit;
    ended->append(unit, {});
    f.done(f.storage->submit(std::move(unit)));
    ended->committed();
    CHECK_FALSE(f.limits->any(f.workspace));
    f.begin_again();
    CHECK_FALSE(f.limits->any(f.workspace));
}
