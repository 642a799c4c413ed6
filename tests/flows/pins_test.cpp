#include "flows/draft_house.hpp"
#include "flows/drafts.hpp"

using namespace sluice;
using namespace sluice::flows;
using namespace std::chrono_literals;
using flows::test::DraftHouse;

TEST_CASE("pins are kept per flow and node, and outlive a restart", "[flows][pins]") {
    DraftHouse f;
    CHECK(f.get(f.flows->pins(f.workspace, f.flow.id)).empty());
    const auto first = f.get(f.flows->put_pin(f.workspace, f.flow.id, "a", {{"n", 1}}, "key_ann", {}));
    CHECK(first.size_bytes == 7);
    f.get(f.flows->put_pin(f.workspace, f.flow.id, "later", nullptr, "key_ann", {}));  // a node that is not there yet
    f.clock.advance(1s);
    const auto second = f.get(f.flows->put_pin(f.workspace, f.flow.id, "a", {{"n", 2}}, "key_bob", {}));
    CHECK(etag_of(second) != etag_of(first));
    f.restart();
    const auto pins = f.get(f.flows->pins(f.workspace, f.flow.id));
    REQUIRE(pins.size() == 2);
    CHECK(pins.at("a") == Json{{"n", 2}});
    CHECK(pins.at("later").is_null());
    const auto listed = f.get(f.flows->list_pins(f.workspace, f.flow.id));
    REQUIRE(listed.size() == 2);
    CHECK(listed[0].node == "a");
    CHECK(listed[0].updated_by == "key_bob");
    CHECK(listed[0].updated_at == f.clock.now());
    CHECK(f.get(f.flows->pin(f.workspace, f.flow.id, "a")).output == Json{{"n", 2}});
    CHECK(f.error(f.flows->pin(f.workspace, f.flow.id, "b")) == ErrorCode::not_found);
    f.done(f.flows->remove_pin(f.workspace, f.flow.id, "a", {}));
    CHECK(f.error(f.flows->remove_pin(f.workspace, f.flow.id, "a", {})) == ErrorCode::not_found);
    CHECK(f.get(f.flows->pins(f.workspace, f.flow.id)).size() == 1);
}

TEST_CASE("a pin is changed only by who read it, when they say what they read", "[flows][pins]") {
    DraftHouse f;
    CHECK(f.error(f.flows->put_pin(f.workspace, f.flow.id, "a", 1, "t", "*")) == ErrorCode::precondition_failed);
    const auto first = f.get(f.flows->put_pin(f.workspace, f.flow.id, "a", 1, "t", {}));
    f.get(f.flows->put_pin(f.workspace, f.flow.id, "a", 2, "t", etag_of(first)));
    CHECK(f.error(f.flows->put_pin(f.workspace, f.flow.id, "a", 3, "t", etag_of(first))) == ErrorCode::precondition_failed);
    CHECK(f.error(f.flows->remove_pin(f.workspace, f.flow.id, "a", etag_of(first))) == ErrorCode::precondition_failed);
    CHECK(f.get(f.flows->pins(f.workspace, f.flow.id)).at("a") == 2);
}

TEST_CASE("pins are bounded in size, number and sum", "[flows][pins]") {
    DraftHouse f;
    const auto put = [&](std::string node, Json output) {
        return f.flows->put_pin(f.workspace, f.flow.id, std::move(node), std::move(output), "t", {});
    };
    for (const auto* name : {"", "1a", "a b", "a/b", "é"}) CHECK(f.error(put(name, 1)) == ErrorCode::invalid_argument);
    CHECK(f.error(put(std::string(65, 'a'), 1)) == ErrorCode::invalid_argument);
    const auto most = std::string(most_pin_bytes - 2, 'x');  // and its quotes
    CHECK(f.get(put("most", most)).size_bytes == most_pin_bytes);
    CHECK(f.error(put("more", most + "x")) == ErrorCode::too_large);
    for (int i = 0; i < 31; ++i) f.get(put(fmt::format("n{}", i), most));
    CHECK(f.error(put("over", 1)) == ErrorCode::unprocessable);
    CHECK(f.get(put("most", 1)).size_bytes == 1);  // in place of its own
    CHECK(f.get(put("over", 1)).size_bytes == 1);
    for (int i = 0; i < 31; ++i) f.get(put(fmt::format("n{}", i), 1));
    for (int i = 31; i < 998; ++i) f.get(put(fmt::format("n{}", i), 1));
    CHECK(f.error(put("last", 1)) == ErrorCode::unprocessable);
    CHECK(f.get(put("n1", 2)).size_bytes == 1);
}

TEST_CASE("a pin that is changed at the same moment is not written over, and none is made for a deleted flow", "[flows][pins]") {
    DraftHouse f;
    const auto etag = etag_of(f.get(f.flows->put_pin(f.workspace, f.flow.id, "a", 1, "t", {})));
    const AlsoPin change = [&](storage::WriteUnit&, const Pin&) { f.first(flows::test::change_pins, f.flow.id); };
    CHECK(f.error(f.flows->put_pin(f.workspace, f.flow.id, "a", 2, "t", etag, change)) == ErrorCode::precondition_failed);
    CHECK(f.get(f.flows->pins(f.workspace, f.flow.id)).at("a") == 7);
    CHECK(f.get(f.flows->put_pin(f.workspace, f.flow.id, "a", 3, "t", {}, change)).output == 3);  // whatever is there
    const AlsoPin end = [&](storage::WriteUnit&, const Pin&) { f.first(flows::test::delete_flow, f.flow.id); };
    CHECK(f.error(f.flows->put_pin(f.workspace, f.flow.id, "b", 1, "t", {}, end)) == ErrorCode::not_found);
    CHECK(f.rows() == 1);
}
