#include "storage/harness.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>

#include <csignal>
#include <fstream>

#include "sluice/runtime/task_group.hpp"
#include "sluice/storage/backup.hpp"
#include "storage/directory.hpp"
#include "storage/small_disk.hpp"

using namespace sluice;
using namespace sluice::storage;
using namespace sluice::storage::testing;

namespace {

unsigned mode_of(const std::filesystem::path& path) {
    struct stat info{};
    return ::stat(path.c_str(), &info) == 0 ? info.st_mode & 0777U : 0;
}

}  // namespace

TEST_CASE("a full disk refuses writes with a reason, loses nothing, and recovers by itself",
          "[storage][disk]") {
    SmallDisk disk("6m");
    if (!disk.works) return;
    fill(disk / "ballast", 3 << 20);
    std::vector<std::int64_t> acknowledged;
    {
        House house(disk / "data", test_schema, [](Options& o) { o.min_free_bytes = 0; });
        REQUIRE_FALSE(house.error);
        Result<void> done;
        std::int64_t id = 0;
        while (done && id < 2000) {
            ++id;
            done = house.submit(thing(id, std::string(10'000, 'n') + std::to_string(id)));
            if (done) acknowledged.push_back(id);
        }
        REQUIRE_FALSE(done);
        CHECK(done.error().code == ErrorCode::unavailable);
        CHECK(done.error().message.find("full") != std::string::npos);
        CHECK(done.error().message.find((disk / "data").string()) != std::string::npos);
        CHECK(acknowledged.size() > 50);
        CHECK(house->saturated());
        CHECK(house->saturation_reason().find("full") != std::string::npos);
        CHECK(stored_ids(house.loop, *house) == acknowledged);

        std::filesystem::remove(disk / "ballast");
        CHECK(eventually(house, [&] { return !house->saturated(); }));
        REQUIRE(house.submit(thing(9999)));
        acknowledged.push_back(9999);
    }
    House house(disk / "data");
    REQUIRE_FALSE(house.error);
    CHECK(stored_ids(house.loop, *house) == acknowledged);
    const auto findings = run(house.loop, house->check());
    REQUIRE(findings);
    CHECK(findings->empty());
}

TEST_CASE("below the watermark new work is refused while work under way is stored",
          "[storage][disk]") {
    SmallDisk disk("8m");
    if (!disk.works) return;
    fill(disk / "ballast", 5 << 20);
    House house(disk / "data", test_schema, [](Options& o) { o.min_free_bytes = 4 << 20; });
    REQUIRE_FALSE(house.error);
    CHECK(house->saturated());
    CHECK(house->saturation_reason().find("kept back") != std::string::npos);
    CHECK(house.submit(thing(1)));

    fill(disk / "more", 2 << 20);  // below a quarter of the watermark
    std::int64_t id = 1;
    Result<void> refused;
    REQUIRE(eventually(house, [&] {
        refused = house.submit(thing(++id));
        return !refused;
    }));
    CHECK(refused.error().code == ErrorCode::unavailable);
    CHECK(refused.error().message.find("kept back") != std::string::npos);

    std::filesystem::remove(disk / "ballast");
    std::filesystem::remove(disk / "more");
    CHECK(eventually(house, [&] { return !house->saturated(); }));
    CHECK(house.submit(thing(++id)));
}

TEST_CASE("a write that finds no room fails alone in time, not the process", "[storage][disk]") {
    TempDirectory directory;
    failpoint::arm("none:error");
    House house(directory.path());
    REQUIRE_FALSE(house.error);
    REQUIRE(house.submit(thing(1)));
    {
        const Armed armed("wal.write:full:1");
        const auto refused = house.submit(thing(2));
        REQUIRE_FALSE(refused);
        CHECK(refused.error().code == ErrorCode::unavailable);
        CHECK(refused.error().retryable);
    }
    CHECK(house.submit(thing(3)));
    CHECK(stored_ids(house.loop, *house) == std::vector<std::int64_t>{1, 3});
}

TEST_CASE(
    "a foreign process that holds the write lock delays, then fails writes with its name for it",
    "[storage][disk][slow]") {
    TempDirectory directory;
    House house(directory.path());
    REQUIRE_FALSE(house.error);
    REQUIRE(std::filesystem::exists(directory / "sluice.db-shm"));
    int ready[2], release[2];
    REQUIRE(::pipe(ready) == 0);
    REQUIRE(::pipe(release) == 0);
    const pid_t pid = ::fork();
    if (pid == 0) {
        // Where SQLite keeps the lock of the one who may append to the log: byte 120 of the shared
        // memory file.
        ::close(release[1]);
        const int shm = ::open((directory / "sluice.db-shm").c_str(), O_RDWR);
        struct flock lock{};
        lock.l_type = F_WRLCK;
        lock.l_whence = SEEK_SET;
        lock.l_start = 120;
        lock.l_len = 1;
        char byte = ::fcntl(shm, F_SETLKW, &lock) == 0 ? 'y' : 'n';
        (void)!::write(ready[1], &byte, 1);
        (void)!::read(release[0], &byte, 1);
        ::_exit(0);
    }
    char byte = 0;
    REQUIRE(::read(ready[0], &byte, 1) == 1);
    REQUIRE(byte == 'y');
    const auto refused = house.submit(thing(1));
    ::close(release[1]);
    int status = 0;
    ::waitpid(pid, &status, 0);
    for (const int end : {ready[0], ready[1], release[0]}) ::close(end);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == ErrorCode::unavailable);
    CHECK(refused.error().message.find("another program") != std::string::npos);
    CHECK(house.submit(thing(2)));
    CHECK(stored_ids(house.loop, *house) == std::vector<std::int64_t>{2});
}

TEST_CASE("only the owner can read the data directory and its files", "[storage][disk]") {
    TempDirectory directory;
    House house(directory / "data");
    REQUIRE_FALSE(house.error);
    REQUIRE(house.submit(thing(1)));
    CHECK(mode_of(directory / "data") == 0700);
    for (const auto* name : {"sluice.db", "sluice.db-wal", "sluice.db-shm", "lock"}) {
        CAPTURE(name);
        CHECK(mode_of(directory / "data" / name) == 0600);
    }
    REQUIRE(run(house.loop, house->backup(directory / "copy")));
    CHECK(mode_of(directory / "copy") == 0700);
    CHECK(mode_of(directory / "copy/sluice.db") == 0600);
    CHECK(mode_of(directory / "copy/manifest.json") == 0600);
}

TEST_CASE("a directory that cannot be used is refused with what to do", "[storage][disk]") {
    TempDirectory directory;
    SECTION("it is a file") {
        fill(directory / "data", 10);
        House house(directory / "data");
        REQUIRE(house.error);
        CHECK(house.error->code == ErrorCode::unavailable);
        CHECK(house.error->message.find("--data") != std::string::npos);
    }
    SECTION("it does not exist and must not be made") {
        House house(directory / "data", test_schema, [](Options& o) { o.create = false; });
        REQUIRE(house.error);
        CHECK(house.error->code == ErrorCode::not_found);
        CHECK_FALSE(std::filesystem::exists(directory / "data"));
    }
    SECTION("it cannot be made") {
        House house("/proc/sluice/data");
        REQUIRE(house.error);
        CHECK(house.error->code == ErrorCode::unavailable);
    }
    SECTION("its database is something else") {
        std::ofstream(directory / "sluice.db") << std::string(8192, 'z');
        House house(directory.path());
        REQUIRE(house.error);
        CHECK(house.error->code == ErrorCode::precondition_failed);
        CHECK(house.error->message.find("restore a backup") != std::string::npos);
    }
    SECTION("it belongs to somebody else") {
        if (::geteuid() != 0) return;
        std::filesystem::create_directory(directory / "data");
        ::chmod(directory.path().c_str(), 0755);
        const int code = in_child([&] {
            if (::setuid(65534) != 0) return 1;
            House house(directory / "data");
            return house.error && house.error->code == ErrorCode::unavailable &&
                           house.error->message.find("not writable") != std::string::npos
                       ? 0
                       : 2;
        });
        CHECK(code == 0);
    }
}

TEST_CASE("network file systems are known by their type", "[storage][disk]") {
    CHECK(is_network_file_system(0x6969));            // NFS
    CHECK(is_network_file_system(0xff534d42));        // CIFS
    CHECK_FALSE(is_network_file_system(0xef53));      // ext4
    CHECK_FALSE(is_network_file_system(0x58465342));  // XFS
    CHECK_FALSE(is_network_file_system(0x01021994));  // tmpfs
}

TEST_CASE("the log is moved into the database when the writer has nothing to do",
          "[storage][disk]") {
    TempDirectory directory;
    House house(directory.path(), test_schema,
                [](Options& o) { o.idle_checkpoint_bytes = 100'000; });
    REQUIRE_FALSE(house.error);
    CHECK(house->statistics().checkpoints == 0);
    for (int i = 1; i <= 100; ++i)
        house->enqueue(thing(i, std::string(4000, 'n') + std::to_string(i)), {});
    REQUIRE(house.submit(thing(101)));
    CHECK(eventually(house, [&] { return house->statistics().checkpoints > 0; }));
    CHECK(std::filesystem::file_size(directory / "sluice.db") > 300'000);
    CHECK(stored_ids(house.loop, *house).size() == 101);
}

TEST_CASE("the log stays bounded under load", "[storage][disk]") {
    TempDirectory directory;
    House house(directory.path(), test_schema, [](Options& o) {
        o.checkpoint_pages = 100;
        o.batch_ops = 20;
    });
    REQUIRE_FALSE(house.error);
    for (int i = 1; i <= 2000; ++i)
        house->enqueue(thing(i, std::string(4000, 'n') + std::to_string(i)), {});
    REQUIRE(house.submit(thing(2001)));
    CHECK(house->statistics().checkpoints > 5);
    CHECK(std::filesystem::file_size(directory / "sluice.db-wal") < 2'000'000);
    CHECK(stored_ids(house.loop, *house).size() == 2001);
}
