// Large outputs of the core, one story each: the test plays the journal and the blobs.

#include <catch2/catch.hpp>

#include "engine/large_house.hpp"
#include "engine/value_routes.hpp"

namespace sluice::engine::test {

TEST_CASE("a large output leaves memory once it is stored and nothing reads it", "[engine][large]") {
    House house(flow({node("a", "keyed"), node("b", "keyed"), node("c", "keyed")}, {edge("a", "b"), edge("b", "c")}));
    house.end("a", large());
    const std::size_t held = house.machine.memory_bytes();
    CHECK(held > 1000);
    CHECK(house.dropped == 0);
    house.store();
    CHECK(house.dropped == 1);
    CHECK(house.machine.memory_bytes() + 1000 < held);
    house.end("b", {{"n", 2}});
    house.store();
    CHECK(house.dropped == 1);  // small ones stay
}

TEST_CASE("a step whose config reads an output that is away starts once it was read", "[engine][large]") {
    House house(flow({node("a", "keyed"), node("b", "keyed"), node("c", "keyed", {{"n", "{{ nodes.a.output.n }}"}})},
                     {edge("a", "b"), edge("b", "c")}));
    house.end("a", large(7));
    house.store();
    house.end("b", {{"n", 2}});
    CHECK(house.status("c") == "ready");
    REQUIRE(house.asked.size() == 1);
    CHECK(house.asked.front().bytes == house.asked.front().blob.size());
    CHECK(to_string(house.machine.status()) == "running");
    house.load();
    CHECK(house.status("c") == "running");
    CHECK(house.running.at("c").config == Json{{"n", 7}});
    CHECK(house.dropped == 2);  // its config is made, so it need not stay
}

TEST_CASE("the flow's output and a condition read outputs that are away", "[engine][large]") {
    House house(flow({node("a", "keyed"), node("b", "keyed"), node("c", "keyed")},
                     {edge("a", "b"), edge("b", "c", {{"condition", "nodes.a.output.n == 7"}})}, {{"output", "{{ nodes.a.output.n + 1 }}"}}));
    house.end("a", large(7));
    house.store();
    const std::size_t before = house.journal.size();
    house.end("b", {{"n", 2}});
    CHECK(house.journal.size() == before);  // the end of b waits for what its edge's condition reads
    house.load();
    CHECK(house.status("c") == "running");
    house.end("c", {{"n", 3}});
    house.load();
    CHECK(to_string(house.machine.status()) == "succeeded");
    CHECK(house.machine.output() == 8);
}

TEST_CASE("what happens while a value is read waits, and happens in its order", "[engine][large]") {
    House house(flow({node("a", "keyed"), node("b", "keyed"), node("other", "keyed"), node("c", "keyed", {{"n", "{{ nodes.a.output.n }}"}})},
                     {edge("a", "b"), edge("b", "c")}));
    house.end("a", large(7));
    house.store();
    house.end("b", {{"n", 2}});
    const std::size_t before = house.journal.size();
    house.end("other", {{"n", 1}});
    house.take(house.machine.handle(event::Cancel{"enough"}, house.now, house.random));
    CHECK(house.journal.size() == before);
    house.load();
    REQUIRE(house.journal.size() > before + 2);
    CHECK(house.journal[before].path == "c");
    CHECK(house.journal[before].kind == RecordKind::step_started);
    CHECK(house.journal[before + 1].path == "other");
    CHECK(house.journal[before + 2].kind == RecordKind::run_cancel_requested);
    CHECK(to_string(house.machine.status()) == "cancelled");
}

TEST_CASE("a step that reads more than the run may hold fails and says so", "[engine][large]") {
    House house(flow({node("a", "keyed"), node("b", "keyed"), node("c", "keyed", {{"n", "{{ nodes.a.output.n + nodes.b.output.n }}"}})},
                     {edge("a", "b"), edge("b", "c")}), 1800);
    house.end("a", large());
    house.store();
    house.end("b", large());
    house.store();
    CHECK(house.asked.empty());  // it is not even tried
    CHECK(house.status("c") == "failed");
    REQUIRE(house.machine.error());
    CHECK(house.machine.error()->at("code") == "too_large");
    CHECK(house.machine.error()->at("message").get<std::string>().find("engine.run_memory") != std::string::npos);
}

TEST_CASE("an output that cannot be read fails the step that reads it", "[engine][large]") {
    House house(flow({node("a", "keyed"), node("b", "keyed"), node("c", "keyed", {{"n", "{{ nodes.a.output.n }}"}}), node("d", "keyed")},
                     {edge("a", "b"), edge("b", "c"), edge("c", "d", {{"on", "error"}})}));
    house.end("a", large());
    house.store();
    house.end("b", {{"n", 2}});
    house.load(Error{ErrorCode::internal, "the stored value is damaged"});
    CHECK(house.status("c") == "failed");
    CHECK(house.status("d") == "running");  // its error edge takes it
    CHECK(house.journal.back().path == "d");
}

TEST_CASE("pure steps wait until what they gave is stored, and results until there is room", "[engine][large]") {
    const Json nodes = {node("a", "pure", {{"large", 1000}}), node("b", "pure", {{"large", 1000}}), node("c", "pure", {{"large", 1000}}),
                        node("d", "keyed"), node("e", "keyed")};
    House house(flow(nodes, {edge("a", "b"), edge("b", "c")}), 3000);
    CHECK(house.status("a") == "succeeded");
    CHECK(house.status("b") == "ready");
    CHECK(house.machine.loading());
    house.store();
    CHECK(house.status("b") == "succeeded");
    CHECK(house.status("c") == "ready");
    house.store();
    CHECK(house.status("c") == "succeeded");
    house.store();
    REQUIRE(house.running.size() == 2);
    house.end("d", {{"text", std::string(2000, 'x')}});
    house.end("e", {{"text", std::string(2000, 'x')}});
    CHECK(house.status("e") == "running");
    house.store();
    CHECK(house.status("e") == "succeeded");
    house.load();
    CHECK(house.machine.error());  // c, d and e together are the output, and too much
}

TEST_CASE("a result that waits for room is taken when others were stored while a value was read", "[engine][large]") {
    House house(flow({node("a", "keyed"), node("b", "keyed"), node("c", "keyed"), node("d", "keyed"), node("e", "keyed")},
                     {edge("a", "b"), edge("a", "d"), edge("a", "e"), edge("b", "c", {{"condition", "nodes.a.output.n == 7"}})}), 2600);
    house.end("a", large(7));
    house.store();
    house.load();   // b's edge reads it
    house.end("d", large());
    house.end("e", {{"text", std::string(1500, 'x')}});
    CHECK(house.status("e") == "running");   // until d is stored
    house.end("b", {{"n", 1}});
    REQUIRE(house.asked.size() == 1);
    house.store();
    CHECK(house.status("e") == "running");   // the machine stands still
    house.load();
    CHECK(house.status("e") == "succeeded");
    CHECK(house.status("c") == "running");
}

TEST_CASE("what an ended turn gave and may have to be undone leaves memory, and keeps nothing from starting", "[engine][large]") {
    const Json body = {{"nodes", {node("book", "keyed"), node("unbook", "keyed", {{"n", "{{ nodes.book.output.n }}"}})}},
                       {"edges", Json::array({edge("book", "unbook", {{"on", "rollback"}})})}, {"output", 1}};
    House house(flow({node("again", "again", {{"while", "index < 3"}, {"body", body}}), node("after", "keyed")}, Json::array({edge("again", "after")})), 4000);
    for (int turn = 0; turn < 3; ++turn) {
        CAPTURE(turn);
        const std::string next = turn < 2 ? fmt::format("again[{}]/book", turn + 1) : "after";
        house.end(fmt::format("again[{}]/book", turn), large(turn + 1));
        CHECK(house.machine.loading());   // the turn has ended, and the next one waits until its output is stored
        CHECK_FALSE(house.running.contains(next));
        house.store();
        CHECK(house.dropped == static_cast<std::size_t>(turn) + 1);
        CHECK_FALSE(house.machine.loading());
        REQUIRE(house.running.contains(next));
    }
    house.take(house.machine.handle(event::Cancel{"undo it"}, house.now, house.random));
    REQUIRE(house.asked.size() == 1);
    house.load();
    CHECK(house.running.at("again[2]/unbook").config == Json{{"n", 3}});   // read again to be undone
}

TEST_CASE("a range names bytes of a value", "[engine][large]") {
    using Range = std::optional<ByteRange>;
    CHECK(*range_of("bytes=0-9", 100) == Range({0, 10}));
    CHECK(*range_of("bytes=90-", 100) == Range({90, 10}));
    CHECK(*range_of("bytes=-10", 100) == Range({90, 10}));
    CHECK(*range_of("bytes=-500", 100) == Range({0, 100}));
    CHECK(*range_of("bytes=50-500", 100) == Range({50, 50}));
    for (const char* ignored : {"lines=1-2", "bytes=1-2,4-5", "bytes=", "bytes=-", "bytes=a-b", "bytes=9-2", "bytes=1"}) {
        CAPTURE(ignored);
        CHECK(*range_of(ignored, 100) == Range());
    }
    CHECK(range_of("bytes=100-", 100).error().code == ErrorCode::invalid_argument);
    CHECK_FALSE(range_of("bytes=0-", 0));
}

}  // namespace sluice::engine::test
