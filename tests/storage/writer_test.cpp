#include "storage/harness.hpp"

#include "sluice/runtime/task_group.hpp"
#include "sluice/storage/backup.hpp"
#include "sluice/storage/blobs.hpp"

using namespace sluice;
using namespace sluice::storage;
using namespace sluice::storage::testing;

namespace {

const Migration deferred_schema[] = {
    {1, "tree",
     "CREATE TABLE branch (id INTEGER PRIMARY KEY, parent INTEGER NOT NULL REFERENCES branch (id) "
     "DEFERRABLE INITIALLY DEFERRED) STRICT;"},
};
const Query insert_branch{"test.insert_branch", "INSERT INTO branch (id, parent) VALUES (?1, ?2)",
                          Query::Note::instance_wide};
const Query list_branches{"test.list_branches", "SELECT id FROM branch ORDER BY id",
                          Query::Note::scan};

WriteUnit branches(std::vector<std::pair<int, int>> rows) {
    WriteUnit unit;
    for (const auto& [id, parent] : rows) unit.add(insert_branch, id, parent);
    return unit;
}

}  // namespace

TEST_CASE("a reference that is judged at the commit fails its own unit, not the batch",
          "[storage][writer]") {
    TempDirectory directory;
    House house(directory.path(), deferred_schema);
    REQUIRE_FALSE(house.error);
    std::vector<bool> stored;
    const auto note = [&](Result<void> done) { stored.push_back(done.has_value()); };
    house->enqueue(branches({{1, 1}}), note);
    house->enqueue(branches({{2, 77}}), note);          // of nothing
    house->enqueue(branches({{3, 4}, {4, 1}}), note);   // whole at its end
    house->enqueue(branches({{5, 1}, {6, 88}}), note);  // half of nothing
    REQUIRE(house.submit(branches({{7, 1}})));
    CHECK(stored == std::vector<bool>{true, false, true, false});
    auto read = house->read([](ReadTx& tx) {
        return tx.list<std::int64_t>(list_branches, {},
                                     [](const Row& row) { return row.integer(0); });
    });
    const auto list = run(house.loop, std::move(read));
    REQUIRE(list);
    CHECK(*list == std::vector<std::int64_t>{1, 3, 4, 7});
}

TEST_CASE("an empty unit and a batch of failures are answered like any other",
          "[storage][writer]") {
    TempDirectory directory;
    House house(directory.path());
    CHECK(house.submit(WriteUnit{}));
    std::size_t refused = 0;
    for (int i = 0; i < 10; ++i) {
        WriteUnit orphan;
        orphan.add(insert_part, i, "of nothing");
        house->enqueue(std::move(orphan), [&](Result<void> done) { refused += done ? 0 : 1; });
    }
    CHECK(house.submit(thing(1)));
    CHECK(refused == 10);
}

TEST_CASE("a statement that does not compile fails alone, every time", "[storage][writer]") {
    TempDirectory directory;
    House house(directory.path());
    static const Query broken{"test.broken", "INSERT INTO nothing VALUES (?1)",
                              Query::Note::instance_wide};
    static const Query two{"test.two",
                           "INSERT INTO thing (id, name) VALUES (?1, ?2); DELETE FROM thing",
                           Query::Note::instance_wide};
    for (int i = 0; i < 2; ++i) {
        WriteUnit unit;
        unit.add(broken, 1);
        const auto done = house.submit(std::move(unit));
        REQUIRE_FALSE(done);
        CHECK(done.error().code == ErrorCode::internal);
        WriteUnit several;
        several.add(two, 1, "one");
        CHECK_FALSE(house.submit(std::move(several)));
    }
    CHECK(house.submit(thing(1)));
    CHECK(stored_ids(house.loop, *house) == std::vector<std::int64_t>{1});
}

TEST_CASE("a reader cannot write", "[storage][writer]") {
    TempDirectory directory;
    House house(directory.path());
    static const Query sneaky{"test.sneaky", "DELETE FROM thing RETURNING id",
                              Query::Note::instance_wide};
    REQUIRE(house.submit(thing(1)));
    auto read = house->read([](ReadTx& tx) {
        return tx.list<std::int64_t>(sneaky, {}, [](const Row& row) { return row.integer(0); });
    });
    CHECK_FALSE(run(house.loop, std::move(read)));
    CHECK(stored_ids(house.loop, *house) == std::vector<std::int64_t>{1});
}

TEST_CASE("checks and backups at once leave a reader for lists", "[storage][writer]") {
    TempDirectory directory;
    House house(directory.path());
    for (int i = 1; i <= 100; ++i) house->enqueue(thing(i), {});
    REQUIRE(house.submit(thing(101)));
    const auto checking = [](Storage& storage, int& sound) -> Awaitable<void> {
        auto findings = co_await storage.check();
        if (findings && findings->empty()) ++sound;
    };
    const auto copying = [](Storage& storage, std::filesystem::path file,
                            int& copies) -> Awaitable<void> {
        auto done = co_await storage.backup(std::move(file));
        if (done) ++copies;
    };
    const auto reading = [](Storage& storage, std::size_t& rows) -> Awaitable<void> {
        auto read = storage.read([](ReadTx& tx) {
            return tx.list<std::int64_t>(list_things, {},
                                         [](const Row& row) { return row.integer(0); });
        });
        auto list = co_await std::move(read);
        if (list) rows += list->size();
    };
    int sound = 0, copies = 0;
    std::size_t rows = 0;
    runtime::TaskGroup group(house.loop);
    for (int i = 0; i < 3; ++i) {
        group.spawn("check", checking(*house, sound));
        group.spawn("backup", copying(*house, directory / ("copy" + std::to_string(i)), copies));
        group.spawn("read", reading(*house, rows));
    }
    run(house.loop, group.join());
    CHECK(sound == 3);
    CHECK(copies == 3);
    CHECK(rows == 303);
}
