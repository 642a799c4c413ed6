#include "storage/harness.hpp"
#include "storage/small_disk.hpp"

#include <atomic>
#include <thread>

#include "sluice/runtime/task_group.hpp"
#include "sluice/storage/blobs.hpp"

using namespace sluice;
using namespace sluice::storage;
using namespace sluice::storage::testing;

namespace {

const Query delete_things{"test.delete_things", "DELETE FROM thing WHERE id > ?1",
                          Query::Note::instance_wide};
const WorkspaceId workspace = *WorkspaceId::parse("wsp_00000000000000000000000001");

WriteUnit large_thing(int id) { return thing(id, std::string(10'000, 'n') + std::to_string(id)); }

void store_large(House& house, int from, int to) {
    for (int i = from; i < to; ++i) house->enqueue(large_thing(i), {});
    REQUIRE(house.submit(thing(to)));
}

Result<void> remove_after(House& house, std::int64_t id) {
    WriteUnit unit;
    unit.add(delete_things, id);
    return house.submit(std::move(unit));
}

/// Steps until nothing is left; how many.
int housekeep(House& house) {
    for (int steps = 1; steps < 1000; ++steps) {
        const auto more = run(house.loop, house->housekeep());
        REQUIRE(more);
        if (!*more) return steps;
    }
    FAIL("the housekeeping has no end");
    return 0;
}

}  // namespace

TEST_CASE("housekeeping gives deleted rows' pages back to the disk in steps",
          "[storage][housekeep]") {
    TempDirectory directory;
    House house(directory.path());
    REQUIRE_FALSE(house.error);
    store_large(house, 1, 1000);
    CHECK(housekeep(house) == 1);  // nothing to do
    CHECK(house->statistics().freed_pages == 0);
    const auto full = std::filesystem::file_size(directory / "sluice.db") +
                      std::filesystem::file_size(directory / "sluice.db-wal");
    CHECK(full > 10'000'000);
    REQUIRE(remove_after(house, 10));
    CHECK(housekeep(house) > 5);
    CHECK(house->statistics().freed_pages > 2000);
    CHECK(std::filesystem::file_size(directory / "sluice.db") < 3'000'000);
    CHECK(stored_ids(house.loop, *house).size() == 10);
    const auto findings = run(house.loop, house->check());
    REQUIRE(findings);
    CHECK(findings->empty());
}

TEST_CASE("units that come during housekeeping are stored between its steps",
          "[storage][housekeep]") {
    TempDirectory directory;
    House house(directory.path());
    store_large(house, 1, 1000);
    REQUIRE(remove_after(house, 0));
    const auto keep = [](Storage& storage, bool& ended) -> Awaitable<void> {
        bool more = true;
        while (more) {
            auto step = co_await storage.housekeep();
            more = step && *step;
        }
        ended = true;
    };
    bool ended = false;
    runtime::TaskGroup group(house.loop);
    group.spawn("keep", keep(*house, ended));
    for (int i = 1; i <= 300; ++i) REQUIRE(house.submit(thing(i)));
    run(house.loop, group.join());
    CHECK(ended);
    CHECK(stored_ids(house.loop, *house).size() == 300);
    CHECK(house->statistics().freed_pages > 1000);
}

TEST_CASE("housekeeping that waits when the storage stops is told so", "[storage][housekeep]") {
    TempDirectory directory;
    House house(directory.path());
    const auto step = [](Storage& storage, std::optional<Result<bool>>& told) -> Awaitable<void> {
        told = co_await storage.housekeep();
    };
    std::optional<Result<bool>> told;
    runtime::TaskGroup group(house.loop);
    group.spawn("step", step(*house, told));
    house->enqueue(thing(1), {});
    run(house.loop, house->stop());
    run(house.loop, group.join());
    REQUIRE(told);
    const auto late = run(house.loop, house->housekeep());
    REQUIRE_FALSE(late);
    CHECK(late.error().code == ErrorCode::unavailable);
}

TEST_CASE("above the total cap new work is refused by the setting's name, until there is less",
          "[storage][cap]") {
    TempDirectory directory;
    House house(directory.path(), test_schema, [](Options& o) { o.max_bytes = 4'000'000; });
    REQUIRE_FALSE(house.error);
    CHECK_FALSE(house->saturated());
    store_large(house, 1, 500);
    int id = 1000;
    REQUIRE(eventually(house, [&] {
        REQUIRE(house.submit(thing(++id)));  // work under way is stored all the same
        return house->saturated();
    }));
    CHECK(house->saturation_reason().find("storage.max_bytes") != std::string::npos);
    CHECK(house.submit(thing(++id)));
    REQUIRE(remove_after(house, 10));
    CHECK(eventually(house, [&] { return !house->saturated(); }));
    CHECK(house->saturation_reason().empty());
}

TEST_CASE("blobs count against the total cap, those of earlier processes as well",
          "[storage][cap]") {
    TempDirectory directory;
    {
        House house(directory.path());
        for (char c = 'a'; c < 'f'; ++c) {
            auto put = house->blobs().put(workspace, std::string(1'000'000, c));
            REQUIRE(run(house.loop, std::move(put)));
        }
    }
    House house(directory.path(), test_schema, [](Options& o) { o.max_bytes = 4'000'000; });
    CHECK(house->saturated());
    CHECK(house->statistics().blob_bytes == 5'000'000);
    House roomy(directory / "other", test_schema, [](Options& o) { o.max_bytes = 8'000'000; });
    CHECK_FALSE(roomy->saturated());
}

TEST_CASE("a log that a reader holds is refused to grow by new work, and let go afterwards",
          "[storage][wal]") {
    TempDirectory directory;
    House house(directory.path(), test_schema, [](Options& o) {
        o.max_wal_bytes = 2'000'000;
        o.checkpoint_pages = 50;
    });
    REQUIRE(house.submit(thing(1)));
    std::atomic<bool> holding{false}, release{false};
    const auto hold = [](Storage& storage, std::atomic<bool>& is_holding,
                         std::atomic<bool>& may_end) -> Awaitable<void> {
        auto job = [&](ReadTx& tx) -> Result<bool> {
            auto rows = tx.find<std::int64_t>(count_things, {}, [](const Row&) { return 1; });
            is_holding = true;
            while (!may_end) std::this_thread::yield();
            return rows.has_value();
        };
        auto reading = storage.read(std::move(job));
        co_await std::move(reading);
    };
    runtime::TaskGroup group(house.loop);
    group.spawn("hold", hold(*house, holding, release));
    REQUIRE(eventually(house, [&] { return holding.load(); }));
    int id = 1;
    const bool refused = eventually(house, [&] {
        store_large(house, id + 1, id + 100);
        id += 100;
        return house->saturated();
    });
    const auto reason = house->saturation_reason();
    const auto held = house->statistics().wal_bytes;
    release = true;
    run(house.loop, group.join());
    REQUIRE(refused);
    CHECK(reason.find("storage.max_wal_bytes") != std::string::npos);
    CHECK(held > 2'000'000);
    CHECK(eventually(house, [&] { return !house->saturated(); }));
    REQUIRE(house.submit(thing(id + 1)));
    CHECK(house->statistics().wal_bytes < 2'000'000);
}

TEST_CASE("the ballast is there from the start, unless the disk is too small for it",
          "[storage][ballast]") {
    SmallDisk disk("16m");
    if (!disk.works) return;
    {
        House house(disk / "data", test_schema, [](Options& o) {
            o.min_free_bytes = 1 << 20;
            o.ballast_bytes = 2 << 20;
        });
        REQUIRE_FALSE(house.error);
        CHECK(std::filesystem::file_size(disk / "data/ballast") == 2 << 20);
        CHECK(house->statistics().ballast_bytes == 2 << 20);
        CHECK(house->statistics().disk_free_bytes < 14 << 20);
    }
    House house(disk / "data", test_schema, [](Options& o) {
        o.min_free_bytes = 1 << 20;
        o.ballast_bytes = 4 << 20;
    });
    CHECK_FALSE(std::filesystem::exists(disk / "data/ballast"));
    CHECK_FALSE(house->saturated());
}

TEST_CASE(
    "on a full disk the ballast lets work under way be recorded, and comes back with the room",
    "[storage][ballast]") {
    SmallDisk disk("24m");
    if (!disk.works) return;
    House house(disk / "data", test_schema, [](Options& o) {
        o.min_free_bytes = 1 << 20;
        o.ballast_bytes = 4 << 20;
    });
    REQUIRE_FALSE(house.error);
    REQUIRE(house.submit(thing(1)));
    REQUIRE(std::filesystem::exists(disk / "data/ballast"));
    const auto filler = disk / "filler";
    const auto space = std::filesystem::space(disk / "data").available;
    fill(filler, space - (100 << 10));  // a quarter of the watermark is more

    int id = 1;
    REQUIRE(eventually(house, [&] {
        CHECK(house.submit(thing(++id)));  // not one of them is refused
        return house->saturated() && !std::filesystem::exists(disk / "data/ballast");
    }));
    CHECK(house->saturation_reason().find("full") != std::string::npos);
    // A good part of what the ballast held can be used.
    const int first = id;
    for (int i = 0; i < 50; ++i) REQUIRE(house.submit(large_thing(++id)));
    CHECK(house->saturated());  // but not by new work

    std::filesystem::remove(filler);
    CHECK(eventually(house, [&] { return !house->saturated(); }));
    CHECK(std::filesystem::exists(disk / "data/ballast"));
    CHECK(stored_ids(house.loop, *house).size() == static_cast<std::size_t>(id));
    CHECK(first > 1);
}

TEST_CASE("a write that finds no room is tried again with what the ballast held",
          "[storage][ballast]") {
    SmallDisk disk("24m");
    if (!disk.works) return;
    House house(disk / "data", test_schema, [](Options& o) {
        o.min_free_bytes = 0;  // no watermark warns before the disk is full
        o.ballast_bytes = 4 << 20;
        o.idle_checkpoint_bytes = 1 << 30;
    });
    REQUIRE_FALSE(house.error);
    REQUIRE(house.submit(thing(1)));
    fill(disk / "filler", std::filesystem::space(disk / "data").available - 200'000);
    int id = 1;
    // The disk ends inside this; nobody is told no while the ballast lasts.
    for (int i = 0; i < 50; ++i) REQUIRE(house.submit(large_thing(++id)));
    CHECK_FALSE(std::filesystem::exists(disk / "data/ballast"));
    CHECK(house->saturated());
    std::filesystem::remove(disk / "filler");
    CHECK(eventually(house, [&] { return !house->saturated(); }));
    REQUIRE(house.submit(thing(++id)));
    CHECK(stored_ids(house.loop, *house).size() == static_cast<std::size_t>(id));
    const auto findings = run(house.loop, house->check());
    REQUIRE(findings);
    CHECK(findings->empty());
}
