#include "cli/doctor.hpp"

#include <catch2/catch.hpp>

#include <fcntl.h>
#include <sys/file.h>

#include "scripted_server.hpp"

using namespace sluice;
using namespace sluice::cli;

TEST_CASE("the doctor judges the data directory", "[cli][doctor]") {
    TemporaryDirectory home;
    CHECK(check_directory(home.path).verdict == Verdict::ok);
    CHECK(check_directory(home.path / "none").verdict == Verdict::warn);
    CHECK(check_directory(home.write("file", "")).verdict == Verdict::fail);
    std::filesystem::create_directory(home.path / "open");
    ::chmod((home.path / "open").c_str(), 0755);
    const auto open = check_directory(home.path / "open");
    CHECK(open.verdict == Verdict::warn);
    CHECK(open.advice.find("chmod 700") != std::string::npos);
}

TEST_CASE("the doctor judges clock, descriptors and listen address", "[cli][doctor]") {
    TemporaryDirectory home;
    const auto now = base::from_us(1'795'000'000'000'000);
    CHECK(check_clock(home.path, now).verdict == Verdict::ok);
    CHECK(check_clock(home.path, base::from_us(0)).verdict == Verdict::fail);
    CHECK(check_descriptors(512).verdict == Verdict::fail);
    CHECK(check_descriptors(4096).verdict == Verdict::warn);
    CHECK(check_descriptors(1 << 20).verdict == Verdict::ok);
    CHECK(check_bind("127.0.0.1:8080", false, false).verdict == Verdict::ok);
    CHECK(check_bind("[::1]:8080", false, false).verdict == Verdict::ok);
    CHECK(check_bind("0.0.0.0:8080", false, false).verdict == Verdict::warn);
    CHECK(check_bind("0.0.0.0:8080", true, false).verdict == Verdict::ok);
    CHECK(check_bind("0.0.0.0:8080", false, true).verdict == Verdict::ok);
}

TEST_CASE("the doctor judges the certificate by its end", "[cli][doctor]") {
    TemporaryDirectory home;
    const auto file = home.write("cert.pem", R"(-----BEGIN CERTIFICATE-----
MIIBbTCCAROgAwIBAgIUJ5o39+14+vFFJQdsl9NiXuM8BrAwCgYIKoZIzj0EAwIw
DDEKMAgGA1UEAwwBdDAeFw0yNjExMjYxMjU2NDlaFw0zNjExMjMxMjU2NDlaMAwx
CjAIBgNVBAMMAXQwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAATXw7/gY4Yl+Mlc
rn2rPDHL4cOgGPULdpDCax0g6+KDRYI6ejV+CVOgr13vVThj49rDQoncEYMwsxbK
ApDTuJd/o1MwUTAdBgNVHQ4EFgQUqcpOVR6gzWC2TgHIBABg518G9sgwHwYDVR0j
BBgwFoAUqcpOVR6gzWC2TgHIBABg518G9sgwDwYDVR0TAQH/BAUwAwEB/zAKBggq
hkjOPQQDAgNIADBFAiBSVX1nLmIPGvjph5P2+nSqyLXahGTiGQIfm3mbW2H+DAIh
AKVibjz7etyLpUHjGcOSKN7PnqnQizLu5BqYdKeezR+v
-----END CERTIFICATE-----
)");
    const auto end = base::parse_time("2036-11-23T12:56:49Z");
    REQUIRE(end);
    const auto day = std::chrono::hours(24);
    CHECK(check_certificate(file, *end - 30 * day).verdict == Verdict::ok);
    CHECK(check_certificate(file, *end - 20 * day).verdict == Verdict::warn);
    CHECK(check_certificate(file, *end).verdict == Verdict::fail);
    CHECK(check_certificate(home.path / "none.pem", *end).verdict == Verdict::fail);
    CHECK(check_certificate(home.write("text.pem", "no certificate"), *end).verdict == Verdict::fail);
}

TEST_CASE("the doctor tells a sealed vault from an open one", "[cli][doctor]") {
    CHECK(check_vault(Json{{"vault", {{"sealed", false}, {"reason", nullptr}}}}).verdict == Verdict::ok);
    const auto sealed = check_vault(Json{{"vault", {{"sealed", true}, {"reason", "the key is missing"}}}});
    CHECK(sealed.verdict == Verdict::fail);
    CHECK(sealed.text.find("the key is missing") != std::string::npos);
    CHECK(sealed.advice.find("sluice vault unseal") != std::string::npos);
    CHECK(check_vault(Json::object()).verdict == Verdict::warn);
}

TEST_CASE("the doctor wants the root key's file closed to others", "[cli][doctor]") {
    TemporaryDirectory home;
    CHECK(check_key_file(home.path / "none.key").verdict == Verdict::ok);
    const auto file = home.write("data.key", "secret");
    std::filesystem::permissions(file, std::filesystem::perms::owner_read | std::filesystem::perms::group_read);
    const auto open = check_key_file(file);
    CHECK(open.verdict == Verdict::fail);
    CHECK(open.advice.find("chmod 400") != std::string::npos);
    std::filesystem::permissions(file, std::filesystem::perms::owner_read);
    CHECK(check_key_file(file).verdict == Verdict::ok);
    CHECK(check_vault(Json{{"vault", {{"sealed", false}, {"origin", "key_file"}}}}).text.find("a key file") != std::string::npos);
}

TEST_CASE("the doctor finds another process's hand on the database", "[cli][doctor]") {
    TemporaryDirectory home;
    CHECK(check_database_owner(home.path, "").verdict == Verdict::ok);
    const auto file = home.write("sluice.db", "x");
    CHECK(check_database_owner(home.path, "").verdict == Verdict::ok);
    const int descriptor = ::open(file.c_str(), O_RDONLY);
    REQUIRE(descriptor >= 0);
    const auto seen = check_database_owner(home.path, "");
    CHECK(seen.verdict == Verdict::fail);
    CHECK(seen.text.find(std::to_string(::getpid())) != std::string::npos);
    CHECK(check_database_owner(home.path, std::to_string(::getpid())).verdict ==
          Verdict::ok);  // it is the server
    ::close(descriptor);
}

TEST_CASE("the doctor's verdict is its exit code", "[cli][doctor]") {
    TemporaryDirectory home;
    SECTION("nothing runs, nothing is wrong") {
        const auto done = run({"doctor", "--data", home.path.string(), "--json"});
        const auto json = Json::parse(done.out);
        for (const auto& check : json["checks"])
            if (check["verdict"] == "fail") FAIL_CHECK(check.dump());
        CHECK(done.exit == exit_ok);
        CHECK(json["healthy"] == true);
    }
    SECTION("a server answers") {
        ScriptedServer server(home.path / "admin.sock");
        server.on("GET /readyz", 200, "ready\n", "text/plain");
        server.on("GET /api/v1/system", 200, R"({"version":"1.2.3"})");
        const auto done = run({"doctor", "--data", home.path.string()});
        CHECK(done.exit == exit_ok);
        CHECK(done.out.find("of this version") != std::string::npos);
    }
    SECTION("a server starts or hangs") {
        ScriptedServer server(home.path / "admin.sock");
        server.on("GET /readyz", 503, "starting\n", "text/plain");
        const auto done = run({"doctor", "--data", home.path.string()});
        CHECK(done.exit == exit_no);
        CHECK(done.out.find("what to do:") != std::string::npos);
    }
    SECTION("a process holds the directory and does not answer") {
        const auto lock = home.write("lock", "4711\n");
        const int descriptor = ::open(lock.c_str(), O_RDWR);
        REQUIRE(::flock(descriptor, LOCK_EX | LOCK_NB) == 0);
        const auto done = run({"doctor", "--data", home.path.string()});
        CHECK(done.exit == exit_no);
        CHECK(done.out.find("held by process 4711") != std::string::npos);
        ::close(descriptor);
    }
    SECTION("the configuration has mistakes") {
        const auto file = home.write("sluice.toml", "nonsense = 1\n");
        CHECK(run({"doctor", "--config", file}).exit == exit_no);
    }
}
