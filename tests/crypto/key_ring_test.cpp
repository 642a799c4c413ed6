#include "sluice/crypto/key_ring.hpp"

#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <fstream>

#include "sluice/base/clock.hpp"
#include "sluice/crypto/crypto.hpp"

using namespace sluice;
using namespace sluice::crypto;
namespace fs = std::filesystem;

namespace {

struct Folder {
    Folder() {
        std::string name = (fs::temp_directory_path() / "sluice-key-XXXXXX").string();
        path = ::mkdtemp(name.data());
        sources.data = path / "data";
        fs::create_directory(sources.data);
    }
    ~Folder() {
        std::error_code ignored;
        fs::remove_all(path, ignored);
    }
    fs::path write(const std::string& name, const std::string& text, mode_t mode = 0400) const {
        const auto file = path / name;
        fs::remove(file);
        std::ofstream(file, std::ios::binary) << text;
        ::chmod(file.c_str(), mode);
        return file;
    }
    Result<FoundRoot> find(const std::optional<KnownRoot>& known = {}) { return find_root(sources, known, random); }

    fs::path path;
    RootSources sources;
    base::SystemRandom random;
};

KnownRoot known(const FoundRoot& found) { return {check_value(found.key), found.salt}; }

std::string refusal(const Result<FoundRoot>& found) {
    REQUIRE_FALSE(found);
    CHECK(found.error().code == ErrorCode::sealed);
    return found.error().message;
}

unsigned mode_of(const fs::path& file) {
    struct stat info{};
    REQUIRE(::stat(file.c_str(), &info) == 0);
    return info.st_mode & 07777;
}

}  // namespace

TEST_CASE("what was encrypted opens with the same key at the same place alone", "[crypto][vault]") {
    base::SystemRandom random;
    const auto key = SecretKey::make(random);
    const Bound bound{"secret", "0123456789abcdef", "sec_1", 3, "value"};
    const auto sealed = encrypt(key, "the value", bound, random);
    CHECK(sealed.size() == 9 + 29);
    CHECK(sealed.find("the value") == std::string::npos);
    CHECK(decrypt(key, sealed, bound).value() == "the value");
    CHECK(encrypt(key, "the value", bound, random) != sealed);  // another nonce
    CHECK(decrypt(key, encrypt(key, "", bound, random), bound).value().empty());

    for (const Bound& other : {Bound{"wrapped", bound.workspace, bound.id, 3, bound.field}, Bound{"secret", "0123456789abcdeF", bound.id, 3, bound.field},
                               Bound{"secret", bound.workspace, "sec_2", 3, bound.field}, Bound{"secret", bound.workspace, bound.id, 4, bound.field},
                               Bound{"secret", bound.workspace, bound.id, 3, "key"}, Bound{"secret", "0123456789abcdefsec_1", "", 3, bound.field}})
        CHECK_FALSE(decrypt(key, sealed, other));
    CHECK_FALSE(decrypt(SecretKey::make(random), sealed, bound));
    for (const std::size_t at : {std::size_t{0}, std::size_t{5}, std::size_t{14}, sealed.size() - 1}) {
        std::string changed = sealed;
        changed[at] = static_cast<char>(changed[at] ^ 1);
        CHECK_FALSE(decrypt(key, changed, bound));
    }
    CHECK_FALSE(decrypt(key, sealed.substr(0, 28), bound));
    CHECK_FALSE(decrypt(key, "", bound));
}

TEST_CASE("a secret key has 32 bytes, moves and clones", "[crypto][vault]") {
    CHECK_THROWS_AS(SecretKey("short"), std::invalid_argument);
    SecretKey key(std::string(32, 'k'));
    SecretKey copy = key.clone();
    SecretKey moved = std::move(key);
    CHECK_FALSE(key);
    CHECK(key.bytes().empty());
    CHECK(moved.bytes() == copy.bytes());
    copy = std::move(moved);
    CHECK(copy.bytes() == std::string(32, 'k'));
    CHECK_FALSE(SecretKey().clone());
}

TEST_CASE("a hardened process writes no core and shows its memory to nobody", "[crypto][vault]") {
    const pid_t child = ::fork();
    REQUIRE(child >= 0);
    if (child == 0) {
        harden_process();
        rlimit core{1, 1};
        ::getrlimit(RLIMIT_CORE, &core);
        ::_exit(::prctl(PR_GET_DUMPABLE) == 0 && core.rlim_cur == 0 && core.rlim_max == 0 ? 0 : 1);
    }
    int status = -1;
    REQUIRE(::waitpid(child, &status, 0) == child);
    CHECK(WIFEXITED(status));
    CHECK(WEXITSTATUS(status) == 0);
}

TEST_CASE("the first start makes a key file of mode 0400 beside the data directory", "[crypto][vault]") {
    Folder f;
    auto made = f.find();
    REQUIRE(made);
    CHECK(made->made);
    CHECK(made->file == fs::canonical(f.path) / "data.key");
    CHECK(mode_of(made->file) == 0400);
    auto again = f.find(known(*made));
    REQUIRE(again);
    CHECK_FALSE(again->made);
    CHECK(again->key.bytes() == made->key.bytes());
    CHECK(fs::is_empty(f.sources.data));

    SECTION("and a directory whose key is gone is sealed, not given another") {
        fs::remove(made->file);
        CHECK(refusal(f.find(known(*made))).find("is missing") != std::string::npos);
        CHECK_FALSE(fs::exists(made->file));
    }
}

