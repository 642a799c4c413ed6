// What every engine behind `Storage` must do. Only one exists now; another is one more row of
// `engines`.
#include "sluice/storage/backup.hpp"
#include "storage/harness.hpp"

#include "sluice/runtime/sync.hpp"
#include "sluice/runtime/task_group.hpp"

using namespace sluice;
using namespace sluice::storage;
using namespace sluice::storage::testing;

namespace {

struct Engine {
    const char* name;
    std::function<Result<std::unique_ptr<Storage>>(runtime::Loop&, Options)> open;
};

const Engine engines[] = {
    {"sqlite",
     [](runtime::Loop& loop, Options options) {
         return storage::open(loop, std::move(options), test_schema);
     }},
};

/// An engine over a fresh directory.
struct Fixture {
    explicit Fixture(const Engine& e, std::function<void(Options&)> a = {})
        : engine(e), adjust(std::move(a)) {
        start();
    }
    ~Fixture() { stop(); }
    void start() {
        Options options;
        options.directory = directory.path();
        if (adjust) adjust(options);
        auto opened = engine.open(loop, options);
        REQUIRE(opened);
        storage = std::move(*opened);
    }
    void stop() {
        if (storage) run(loop, storage->stop());
        storage.reset();
    }
    void reopen() {
        stop();
        start();
    }
    Result<void> submit(WriteUnit unit) { return run(loop, storage->submit(std::move(unit))); }
    std::vector<std::int64_t> ids() { return stored_ids(loop, *storage); }

    const Engine& engine;
    std::function<void(Options&)> adjust;
    TempDirectory directory;
    base::SystemClock clock;
    runtime::Loop loop{clock};
    std::unique_ptr<Storage> storage;
};

#define FOR_EACH_ENGINE()                                                                \
    const Engine& engine = engines[GENERATE(range(std::size_t{0}, std::size(engines)))]; \
    CAPTURE(engine.name)

Awaitable<void> submit_and_note(Storage& storage, WriteUnit unit, std::vector<std::string>& notes,
                                std::string note) {
    auto done = co_await storage.submit(std::move(unit));
    notes.push_back(note + (done ? "" : ": " + std::string(base::to_string(done.error().code))));
}

Awaitable<void> join(runtime::TaskGroup& group) { co_await group.join(); }

}  // namespace

TEST_CASE("what was acknowledged is there after a restart", "[storage][conformance]") {
    FOR_EACH_ENGINE();
    Fixture f(engine);
    REQUIRE(f.submit(thing(1)));
    REQUIRE(f.submit(thing(2)));
    f.reopen();
    CHECK(f.ids() == std::vector<std::int64_t>{1, 2});
}

TEST_CASE("units commit in the order of their submission", "[storage][conformance]") {
    FOR_EACH_ENGINE();
    Fixture f(engine, [](Options& o) { o.batch_ops = 7; });
    std::vector<std::string> notes, expected;
    runtime::TaskGroup group(f.loop);
    for (int i = 0; i < 100; ++i) {
        WriteUnit unit;
        // Fails unless all earlier units are stored already.
        unit.add([i](Tx& tx) -> Result<void> {
            auto count = tx.find<std::int64_t>(count_things, {},
                                               [](const Row& row) { return row.integer(0); });
            if (!count) return fail(std::move(count.error()));
            if (**count != i) return fail(ErrorCode::internal, "{} instead of {}", **count, i);
            auto done = tx.run(insert_thing, {to_value(i), to_value("n" + std::to_string(i))});
            if (!done) return fail(std::move(done.error()));
            return {};
        });
        group.spawn("writer",
                    submit_and_note(*f.storage, std::move(unit), notes, std::to_string(i)));
        expected.push_back(std::to_string(i));
    }
    run(f.loop, join(group));
    CHECK(notes == expected);
}

TEST_CASE("a unit commits whole or not at all, and fails alone", "[storage][conformance]") {
    FOR_EACH_ENGINE();
    Fixture f(engine);
    std::vector<std::string> notes;
    runtime::TaskGroup group(f.loop);
    group.spawn("good", submit_and_note(*f.storage, thing(1), notes, "first"));
    WriteUnit bad;
    bad.add(insert_thing, 2, "two");
    bad.add(insert_thing, 3, "thing 1");  // the name exists
    group.spawn("bad", submit_and_note(*f.storage, std::move(bad), notes, "second"));
    group.spawn("bad alone", submit_and_note(*f.storage, thing(1), notes, "third"));
    group.spawn("good too", submit_and_note(*f.storage, thing(4), notes, "fourth"));
    run(f.loop, join(group));
    CHECK(notes ==
          std::vector<std::string>{"first", "second: conflict", "third: conflict", "fourth"});
    CHECK(f.ids() == std::vector<std::int64_t>{1, 4});
    CHECK(f.storage->statistics().failed_units == 2);
}

