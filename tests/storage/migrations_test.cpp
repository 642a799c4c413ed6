#include "storage/harness.hpp"

#include <fstream>

using namespace sluice;
using namespace sluice::storage;
using namespace sluice::storage::testing;

namespace {

std::vector<Migration> first_two() { return {std::begin(test_schema), std::end(test_schema)}; }

std::vector<Migration> with(Migration more) {
    auto list = first_two();
    list.push_back(more);
    return list;
}

constexpr const char* third_sql =
    "-- a comment; with a semicolon\n"
    "ALTER TABLE thing ADD COLUMN colour TEXT;\n"
    "CREATE TABLE colour (name TEXT PRIMARY KEY) STRICT;\n"
    "UPDATE thing SET colour = 'red';\n"
    "INSERT INTO colour SELECT DISTINCT colour FROM thing;\n";

std::vector<std::filesystem::path> snapshots(const TempDirectory& directory) {
    std::vector<std::filesystem::path> list;
    std::error_code error;
    for (const auto& entry : std::filesystem::directory_iterator(directory / "snapshots", error))
        list.push_back(entry.path());
    return list;
}

Error refused(const TempDirectory& directory, const std::vector<Migration>& list) {
    House house(directory.path(), list);
    REQUIRE(house.error);
    return *house.error;
}

}  // namespace

TEST_CASE(
    "a fresh directory gets the newest schema without a snapshot, and the next start changes "
    "nothing",
    "[storage][migrations]") {
    TempDirectory directory;
    {
        House house(directory / "deep/data");
        REQUIRE_FALSE(house.error);
        CHECK(house.report.created);
        CHECK(house.report.schema_from == 0);
        CHECK(house.report.schema_to == 2);
        CHECK(house.report.snapshot.empty());
    }
    House again(directory / "deep/data");
    REQUIRE_FALSE(again.error);
    CHECK_FALSE(again.report.created);
    CHECK(again.report.schema_from == 2);
    CHECK(again.report.schema_to == 2);
    CHECK_FALSE(std::filesystem::exists(directory / "deep/data/snapshots"));
}

TEST_CASE("an upgrade keeps the rows and leaves a whole copy from before",
          "[storage][migrations]") {
    TempDirectory directory;
    {
        House house(directory.path());
        REQUIRE(house.submit(thing(1)));
    }
    {
        House house(directory.path(), with({3, "colours", third_sql}));
        REQUIRE_FALSE(house.error);
        CHECK(house.report.schema_from == 2);
        CHECK(house.report.schema_to == 3);
        CHECK(stored_ids(house.loop, *house) == std::vector<std::int64_t>{1});
        REQUIRE(snapshots(directory).size() == 1);
        CHECK(house.report.snapshot == snapshots(directory)[0]);
        CHECK(house.report.snapshot.filename().string().starts_with("before-0003-"));
    }
    TempDirectory old;
    std::filesystem::copy_file(snapshots(directory)[0], old / "sluice.db");
    House house(old.path());
    REQUIRE_FALSE(house.error);
    CHECK(house.report.schema_from == 2);
    CHECK(stored_ids(house.loop, *house) == std::vector<std::int64_t>{1});
}

