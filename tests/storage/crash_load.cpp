// The workload that crash images are made of, and the judge of an image.

#include <algorithm>
#include <future>
#include <set>

#include "sluice/runtime/task_group.hpp"
#include "sluice/storage/backup.hpp"
#include "storage/backup_files.hpp"
#include "storage/crash_images.hpp"

namespace sluice::storage::testing {
namespace {

const Query delete_parts{"test.delete_parts", "DELETE FROM part WHERE thing_id <= ?1",
                         Query::Note::instance_wide};
const Query delete_first{"test.delete_first", "DELETE FROM thing WHERE id <= ?1",
                         Query::Note::instance_wide};
const Query thing_ids{"test.thing_ids", "SELECT id FROM thing ORDER BY id", Query::Note::scan};
const Query odd_parts{
    "test.odd_parts",
    "SELECT count(*) FROM thing LEFT JOIN part ON part.thing_id = thing.id "
    "WHERE part.body IS NULL OR length(part.body) <> 100 + (thing.id * 37) % 1500",
    Query::Note::scan};

std::size_t body_size(std::int64_t id) { return static_cast<std::size_t>(100 + (id * 37) % 1500); }

WriteUnit unit_of(std::int64_t id) {
    auto unit = thing(id);
    unit.add(insert_part, id, std::string(body_size(id), 'p'));
    return unit;
}

/// Writers that each store one thing after the other; a completion notes the acknowledgement at
/// once, on the loop.
class Lanes {
  public:
    Lanes(House& house, std::int64_t& next, std::int64_t end)
        : house_(house), next_(next), end_(end) {}
    void run(int lanes) {
        running_ = lanes;
        for (int i = 0; i < lanes; ++i) step();
        house_.loop.run();
    }