TEST_CASE("an op that must change one row fails its unit with its own error",
          "[storage][conformance]") {
    FOR_EACH_ENGINE();
    Fixture f(engine);
    REQUIRE(f.submit(thing(1)));
    REQUIRE(f.submit(thing(2)));
    const int limit = GENERATE(0, 1, 2);  // rows that the update hits
    CAPTURE(limit);
    const bool together = GENERATE(false, true);
    WriteUnit unit;
    if (together) unit.add(insert_thing, 10, "ten");
    unit.add_expecting(ErrorCode::gone, "somebody was faster", update_amounts, limit);
    const auto done = f.submit(std::move(unit));
    CHECK(done.has_value() == (limit == 1));
    if (!done) {
        CHECK(done.error().code == ErrorCode::gone);
        CHECK(done.error().message == "somebody was faster");
    }
    CHECK(f.ids().size() == (together && limit == 1 ? 3U : 2U));
    auto amounts = f.storage->read([](ReadTx& tx) {
        return tx.list<std::int64_t>(list_things, {},
                                     [](const Row& row) { return row.integer(2); });
    });
    const auto found = run(f.loop, std::move(amounts));
    REQUIRE(found);
    CHECK((*found)[0] == (limit == 1 ? 1 : 0));
    CHECK((*found)[1] == 0);
}

TEST_CASE("a broken constraint in an expecting op gives that op's error",
          "[storage][conformance]") {
    FOR_EACH_ENGINE();
    Fixture f(engine);
    REQUIRE(f.submit(thing(1)));
    WriteUnit unit;
    unit.add_expecting(ErrorCode::unprocessable, "the name is taken", insert_thing, 2, "thing 1");
    const auto done = f.submit(std::move(unit));
    REQUIRE_FALSE(done);
    CHECK(done.error().code == ErrorCode::unprocessable);
    CHECK(done.error().message == "the name is taken");

    WriteUnit orphan;
    orphan.add(insert_part, 77, "of nothing");
    const auto refused = f.submit(std::move(orphan));
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == ErrorCode::conflict);
}

TEST_CASE("values come back as they went in", "[storage][conformance]") {
    FOR_EACH_ENGINE();
    Fixture f(engine);
    static const Query echo{"test.echo", "SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7", Query::Note::scan};
    auto read = f.storage->read([](ReadTx& tx) -> Result<bool> {
        base::IdBytes id{1, 2, 3};
        auto row = tx.find<bool>(
            echo,
            {to_value(nullptr), to_value(std::int64_t{-5}), to_value(0.5),
             to_value(std::string("a\0b", 3)), to_value(Bytes{std::string("\0\xff", 2)}), Value(id),
             to_value("")},
            [](const Row& r) {
                return r.is_null(0) && r.integer(1) == -5 && r.real(2) == 0.5 &&
                       r.text(3) == std::string_view("a\0b", 3) &&
                       r.bytes(4) == std::string_view("\0\xff", 2) && r.bytes(5).size() == 16 &&
                       r.bytes(5)[1] == 2 && r.text(6).empty() && !r.is_null(6);
            });
        if (!row) return fail(std::move(row.error()));
        return **row;
    });
    const auto same = run(f.loop, std::move(read));
    REQUIRE(same);
    CHECK(*same);
}

TEST_CASE("a wrong number of parameters and a wrong column type are our own errors",
          "[storage][conformance]") {
    FOR_EACH_ENGINE();
    Fixture f(engine);
    WriteUnit unit;
    unit.add(insert_thing, 1);
    const auto done = f.submit(std::move(unit));
    REQUIRE_FALSE(done);
    CHECK(done.error().code == ErrorCode::internal);
    REQUIRE(f.submit(thing(1)));
    auto read = f.storage->read([](ReadTx& tx) {
        return tx.list<std::int64_t>(list_things, {},
                                     [](const Row& row) { return row.integer(1); });
    });
    const auto wrong = run(f.loop, std::move(read));
    REQUIRE_FALSE(wrong);
    CHECK(wrong.error().code == ErrorCode::internal);
    CHECK(f.ids() == std::vector<std::int64_t>{1});  // the reader is fine afterwards
}

TEST_CASE("a function over the transaction sees its own writes and gives its value",
          "[storage][conformance]") {
    FOR_EACH_ENGINE();
    Fixture f(engine);
    auto write = f.storage->write([](Tx& tx) -> Result<std::int64_t> {
        for (int i = 1; i <= 3; ++i)
            if (auto done = tx.run(insert_thing, {to_value(i), to_value(std::to_string(i))}); !done)
                return fail(std::move(done.error()));
        std::int64_t nested = 0;
        // The same query inside its own rows.
        auto each = tx.each(list_things, {}, [&](const Row&) {
            auto inner = tx.each(list_things, {}, [&](const Row&) { return ++nested, true; });
            return inner.has_value();
        });
        if (!each) return fail(std::move(each.error()));
        return nested;
    });
    const auto value = run(f.loop, std::move(write));
    REQUIRE(value);
    CHECK(*value == 9);
    CHECK(f.ids().size() == 3);
}

