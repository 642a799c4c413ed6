#include "cli/table.hpp"

#include <catch2/catch.hpp>

using namespace sluice;
using namespace sluice::cli;

TEST_CASE("a table's columns are as wide as their widest cell, numbers to the right", "[cli]") {
    Table table({{"NAME"}, {"COUNT", true}});
    table.add({"a", "7"});
    table.add({"longer", "1,234"});
    table.add({"short"});
    CHECK(table.render() ==
          "NAME    COUNT\n"
          "a           7\n"
          "longer  1,234\n"
          "short\n");
}

TEST_CASE("a table measures places on the terminal, not bytes", "[cli]") {
    CHECK(display_width("Größe") == 5);
    CHECK(display_width("日本") == 4);
    CHECK(display_width("e\xcc\x81") == 1);
    CHECK(display_width("\xff") == 1);
    Table table({{"N"}, {"X"}});
    table.add({"ß", "1"});
    table.add({"日", "2"});
    CHECK(table.render() == "N   X\nß   1\n日  2\n");
}

TEST_CASE("a cell cannot break the table's lines or move the cursor", "[cli]") {
    Table table({{"ERROR"}});
    table.add({"two\nlines\x1b[2J"});
    CHECK(table.render() == "ERROR\ntwo lines [2J\n");
}

TEST_CASE("numbers, times and sizes are written for people", "[cli]") {
    CHECK(grouped(0) == "0");
    CHECK(grouped(999) == "999");
    CHECK(grouped(1000) == "1,000");
    CHECK(grouped(-1234567) == "-1,234,567");
    CHECK(grouped(-123) == "-123");
    CHECK(human_duration(Duration(999)) == "999 us");
    CHECK(human_duration(std::chrono::milliseconds(340)) == "340 ms");
    CHECK(human_duration(std::chrono::milliseconds(3240)) == "3.2 s");
    CHECK(human_duration(std::chrono::seconds(125)) == "2m 05s");
    CHECK(human_duration(std::chrono::minutes(125)) == "2h 05m");
    CHECK(human_duration(Duration(-5)) == "0 ms");
    CHECK(human_bytes(1023) == "1023 B");
    CHECK(human_bytes(12'595) == "12.3 KiB");
    CHECK(human_bytes(std::int64_t{5} << 40) == "5.0 TiB");
    CHECK(human_cost(NanoUsd{0}) == "-");
    CHECK(human_cost(NanoUsd{12'300'000}) == "$0.0123");
    CHECK(human_time("2026-11-21T05:12:33.123456Z") == "2026-11-21 05:12:33");
    CHECK(human_time(Json()) == "-");
}
