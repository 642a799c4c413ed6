#include "sluice/identity/wrapped_keys.hpp"

#include <sys/stat.h>

#include <fstream>

#include "events/house.hpp"
#include "sluice/runtime/pool.hpp"
#include "sluice/storage/failpoint.hpp"

using namespace sluice;
using namespace sluice::identity;
namespace fs = std::filesystem;

namespace {

struct Fixture : sluice::testing::House {
    Fixture() {
        sources.data = directory;
        start();
    }
    ~Fixture() {
        storage::failpoint::arm("");
        keys.reset();
        std::error_code ignored;
        for (const auto& entry : fs::directory_iterator(directory.parent_path(), ignored))
            if (entry.path().filename().string().starts_with(directory.filename().string() + ".key")) fs::remove(entry.path(), ignored);
    }
    void start() {
        keys = std::make_unique<WrappedKeys>(loop, *storage, blocking, random, sources);
        keys->declare("audit");
        done(keys->start());
    }
    void restart() {
        storage::failpoint::arm("");
        keys.reset();
        close();
        open();
        start();
    }
    std::string bytes(std::string_view purpose, unsigned version = 1, WorkspaceId workspace = {}) {
        auto key = keys->version(purpose, version, workspace);
        INFO((key ? std::string() : key.error().message));
        REQUIRE(key);
        return std::string(key->key->bytes());
    }
    fs::path key_file() const { return crypto::key_file_beside(directory); }

    runtime::Pool blocking{loop, "blocking", 1};
    crypto::RootSources sources;
    std::unique_ptr<WrappedKeys> keys;
    WorkspaceId workspace = WorkspaceId::make(clock.now(), random);
};

}  // namespace

TEST_CASE("a declared key is there after the start, and the same over restarts", "[identity][vault]") {
    Fixture f;
    CHECK_FALSE(f.keys->sealed());
    REQUIRE(f.keys->get("audit"));
    CHECK(f.keys->get("audit")->version == 1);
    const auto before = f.bytes("audit");
    CHECK(before.size() == 32);
    CHECK(f.keys->get("other").error().code == ErrorCode::not_found);
    f.restart();
    CHECK(f.bytes("audit") == before);
    const auto status = f.keys->status();
    CHECK(status.file == f.key_file());
    CHECK(status.origin == "key_file");
    CHECK(status.keys == 1);
}

TEST_CASE("a workspace's key is its own, and is made once", "[identity][vault]") {
    Fixture f;
    const auto made = f.get(f.keys->get_or_make("secrets", f.workspace));
    CHECK(f.get(f.keys->get_or_make("secrets", f.workspace)).key == made.key);
    const auto other = WorkspaceId::make(f.clock.now(), f.random);
    CHECK(f.get(f.keys->get_or_make("secrets", other)).key->bytes() != made.key->bytes());
    CHECK(f.keys->get("secrets").error().code == ErrorCode::not_found);
}

TEST_CASE("after a rotation the new version encrypts and the old one still decrypts", "[identity][vault]") {
    Fixture f;
    const auto first = f.bytes("audit");
    CHECK(f.get(f.keys->rotate("audit")).version == 2);
    CHECK(f.keys->get("audit")->version == 2);
    f.restart();
    CHECK(f.bytes("audit", 1) == first);
    CHECK(f.bytes("audit", 2) != first);
    CHECK(f.keys->versions("audit").size() == 2);
    SECTION("until it is removed") {
        CHECK(f.error(f.keys->remove_below("audit", 3)) == ErrorCode::invalid_argument);
        f.done(f.keys->remove_below("audit", 2));
        CHECK(f.keys->version("audit", 1).error().code == ErrorCode::not_found);
        f.restart();
        CHECK(f.keys->versions("audit").size() == 1);
        CHECK(f.keys->get("audit")->version == 2);
    }
}

TEST_CASE("without its root key the instance starts sealed, and opens when the key is back", "[identity][vault]") {
    Fixture f;
    const auto before = f.bytes("audit");
    const fs::path away = f.key_file().string() + ".away";
    fs::rename(f.key_file(), away);
    f.restart();
    CHECK(f.keys->sealed());
    CHECK(f.keys->status().reason.find("is missing") != std::string::npos);
    CHECK(f.keys->get("audit").error().code == ErrorCode::sealed);
    CHECK(f.keys->get("audit").error().retryable);
    CHECK(f.error(f.keys->get_or_make("secrets", f.workspace)) == ErrorCode::sealed);
    CHECK(f.error(f.keys->rotate("audit")) == ErrorCode::sealed);
    CHECK(f.error(f.keys->rotate_root({})) == ErrorCode::sealed);
    CHECK(f.error(f.keys->unseal()) == ErrorCode::sealed);
    CHECK(f.keys->versions("audit").empty());

    int told = 0;
    f.keys->when_open([&told] { ++told; });
    fs::rename(away, f.key_file());
    f.done(f.keys->unseal());
    f.done(f.keys->unseal());
    CHECK(told == 1);
    CHECK(f.bytes("audit") == before);
}

