// Runs against a build of storage that has seeded bugs (base/teeth.hpp): each must be caught, or
// the crash images prove nothing. No part of test_storage. A process has one bug, so ctest runs
// each test in its own.
#include <cstdlib>

#include "sluice/base/teeth.hpp"
#include "storage/crash_images.hpp"

using namespace sluice;
using namespace sluice::storage;
using namespace sluice::storage::testing;

namespace {

constexpr std::size_t images = 2000;

struct Caught {
    Verdict verdict;
    std::size_t writers = 0;  ///< openings that wrote to the database
};

Caught run_with(const char* bug) {
    ::setenv("SLUICE_TEETH", bug, 1);
    INFO("a process keeps the bug that it had first");
    REQUIRE(base::teeth(bug));
    const auto directory = make_fast_directory();
    Load load;
    load.units = 500;
    load.seed = 7;
    const auto recording = record_load(directory, load);
    std::error_code ignored;
    std::filesystem::remove_all(directory, ignored);
    Caught caught;
    caught.verdict = judge_images(recording, images, 7);
    caught.writers = recording.writers_of("sluice.db");
    WARN((*bug == '\0' ? "no bug" : bug)
         << ": " << caught.verdict.lost << " acknowledged lost, " << caught.verdict.half
         << " half, " << caught.verdict.unsound << " unsound in " << caught.verdict.images
         << " images; " << caught.writers << " connections wrote");
    return caught;
}

}  // namespace

TEST_CASE("without a seeded bug the images and the count of writers find nothing", "[teeth]") {
    const auto caught = run_with("");
    INFO(caught.verdict.first);
    CHECK(caught.verdict.bad() == 0);
    CHECK(caught.writers == 1);
}

TEST_CASE("commits that are not flushed are caught", "[teeth]") {
    CHECK(run_with("sync_normal").verdict.lost > 0);
}

TEST_CASE("answers before the commit are caught", "[teeth]") {
    CHECK(run_with("ack_before_commit").verdict.lost > 0);
}

TEST_CASE("a checkpoint from a reader is caught, by the connections that write", "[teeth]") {
    CHECK(run_with("reader_checkpoint").writers > 1);
}
