#include "cli/demo_script.hpp"

#include <catch2/catch.hpp>

#include "sluice/flows/flows.hpp"

using namespace sluice;

TEST_CASE("an abbreviation in a list stands for its copies, numbered from 0", "[cli][demo]") {
    const auto spelled = [](const char* text) { return cli::spelled_out(Json::parse(text)); };
    CHECK(spelled(R"([{"$times": 3, "of": "%k"}])") == Json::parse("[0, 1, 2]"));
    CHECK(spelled(R"([9, {"$times": 2, "as": "g", "of": {"id": "a_%g", "to": "a_%g+"}}])") ==
          Json::parse(R"([9, {"id": "a_0", "to": "a_1"}, {"id": "a_1", "to": "a_2"}])"));
    // Lists are spliced, and an inner abbreviation sees the outer number.
    CHECK(spelled(R"({"x": [{"$times": 2, "as": "g", "of": ["%g", {"$times": 2, "as": "q", "of": "%g.%q"}]}]})") ==
          Json::parse(R"({"x": [0, "0.0", "0.1", 1, "1.0", "1.1"]})"));
    CHECK(spelled(R"({"$text": 5, "of": "abc"})") == "abcabc");
    CHECK(spelled(R"([])") == Json::array());
}

TEST_CASE("the demonstration's files are in the binary and can be read", "[cli][demo]") {
    for (const auto* name : {"flows.yaml", "steps.yaml"}) {
        const auto text = cli::demo_file(name);
        REQUIRE(text);
        CHECK(flows::parse_yaml(*text));
    }
    CHECK(cli::demo_file("tickets.csv")->starts_with("id,received_at,"));
    const auto missing = cli::demo_file("tickets");
    REQUIRE_FALSE(missing);
    CHECK(missing.error().code == ErrorCode::internal);
}