TEST_CASE("a function that fails or throws undoes its unit alone", "[storage][conformance]") {
    FOR_EACH_ENGINE();
    Fixture f(engine);
    const bool throws = GENERATE(false, true);
    std::vector<std::string> notes;
    runtime::TaskGroup group(f.loop);
    group.spawn("before", submit_and_note(*f.storage, thing(1), notes, "before"));
    WriteUnit bad;
    bad.add([throws](Tx& tx) -> Result<void> {
        (void)tx.run(insert_thing, {to_value(2), to_value("two")});
        if (throws) throw std::runtime_error("out of luck");
        return fail(ErrorCode::gone, "too late");
    });
    group.spawn("bad", submit_and_note(*f.storage, std::move(bad), notes, "bad"));
    group.spawn("after", submit_and_note(*f.storage, thing(3), notes, "after"));
    run(f.loop, join(group));
    CHECK(notes ==
          std::vector<std::string>{"before", throws ? "bad: internal" : "bad: gone", "after"});
    CHECK(f.ids() == std::vector<std::int64_t>{1, 3});
}

TEST_CASE("a read sees one snapshot however long it takes", "[storage][conformance]") {
    FOR_EACH_ENGINE();
    Fixture f(engine);
    REQUIRE(f.submit(thing(1)));
    std::atomic<int> stage{0};
    std::vector<std::string> notes;
    std::vector<std::int64_t> counts;
    const auto reading = [](Storage& storage, std::atomic<int>& at,
                            std::vector<std::int64_t>& found) -> Awaitable<void> {
        auto read = storage.read([&at](ReadTx& tx) -> Result<std::vector<std::int64_t>> {
            std::vector<std::int64_t> seen;
            const auto count = [&] {
                auto n = tx.find<std::int64_t>(count_things, {},
                                               [](const Row& row) { return row.integer(0); });
                seen.push_back(n ? **n : -1);
            };
            count();
            at = 1;
            at.notify_all();
            at.wait(1);  // until the writer has committed
            count();
            return seen;
        });
        auto done = co_await std::move(read);
        if (done) found = *done;
    };
    const auto writing = [](runtime::Loop& loop, Storage& storage,
                            std::atomic<int>& at) -> Awaitable<void> {
        while (at != 1) co_await loop.yield();
        auto unit = thing(2);
        auto done = co_await storage.submit(std::move(unit));
        at = done ? 2 : 3;
        at.notify_all();
    };
    runtime::TaskGroup group(f.loop);
    group.spawn("reader", reading(*f.storage, stage, counts));
    group.spawn("writer", writing(f.loop, *f.storage, stage));
    run(f.loop, join(group));
    CHECK(stage == 2);
    CHECK(counts == std::vector<std::int64_t>{1, 1});
    CHECK(f.ids().size() == 2);
}

TEST_CASE("a read that takes too long is cut with a message", "[storage][conformance]") {
    FOR_EACH_ENGINE();
    Fixture f(engine, [](Options& o) { o.read_limit = std::chrono::milliseconds(30); });
    static const Query endless{
        "test.endless",
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n",
        Query::Note::scan};
    auto read = f.storage->read([](ReadTx& tx) {
        return tx.find<std::int64_t>(endless, {}, [](const Row& row) { return row.integer(0); });
    });
    const auto cut = run(f.loop, std::move(read));
    REQUIRE_FALSE(cut);
    CHECK(cut.error().code == ErrorCode::unavailable);
    CHECK(cut.error().message.find("took too long") != std::string::npos);
    CHECK(f.ids().empty());
}

TEST_CASE("many coroutines share commits, and all their writes are there",
          "[storage][conformance]") {
    FOR_EACH_ENGINE();
    Fixture f(engine);
    const auto writer = [](Storage& storage, int number, int& failures) -> Awaitable<void> {
        for (int i = 0; i < 20; ++i) {
            auto unit = thing(number * 1000 + i);
            auto done = co_await storage.submit(std::move(unit));
            if (!done) ++failures;
        }
    };
    int failures = 0;
    runtime::TaskGroup group(f.loop);
    for (int i = 1; i <= 64; ++i) group.spawn("writer", writer(*f.storage, i, failures));
    run(f.loop, join(group));
    CHECK(failures == 0);
    const auto statistics = f.storage->statistics();
    CHECK(statistics.units == 64 * 20);
    CHECK(statistics.commits < statistics.units / 2);
    f.reopen();
    CHECK(f.ids().size() == 64 * 20);
}