TEST_CASE("a key file that others may read is refused with what mends it", "[crypto][vault]") {
    Folder f;
    const auto mode = GENERATE(0644, 0440, 0600, 0404);
    const auto file = f.write("root.key", std::string(64, 'a'), static_cast<mode_t>(mode));
    f.sources.key_file = file;
    CHECK(refusal(f.find()).find("chmod 0400 " + file.string()) != std::string::npos);
}

TEST_CASE("a key file may hold raw bytes, hexadecimal digits or base64, and nothing else", "[crypto][vault]") {
    Folder f;
    const std::string raw = "0123456789abcdefghijklmnopqrstuv";
    for (const auto& text : {raw, hex(raw), hex(raw) + "\n", base64(raw) + "\r\n"}) {
        f.sources.key_file = f.write("root.key", text);
        auto found = f.find();
        REQUIRE(found);
        CHECK(found->key.bytes() == raw);
    }
    for (const auto& text : {std::string(), std::string("x"), hex(raw) + "00", std::string(64, 'z'), std::string(5000, 'a')}) {
        f.sources.key_file = f.write("root.key", text);
        CHECK(refusal(f.find()).find("is no key") != std::string::npos);
    }
    f.sources.key_file = f.path;
    CHECK(refusal(f.find()).find("is no file") != std::string::npos);
}

TEST_CASE("a root key inside the data directory is refused", "[crypto][vault]") {
    Folder f;
    f.sources.key_file = f.write("data/root.key", std::string(64, 'a'));
    CHECK(refusal(f.find()).find("move it out") != std::string::npos);
    f.sources.key_file = f.sources.data / "absent.key";
    CHECK(refusal(f.find()).find("may not lie in the data directory") != std::string::npos);
    CHECK_FALSE(fs::exists(f.sources.key_file));
}

TEST_CASE("the wrong key is told from the right one", "[crypto][vault]") {
    Folder f;
    f.sources.key_file = f.write("root.key", std::string(64, 'a'));
    const auto right = known(f.find().value());
    f.sources.key_file = f.write("root.key", std::string(64, 'b'));
    CHECK(refusal(f.find(right)).find("is not the one") != std::string::npos);
    f.sources.key_file = f.write("root.key", std::string(64, 'a'));
    CHECK(f.find(right));
}

TEST_CASE("a systemd credential goes before a key file", "[crypto][vault]") {
    Folder f;
    fs::create_directory(f.path / "credentials");
    f.write("credentials/sluice-root-key", std::string(64, 'c'), 0440);
    f.sources.credentials = f.path / "credentials";
    f.sources.key_file = f.write("root.key", std::string(64, 'a'));
    auto found = f.find();
    REQUIRE(found);
    CHECK(found->origin == RootOrigin::credential);
    CHECK(hex(found->key.bytes()) == std::string(64, 'c'));
    CHECK(refusal(f.find(KnownRoot{std::string(32, 'x'), {}})).find("credential") != std::string::npos);
    fs::remove(f.path / "credentials/sluice-root-key");
    CHECK(f.find().value().origin == RootOrigin::key_file);
}

TEST_CASE("a passphrase gives the same root with its salt, and another one is refused", "[crypto][vault]") {
    Folder f;
    f.sources.passphrase = "too short";
    CHECK(refusal(f.find()).find("too short") != std::string::npos);
    f.sources.passphrase = "correct horse battery";
    auto first = f.find();
    REQUIRE(first);
    CHECK(first->origin == RootOrigin::passphrase);
    CHECK(first->salt.size() == 16);
    const auto right = known(*first);
    CHECK(f.find(right).value().key.bytes() == first->key.bytes());
    f.sources.passphrase = "correct horse battery.";
    CHECK(refusal(f.find(right)).find("passphrase is not the one") != std::string::npos);
    CHECK(refusal(f.find(KnownRoot{right.check_value, {}})).find("with a key file") != std::string::npos);
    f.sources.passphrase.clear();
    CHECK(refusal(f.find(right)).find("SLUICE_VAULT_PASSPHRASE") != std::string::npos);
    CHECK_FALSE(fs::exists(f.path / "data.key"));
}

TEST_CASE("a rotated key file takes its place at once or at the next start, and the old key is kept", "[crypto][vault]") {
    Folder f;
    auto old = f.find();
    REQUIRE(old);
    const auto next = SecretKey::make(f.random);
    auto written = write_key_beside(old->file, next);
    REQUIRE(written);
    CHECK(mode_of(*written) == 0400);
    CHECK(f.find(known(*old)).value().key.bytes() == old->key.bytes());  // not in use yet
    SECTION("settled by the rotation") {
        REQUIRE(settle_key_file(old->file, next));
        REQUIRE(settle_key_file(old->file, next));
    }
    SECTION("settled by a start after a kill") {}
    SECTION("settled by a start after a kill between the two moves") {
        fs::rename(old->file, old->file.string() + "." + root_id(old->key));
    }
    const KnownRoot in_use{check_value(next), {}};
    REQUIRE(f.find(in_use));
    CHECK(f.find(in_use).value().key.bytes() == next.bytes());
    CHECK(read_key_file(old->file, f.sources.data).value().bytes() == next.bytes());
    CHECK(read_key_file(old->file.string() + "." + root_id(old->key), f.sources.data).value().bytes() == old->key.bytes());
    CHECK(mode_of(old->file) == 0400);
    // A backup from before the rotation finds its key as well.
    CHECK(f.find(known(*old)).value().key.bytes() == old->key.bytes());
    CHECK(read_key_file(old->file, f.sources.data).value().bytes() == old->key.bytes());
}
