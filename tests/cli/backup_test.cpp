// `backup` and `restore` against directories of their own, and against a scripted server.

#include <catch2/catch.hpp>

#include "cli/doctor.hpp"
#include "scripted_server.hpp"
#include "sluice/base/clock.hpp"
#include "sluice/runtime/loop.hpp"
#include "sluice/storage/backup.hpp"

using namespace sluice;
using namespace sluice::cli;

namespace {

/// Makes a database with the program's schema, and closes it.
void make_directory(const std::filesystem::path& directory) {
    base::SystemClock clock;
    runtime::Loop loop(clock);
    storage::Options options;
    options.directory = directory;
    auto opened = storage::open(loop, options, storage::built_in_migrations());
    if (!opened) FAIL(opened.error().message);
}

}  // namespace

TEST_CASE("backup and restore work on a directory that no server holds", "[cli][backup]") {
    TemporaryDirectory home;
    const auto data = (home.path / "data").string(), copy = (home.path / "copy").string();
    make_directory(data);
    const auto taken = run({"backup", copy, "--data", data});
    CAPTURE(taken.err);
    REQUIRE(taken.exit == exit_ok);
    CHECK(taken.out.find(copy + ": a verified backup; database ") != std::string::npos);

    const auto again = run({"backup", copy, "--data", data});
    CHECK(again.exit != exit_ok);
    CHECK(again.err.find("exists already") != std::string::npos);

    const auto full = run({"restore", copy, "--data", data});
    CHECK(full.exit == exit_no);
    CHECK(full.err.find("--force") != std::string::npos);

    const auto back = run({"restore", copy, "--data", data, "--force", "--json"});
    CAPTURE(back.err);
    REQUIRE(back.exit == exit_ok);
    const auto json = Json::parse(back.out);
    CHECK(json["blobs"] == 0);
    CHECK(json["kept"].get<std::string>().find("before-restore-") != std::string::npos);

    const auto other = run({"restore", copy, "--data", (home.path / "new").string()});
    REQUIRE(other.exit == exit_ok);
    CHECK(other.out.find("holds the state of") != std::string::npos);
    make_directory(home.path / "new");  // opens

    const auto none = run({"restore", (home.path / "nothing").string(), "--data", data, "--force"});
    CHECK(none.exit == exit_no);
    const auto nowhere = run({"backup", copy + "2", "--data", (home.path / "nothing").string()});
    CHECK(nowhere.exit == exit_no);
    CHECK_FALSE(std::filesystem::exists(home.path / "nothing"));
}

TEST_CASE("a server that runs is asked for the backup, with the folder's whole path",
          "[cli][backup]") {
    TemporaryDirectory home;
    ScriptedServer server(home.path / "admin.sock");
    server.on("POST /api/v1/system/backup", 201,
              R"({"path":"/b/monday","schema":7,"created_at":"2026-11-21T05:00:00Z",
                  "database_bytes":4096,"database_sha256":"aa","blobs":3,"blob_bytes":2048})");
    const auto done = run({"backup", "monday", "--data", home.path.string()});
    CAPTURE(done.err);
    REQUIRE(done.exit == exit_ok);
    CHECK(done.out ==
          "/b/monday: a verified backup; database 4.0 KiB, 3 values of 2.0 KiB, schema 7\n");
    REQUIRE(server.asked().size() == 1);
    CHECK(Json::parse(server.asked()[0].body)["path"] ==
          (std::filesystem::current_path() / "monday").string());
}

TEST_CASE("the doctor tells of the last backup", "[cli][doctor][backup]") {
    TemporaryDirectory home;
    const auto data = home.path / "data";
    const auto now = base::SystemClock().now();
    CHECK(check_backup(data, now).verdict == Verdict::ok);
    make_directory(data);
    CHECK(check_backup(data, now).verdict == Verdict::warn);
    REQUIRE(storage::back_up_directory(data, home.path / "copy", now));
    const auto fresh = check_backup(data, now);
    CHECK(fresh.verdict == Verdict::ok);
    CHECK(fresh.text.find((home.path / "copy").string()) != std::string::npos);
    CHECK(check_backup(data, now + std::chrono::hours(24 * 8)).verdict == Verdict::warn);
    std::filesystem::remove_all(home.path / "copy");
    CHECK(check_backup(data, now).text.find("not there now") != std::string::npos);
}
