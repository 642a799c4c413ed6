#include "sluice/base/log.hpp"

#include <filesystem>
#include <fstream>
#include <regex>

#include <unistd.h>

#include <catch2/catch.hpp>

#include "sluice/base/json.hpp"
#include "sluice/base/metrics.hpp"

using namespace sluice;
using base::parse_json;

namespace {

/// Logs to a file for the time of a test.
struct LogFile {
    std::filesystem::path dir;
    explicit LogFile(log::Level level, log::Format format) {
        std::string pattern =
            (std::filesystem::temp_directory_path() / "sluice-log-XXXXXX").string();
        dir = ::mkdtemp(pattern.data());
        log::init(level, format, (dir / "log").string());
    }
    ~LogFile() {
        log::shutdown();
        log::set_level(log::Level::info);
        std::filesystem::remove_all(dir);
    }
    std::vector<std::string> lines() const {
        log::shutdown();
        std::vector<std::string> out;
        std::ifstream in(dir / "log");
        for (std::string line; std::getline(in, line);) out.push_back(line);
        return out;
    }
};

/// The line without its time.
std::string rest(const std::string& line) {
    static const std::regex time(R"(^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z )");
    std::smatch found;
    return std::regex_search(line, found, time) ? found.suffix().str() : "no time: " + line;
}

}  // namespace

TEST_CASE("text lines hold time, level, message and fields", "[base][log]") {
    const LogFile file(log::Level::info, log::Format::text);
    log::info("listening on http://127.0.0.1:8080");
    log::warn("slow query",
              {{"name", "jobs.claim_next"}, {"ms", 52}, {"note", "two words"}, {"empty", ""}});
    log::debug("not shown");
    log::error("line\nbreak \x1b[31m", {{"value", "a \"b\"\n=\\"}, {"broken", "\xff"}});
    const log::Logger logger{{"run", "run_1"}};
    logger.with("step", "classify").info("done", {{"ms", 3}});
    const auto lines = file.lines();
    REQUIRE(lines.size() == 4);
    CHECK(rest(lines[0]) == "info  listening on http://127.0.0.1:8080");
    CHECK(rest(lines[1]) ==
          "warn  slow query name=jobs.claim_next ms=52 note=\"two words\" empty=\"\"");
    CHECK(rest(lines[2]) ==
          "error line\\nbreak \\x1b[31m value=\"a \\\"b\\\"\\n=\\\\\" broken=\\xff");
    CHECK(rest(lines[3]) == "info  done run=run_1 step=classify ms=3");
}

TEST_CASE("JSON lines hold the same, one object each", "[base][log]") {
    const LogFile file(log::Level::debug, log::Format::json);
    log::debug("a \"message\"\nin two lines", {{"run", "run_1"}, {"count", 2}});
    const auto lines = file.lines();
    REQUIRE(lines.size() == 1);
    const auto line = parse_json(lines[0]).value();
    CHECK(line["level"] == "debug");
    CHECK(line["msg"] == "a \"message\"\nin two lines");
    CHECK(line["run"] == "run_1");
    CHECK(line["count"] == "2");
    CHECK(line["time"].get<std::string>().ends_with("Z"));
}

TEST_CASE("a secret never reaches a line, wherever it stands", "[base][log][secret]") {
    const auto format = GENERATE(log::Format::text, log::Format::json);
    log::hide_secret("hunter2-\"quoted\"");
    log::hide_secret("short");
    const LogFile file(log::Level::info, format);
    log::info("key hunter2-\"quoted\" and again hunter2-\"quoted\"",
              {{"key", "x=hunter2-\"quoted\"!"}, {"plain", "short"}});
    const auto lines = file.lines();
    REQUIRE(lines.size() == 1);
    CHECK(lines[0].find("hunter2") == std::string::npos);
    CHECK(lines[0].find("[redacted] and again [redacted]") != std::string::npos);
    CHECK(lines[0].find("x=[redacted]!") != std::string::npos);
    CHECK(lines[0].find("short") != std::string::npos);
}