TEST_CASE("a schema that does not fit this build is refused with what to do",
          "[storage][migrations]") {
    TempDirectory directory;
    {
        House house(directory.path(), with({3, "colours", third_sql}));
    }
    const auto before = std::filesystem::file_size(directory / "sluice.db");
    SECTION("a newer schema") {
        const auto error = refused(directory, first_two());
        CHECK(error.code == ErrorCode::precondition_failed);
        CHECK(error.message.find("newer Sluice (schema 3, this one knows 2)") != std::string::npos);
        CHECK(error.message.find("snapshots") != std::string::npos);
    }
    SECTION("an edited migration") {
        auto edited = with({3, "colours", "SELECT 1;"});
        const auto error = refused(directory, edited);
        CHECK(error.code == ErrorCode::precondition_failed);
        CHECK(error.message.find("0003 (colours)") != std::string::npos);
    }
    SECTION("a migration that this build lacks") {
        const auto error = refused(directory, {test_schema[0], Migration{3, "colours", third_sql}});
        CHECK(error.code == ErrorCode::precondition_failed);
        CHECK(error.message.find("0002 (things)") != std::string::npos);
    }
    SECTION("a migration that was left out") {
        TempDirectory gap;
        {
            House house(gap.path(), std::vector<Migration>{test_schema[1]});
        }
        const auto error = refused(gap, first_two());
        CHECK(error.code == ErrorCode::precondition_failed);
        CHECK(error.message.find("skipped migration 0001") != std::string::npos);
    }
    CHECK(std::filesystem::file_size(directory / "sluice.db") == before);
    House fine(directory.path(), with({3, "colours", third_sql}));
    CHECK_FALSE(fine.error);
}

TEST_CASE("a failing upgrade is undone as a whole", "[storage][migrations]") {
    TempDirectory directory;
    {
        House house(directory.path());
        REQUIRE(house.submit(thing(1)));
        WriteUnit unit;
        unit.add(insert_part, 1, "of it");
        REQUIRE(house.submit(std::move(unit)));
    }
    const char* sql = GENERATE("CREATE TABLE more (a INTEGER) STRICT; SELECT nothing FROM nowhere;",
                               "CREATE TABLE more (a INTEGER) STRICT; COMMIT;",
                               "CREATE TABLE more (a INTEGER) STRICT; DELETE FROM thing;");
    CAPTURE(sql);
    const auto error = refused(directory, with({3, "bad", sql}));
    CHECK(error.code == ErrorCode::internal);
    House house(directory.path(), with({3, "good", "CREATE TABLE more (a INTEGER) STRICT;"}));
    REQUIRE_FALSE(house.error);
    CHECK(house.report.schema_from == 2);
    CHECK(stored_ids(house.loop, *house) == std::vector<std::int64_t>{1});
}

TEST_CASE("a process killed inside an upgrade leaves the old schema, and the next start upgrades",
          "[storage][migrations][crash]") {
    TempDirectory directory;
    {
        House house(directory.path());
        for (int i = 1; i <= 50; ++i) house->enqueue(thing(i), {});
        REQUIRE(house.submit(thing(51)));
    }
    const auto list = with({3, "colours", third_sql});
    for (int n = 1; n <= 4; ++n) {
        CAPTURE(n);
        const int code = in_child([&] {
            failpoint::arm("migrate.stmt:kill:" + std::to_string(n));
            House house(directory.path(), list);
            return 0;
        });
        REQUIRE(code == 128 + SIGKILL);
        House old(directory.path());
        REQUIRE_FALSE(old.error);
        CHECK(old.report.schema_from == 2);
        CHECK(stored_ids(old.loop, *old).size() == 51);
    }
    House house(directory.path(), list);
    REQUIRE_FALSE(house.error);
    CHECK(house.report.schema_to == 3);
    CHECK(stored_ids(house.loop, *house).size() == 51);
    const auto findings = run(house.loop, house->check());
    REQUIRE(findings);
    CHECK(findings->empty());
}

TEST_CASE("the migrations built into this binary are in order and make a sound database",
          "[storage][migrations]") {
    const auto list = built_in_migrations();
    REQUIRE_FALSE(list.empty());
    for (std::size_t i = 0; i < list.size(); ++i) {
        CAPTURE(list[i].name);
        CHECK(list[i].number > (i == 0 ? 0 : list[i - 1].number));
        CHECK_FALSE(list[i].sql.empty());
        CHECK(list[i].name.find('.') == std::string_view::npos);
    }
    TempDirectory directory;
    House house(directory.path(), list);
    if (house.error) FAIL(house.error->message);
    CHECK(house.report.schema_to == list.back().number);
    const auto findings = run(house.loop, house->check());
    REQUIRE(findings);
    CHECK(findings->empty());
}