  private:
    void step() {
        if (next_ > end_) {
            if (--running_ == 0) house_.loop.stop();
            return;
        }
        const auto id = next_++;
        house_->enqueue(unit_of(id), [this, id](Result<void> done) {
            if (done) recorder::note(stored, id);
            step();
        });
    }
    House& house_;
    std::int64_t& next_;
    const std::int64_t end_;
    int running_ = 0;
};

void remove_to(House& house, std::int64_t id) {
    WriteUnit unit;
    unit.add(delete_parts, id);
    unit.add(delete_first, id);
    recorder::note(deleting, id);
    house->enqueue(std::move(unit), [&house, id](Result<void> done) {
        if (done) recorder::note(deleted, id);
        house.loop.stop();
    });
    house.loop.run();
}

Awaitable<void> back_up(Storage& storage, std::filesystem::path folder) {
    recorder::note(backing_up, 0);
    auto taken = co_await storage.backup(std::move(folder));
    if (taken) recorder::note(backed_up, 0);
}

/// Whatever is handed to the loop before a sync is carried out is seen to be acknowledged before
/// it: a power cut in between would find an answer without its data.
void see_answers_before_syncs(runtime::Loop& loop) {
    recorder::before_sync([&loop] {
        auto seen = std::make_shared<std::promise<void>>();
        auto waiting = seen->get_future();
        loop.post([seen] { seen->set_value(); });
        // The loop stands still while the storage is opened and stopped; nothing is answered then.
        waiting.wait_for(std::chrono::milliseconds(20));
    });
}

struct Found {
    std::vector<std::int64_t> ids;
    std::int64_t odd = 0;
    std::vector<std::string> findings;
};

Result<Found> read_all(ReadTx& tx) {
    Found found;
    auto ids = tx.list<std::int64_t>(thing_ids, {}, [](const Row& row) { return row.integer(0); });
    if (!ids) return fail(std::move(ids.error()));
    found.ids = std::move(*ids);
    auto odd = tx.find<std::int64_t>(odd_parts, {}, [](const Row& row) { return row.integer(0); });
    if (!odd) return fail(std::move(odd.error()));
    found.odd = odd->value_or(0);
    return found;
}

/// As the product opens a directory: lock, recovery, schema, readers.
Result<Found> open_by_product(const std::filesystem::path& directory) {
    House house(directory);
    if (house.error) return fail(*house.error);
    auto read = house->read([](ReadTx& tx) { return read_all(tx); });
    auto found = run(house.loop, std::move(read));
    if (!found) return found;
    auto findings = run(house.loop, house->check());
    if (!findings) return fail(std::move(findings.error()));
    found->findings = std::move(*findings);
    return found;
}

/// The writer's connection alone: it takes up the log as the product does.
Result<Found> open_quickly(const std::filesystem::path& directory) {
    auto connection = sqlite::Connection::open(directory / "sluice.db", sqlite::Role::writer);
    if (!connection) return fail(std::move(connection.error()));
    sqlite::SqliteTx tx(**connection);
    auto found = read_all(tx);
    if (!found) return found;
    auto findings = examine(**connection);
    if (!findings) return fail(std::move(findings.error()));
    found->findings = std::move(*findings);
    return found;
}

/// What one image shows against what was acknowledged before its cut.
void judge(const Images& images, const Result<Found>& found, std::string_view which,
           Verdict& verdict) {
    const auto tell = [&](std::size_t& count, const std::string& what) {
        ++count;
        if (verdict.first.empty()) verdict.first = fmt::format("{}: {}", which, what);
    };
    if (!found) return tell(verdict.unsound, found.error().message);
    if (!found->findings.empty()) return tell(verdict.unsound, found->findings.front());
    if (found->odd != 0)
        return tell(verdict.half, fmt::format("{} things without their part", found->odd));
    const std::set<std::int64_t> there(found->ids.begin(), found->ids.end());
    for (const auto& [id, acknowledged] : images.acknowledged)
        if (id > images.deleting_to && !there.contains(id))
            return tell(verdict.lost, fmt::format("thing {} was acknowledged and is missing", id));
    if (!there.empty() && *there.begin() <= images.deleted_to)
        return tell(verdict.came_back, fmt::format("thing {} was deleted", *there.begin()));
}

}  // namespace

Recording record_load(const std::filesystem::path& directory, const Load& load) {
    recorder::start(directory);
    {
        House house(directory, test_schema, [](Options& o) {
            o.checkpoint_pages = 60;
            o.idle_checkpoint_bytes = 64 << 10;
        });
        if (house.error) FAIL(house.error->message);
        recorder::note(ready, 0);
        see_answers_before_syncs(house.loop);
        base::SeededRandom random(load.seed);
        runtime::TaskGroup group(house.loop);
        std::int64_t next = 1;
        constexpr int rounds = 6;
        for (int round = 1; round <= rounds; ++round) {
            if (load.backup && round == 3)
                group.spawn("backup", back_up(*house, directory / "copy"));
            Lanes(house, next, load.units * round / rounds).run(load.lanes);
            (void)stored_ids(house.loop, *house);
            if (round % 2 == 0) {
                remove_to(house, next - 60 - static_cast<std::int64_t>(random.below(60)));
                while (run(house.loop, house->housekeep()).value_or(false)) {
                }
            }
        }
        run(house.loop, group.join());
    }
    return recorder::stop();
}

Verdict judge_images(const Recording& recording, std::size_t count, std::uint64_t seed) {
    const auto place = make_fast_directory();
    struct Remove {
        std::filesystem::path path;
        ~Remove() {
            std::error_code ignored;
            std::filesystem::remove_all(path, ignored);
        }
    } remove{place};
    base::SeededRandom random(seed);
    std::vector<std::size_t> cuts(count);
    for (auto& cut : cuts) cut = random.below(recording.events.size() + 1);
    std::sort(cuts.begin(), cuts.end());
    Images images(recording);
    Verdict verdict;
    for (std::size_t n = 0; n < count; ++n) {
        images.advance(cuts[n]);
        base::SeededRandom own(seed * 1'000'003 + n);
        auto image = images.make(own);
        // The file itself is made and its name flushed before SQLite sees it.
        image.try_emplace("sluice.db");
        write_image(place, image);
        const bool whole = !images.is_ready || n % 50 == 0;
        const auto found = whole ? open_by_product(place) : open_quickly(place);
        ++verdict.images;
        verdict.opened_by_product += whole ? 1 : 0;
        judge(images, found, fmt::format("seed {}, image {}, cut {}", seed, n, cuts[n]), verdict);
    }
    return verdict;
}

}  // namespace sluice::storage::testing