TEST_CASE("a passphrase unseals, and a wrong one does not", "[identity][vault]") {
    Fixture f;
    NewRoot wanted;
    wanted.passphrase = "correct horse battery";
    const auto before = f.bytes("audit");
    CHECK(f.get(f.keys->rotate_root(wanted)).origin == "passphrase");
    f.restart();  // without it
    CHECK(f.keys->sealed());
    CHECK(f.error(f.keys->unseal("wrong horse battery")) == ErrorCode::sealed);
    CHECK(f.keys->sealed());
    f.done(f.keys->unseal("correct horse battery"));
    CHECK(f.bytes("audit") == before);
    CHECK(f.error(f.keys->rotate_root({})) == ErrorCode::invalid_argument);  // no file of ours to replace
}

TEST_CASE("a new root wraps every key, and the old file is kept under its id", "[identity][vault]") {
    Fixture f;
    const auto audit = f.bytes("audit");
    const auto own = std::string(f.get(f.keys->get_or_make("secrets", f.workspace)).key->bytes());
    const auto old = f.keys->status().root;
    const auto status = f.get(f.keys->rotate_root({}));
    CHECK(status.root != old);
    CHECK(fs::exists(f.key_file().string() + "." + old));
    f.get(f.keys->get_or_make("later", f.workspace));
    f.restart();
    CHECK(f.keys->status().root == status.root);
    CHECK(f.bytes("audit") == audit);
    CHECK(f.bytes("secrets", 1, f.workspace) == own);
    CHECK(f.keys->get("later", f.workspace));
}

TEST_CASE("a root may move to another file, which the next start must be told of", "[identity][vault]") {
    Fixture f;
    const auto audit = f.bytes("audit");
    NewRoot wanted;
    wanted.key_file = f.directory.string() + ".key-elsewhere";
    CHECK(f.error(f.keys->rotate_root(wanted)) == ErrorCode::invalid_argument);  // it is not there
    std::ofstream(wanted.key_file) << std::string(64, 'd');
    CHECK(f.error(f.keys->rotate_root(wanted)) == ErrorCode::invalid_argument);  // others may read it
    ::chmod(wanted.key_file.c_str(), 0400);
    f.get(f.keys->rotate_root(wanted));
    CHECK(f.error(f.keys->rotate_root(wanted)) == ErrorCode::invalid_argument);  // in use already
    wanted.passphrase = "both of them are too much";
    CHECK(f.error(f.keys->rotate_root(wanted)) == ErrorCode::invalid_argument);
    f.restart();
    CHECK(f.keys->sealed());
    f.sources.key_file = wanted.key_file;
    f.restart();
    CHECK(f.bytes("audit") == audit);
}

TEST_CASE("a rotation of the root that breaks off anywhere leaves every key readable", "[identity][vault]") {
    Fixture f;
    const auto audit = f.bytes("audit");
    const auto own = std::string(f.get(f.keys->get_or_make("secrets", f.workspace)).key->bytes());
    const std::string point = GENERATE("root.key_written:error", "dek.rewrap:error:1", "dek.rewrap:error:2", "root.rewrapped:error",
                                       "root.committed:error", "root.verified:error", "root.settled:error");
    CAPTURE(point);
    REQUIRE(storage::failpoint::arm(point));
    CHECK(f.error(f.keys->rotate_root({})) == ErrorCode::unavailable);
    storage::failpoint::arm("");
    // The process goes on with what it has, and so does the next one.
    const auto fresh = std::string(f.get(f.keys->get_or_make("made after", f.workspace)).key->bytes());
    CHECK(f.bytes("audit") == audit);
    f.restart();
    REQUIRE_FALSE(f.keys->sealed());
    CHECK(f.bytes("audit") == audit);
    CHECK(f.bytes("secrets", 1, f.workspace) == own);
    CHECK(f.bytes("made after", 1, f.workspace) == fresh);
    f.get(f.keys->rotate_root({}));
    f.restart();
    CHECK(f.bytes("audit") == audit);
}
