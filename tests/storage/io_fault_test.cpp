// Each operation of the disk fails once, the first, the second, … of its kind: nothing acknowledged
// is lost, nothing refused is there in part, and a fault that leaves the state unknown ends the
// process.
#include <fcntl.h>

#include <set>

#include "storage/crash_images.hpp"

using namespace sluice;
using namespace sluice::storage;
using namespace sluice::storage::testing;

namespace {

const Query orphans{"test.fault_orphans",
                    "SELECT count(*) FROM thing WHERE id NOT IN (SELECT thing_id FROM part)",
                    Query::Note::scan};
const Query orphan_parts{"test.fault_orphan_parts",
                         "SELECT count(*) FROM part WHERE thing_id NOT IN (SELECT id FROM thing)",
                         Query::Note::scan};

void tell(int pipe, std::int64_t number) {
    if (::write(pipe, &number, sizeof number) != sizeof number) ::_exit(5);
}

/// Stores `end` things and tells which were stored (positive) or refused (negative).
class Writers {
  public:
    Writers(House& house, std::int64_t end, int pipe) : house_(house), end_(end), pipe_(pipe) {}
    void run(int lanes) {
        running_ = lanes;
        for (int i = 0; i < lanes; ++i) step();
        house_.loop.run();
    }

  private:
    void step() {
        if (next_ > end_) {
            if (--running_ == 0) house_.loop.stop();
            return;
        }
        const auto id = next_++;
        auto unit = thing(id);
        unit.add(insert_part, id, std::string(700, 'p'));
        house_->enqueue(std::move(unit), [this, id](Result<void> done) {
            if (!done && done.error().code != ErrorCode::unavailable) ::_exit(6);
            tell(pipe_, done ? id : -id);
            step();
        });
    }
    House& house_;
    std::int64_t next_ = 1;
    const std::int64_t end_;
    const int pipe_;
    int running_ = 0;
};

struct Shape {
    const char* point;
    unsigned most;  ///< N goes from 1 to this
    std::int64_t units;
    int lanes;
};

int child(const std::filesystem::path& directory, const std::string& fault, const Shape& shape,
          int pipe) {
    const int nowhere = ::open("/dev/null", O_WRONLY);
    ::dup2(nowhere, STDERR_FILENO);
    failpoint::arm("none:error");  // puts the layer in place; the real point counts from here on
    House house(directory, test_schema, [](Options& o) {
        o.checkpoint_pages = 30;
        o.idle_checkpoint_bytes = 32 << 10;
        o.min_free_bytes = 0;
    });
    if (house.error) return 2;
    failpoint::arm(fault);
    Writers(house, shape.units, pipe).run(shape.lanes);
    failpoint::arm("none:error");
    run(house.loop, house->stop());
    return 0;
}

struct Outcome {
    std::set<std::int64_t> stored, refused;
    int code = 0;
};

Outcome run_with(const std::filesystem::path& directory, const std::string& fault,
                 const Shape& shape) {
    int ends[2];
    REQUIRE(::pipe(ends) == 0);
    const pid_t pid = ::fork();
    if (pid == 0) {
        ::close(ends[0]);
        int code = 99;
        try {
            code = child(directory, fault, shape, ends[1]);
        } catch (...) {
        }
        ::_exit(code);
    }
    ::close(ends[1]);
    Outcome outcome;
    std::int64_t number = 0;
    while (::read(ends[0], &number, sizeof number) == sizeof number)
        (number > 0 ? outcome.stored : outcome.refused).insert(std::abs(number));
    ::close(ends[0]);
    int status = 0;
    ::waitpid(pid, &status, 0);
    outcome.code = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
    return outcome;
}

std::int64_t count(House& house, const Query& query) {
    auto read = house->read([&query](ReadTx& tx) {
        return tx.find<std::int64_t>(query, {}, [](const Row& row) { return row.integer(0); });
    });
    const auto value = run(house.loop, std::move(read));
    REQUIRE(value);
    return **value;
}

void judge(const std::filesystem::path& directory, const Outcome& outcome) {
    House house(directory);
    if (house.error) FAIL(house.error->message);
    const auto list = stored_ids(house.loop, *house);
    const std::set<std::int64_t> there(list.begin(), list.end());
    std::size_t lost = 0, half = 0;
    for (const auto id : outcome.stored) lost += there.contains(id) ? 0 : 1;
    for (const auto id : outcome.refused) half += there.contains(id) ? 1 : 0;
    CHECK(lost == 0);
    CHECK(half == 0);
    CHECK(count(house, orphans) == 0);
    CHECK(count(house, orphan_parts) == 0);
    const auto findings = run(house.loop, house->check());
    REQUIRE(findings);
    CHECK(findings->empty());
}

struct Tally {
    int tried = 0, ended = 0, refused = 0;
};

/// Fails the Nth operation for every N (every tenth in a sanitizer's build): how many processes
/// ended with 74, and how many refused units and went on.
Tally fail_each(const Shape& shape, const std::string& action) {
    Tally tally;
    for (unsigned n = 1; n <= shape.most; n += sanitized ? 10 : 1) {
        const auto directory = make_fast_directory();
        const auto fault = fmt::format("{}:{}:{}", shape.point, action, n);
        CAPTURE(fault);
        const auto outcome = run_with(directory, fault, shape);
        CHECK((outcome.code == 0 || outcome.code == 74));
        judge(directory, outcome);
        ++tally.tried;
        tally.ended += outcome.code == 74 ? 1 : 0;
        tally.refused += outcome.refused.empty() ? 0 : 1;
        std::error_code ignored;
        std::filesystem::remove_all(directory, ignored);
    }
    WARN(shape.point << ":" << action << ", N = 1 to " << shape.most << ": of " << tally.tried
                     << " processes " << tally.ended << " ended with 74, " << tally.refused
                     << " refused units and went on");
    return tally;
}

void all_end(const Shape& shape, const std::string& action) {
    const auto tally = fail_each(shape, action);
    CHECK(tally.ended == tally.tried);
}

constexpr Shape log_sync{"wal.sync", 300, 350, 1}, database_sync{"db.sync", 8, 300, 4},
    log_write{"wal.write", 60, 60, 4}, database_write{"db.write", 40, 120, 4};

}  // namespace

TEST_CASE("whichever flush fails, the process ends with 74 and nothing acknowledged is lost",
          "[storage][faults]") {
    all_end(log_sync, "error");
    all_end(database_sync, "error");
}

TEST_CASE("whichever write fails, the process ends with 74 and nothing acknowledged is lost",
          "[storage][faults]") {
    for (const auto* action : {"error", "torn"}) {
        all_end(log_write, action);
        all_end(database_write, action);
    }
}

TEST_CASE("whichever write finds no room, its units are refused whole and the process goes on",
          "[storage][faults]") {
    for (const auto* action : {"full", "half"}) {
        const auto log = fail_each(log_write, action), database = fail_each(database_write, action);
        CHECK(log.ended == 0);
        CHECK(log.refused == log.tried);
        CHECK(database.ended == 0);  // a checkpoint that finds no room is made later
        CHECK(database.refused == 0);
    }
}
