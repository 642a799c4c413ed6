// Offline replay: the journals of the simulation and of whole runs give themselves again, and what was changed is named.

#include "engine/engine_world.hpp"
#include "engine/replay_check.hpp"
#include "engine/simulation.hpp"

namespace sluice::engine::test {

namespace {

ReplayReport replay(const Simulated& run, const std::vector<Record>& journal) {
    const bool retried = std::any_of(journal.begin(), journal.end(), [](const Record& r) { return r.kind == RecordKind::run_retried; });
    ReplayCheck check(run.flow, run.facts, {}, retried);
    std::int64_t seq = 0;
    for (const Record& record : journal)
        if (!check.take(++seq, record)) break;
    return check.finish();
}

std::string told(const ReplayReport& report) { return base::dump_json(to_json(report)); }

/// Whether the engine computed this entry itself, as opposed to what a task, a person or the clock gave.
bool is_computed(const Simulated& run, const Record& record) {
    if (record.kind != RecordKind::step_succeeded) return false;
    std::string id = record.path.substr(record.path.rfind('/') + 1);
    const std::function<const flows::CompiledNode*(const flows::CompiledGraph&)> find =
        [&](const flows::CompiledGraph& graph) -> const flows::CompiledNode* {
        if (const auto found = graph.index.find(id); found != graph.index.end()) return &graph.nodes[found->second];
        for (const auto& node : graph.nodes)
            if (node.body)
                if (const auto* inner = find(*node.body)) return inner;
        return nullptr;
    };
    const auto* node = find(run.flow->graph);
    const Json data = Json::parse(record.data.empty() ? "{}" : record.data);
    return node != nullptr && node->type->kind == flows::NodeKind::compute && base::find_member(data, "reused") == nullptr;
}

}  // namespace

TEST_CASE("the journal of every simulated run gives itself again", "[engine][replay][simulation]") {
    const char* only = std::getenv("SLUICE_SEED");
    const std::uint64_t first = only != nullptr ? std::strtoull(only, nullptr, 10) : 1;
    const std::uint64_t last = only != nullptr ? first : 1500;
    std::int64_t computed = 0, outside = 0, replayed = 0;
    for (std::uint64_t seed = first; seed <= last; ++seed) {
        for (const bool every_commit : {false, true}) {
            if (every_commit && seed > 300) continue;
            const auto run = simulate(seed, every_commit);
            if (!run.failure.empty()) continue;   // the simulation's own tests tell of it
            ++replayed;
            const auto report = replay(run, run.journal);
            INFO("seed " << seed << (every_commit ? " with a crash at every commit\n" : "\n") << run.document << "\n" << run.history << told(report));
            REQUIRE(report.same());
            REQUIRE(report.entries == static_cast<std::int64_t>(run.journal.size()));
            REQUIRE(report.ended);
            computed += report.computed;
            outside += report.from_outside;
        }
    }
    if (only == nullptr) {
        CHECK(computed > 5000);
        CHECK(outside > 5000);
        CHECK(replayed > 1500);
    }
}

TEST_CASE("from the first failure for want of memory or of a stored value on, a journal is not checked", "[engine][replay][simulation]") {
    int unchecked = 0;
    for (std::uint64_t seed = 1; seed <= 1000; ++seed) {
        const auto run = simulate(seed, false, Large::scarce);
        if (!run.failure.empty()) continue;   // the simulation's own tests tell of it
        const auto report = replay(run, run.journal);
        INFO("seed " << seed << "\n" << run.document << "\n" << run.history << told(report));
        REQUIRE(report.same());
        const auto first = std::find_if(run.journal.begin(), run.journal.end(),
                                        [](const Record& record) { return record.data.find("\"lacked_at\":") != std::string::npos; });
        REQUIRE(report.unchecked == run.journal.end() - first);
        unchecked += report.unchecked > 0;
    }
    CHECK(unchecked > 100);
}

TEST_CASE("a changed output of a computed step is named by its path", "[engine][replay][simulation]") {
    int tampered = 0;
    for (std::uint64_t seed = 1; seed <= 400; ++seed) {
        const auto run = simulate(seed);
        for (std::size_t i = 0; i < run.journal.size(); ++i) {
            if (!is_computed(run, run.journal[i])) continue;
            auto journal = run.journal;
            journal[i].value = R"({"n":123456})";
            const auto report = replay(run, journal);
            INFO("seed " << seed << " entry " << i + 1 << "\n" << run.document << "\n" << run.history << told(report));
            REQUIRE(report.divergence);
            REQUIRE(report.divergence->seq == static_cast<std::int64_t>(i + 1));
            REQUIRE(report.divergence->step == journal[i].path);
            ++tampered;
            break;
        }
    }
    CHECK(tampered > 100);
}

TEST_CASE("an entry that is missing, doubled or moved is found", "[engine][replay][simulation]") {
    int found = 0, tried = 0;
    for (std::uint64_t seed = 1; seed <= 200; ++seed) {
        const auto run = simulate(seed);
        if (run.journal.size() < 4) continue;
        base::SeededRandom random(seed);
        const auto at = static_cast<std::ptrdiff_t>(1 + random.below(run.journal.size() - 2));
        auto missing = run.journal, doubled = run.journal;
        missing.erase(missing.begin() + at);
        doubled.insert(doubled.begin() + at, doubled[static_cast<std::size_t>(at)]);
        tried += 2;
        found += !replay(run, missing).same();
        found += !replay(run, doubled).same();
        REQUIRE_FALSE(replay(run, std::vector<Record>(run.journal.begin() + 1, run.journal.end())).same());
    }
    // A start after a start looks like a crash in between, and a failed attempt is not needed for the end: the rest is found.
    CHECK(found > tried * 8 / 10);
}

TEST_CASE("whole runs replay from storage: maps, retries, waits, large values, cancels", "[engine][replay]") {
    EngineWorld w;
    w.answers["big"] = giving(std::string(300'000, 'x'));
    int calls = 0;
    w.answers["flaky"] = [&calls](flows::StepContext&) -> Result<flows::StepOutput> {
        if (++calls == 1) {
            Error error{ErrorCode::upstream_failed, "the other side failed"};
            error.retryable = true;
            return fail(std::move(error));
        }
        flows::StepOutput output;
        output.output = {{"n", 7}};
        return output;
    };
    const Json body = graph({step("ask", "call"), step("after", "pure", {{"n", "{{ index }}"}})}, {arrow("ask", "after")});
    const auto flow = w.publish(graph({step("each", "each", {{"items", {1, 2, 3}}, {"body", body}}), step("nap", "wait", {{"for", "1h"}}),
                                       step("flaky", "call", Json::object(), {{"retry", {{"max_attempts", 3}, {"backoff", "10s"}}}}), step("big", "call"),
                                       step("last", "pure", {{"n", "{{ size(nodes.big.output) }}"}})},
                                      {arrow("each", "nap"), arrow("nap", "flaky"), arrow("flaky", "big"), arrow("big", "last")}));
    const RunId id = w.begin(flow);
    for (const auto& [path, by] : {std::pair{"nap", Duration(std::chrono::hours(1))}, {"flaky", Duration(std::chrono::seconds(20))}}) {
        w.until([&, path = path] {
            const auto waiting = w.get(w.engine->steps(w.workspace, id, {0, 10, {StepStatus::waiting}})).items;
            return waiting.size() == 1 && waiting[0].path == path;
        });
        w.clock.advance(by);
    }
    REQUIRE(w.end(id).status == RunStatus::succeeded);
    const auto report = w.get(w.engine->replay(w.workspace, id));
    INFO(told(report));
    CHECK(report.same());
    CHECK(report.ended);
    CHECK(report.computed > 5);
    CHECK(w.executions["flaky"] == 2);   // nothing left the process

    const RunId cancelled = w.begin(flow);
    w.until([&] { return w.get(w.engine->steps(w.workspace, cancelled, {0, 10, {StepStatus::waiting}})).total == 1; });
    const auto open = w.get(w.engine->replay(w.workspace, cancelled));
    INFO(told(open));
    CHECK(open.same());
    CHECK_FALSE(open.ended);
    w.done(w.engine->cancel(w.workspace, cancelled, "enough"));
    CHECK(w.get(w.engine->replay(w.workspace, cancelled)).same());
    CHECK(w.error(w.engine->replay(w.workspace, RunId::make(w.clock.now(), w.random))) == ErrorCode::not_found);
}

TEST_CASE("a retried run, a rerun, a pause and a crash replay as well", "[engine][replay]") {
    EngineWorld w;
    w.answers["ask"] = failing(ErrorCode::upstream_failed, "down");
    const auto flow = w.publish(graph({step("first", "call"), step("ask", "call"), step("nap", "wait", {{"for", "1h"}}), step("last", "pure")},
                                      {arrow("first", "ask"), arrow("ask", "nap"), arrow("nap", "last")}));
    const RunId id = w.whole(flow).id;
    for (int turn = 0; turn < 2; ++turn) {
        w.done(w.engine->retry(w.workspace, id, "ann", "again"));
        REQUIRE(w.end(id).status == RunStatus::failed);
    }
    w.answers.erase("ask");
    w.done(w.engine->retry(w.workspace, id, "ann", "mended"));
    w.until([&] { return w.get(w.engine->steps(w.workspace, id, {0, 10, {StepStatus::waiting}})).total == 1; });
    w.done(w.engine->pause(w.workspace, id, "bob", "lunch"));
    w.restart();
    w.done(w.engine->resume(w.workspace, id, "bob"));
    w.clock.advance(std::chrono::hours(1));
    REQUIRE(w.end(id).status == RunStatus::succeeded);
    const auto report = w.get(w.engine->replay(w.workspace, id));
    INFO(told(report));
    CHECK(report.same());
    CHECK(report.ended);

    Rerun again;
    again.from = "nap";
    const RunId rerun = w.get(w.engine->rerun(w.workspace, id, again));
    w.clock.advance(std::chrono::hours(1));
    w.until([&] {
        w.clock.advance(std::chrono::hours(1));
        return is_terminal(w.get(w.engine->get(w.workspace, rerun)).status);
    });
    const auto second = w.get(w.engine->replay(w.workspace, rerun));
    INFO(told(second));
    CHECK(second.same());
    CHECK(second.ended);
}

TEST_CASE("a run whose flow keeps no outputs is not replayed", "[engine][replay]") {
    EngineWorld w;
    const RunId id = w.whole(w.publish(graph({step("ask", "call")}, {}, {{"settings", {{"record", false}}}}))).id;
    CHECK(w.error(w.engine->replay(w.workspace, id)) == ErrorCode::conflict);
}

}  // namespace sluice::engine::test
