#include "storage/crash_images.hpp"

#include <cstdlib>

#include "sluice/storage/backup.hpp"
#include "storage/backup_files.hpp"

using namespace sluice;
using namespace sluice::storage;
using namespace sluice::storage::testing;

namespace {

/// Images for a test; SLUICE_IMAGES says how many percent of them are made (a sanitizer's build:
/// ten).
std::size_t images(std::size_t count) {
    const char* percent = std::getenv("SLUICE_IMAGES");
    const auto part = percent != nullptr ? std::strtoul(percent, nullptr, 10)
                      : sanitized        ? 10
                                         : 100;
    return std::max<std::size_t>(1, count * part / 100);
}

struct FastDirectory {
    ~FastDirectory() {
        std::error_code ignored;
        std::filesystem::remove_all(path, ignored);
    }
    std::filesystem::path path = make_fast_directory();
};

void check_clean(const Verdict& verdict) {
    INFO(verdict.first);
    CHECK(verdict.lost == 0);
    CHECK(verdict.came_back == 0);
    CHECK(verdict.half == 0);
    CHECK(verdict.unsound == 0);
}

std::string words(const Verdict& verdict, std::size_t events) {
    return fmt::format(
        "{} images of {} events: {} acknowledged lost, {} came back, {} half, {} unsound ({} "
        "opened as "
        "a whole directory)",
        verdict.images, events, verdict.lost, verdict.came_back, verdict.half, verdict.unsound,
        verdict.opened_by_product);
}

constexpr const char* third_sql =
    "ALTER TABLE thing ADD COLUMN colour TEXT;\n"
    "CREATE TABLE wide (id INTEGER PRIMARY KEY, name TEXT NOT NULL, colour TEXT) STRICT;\n"
    "INSERT INTO wide SELECT id, name, 'red' FROM thing;\n"
    "UPDATE thing SET colour = 'red', name = name || ' red';\n"
    "CREATE INDEX thing_by_colour ON thing (colour);\n";

/// Two workloads of one kind, 9,000 images.
void cut_power(int lanes, int units, std::uint64_t first_seed) {
    Verdict all;
    std::size_t events = 0;
    for (std::uint64_t seed = first_seed; seed < first_seed + 2; ++seed) {
        FastDirectory directory;
        Load load;
        load.seed = seed;
        load.lanes = lanes;
        load.units = units;
        const auto recording = record_load(directory.path, load);
        CHECK(recording.writers_of("sluice.db") == 1);  // the writer's connection, and no other
        CHECK(recording.writers_of("sluice.db-wal") == 1);
        events += recording.events.size();
        all += judge_images(recording, images(4500), seed);
    }
    WARN(lanes << " lanes: " << words(all, events));
    check_clean(all);
    CHECK(all.images >= images(4500) * 2);
}

}  // namespace

TEST_CASE("after a power cut at any moment everything acknowledged is there and the file is sound",
          "[storage][images]") {
    cut_power(12, 900, 1);
}

TEST_CASE("after a power cut under few writers everything acknowledged is there and sound",
          "[storage][images]") {
    cut_power(3, 400, 3);
}

TEST_CASE("a power cut during a backup harms neither the store nor a backup that was acknowledged",
          "[storage][images][backup]") {
    FastDirectory directory;
    Load load;
    load.backup = true;
    load.seed = 9;
    const auto recording = record_load(directory.path, load);
    REQUIRE(verify_backup(directory.path / "copy"));
    // Only the events around the backup: its beginning to a little after its end.
    Recording around = recording;
    std::size_t last = 0;
    for (std::size_t i = 0; i < recording.events.size(); ++i)
        if (recording.events[i].what == backed_up) last = i;
    REQUIRE(last > 0);
    around.events.resize(std::min(recording.events.size(), last + 200));
    const auto verdict = judge_images(around, images(1000), 9);
    WARN("backup: " << words(verdict, around.events.size()));
    check_clean(verdict);

    // Nothing of the copy is only in memory when its backup is acknowledged.
    Images at_end(recording);
    at_end.advance(last + 1);
    REQUIRE(at_end.is_backed_up);
    CHECK(at_end.unsynced("copy.partial/sluice.db.partial") == 0);
    base::SeededRandom random(1);
    const auto image = at_end.make(random);
    const auto copy = image.find("copy.partial/sluice.db.partial");
    REQUIRE(copy != image.end());
    FastDirectory other;
    write_image(other.path, {{"sluice.db", copy->second}});
    const auto opened = open_copy(other.path / "sluice.db");
    if (!opened) FAIL(opened.error().message);
}

TEST_CASE("a power cut during an upgrade leaves the old schema or the new one, and all rows",
          "[storage][images][migrations]") {
    FastDirectory directory;
    constexpr std::int64_t rows = 300;
    {
        House house(directory.path);
        for (std::int64_t id = 1; id < rows; ++id) house->enqueue(thing(id), {});
        REQUIRE(house.submit(thing(rows)));
    }
    std::vector<Migration> newer(std::begin(test_schema), std::end(test_schema));
    newer.push_back({3, "colours", third_sql});
    newer.push_back({4, "more", "CREATE TABLE more (a INTEGER) STRICT; DROP TABLE wide;"});
    recorder::start(directory.path);
    {
        House house(directory.path, newer);
        REQUIRE_FALSE(house.error);
        REQUIRE(house.report.schema_to == 4);
    }
    const auto recording = recorder::stop();
    FastDirectory place;
    const auto count = images(1100);
    std::size_t old_ones = 0, new_ones = 0, bad = 0;
    Images at(recording);
    for (std::size_t n = 0; n < count; ++n) {
        at.advance(recording.events.size() * n / count);
        base::SeededRandom random(n);
        auto image = at.make(random);
        if (!image.contains("sluice.db")) continue;  // not opened yet: what was there is there
        write_image(place.path, image);
        CAPTURE(n);
        std::optional<unsigned> schema;
        {
            House old(place.path);
            if (!old.error)
                schema = 2;
            else if (old.error->code == ErrorCode::precondition_failed &&
                     old.error->message.find("schema 4") != std::string::npos)
                schema = 4;
            else
                UNSCOPED_INFO(old.error->message);
        }
        House house(place.path, newer);
        if (!schema || house.error || house.report.schema_from != *schema) {
            ++bad;
            continue;
        }
        (*schema == 2 ? old_ones : new_ones) += 1;
        const auto findings = run(house.loop, house->check());
        if (stored_ids(house.loop, *house).size() != rows || !findings || !findings->empty()) ++bad;
    }
    WARN("upgrade: " << old_ones + new_ones << " images of " << recording.events.size()
                     << " events: " << old_ones << " with the old schema, " << new_ones
                     << " with the new one, " << bad << " neither or damaged");
    CHECK(bad == 0);
    CHECK(old_ones > count / 10);
    CHECK(new_ones > count / 50);
}