TEST_CASE("a filter sees message and fields of every line before they are written", "[base][log][secret]") {
    log::set_filter(std::make_shared<const log::Filter>([](std::string_view text) {
        std::string out(text);
        if (const auto at = out.find("canary"); at != out.npos) out.replace(at, 6, "[secret:c]");
        return out;
    }));
    const LogFile file(log::Level::info, log::Format::text);
    log::info("the canary sings", {{"bird", "canary"}});
    log::set_filter(nullptr);
    log::info("a canary again");
    const auto lines = file.lines();
    REQUIRE(lines.size() == 2);
    CHECK(rest(lines[0]) == "info  the [secret:c] sings bird=[secret:c]");
    CHECK(rest(lines[1]) == "info  a canary again");
}

TEST_CASE("the level decides what is written, also while running", "[base][log]") {
    const LogFile file(log::Level::warn, log::Format::text);
    CHECK(log::level() == log::Level::warn);
    CHECK_FALSE(log::enabled(log::Level::info));
    log::info("no");
    log::warn("yes");
    log::set_level(log::Level::off);
    log::error("no");
    log::set_level(log::Level::debug);
    CHECK(log::enabled(log::Level::debug));
    log::debug("yes");
    const auto lines = file.lines();
    REQUIRE(lines.size() == 2);
    CHECK(rest(lines[0]) == "warn  yes");
    CHECK(rest(lines[1]) == "debug yes");
}

TEST_CASE("a log file that cannot be opened is an error with its path", "[base][log]") {
    CHECK_THROWS_WITH(log::init(log::Level::info, log::Format::text, "/proc/none/log"),
                      Catch::Contains("cannot write the log to /proc/none/log"));
}

TEST_CASE("instruments are rendered in Prometheus' text format", "[base][metrics]") {
    using namespace base::metrics;
    static Counter counter("test_requests_total", "Requests");
    static Counter same("test_requests_total", "Requests");
    static Gauge labelled("test_queue{pool=\"files\"}", "Queued jobs");
    static Gauge other("test_queue{pool=\"dns\"}", "Queued jobs");
    static Histogram histogram("test_delay_us", "Delays");
    counter.add();
    same.add(2);
    labelled.set(5);
    labelled.add(-7);
    other.set(1);
    for (const std::uint64_t value : {0ULL, 1ULL, 3ULL, 4ULL, ~0ULL >> 20})
        histogram.observe(value);
    CHECK(histogram.count() == 5);
    CHECK(histogram.bucket(2) == 1);
    const auto text = render_prometheus();
    const auto has = [&](const std::string& part) { return text.find(part) != std::string::npos; };
    CHECK(
        has("# HELP test_requests_total Requests\n# TYPE test_requests_total "
            "counter\ntest_requests_total 3\n"));
    CHECK(
        has("# HELP test_queue Queued jobs\n# TYPE test_queue gauge\ntest_queue{pool=\"dns\"} "
            "1\ntest_queue{pool=\"files\"} -2\n"));
    CHECK(
        has("# TYPE test_delay_us histogram\ntest_delay_us_bucket{le=\"0\"} "
            "1\ntest_delay_us_bucket{le=\"1\"} 2\ntest_delay_us_bucket{le=\"3\"} "
            "3\ntest_delay_us_bucket{le=\"7\"} 4\n"));
    CHECK(has("test_delay_us_bucket{le=\"+Inf\"} 5\n"));
    CHECK(has("test_delay_us_count 5\n"));
}

TEST_CASE("what instruments of one name hold is read together, with the bounds of their observations", "[base][metrics]") {
    using namespace base::metrics;
    static Counter first("test_read_total", "For this test."), second("test_read_total", "For this test.");
    static Gauge gauge("test_read_gauge", "For this test.");
    static Histogram histogram("test_read_us", "For this test.");
    first.add(2);
    second.add(3);
    gauge.set(-7);
    CHECK(read("test_read_total").value == 5);
    CHECK(read("test_read_gauge").value == -7);
    CHECK(read("test_read_us").quantile(0.5) == 0);
    for (int i = 0; i < 98; ++i) histogram.observe(100);   // below 128
    histogram.observe(1000);
    histogram.observe(5000);
    const Reading reading = read("test_read_us");
    CHECK(reading.count == 100);
    CHECK(reading.sum == 98 * 100 + 6000);
    CHECK(reading.quantile(0.5) == 127);
    CHECK(reading.quantile(0.99) == 1023);
    CHECK(reading.quantile(1.0) == 8191);
    CHECK(read("test_read_nothing").count == 0);
}