TEST_CASE("a full queue refuses new work with a reason, and still stores what it took",
          "[storage][conformance]") {
    FOR_EACH_ENGINE();
    Fixture f(engine, [](Options& o) { o.queue_units = 4; });
    std::atomic<bool> go{false};
    int stored = 0;
    WriteUnit slow;
    slow.add([&go](Tx&) -> Result<void> {
        go.wait(false);
        return {};
    });
    const auto count = [&](Result<void> done) { stored += done ? 1 : 0; };
    f.storage->enqueue(std::move(slow), count);
    CHECK_FALSE(f.storage->saturated());
    for (int i = 0; i < 6; ++i) f.storage->enqueue(thing(i), count);
    CHECK(f.storage->saturated());
    CHECK(f.storage->saturation_reason().find("waiting") != std::string::npos);
    go = true;
    go.notify_all();
    REQUIRE(f.submit(thing(100)));
    CHECK(stored == 7);
    CHECK_FALSE(f.storage->saturated());
    CHECK(f.ids().size() == 7);
}

TEST_CASE(
    "stopping stores what is queued, refuses what comes later, and may come twice or before use",
    "[storage][conformance]") {
    FOR_EACH_ENGINE();
    Fixture f(engine);
    SECTION("before use") {
        run(f.loop, f.storage->stop());
        run(f.loop, f.storage->stop());
    }
    SECTION("after use") {
        int stored = 0;
        for (int i = 0; i < 50; ++i)
            f.storage->enqueue(thing(i), [&](Result<void> done) { stored += done ? 1 : 0; });
        run(f.loop, f.storage->stop());
        CHECK(stored == 50);
        run(f.loop, f.storage->stop());
        const auto late = f.submit(thing(99));
        REQUIRE_FALSE(late);
        CHECK(late.error().code == ErrorCode::unavailable);
        auto read = f.storage->read([](ReadTx& tx) {
            return tx.find<std::int64_t>(count_things, {},
                                         [](const Row& row) { return row.integer(0); });
        });
        CHECK_FALSE(run(f.loop, std::move(read)));
        std::optional<ErrorCode> told;
        f.storage->enqueue(thing(98), [&](Result<void> done) {
            told = done ? ErrorCode::internal : done.error().code;
        });
        f.loop.run_ready();
        CHECK(told == ErrorCode::unavailable);
        f.storage.reset();
        f.start();
        CHECK(f.ids().size() == 50);
    }
    SECTION("without stop") {
        f.storage->enqueue(thing(1), {});
        f.storage.reset();
        f.start();
        CHECK(f.ids().size() == 1);
    }
}

TEST_CASE("a backup made under writes is a whole database of its own", "[storage][conformance]") {
    FOR_EACH_ENGINE();
    Fixture f(engine);
    for (int i = 1; i <= 200; ++i) f.storage->enqueue(thing(i), {});
    REQUIRE(f.submit(thing(201)));
    TempDirectory other;
    const auto file = other / "copy";
    for (int i = 300; i < 500; ++i) f.storage->enqueue(thing(i), {});
    const auto done = run(f.loop, f.storage->backup(file));
    REQUIRE(done);
    const auto again = run(f.loop, f.storage->backup(file));
    REQUIRE_FALSE(again);
    CHECK(again.error().code == ErrorCode::conflict);

    Options options;
    options.directory = file;
    auto copy = engine.open(f.loop, options);
    REQUIRE(copy);
    CHECK(stored_ids(f.loop, **copy).size() >= 201);
    const auto findings = run(f.loop, (*copy)->check());
    REQUIRE(findings);
    CHECK(findings->empty());
    run(f.loop, (*copy)->stop());
}

TEST_CASE("a second opener is refused with the holder's process and directory",
          "[storage][conformance]") {
    FOR_EACH_ENGINE();
    Fixture f(engine);
    Options options;
    options.directory = f.directory.path();
    auto second = engine.open(f.loop, options);
    REQUIRE_FALSE(second);
    CHECK(second.error().code == ErrorCode::conflict);
    CHECK(second.error().message.find(std::to_string(::getpid())) != std::string::npos);
    CHECK(second.error().message.find(f.directory.path().string()) != std::string::npos);
    f.reopen();
    CHECK(f.ids().empty());
}

TEST_CASE("a unit that names a blob which was never stored fails", "[storage][conformance]") {
    FOR_EACH_ENGINE();
    Fixture f(engine);
    auto unit = thing(1);
    unit.require_blob(std::string(64, 'a'));
    const auto done = f.submit(std::move(unit));
    REQUIRE_FALSE(done);
    CHECK(f.ids().empty());
}
