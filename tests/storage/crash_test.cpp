#include "storage/harness.hpp"

#include <csignal>
#include <set>

#include "sluice/runtime/task_group.hpp"

using namespace sluice;
using namespace sluice::storage;
using namespace sluice::storage::testing;

namespace {

const Query count_orphans{"test.count_orphans",
                          "SELECT count(*) FROM thing WHERE id NOT IN (SELECT thing_id FROM part)",
                          Query::Note::scan};

/// Stores things (each with a part, in one unit) from `next` on and writes the id of each
/// acknowledged one to `pipe`.
Awaitable<void> write_and_tell(Storage& storage, std::int64_t& next, int pipe) {
    while (true) {
        const std::int64_t id = next++;
        auto unit = thing(id);
        unit.add(insert_part, id, std::string(300, 'p'));
        auto done = co_await storage.submit(std::move(unit));
        if (!done) ::_exit(3);
        if (::write(pipe, &id, sizeof id) != sizeof id) ::_exit(0);
    }
}

/// The child: 16 writers without end. Does not return unless opening fails.
int write_forever(const std::filesystem::path& directory, std::int64_t next, int pipe,
                  const std::string& failpoints) {
    // Any point set at open puts the layer for file faults in place; the real one starts to count
    // afterwards.
    if (!failpoints.empty()) failpoint::arm("none:error");
    House house(directory, test_schema, [](Options& o) {
        o.checkpoint_pages = 40;
        o.idle_checkpoint_bytes = 64 << 10;
    });
    if (house.error) return 2;
    failpoint::arm(failpoints);
    runtime::TaskGroup group(house.loop);
    for (int i = 0; i < 16; ++i) group.spawn("writer", write_and_tell(*house, next, pipe));
    house.loop.run();
    return 4;
}

struct Outcome {
    std::vector<std::int64_t> acknowledged;
    int code = 0;
};

/// Runs the child until it dies by itself or `kill_after` acknowledgements have come.
Outcome run_child(const std::filesystem::path& directory, std::int64_t next, std::size_t kill_after,
                  const std::string& failpoints) {
    int ends[2];
    REQUIRE(::pipe(ends) == 0);
    const pid_t pid = ::fork();
    if (pid == 0) {
        ::close(ends[0]);
        int code = 99;
        try {
            code = write_forever(directory, next, ends[1], failpoints);
        } catch (...) {
        }
        ::_exit(code);
    }
    ::close(ends[1]);
    Outcome outcome;
    std::int64_t id = 0;
    bool killed = false;
    while (::read(ends[0], &id, sizeof id) == sizeof id) {
        outcome.acknowledged.push_back(id);
        if (!killed && outcome.acknowledged.size() >= kill_after) {
            killed = true;
            ::kill(pid, SIGKILL);  // what is in the pipe was acknowledged and is read to its end
        }
    }
    ::close(ends[0]);
    int status = 0;
    ::waitpid(pid, &status, 0);
    outcome.code = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
    return outcome;
}

/// Opens what the child left: everything acknowledged is there, units are whole, the file is sound.
/// The largest id.
std::int64_t judge(const std::filesystem::path& directory,
                   const std::set<std::int64_t>& acknowledged) {
    House house(directory);
    if (house.error) FAIL(house.error->message);
    const auto list = stored_ids(house.loop, *house);
    const std::set<std::int64_t> stored(list.begin(), list.end());
    std::size_t missing = 0;
    for (const auto id : acknowledged) missing += stored.contains(id) ? 0 : 1;
    CHECK(missing == 0);
    auto read = house->read([](ReadTx& tx) {
        return tx.find<std::int64_t>(count_orphans, {},
                                     [](const Row& row) { return row.integer(0); });
    });
    const auto orphans = run(house.loop, std::move(read));
    REQUIRE(orphans);
    CHECK(**orphans == 0);
    const auto findings = run(house.loop, house->check());
    REQUIRE(findings);
    CHECK(findings->empty());
    return stored.empty() ? 0 : *stored.rbegin();
}

}  // namespace

TEST_CASE("after SIGKILL at random moments every acknowledged unit is there and the file is sound",
          "[storage][crash]") {
    TempDirectory directory;
    base::SystemRandom system;
    const auto seed = system.next();
    CAPTURE(seed);
    base::SeededRandom random(seed);
    std::set<std::int64_t> acknowledged;
    std::int64_t last = 0;
    for (int round = 0; round < 20; ++round) {
        CAPTURE(round);
        const auto outcome = run_child(directory.path(), last + 1, 1 + random.below(600), {});
        REQUIRE(outcome.code == 128 + SIGKILL);
        acknowledged.insert(outcome.acknowledged.begin(), outcome.acknowledged.end());
        last = judge(directory.path(), acknowledged);
    }
    CHECK(acknowledged.size() > 20);
}

TEST_CASE("a kill at a named point loses nothing that was acknowledged", "[storage][crash]") {
    TempDirectory directory;
    std::set<std::int64_t> acknowledged;
    std::int64_t last = 0;
    for (const auto* point :
         {"commit.before:kill:1", "commit.before:kill:7", "commit.after_before_answer:kill:1",
          "commit.after_before_answer:kill:5", "checkpoint.mid:kill:1", "checkpoint.mid:kill:12",
          "wal.write:kill:9", "wal.sync:kill:3", "db.sync:kill:1"}) {
        CAPTURE(point);
        const auto outcome = run_child(directory.path(), last + 1, 1'000'000, point);
        REQUIRE(outcome.code == 128 + SIGKILL);
        acknowledged.insert(outcome.acknowledged.begin(), outcome.acknowledged.end());
        last = judge(directory.path(), acknowledged);
    }
    CHECK_FALSE(acknowledged.empty());
}

TEST_CASE("an I/O error in the log or the database ends the process with 74 and loses nothing",
          "[storage][crash]") {
    TempDirectory directory;
    std::set<std::int64_t> acknowledged;
    std::int64_t last = 0;
    for (const auto* point :
         {"wal.sync:error:1", "wal.sync:error:4", "wal.write:error:1", "wal.write:error:30",
          "db.sync:error:1", "db.write:error:3", "commit.before:error:2"}) {
        CAPTURE(point);
        const auto outcome = run_child(directory.path(), last + 1, 1'000'000, point);
        REQUIRE(outcome.code == 74);
        acknowledged.insert(outcome.acknowledged.begin(), outcome.acknowledged.end());
        last = judge(directory.path(), acknowledged);
    }
    CHECK_FALSE(acknowledged.empty());
}

TEST_CASE("fail-points are read from their text, and a mistake in it is told",
          "[storage][failpoint]") {
    struct Clear {
        ~Clear() { failpoint::arm({}); }
    } clear;
    CHECK(failpoint::hit("p") == failpoint::Outcome::none);
    REQUIRE(failpoint::arm("p:error:2,q:full:1+"));
    CHECK(failpoint::hit("p") == failpoint::Outcome::none);
    CHECK(failpoint::hit("p") == failpoint::Outcome::error);
    CHECK(failpoint::hit("p") == failpoint::Outcome::none);
    CHECK(failpoint::hit("q") == failpoint::Outcome::full);
    CHECK(failpoint::hit("q") == failpoint::Outcome::full);
    for (const auto* wrong : {"p", "p:explode", "p:kill:0", "p:kill:x", ":kill", "p:sleep:1:x",
                              "a:kill:1:2:3", "p:kill,"}) {
        CAPTURE(wrong);
        CHECK_FALSE(failpoint::arm(wrong));
    }
    REQUIRE(failpoint::arm(""));
    CHECK(failpoint::hit("q") == failpoint::Outcome::none);
}
