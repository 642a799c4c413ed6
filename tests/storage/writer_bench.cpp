// The group-commit writer at N coroutines, each awaiting its own small write, beside a bare loop of
// the same statements in transactions of the same average size, in one process and on one disk.
// Usage: bench_storage [DIR] [SECONDS]
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <random>

#include "sluice/base/clock.hpp"
#include "sluice/runtime/loop.hpp"
#include "sluice/runtime/task_group.hpp"
#include "sluice/storage/storage.hpp"
#include "storage/bare_loop.hpp"

using namespace sluice;
using namespace sluice::storage;

namespace {

const Migration schema[] = {
    {1, "bench",
     "CREATE TABLE event (seq INTEGER PRIMARY KEY, run BLOB NOT NULL, payload TEXT NOT NULL) "
     "STRICT;"
     "CREATE TABLE run (id INTEGER PRIMARY KEY, status TEXT NOT NULL, at_us INTEGER NOT NULL) "
     "STRICT;"
     "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 10000) "
     "INSERT INTO run SELECT i, 'queued', 0 FROM n;"},
};
const Query insert_event{"bench.insert", "INSERT INTO event (run, payload) VALUES (?1, ?2)",
                         Query::Note::instance_wide};
const Query update_run{"bench.update", "UPDATE run SET status = ?2, at_us = ?3 WHERE id = ?1",
                       Query::Note::instance_wide};

struct Load {
    Storage& storage;
    std::size_t bytes;
    bool update;
    std::chrono::steady_clock::time_point until;
    std::vector<std::uint32_t> us;
    std::mt19937_64 random{1};
};

Awaitable<void> writer(Load& load) {
    const Bytes run{std::string(16, 'r')};
    while (std::chrono::steady_clock::now() < load.until) {
        const auto began = std::chrono::steady_clock::now();
        WriteUnit unit;
        unit.add(insert_event, run, std::string(load.bytes, 'x'));
        if (load.update)
            unit.add(update_run, static_cast<std::int64_t>(load.random() % 10000 + 1), "running",
                     1);
        auto done = co_await load.storage.submit(std::move(unit));
        if (!done) throw std::runtime_error(done.error().message);
        load.us.push_back(
            static_cast<std::uint32_t>(std::chrono::duration_cast<std::chrono::microseconds>(
                                           std::chrono::steady_clock::now() - began)
                                           .count()));
    }
}

Awaitable<void> drive(runtime::Loop& loop, Load& load, int writers) {
    runtime::TaskGroup group(loop);
    for (int i = 0; i < writers; ++i) group.spawn("writer", writer(load));
    co_await group.join();
    co_await load.storage.stop();
    loop.stop();
}

struct Result3 {
    double rate = 0, batch = 0, p50 = 0, p99 = 0, bare = 0, share = 0;
};

double median(std::vector<double> values) {
    std::sort(values.begin(), values.end());
    return values[values.size() / 2];
}

/// One run of the writer and one of the bare loop right after it.
Result3 measure_once(const std::filesystem::path& directory, int writers, std::size_t bytes,
                     bool update, double seconds) {
    Result3 out;
    std::filesystem::remove_all(directory);
    {
        base::SystemClock clock;
        runtime::Loop loop(clock);
        Options options;
        options.directory = directory;
        auto storage = storage::open(loop, options, schema);
        if (!storage) throw std::runtime_error(storage.error().message);
        const auto began = std::chrono::steady_clock::now();
        Load load{**storage,
                  bytes,
                  update,
                  began + std::chrono::microseconds(static_cast<long>(seconds * 1e6)),
                  {}};
        load.us.reserve(4'000'000);
        std::exception_ptr thrown;
        boost::asio::co_spawn(loop.context(), drive(loop, load, writers),
                              [&](std::exception_ptr e) { thrown = e; });
        loop.run();
        if (thrown) std::rethrow_exception(thrown);
        out.rate = static_cast<double>(load.us.size()) / seconds;
        const auto statistics = (*storage)->statistics();
        out.batch = static_cast<double>(statistics.units) / static_cast<double>(statistics.commits);
        std::sort(load.us.begin(), load.us.end());
        out.p50 = load.us[load.us.size() / 2];
        out.p99 = load.us[load.us.size() * 99 / 100];
    }
    std::filesystem::remove_all(directory);
    std::filesystem::create_directories(directory);
    out.bare = testing::bare_loop(directory, static_cast<std::size_t>(out.batch + 0.5), bytes,
                                  update, seconds);
    out.share = 100 * out.rate / out.bare;
    std::filesystem::remove_all(directory);
    return out;
}

/// Medians of repetitions that alternate between the two, so that a slow moment of the disk meets
/// both.
void measure(const std::filesystem::path& base, int writers, std::size_t bytes, bool update,
             double seconds) {
    constexpr int repetitions = 5;
    std::vector<double> rate, batch, p50, p99, bare, share;
    for (int i = 0; i < repetitions; ++i) {
        const auto one =
            measure_once(base / "bench-storage", writers, bytes, update, seconds / repetitions);
        rate.push_back(one.rate);
        batch.push_back(one.batch);
        p50.push_back(one.p50);
        p99.push_back(one.p99);
        bare.push_back(one.bare);
        share.push_back(one.share);
    }
    std::cout << fmt::format(
                     "storage writers={} unit={} bytes={}: {:.0f} units/s, batch {:.1f}, p50 "
                     "{:.0f} us, p99 {:.0f} us; bare "
                     "loop {:.0f}/s; share {:.0f} %",
                     writers, update ? "insert+update" : "insert", bytes, median(rate),
                     median(batch), median(p50), median(p99), median(bare), median(share))
              << std::endl;
}

}  // namespace

int main(int count, char** arguments) {
    const std::filesystem::path base = count > 1 ? arguments[1] : ".";
    const double seconds = count > 2 ? std::atof(arguments[2]) : 4;
    measure(base, 256, 200, false, seconds);
    measure(base, 256, 1024, false, seconds);
    measure(base, 256, 200, true, seconds);
    measure(base, 64, 200, false, seconds);
    measure(base, 1, 200, false, seconds);
    return 0;
}
