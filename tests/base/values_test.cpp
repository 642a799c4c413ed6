#include <algorithm>
#include <set>

#include <catch2/catch.hpp>

#include "sluice/base/clock.hpp"
#include "sluice/base/error.hpp"
#include "sluice/base/id.hpp"
#include "sluice/base/money.hpp"
#include "sluice/base/principal.hpp"
#include "sluice/base/time.hpp"

using namespace sluice;
using namespace sluice::base;
using namespace std::chrono_literals;

TEST_CASE("every error code has its own name, which leads back to it, and a status of an error",
          "[base][error]") {
    std::set<std::string_view> names;
    for (int i = 0; i <= static_cast<int>(ErrorCode::timeout); ++i) {
        const auto code = static_cast<ErrorCode>(i);
        CHECK(error_code_from(to_string(code)) == code);
        CHECK(http_status(code) >= 400);
        CHECK(http_status(code) < 600);
        names.insert(to_string(code));
    }
    CHECK(names.size() == static_cast<std::size_t>(ErrorCode::timeout) + 1);
    CHECK(error_code_from("no such code") == ErrorCode::internal);
    CHECK(http_status(ErrorCode::budget_exceeded) == 402);
    CHECK(http_status(ErrorCode::unprocessable) == 422);
}

TEST_CASE("ids sort by their creation time, in bytes and in text", "[base][id]") {
    SeededRandom random(1);
    std::vector<RunId> ids;
    for (int i = 0; i < 500; ++i)
        ids.push_back(RunId::make(from_us(1'700'000'000'000'000 + i * 1000), random));
    CHECK(std::is_sorted(ids.begin(), ids.end()));
    CHECK(std::is_sorted(ids.begin(), ids.end(),
                         [](const auto& a, const auto& b) { return a.raw() < b.raw(); }));
    CHECK(std::is_sorted(ids.begin(), ids.end(),
                         [](const auto& a, const auto& b) { return a.str() < b.str(); }));
    CHECK(std::set<RunId>(ids.begin(), ids.end()).size() == ids.size());
}

TEST_CASE("ids are UUIDs of version 7", "[base][id]") {
    SeededRandom random(7);
    const auto bytes = make_uuid7(from_us(0x0123456789ab * 1000LL + 999), random);
    CHECK(std::equal(bytes.begin(), bytes.begin() + 6,
                     std::begin({0x01, 0x23, 0x45, 0x67, 0x89, 0xab})));
    CHECK((bytes[6] >> 4) == 7);
    CHECK((bytes[8] >> 6) == 2);
    CHECK(make_uuid7(from_us(0x0123456789ab * 1000LL + 998), random) < bytes);  // within one millisecond as well
}

TEST_CASE("an id is read back from its text and refused with another prefix", "[base][id]") {
    SystemRandom random;
    const auto id = RunId::make(SystemClock().now(), random);
    const auto text = id.str();
    CHECK(text.size() == 30);
    CHECK(text.starts_with("run_"));
    CHECK(RunId::parse(text) == id);
    CHECK(RunId::from_raw(id.raw()) == id);
    CHECK(fmt::format("{}", id) == text);
    CHECK(static_cast<bool>(id));
    CHECK_FALSE(RunId{});
    CHECK_FALSE(FlowId::parse(text));
    CHECK_FALSE(RunId::parse(text.substr(1)));
    CHECK_FALSE(RunId::parse(text + "0"));
    CHECK_FALSE(RunId::parse("run-" + text.substr(4)));
    CHECK_FALSE(RunId::parse(""));
    CHECK_FALSE(decode_id("80000000000000000000000000"));  // more than 128 bits
    CHECK_FALSE(decode_id("0000000000000000000000000u"));
    CHECK(decode_id("7zzzzzzzzzzzzzzzzzzzzzzzzz").value() == [] {
        IdBytes all;
        all.fill(0xff);
        return all;
    }());
    CHECK(decode_id("0000000000000000000000OIL1") == decode_id("00000000000000000000000111"));
    CHECK(encode_id(IdBytes{}) == "00000000000000000000000000");
}

TEST_CASE("times are written with as many decimals as they need, in threes", "[base][time]") {
    CHECK(format_time(from_us(0)) == "1970-01-01T00:00:00Z");
    CHECK(format_time(from_us(1'000)) == "1970-01-01T00:00:00.001Z");
    CHECK(format_time(from_us(1)) == "1970-01-01T00:00:00.000001Z");
    CHECK(format_time(from_us(-1)) == "1969-12-31T23:59:59.999999Z");
    CHECK(format_time(from_us(1'795'236'300'123'456)) == "2026-11-21T04:45:00.123456Z");
}

TEST_CASE("RFC 3339 times are read with any offset", "[base][time]") {
    const auto same = [](std::string_view text) { return format_time(parse_time(text).value()); };
    CHECK(same("2026-11-21T04:58:20.123456Z") == "2026-11-21T04:58:20.123456Z");
    CHECK(same("2026-11-21t04:58:20z") == "2026-11-21T04:58:20Z");
    CHECK(same("2026-11-21 04:58:20Z") == "2026-11-21T04:58:20Z");
    CHECK(same("2026-11-21T06:58:20+02:00") == "2026-11-21T04:58:20Z");
    CHECK(same("2026-11-20T23:28:20-05:30") == "2026-11-21T04:58:20Z");
    CHECK(same("2026-11-21T04:58:20.5Z") == "2026-11-21T04:58:20.500Z");
    CHECK(same("2026-11-21T04:58:20.1234567899Z") == "2026-11-21T04:58:20.123456Z");
    CHECK(same("2024-02-29T00:00:00Z") == "2024-02-29T00:00:00Z");
    CHECK(same("2016-12-31T23:59:60Z") == "2017-01-01T00:00:00Z");
    for (const auto* bad :
         {"", "2026-11-21", "2026-11-21T04:58:20", "2026-13-01T00:00:00Z", "2026-02-29T00:00:00Z",
          "2026-11-21T24:00:00Z", "2026-11-21T04:60:00Z", "2026-11-21T04:58:61Z",
          "2026-11-21T04:58:20.Z", "2026-11-21T04:58:20+2:00", "2026-11-21T04:58:20+02:00x",
          "2026-11-21T04:58:20+24:00", "2026/11/21T04:58:20Z", "tomorrow", "2026-11-21T04:58:20Zz",
          "26-11-21T04:58:20Z", "2026-11-21T04:58:2"}) {
        CAPTURE(bad);
        CHECK_FALSE(parse_time(bad));
    }
    CHECK(parse_time("tomorrow").error().message ==
          "\"tomorrow\" is not a time; write RFC 3339, such as 2026-11-21T05:00:00Z");
}

TEST_CASE("durations are read and written in people's units", "[base][time]") {
    CHECK(parse_duration("30s").value() == 30s);
    CHECK(parse_duration("1h30m").value() == 90min);
    CHECK(parse_duration("250ms").value() == 250ms);
    CHECK(parse_duration("1.5h").value() == 90min);
    CHECK(parse_duration("0.25s").value() == 250ms);
    CHECK(parse_duration("0s").value() == 0s);
    CHECK(parse_duration("2d").value() == 48h);
    CHECK(parse_duration("7us").value() == 7us);
    CHECK(format_duration(90min) == "1h30m");
    CHECK(format_duration(250ms) == "250ms");
    CHECK(format_duration(0s) == "0s");
    CHECK(format_duration(49h + 1us) == "2d1h1us");
    CHECK(format_duration(-1500ms) == "-1s500ms");
    for (const auto text : {"1us", "1ms1us", "59s999ms", "1d23h59m", "106751991d"})
        CHECK(format_duration(parse_duration(text).value()) == text);
}

TEST_CASE("a bad duration is refused with the accepted form", "[base][time]") {
    for (const auto* bad : {"", "30", "s", "-5s", "1x", "1h30", "1.s", ".5s", "1 s", "106751992d",
                            "99999999999999999999s", "0.1us", "1e3s", "5M"}) {
        CAPTURE(bad);
        const auto read = parse_duration(bad);
        REQUIRE_FALSE(read);
        CHECK(read.error().code == ErrorCode::invalid_argument);
        CHECK(read.error().message.find("us, ms, s, m, h or d, such as 30s or 1h30m") !=
              std::string::npos);
    }
    CHECK(parse_duration("30").error().message.find("the unit is missing") != std::string::npos);
    CHECK(parse_duration("-5s").error().message.find("it is negative") != std::string::npos);
}

TEST_CASE("money is written without exponent or trailing zeros and read back", "[base][money]") {
    const std::pair<std::int64_t, std::string_view> table[] = {
        {0, "0"},
        {1, "0.000000001"},
        {125'000, "0.000125"},
        {7'000'000'000, "7"},
        {-1'500'000'000, "-1.5"},
        {1'234'567'891, "1.234567891"},
        {std::numeric_limits<std::int64_t>::max(), "9223372036.854775807"}};
    for (const auto& [value, text] : table) {
        CAPTURE(text);
        CHECK(format_usd({value}) == text);
        CHECK(parse_usd(text).value() == NanoUsd{value});
    }
    CHECK(format_usd({std::numeric_limits<std::int64_t>::min()}) == "-9223372036.854775808");
    CHECK(parse_usd("7.00").value() == NanoUsd{7'000'000'000});
    CHECK(parse_usd("007").value() == NanoUsd{7'000'000'000});
    for (const auto* bad :
         {"", "-", "1.", ".5", "1e3", "+1", "1.0000000001", "1,5", "9223372036.854775808",
          "99999999999999999999", "1.5.2", " 1", "$1", "NaN"}) {
        CAPTURE(bad);
        CHECK_FALSE(parse_usd(bad));
    }
}

TEST_CASE("a cost is rounded up and neither overflows nor wraps", "[base][money]") {
    CHECK(cost_of(0, {5'000'000'000}) == NanoUsd{0});
    CHECK(cost_of(1'000'000, {5'000'000'000}) == NanoUsd{5'000'000'000});
    CHECK(cost_of(1, {5'000'000'000}) == NanoUsd{5'000});
    CHECK(cost_of(1, {1}) == NanoUsd{1});
    CHECK(cost_of(999'999, {1}) == NanoUsd{1});
    CHECK(cost_of(1'000'001, {1}) == NanoUsd{2});
    CHECK(cost_of(3'000'000'000, {75'000'000'000}) ==
          NanoUsd{225'000'000'000'000});  // 64 bits would overflow
    CHECK(cost_of(std::numeric_limits<std::int64_t>::max(),
                  {std::numeric_limits<std::int64_t>::max()})
              .value == std::numeric_limits<std::int64_t>::max());
}

TEST_CASE("permissions are read by their text and cover their table", "[base][principal]") {
    CHECK(to_string(Permission::flows_read) == "flows:read");
    CHECK(permission_from("runs:write") == Permission::runs_write);
    CHECK_FALSE(permission_from("runs:fly"));
    CHECK_FALSE(permission_from(""));
    CHECK(to_string(Permission::count_).empty());
    for (std::size_t i = 0; i < static_cast<std::size_t>(Permission::count_); ++i) {
        const auto permission = static_cast<Permission>(i);
        CHECK(permission_from(to_string(permission)) == permission);
        CHECK_FALSE(describe(permission).empty());
    }
    Principal principal;
    CHECK_FALSE(principal.may(Permission::runs_read));
    principal.permissions.set(static_cast<std::size_t>(Permission::runs_read));
    CHECK(principal.may(Permission::runs_read));
    CHECK_FALSE(principal.may(Permission::runs_write));
}

TEST_CASE("seeded randomness is the same everywhere, system randomness is not", "[base][random]") {
    SeededRandom a(42);
    CHECK(a.next() == 0xbdd732262feb6e95);  // splitmix64 of 42
    SeededRandom b(42), c(42);
    std::array<std::uint8_t, 13> first{}, second{};
    b.fill(first);
    c.fill(second);
    CHECK(first == second);
    SystemRandom system;
    std::set<std::uint64_t> seen;
    for (int i = 0; i < 200; ++i) seen.insert(system.next());
    CHECK(seen.size() == 200);
    std::array<std::uint8_t, 32> x{}, y{};
    system.fill(x);
    system.fill(y);
    CHECK(x != y);
}

TEST_CASE("numbers below a bound stay below it and reach all values", "[base][random]") {
    SeededRandom random(3);
    std::set<std::uint64_t> seen;
    for (int i = 0; i < 1000; ++i) {
        const auto value = random.below(7);
        REQUIRE(value < 7);
        seen.insert(value);
    }
    CHECK(seen.size() == 7);
    CHECK(random.below(0) == 0);
    CHECK(random.below(1) == 0);
}

TEST_CASE("a manual clock moves only by hand and tells of it", "[base][clock]") {
    ManualClock clock(from_us(1'000'000));
    int told = 0;
    clock.on_jump([&] { ++told; });
    CHECK(clock.now() == from_us(1'000'000));
    clock.advance(2s);
    CHECK(clock.now() == from_us(3'000'000));
    CHECK(clock.steady() == 3s);
    CHECK(told == 1);
    const SystemClock system;
    CHECK(system.steady() <= system.steady());
    CHECK(system.now() > parse_time("2024-01-01T00:00:00Z").value());
}
