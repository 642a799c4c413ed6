#include "storage/harness.hpp"

#include <fstream>
#include <map>

#include "sluice/base/clock.hpp"
#include "sluice/storage/blobs.hpp"

using namespace sluice;
using namespace sluice::storage;
using namespace sluice::storage::testing;

namespace {

struct BlobHouse : House {
    explicit BlobHouse(const std::filesystem::path& directory) : House(directory), random(7) {
        workspace = WorkspaceId::make(clock.now(), random);
        other = WorkspaceId::make(clock.now(), random);
    }
    Result<std::string> put(WorkspaceId in, std::string content) {
        return run(loop, storage->blobs().put(in, std::move(content)));
    }
    Result<std::string> get(const std::string& hash, std::size_t most = 1 << 20) {
        return run(loop, storage->blobs().get(workspace, hash, most));
    }
    std::filesystem::path file(const std::string& hash) {
        return storage->directory() / "blobs" / workspace.str() / hash.substr(0, 2) / hash;
    }
    std::size_t collect() {
        const auto removed = run(loop, storage->blobs().collect());
        REQUIRE(removed);
        return *removed;
    }
    void make_old(const std::string& hash) {
        const auto two_hours = std::chrono::hours(2);
        std::filesystem::last_write_time(file(hash),
                                         std::filesystem::last_write_time(file(hash)) - two_hours);
    }

    base::SeededRandom random;
    WorkspaceId workspace, other;
};

}  // namespace

TEST_CASE("a blob is read back by its hash, whole and in parts, in its own workspace alone",
          "[storage][blobs]") {
    TempDirectory directory;
    BlobHouse house(directory.path());
    std::string content;
    for (int i = 0; i < 100'000; ++i) content.push_back(static_cast<char>(i * 7));
    const auto hash = house.put(house.workspace, content);
    REQUIRE(hash);
    CHECK(hash->size() == 64);
    CHECK(house.put(house.workspace, content) == *hash);
    CHECK(house.get(*hash) == content);
    CHECK(run(house.loop, house->blobs().size(house.workspace, *hash)) == content.size());
    CHECK(run(house.loop, house->blobs().read_part(house.workspace, *hash, 99'990, 100)) ==
          content.substr(99'990));
    CHECK(run(house.loop, house->blobs().read_part(house.workspace, *hash, 200'000, 100)) ==
          std::string());
    const auto elsewhere = run(house.loop, house->blobs().get(house.other, *hash, 1 << 20));
    REQUIRE_FALSE(elsewhere);
    CHECK(elsewhere.error().code == ErrorCode::not_found);
    const auto empty = house.put(house.workspace, "");
    REQUIRE(empty);
    CHECK(*empty == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    CHECK(house.get(*empty) == std::string());
}

TEST_CASE("a blob that is missing, too large, damaged or no hash at all has its own error",
          "[storage][blobs]") {
    TempDirectory directory;
    BlobHouse house(directory.path());
    const auto hash = house.put(house.workspace, std::string(1000, 'x'));
    REQUIRE(hash);
    CHECK(house.get(std::string(64, '0')).error().code == ErrorCode::not_found);
    CHECK(house.get("../../lock").error().code == ErrorCode::not_found);
    CHECK(house.get(*hash, 999).error().code == ErrorCode::too_large);
    {
        std::fstream file(house.file(*hash), std::ios::in | std::ios::out | std::ios::binary);
        file.seekp(500);
        file.put('y');
    }
    CHECK(house.get(*hash).error().code == ErrorCode::internal);
}

TEST_CASE("collecting removes old blobs that nobody names, and no others", "[storage][blobs]") {
    TempDirectory directory;
    BlobHouse house(directory.path());
    std::map<std::string, std::string> hashes;
    for (const auto* name : {"named", "released", "young", "used again"}) {
        const auto hash = house.put(house.workspace, std::string("content of ") + name);
        REQUIRE(hash);
        hashes[name] = *hash;
    }
    WriteUnit unit;
    unit.require_blob(hashes["named"]);
    house->blobs().append_reference(unit, house.workspace, hashes["named"], 16, "owner one");
    house->blobs().append_reference(unit, house.workspace, hashes["named"], 16,
                                    "owner one");  // again: no error
    house->blobs().append_reference(unit, house.workspace, hashes["released"], 19, "owner two");
    REQUIRE(house.submit(std::move(unit)));
    for (const auto* name : {"named", "released", "used again"}) house.make_old(hashes[name]);
    REQUIRE(house.put(house.workspace, "content of used again"));  // young once more

    CHECK(house.collect() == 0);
    WriteUnit release;
    house->blobs().append_release(release, house.workspace, "owner two");
    REQUIRE(house.submit(std::move(release)));
    CHECK(house.collect() == 1);
    CHECK_FALSE(house.get(hashes["released"]));
    for (const auto* name : {"named", "young", "used again"}) CHECK(house.get(hashes[name]));
}

TEST_CASE("a blob that cannot be flushed is refused and leaves nothing behind",
          "[storage][blobs]") {
    TempDirectory directory;
    BlobHouse house(directory.path());
    const auto* action = GENERATE("error", "full");
    const auto refused = [&] {
        const Armed armed(std::string("blob.sync:") + action);
        return house.put(house.workspace, "content");
    }();
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == ErrorCode::unavailable);
    for (const auto& entry : std::filesystem::recursive_directory_iterator(directory / "blobs"))
        CHECK(entry.is_directory());
    CHECK(house.put(house.workspace, "content"));
}

TEST_CASE("a unit may name a blob that an earlier process stored", "[storage][blobs]") {
    TempDirectory directory;
    std::string hash;
    {
        BlobHouse house(directory.path());
        hash = *house.put(house.workspace, "from before");
    }
    BlobHouse house(directory.path());
    auto unit = thing(1);
    unit.require_blob(hash);
    CHECK(house.submit(std::move(unit)));
}
