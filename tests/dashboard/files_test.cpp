#include "dashboard/files.hpp"

#include <algorithm>

#include <catch2/catch.hpp>

using namespace sluice;
using namespace sluice::dashboard;

namespace {
constexpr File packed{.path = "assets/a.js", .tag = "t", .plain = {}, .brotli = "b", .gzip = "g"};
constexpr File font{.path = "assets/a.woff2", .tag = "t", .plain = "f", .brotli = {}, .gzip = {}};
// "hello hello hello\n" by `gzip -9n`.
constexpr std::string_view hello("\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\x03\xcb\x48\xcd\xc9\xc9\x57\xc8\x40\x90\x5c\x00\x3b\x7c\x8a\xdf\x12\x00\x00\x00", 29);
}  // namespace

TEST_CASE("a client gets the smallest form that it reads", "[dashboard]") {
    CHECK(choose_coding("gzip, deflate, br, zstd", packed) == Coding::brotli);
    CHECK(choose_coding("br;q=1.0, gzip;q=0.8, *;q=0.1", packed) == Coding::brotli);
    CHECK(choose_coding("gzip", packed) == Coding::gzip);
    CHECK(choose_coding("x-gzip", packed) == Coding::gzip);
    CHECK(choose_coding("", packed) == Coding::identity);
    CHECK(choose_coding("identity, deflate", packed) == Coding::identity);
    CHECK(choose_coding("gzip, br", font) == Coding::identity);
}

TEST_CASE("an encoding with the weight zero is refused", "[dashboard]") {
    CHECK(choose_coding("br;q=0, gzip", packed) == Coding::gzip);
    CHECK(choose_coding("br;q=0.000, gzip; q=0", packed) == Coding::identity);
    CHECK(choose_coding("br;q=0.001", packed) == Coding::brotli);
}

TEST_CASE("packed files are unpacked as they were, and damaged ones are told of", "[dashboard]") {
    const auto text = unpack(hello);
    REQUIRE(text);
    CHECK(*text == "hello hello hello\n");
    CHECK_FALSE(unpack(hello.substr(0, 20)));
    CHECK_FALSE(unpack("no gzip at all"));
    CHECK_FALSE(unpack(""));
}

TEST_CASE("every embedded file is found, has a type of its own and one form at least", "[dashboard]") {
    const auto files = embedded_files();
    REQUIRE(std::ranges::is_sorted(files, {}, &File::path));
    REQUIRE(find_file(files, "index.html"));
    CHECK_FALSE(find_file(files, "index.htm"));
    CHECK_FALSE(find_file(files, ""));
    for (const auto& file : files) {
        INFO(file.path);
        CHECK(find_file(files, file.path) == &file);
        CHECK(media_type(file.path) != "application/octet-stream");
        CHECK((!file.plain.empty() || (!file.gzip.empty() && !file.brotli.empty())));
        CHECK(is_plain_path(file.path));
        if (!file.gzip.empty()) CHECK(unpack(file.gzip));
    }
}

TEST_CASE("a path below the directory for development cannot leave it", "[dashboard]") {
    CHECK(is_plain_path("assets/main-4f2a_x.js"));
    CHECK(is_plain_path("boot.js"));
    for (const auto* path : {"", "/etc/passwd", "../secret", "assets/../../secret", ".vite/manifest.json", "assets/.git", "a//b", "a/", "a\\b", "a b"})
        CHECK_FALSE(is_plain_path(path));
}
