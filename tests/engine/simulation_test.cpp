#include "engine/simulation.hpp"

#include <catch2/catch.hpp>

namespace sluice::engine::test {

TEST_CASE("ten thousand random flows end, with failures, controls, retries and crashes", "[engine][simulation]") {
    // One seed alone: SLUICE_SEED=17 build/release/test_engine "ten thousand random flows*"; others: SLUICE_SEEDS=10001-99999
    const char* only = std::getenv("SLUICE_SEED");
    std::uint64_t first = 1, last = 10'000;
    if (const char* range = std::getenv("SLUICE_SEEDS")) {
        char* rest = nullptr;
        first = std::strtoull(range, &rest, 10);
        last = *rest == '-' ? std::strtoull(rest + 1, nullptr, 10) : first;
    }
    if (only != nullptr) first = last = std::strtoull(only, nullptr, 10);
    int crashes = 0, executions = 0, succeeded = 0, retries = 0, decisions = 0, undone = 0, told = 0;
    for (std::uint64_t seed = first; seed <= last; ++seed) {
        const auto result = simulate(seed);
        if (!result.failure.empty() || only != nullptr)
            UNSCOPED_INFO("seed " << seed << "\n" << result.document << "\n" << result.history);
        INFO("seed " << seed);
        REQUIRE(result.failure == "");
        crashes += result.crashes;
        executions += result.executions;
        succeeded += result.status == RunStatus::succeeded;
        retries += result.retries;
        decisions += result.decisions;
        undone += result.undone;
        told += result.told;
    }
    if (only == nullptr) {  // the mix is worth something
        CHECK(crashes > 5000);
        CHECK(executions > 20'000);
        CHECK(succeeded > 2000);
        CHECK(retries > 500);
        CHECK(decisions > 500);
        CHECK(undone > 500);
        CHECK(told > 500);
    }
}

TEST_CASE("whether large outputs are in memory changes nothing of what happens", "[engine][simulation]") {
    const char* only = std::getenv("SLUICE_SEED");
    const std::uint64_t first = only != nullptr ? std::strtoull(only, nullptr, 10) : 1, last = only != nullptr ? first : 10'000;
    int with_large = 0, loads = 0, dropped = 0, crashes = 0;
    for (std::uint64_t seed = first; seed <= last; ++seed) {
        const auto stay = simulate(seed), leave = simulate(seed, false, Large::leave);
        if (leave.history != stay.history || leave.failure != "" || only != nullptr)
            UNSCOPED_INFO("seed " << seed << "\n" << stay.document << "\n--- in memory\n" << stay.history << "--- in blobs\n" << leave.history);
        INFO("seed " << seed);
        REQUIRE(leave.failure == "");
        REQUIRE(leave.history == stay.history);
        with_large += leave.dropped > 0 || leave.loads > 0;
        loads += leave.loads;
        dropped += leave.dropped;
        crashes += leave.crashes;
    }
    if (only != nullptr) return;
    CAPTURE(with_large, loads, dropped, crashes);
    CHECK(with_large > 6000);
    CHECK(loads > 10'000);
    CHECK(dropped > 20'000);
    CHECK(crashes > 5000);
}

TEST_CASE("events that come while large outputs are read lose nothing", "[engine][simulation]") {
    const char* only = std::getenv("SLUICE_SEED");
    const std::uint64_t first = only != nullptr ? std::strtoull(only, nullptr, 10) : 1, last = only != nullptr ? first : 10'000;
    int stands = 0, loads = 0, succeeded = 0;
    for (std::uint64_t seed = first; seed <= last; ++seed) {
        const auto result = simulate(seed, seed % 10 == 0, Large::leave_slowly);
        if (!result.failure.empty() || only != nullptr)
            UNSCOPED_INFO("seed " << seed << "\n" << result.document << "\n" << result.history);
        INFO("seed " << seed);
        REQUIRE(result.failure == "");
        stands += result.stands;
        loads += result.loads;
        succeeded += result.status == RunStatus::succeeded;
    }
    if (only != nullptr) return;
    CAPTURE(stands, loads, succeeded);
    CHECK(stands > 2000);
    CHECK(loads > 10'000);
    CHECK(succeeded > 2000);
}

TEST_CASE("what failed for want of memory or of a stored value is read back as it was recorded", "[engine][simulation]") {
    const char* only = std::getenv("SLUICE_SEED");
    const std::uint64_t first = only != nullptr ? std::strtoull(only, nullptr, 10) : 1, last = only != nullptr ? first : 5'000;
    std::map<std::string, int> lacked;   // by what was judged
    for (std::uint64_t seed = first; seed <= last; ++seed) {
        const auto result = simulate(seed, seed % 2 == 0, Large::scarce);
        if (!result.failure.empty() || only != nullptr)
            UNSCOPED_INFO("seed " << seed << "\n" << result.document << "\n" << result.history);
        INFO("seed " << seed);
        REQUIRE(result.failure == "");
        for (const Record& record : result.journal)
            if (record.data.find("\"lacked_at\":") != std::string::npos) {
                const std::string at = Json::parse(record.data).at("lacked_at");
                ++lacked[at.substr(0, at.find(' '))];
            }
    }
    if (only != nullptr) return;
    CAPTURE(lacked);
    CHECK(lacked["start"] > 300);
    CHECK(lacked["end"] > 300);
    CHECK(lacked["item"] > 50);
    CHECK(lacked["turn"] > 50);
    CHECK(lacked["reuse"] > 50);
}

TEST_CASE("a crash at every commit loses nothing and repeats nothing that was recorded", "[engine][simulation]") {
    for (std::uint64_t seed = 5000; seed < 6000; ++seed) {
        const auto result = simulate(seed, true);
        INFO("seed " << seed << "\n" << result.document << "\n" << result.history);
        REQUIRE(result.failure == "");
    }
}

TEST_CASE("the same seed gives the same history", "[engine][simulation]") {
    for (std::uint64_t seed = 1; seed <= 50; ++seed) {
        const auto once = simulate(seed), again = simulate(seed);
        INFO("seed " << seed);
        REQUIRE(once.history == again.history);
        REQUIRE(once.crashes == again.crashes);
    }
}

}  // namespace sluice::engine::test
