#include "sluice/storage/backup.hpp"

#include <csignal>
#include <fstream>
#include <set>

#include "sluice/storage/blobs.hpp"
#include "storage/harness.hpp"

using namespace sluice;
using namespace sluice::storage;
using namespace sluice::storage::testing;

namespace {

namespace fs = std::filesystem;

const WorkspaceId workspace = *WorkspaceId::parse("wsp_00000000000000000000000001");
const Time noon = *base::parse_time("2026-11-21T12:00:00Z");

/// Stores a thing and a blob that it owns; the blob's hash.
std::string store(House& house, std::int64_t id, const std::string& content) {
    auto put = run(house.loop, house->blobs().put(workspace, content));
    REQUIRE(put);
    auto unit = thing(id);
    unit.require_blob(*put);
    house->blobs().append_reference(unit, workspace, *put, content.size(),
                                    "owner " + std::to_string(id));
    REQUIRE(house.submit(std::move(unit)));
    return *put;
}

fs::path blob_file(const fs::path& directory, const std::string& hash) {
    return directory / "blobs" / workspace.str() / hash.substr(0, 2) / hash;
}

std::set<std::string> names_in(const fs::path& directory) {
    std::set<std::string> names;
    std::error_code error;
    for (const auto& entry : fs::directory_iterator(directory, error))
        names.insert(entry.path().filename().string());
    return names;
}

void spoil(const fs::path& file, std::int64_t offset) {
    std::fstream out(file, std::ios::in | std::ios::out | std::ios::binary);
    out.seekp(offset);
    out << "spoilt!!";
    REQUIRE(out.flush());
}

/// A directory with things 1 to 3 (one with a blob) and its backup, taken while it is open.
struct World {
    World() {
        House house(data);
        REQUIRE_FALSE(house.error);
        REQUIRE(house.submit(thing(1)));
        hash = store(house, 2, std::string(100'000, 'x'));
        REQUIRE(house.submit(thing(3)));
        auto taken = run(house.loop, house->backup(copy));
        if (!taken) FAIL(taken.error().message);
        report = *taken;
    }
    Result<RestoreReport> restore(bool force = false, const fs::path& from = {}) {
        return restore_backup(from.empty() ? copy : from, target, force, test_schema, noon);
    }
    std::vector<std::int64_t> ids_of(const fs::path& directory) {
        House house(directory);
        if (house.error) FAIL(house.error->message);
        const auto findings = run(house.loop, house->check());
        REQUIRE(findings);
        CHECK(findings->empty());
        return stored_ids(house.loop, *house);
    }
    TempDirectory place;
    const fs::path data = place / "data", copy = place / "copy", target = place / "target";
    std::string hash;
    BackupReport report;
};

const std::vector<std::int64_t> one_to_three{1, 2, 3};

}  // namespace

TEST_CASE("a backup of a directory in use holds database, blobs and manifest, and is noted",
          "[storage][backup]") {
    World world;
    CHECK(names_in(world.copy) == std::set<std::string>{"blobs", "manifest.json", "sluice.db"});
    CHECK(world.report.folder == world.copy);
    CHECK(world.report.schema == 2);
    CHECK(world.report.blobs == 1);
    CHECK(world.report.blob_bytes == 100'000);
    CHECK(world.report.database_bytes == fs::file_size(world.copy / "sluice.db"));
    const auto verified = verify_backup(world.copy);
    REQUIRE(verified);
    CHECK(to_json(*verified) == to_json(world.report));
    const auto last = last_backup(world.data);
    REQUIRE(last);
    CHECK(to_json(*last) == to_json(world.report));
    CHECK_FALSE(last_backup(world.copy));
}

TEST_CASE("a backup without a server takes the lock, and leaves the directory as it was",
          "[storage][backup]") {
    World world;
    const auto taken = back_up_directory(world.data, world.place / "offline", noon);
    REQUIRE(taken);
    CHECK(taken->created_at == noon);
    REQUIRE(verify_backup(world.place / "offline"));
    CHECK(world.ids_of(world.data) == one_to_three);
    House house(world.data);
    const auto refused = back_up_directory(world.data, world.place / "third", noon);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == ErrorCode::conflict);
    CHECK(names_in(world.place.path()).count("third.partial") == 0);
}

TEST_CASE("a restored directory opens with all rows and blobs", "[storage][backup]") {
    World world;
    const auto done = world.restore();
    if (!done) FAIL(done.error().message);
    CHECK(done->kept.empty());
    CHECK(names_in(world.target) == std::set<std::string>{"blobs", "lock", "sluice.db"});
    CHECK(world.ids_of(world.target) == one_to_three);
    House house(world.target);
    const auto read = run(house.loop, house->blobs().get(workspace, world.hash, 1 << 20));
    REQUIRE(read);
    CHECK(*read == std::string(100'000, 'x'));
}

TEST_CASE("a restore keeps what was there aside, and only when it is told to",
          "[storage][backup]") {
    World world;
    {
        House house(world.target);
        REQUIRE(house.submit(thing(77)));
        store(house, 78, "another value");
        const auto refused = world.restore(true);
        REQUIRE_FALSE(refused);
        CHECK(refused.error().code == ErrorCode::conflict);
        CHECK(refused.error().message.find(std::to_string(::getpid())) != std::string::npos);
    }
    const auto refused = world.restore();
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == ErrorCode::invalid_argument);
    CHECK(refused.error().message.find("--force") != std::string::npos);
    CHECK(world.ids_of(world.target) == std::vector<std::int64_t>{77, 78});

    const auto done = world.restore(true);
    if (!done) FAIL(done.error().message);
    CHECK(done->kept == world.target / "before-restore-20261121T120000Z");
    CHECK(world.ids_of(world.target) == one_to_three);
    CHECK(fs::exists(blob_file(world.target, world.hash)));
    CHECK(world.ids_of(done->kept) == std::vector<std::int64_t>{77, 78});
    const auto again = world.restore(true);
    REQUIRE(again);
    CHECK(again->kept == world.target / "before-restore-20261121T120000Z-2");
}

TEST_CASE("a backup that is damaged, unfinished or newer is not restored", "[storage][backup]") {
    World world;
    std::string words;
    ErrorCode code = ErrorCode::precondition_failed;
    SECTION("its database was changed") {
        spoil(world.copy / "sluice.db", 5000);
        words = "does not match its manifest";
    }
    SECTION("a blob was changed") {
        fs::copy_file(blob_file(world.copy, world.hash), world.place / "b");
        fs::remove(
            blob_file(world.copy, world.hash));  // the other name of the live file stays as it is
        fs::copy_file(world.place / "b", blob_file(world.copy, world.hash));
        spoil(blob_file(world.copy, world.hash), 99'000);
        words = world.hash + " that it names is damaged";
    }
    SECTION("a blob is missing") {
        fs::remove(blob_file(world.copy, world.hash));
        words = world.hash + " that it names is missing";
    }
    SECTION("it has no manifest") {
        fs::remove(world.copy / "manifest.json");
        words = "not finished";
    }
    SECTION("its manifest is cut") {
        fs::resize_file(world.copy / "manifest.json", 40);
        words = "not finished";
    }
    SECTION("it is not there") {
        fs::remove_all(world.copy);
        words = "there is no backup";
        code = ErrorCode::not_found;
    }
    SECTION("it is of a newer schema") {
        auto list = std::vector<Migration>(std::begin(test_schema), std::end(test_schema));
        list.push_back({3, "more", "CREATE TABLE more (a INTEGER) STRICT;"});
        {
            House house(world.data, list);
            REQUIRE_FALSE(house.error);
            fs::remove_all(world.copy);
            REQUIRE(run(house.loop, house->backup(world.copy)));
        }
        words = "newer Sluice";
    }
    const auto refused = world.restore();
    REQUIRE_FALSE(refused);
    CAPTURE(refused.error().message);
    CHECK(refused.error().code == code);
    CHECK(refused.error().message.find(words) != std::string::npos);
    CHECK(names_in(world.target) == std::set<std::string>{"lock"});
}

TEST_CASE("a database in use is no backup", "[storage][backup]") {
    World world;
    House house(world.data);
    REQUIRE(house.submit(thing(4)));
    const auto refused = world.restore(false, world.data / "sluice.db");
    REQUIRE_FALSE(refused);
    CHECK(refused.error().message.find("no copy") != std::string::npos);
}

TEST_CASE("a backup is refused when a value that the database names is gone", "[storage][backup]") {
    World world;
    fs::remove(blob_file(world.data, world.hash));
    const auto refused = back_up_directory(world.data, world.place / "second", noon);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().message.find(world.hash) != std::string::npos);
    CHECK(names_in(world.place.path()) == std::set<std::string>{"copy", "data"});
    CHECK(last_backup(world.data)->folder == world.copy);
}

TEST_CASE("a backup goes only where nothing is", "[storage][backup]") {
    World world;
    const auto refused = back_up_directory(world.data, world.copy, noon);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == ErrorCode::conflict);
    fs::create_directory(world.place / "mine.partial");
    std::ofstream(world.place / "mine.partial/letter.txt") << "dear";
    const auto foreign = back_up_directory(world.data, world.place / "mine", noon);
    REQUIRE_FALSE(foreign);
    CHECK(fs::exists(world.place / "mine.partial/letter.txt"));
    const auto nowhere = back_up_directory(world.data, world.place / "no/such/place", noon);
    REQUIRE_FALSE(nowhere);
    CHECK(nowhere.error().code == ErrorCode::not_found);
}

TEST_CASE("a copy from before an upgrade is restored as a single file; the newest three are kept",
          "[storage][backup][migrations]") {
    World world;
    auto list = std::vector<Migration>(std::begin(test_schema), std::end(test_schema));
    std::vector<std::string> texts;
    for (int i = 0; i < 5; ++i)
        texts.push_back("CREATE TABLE more_" + std::to_string(i) + " (a INTEGER) STRICT;");
    fs::path first;
    for (unsigned i = 0; i < 5; ++i) {
        list.push_back({3 + i, "more", texts[i]});
        House house(world.data, list);
        REQUIRE_FALSE(house.error);
        if (i == 0) first = house.report.snapshot;
        CHECK(fs::exists(house.report.snapshot));
    }
    const auto names = names_in(world.data / "snapshots");
    CHECK(names.size() == 3);
    CHECK(names.begin()->starts_with("before-0005-"));
    CHECK_FALSE(fs::exists(first));

    const auto done =
        restore_backup(world.data / "snapshots" / *names.begin(), world.data, true, list, noon);
    if (!done) FAIL(done.error().message);
    CHECK_FALSE(done->backup.from_manifest);
    CHECK(done->backup.schema == 4);
    CHECK(done->missing_blobs == 0);
    list.resize(4);
    House house(world.data, list);
    REQUIRE_FALSE(house.error);
    CHECK(house.report.schema_from == 4);
    CHECK(stored_ids(house.loop, *house) == one_to_three);
    CHECK(run(house.loop, house->blobs().get(workspace, world.hash, 1 << 20)));
}

TEST_CASE("a process killed inside a backup leaves nothing that passes for one",
          "[storage][backup][crash]") {
    World world;
    for (const auto* point : {"backup.copied:kill", "backup.manifest:kill"}) {
        CAPTURE(point);
        const int code = in_child([&] {
            failpoint::arm(point);
            (void)back_up_directory(world.data, world.place / "second", noon);
            return 0;
        });
        REQUIRE(code == 128 + SIGKILL);
        CHECK_FALSE(fs::exists(world.place / "second"));
        CHECK_FALSE(verify_backup(world.place / "second.partial"));
        CHECK(last_backup(world.data)->folder == world.copy);
    }
    const auto taken = back_up_directory(world.data, world.place / "second", noon);
    if (!taken) FAIL(taken.error().message);
    CHECK_FALSE(fs::exists(world.place / "second.partial"));
    CHECK(world.ids_of(world.data) == one_to_three);
}

TEST_CASE("a process killed inside a restore leaves the old state or the new one",
          "[storage][backup][crash]") {
    World world;
    {
        House house(world.target);
        REQUIRE(house.submit(thing(77)));
        store(house, 78, "another value");
    }
    bool moved = false;
    for (const auto* point : {"restore.staged:kill", "restore.move:kill:1", "restore.move:kill:2",
                              "restore.move:kill:3", "restore.move:kill:4"}) {
        CAPTURE(point);
        const int code = in_child([&] {
            failpoint::arm(point);
            (void)world.restore(true);
            return 0;
        });
        REQUIRE(code == 128 + SIGKILL);
        moved = moved || std::string_view(point).starts_with("restore.move");
        CHECK(world.ids_of(world.target) ==
              (moved ? one_to_three : std::vector<std::int64_t>{77, 78}));
        const auto kept = world.target / "before-restore-20261121T120000Z";
        CHECK(fs::exists(kept / "sluice.db") == moved);
        CHECK_FALSE(fs::exists(world.target / "restore.pending"));
        if (!moved) continue;
        CHECK(world.ids_of(kept) == std::vector<std::int64_t>{77, 78});
        // Back to the start for the next point.
        fs::remove_all(world.target);
        fs::create_directory(world.target);
        {
            House house(world.target);
            REQUIRE(house.submit(thing(77)));
            store(house, 78, "another value");
        }
    }
}
