#include <catch2/catch.hpp>

#include "nodes/node_world.hpp"

using namespace sluice;
using test::NodeWorld;
using test::parse;

TEST_CASE("csv.parse reads what RFC 4180 allows", "[nodes][csv]") {
    NodeWorld world;
    const auto rows = [&](std::string text, Json more = Json::object()) {
        more["text"] = "{{ input }}";
        return world.get("csv.parse", more, text)["rows"];
    };
    CHECK(rows("a,b\r\n1,2\r\n") == parse(R"([{"a": "1", "b": "2"}])"));
    CHECK(rows("\xef\xbb\xbf"
               "a,b\n1,2") == parse(R"([{"a": "1", "b": "2"}])"));
    CHECK(rows("a,b\r1,2\r") == parse(R"([{"a": "1", "b": "2"}])"));
    CHECK(rows("a,b\n\"x,\"\"y\"\"\",\"two\nlines\"\n") ==
          parse(R"([{"a": "x,\"y\"", "b": "two\nlines"}])"));
    CHECK(rows("a,b\n\n1,2\n\n") == parse(R"([{"a": "1", "b": "2"}])"));
    CHECK(rows("a,b\n1\n") == parse(R"([{"a": "1", "b": null}])"));
    CHECK(rows("a;b\n1;2\n", {{"delimiter", ";"}}) == parse(R"([{"a": "1", "b": "2"}])"));
    CHECK(rows("1,2\n", {{"header", false}}) == parse(R"([{"column_1": "1", "column_2": "2"}])"));
    CHECK(rows("1,2\n", {{"header", false}, {"columns", {"x", "y"}}}) ==
          parse(R"([{"x": "1", "y": "2"}])"));
    CHECK(rows("a,b\n1,2\n", {{"columns", {"x", "y"}}}) == parse(R"([{"x": "1", "y": "2"}])"));
    CHECK(rows("n,t\n\"1\",007\n-2.5,true\n,x\n", {{"guess_types", true}}) ==
          parse(R"([{"n": "1", "t": "007"}, {"n": -2.5, "t": true}, {"n": null, "t": "x"}])"));
    CHECK(rows("").empty());
    CHECK(rows("a,b\n").empty());
}

TEST_CASE("csv.parse names the line of a mistake", "[nodes][csv]") {
    NodeWorld world;
    const auto message = [&](std::string text, Json more = Json::object()) {
        more["text"] = "{{ input }}";
        return world.error("csv.parse", more, text).message;
    };
    CHECK_THAT(message("a,b\n1,\"open\n"),
               Catch::Contains("line 2") && Catch::Contains("never closed"));
    CHECK_THAT(message("a,b\n1,\"x\"y\n"), Catch::Contains("line 2"));
    CHECK_THAT(message("a,b\n1,2,3\n"), Catch::Contains("line 2") && Catch::Contains("3 fields"));
    CHECK_THAT(message("a,a\n"), Catch::Contains("twice"));
    CHECK_THAT(message("a\n1\nx\n", {{"types", {{"a", "integer"}}}}),
               Catch::Contains("line 3") && Catch::Contains("an integer"));
    CHECK_THAT(message("a\n1\n", {{"types", {{"b", "integer"}}}}), Catch::Contains("column b"));
    CHECK_THAT(world.refusal("csv.parse", parse(R"({"text": "", "delimiter": "::"})")),
               Catch::Contains("/config/delimiter"));
}

TEST_CASE("a large file takes the way over the pool and comes back whole", "[nodes][csv]") {
    NodeWorld world;
    std::string text = "id,name\n";
    for (int i = 0; i < 5000; ++i) text += fmt::format("{},\"name, {}\"\n", i, i);
    const auto parsed = world.get(
        "csv.parse", parse(R"({"text": "{{ input }}", "types": {"id": "integer"}})"), text);
    REQUIRE(parsed["rows"].size() == 5000);
    CHECK(parsed["rows"][4999] == parse(R"({"id": 4999, "name": "name, 4999"})"));
    const auto written = world.get(
        "csv.write", parse(R"({"rows": "{{ input }}", "line_end": "lf"})"), parsed["rows"]);
    CHECK((written["text"] == text));
}

TEST_CASE("csv.write writes what csv.parse reads back", "[nodes][csv]") {
    NodeWorld world;
    const auto rows = parse(
        R"([{"a": "x,\"y\"", "b": "two\r\nlines"}, {"a": "", "b": " padded "}, {"a": "-5", "b": "plain"}])");
    for (const auto* delimiter : {",", ";", "\t"}) {
        const auto written =
            world.get("csv.write", Json{{"rows", "{{ input }}"}, {"delimiter", delimiter}}, rows);
        CHECK(world.get("csv.parse", Json{{"text", "{{ input }}"}, {"delimiter", delimiter}},
                        written["text"])["rows"] == rows);
    }
    CHECK(world.get(
              "csv.write",
              parse(R"({"rows": [[1, true, null, {"k": 1}]], "header": false, "line_end": "lf"})"))
              ["text"] == "1,true,,\"{\"\"k\"\":1}\"\n");
    CHECK(world.get("csv.write", parse(R"({"rows": []})"))["text"] == "");
    CHECK(world.get("csv.write", parse(R"({"rows": [], "columns": ["a", "b"]})"))["text"] ==
          "a,b\r\n");
}

TEST_CASE("a text that a spreadsheet would execute is disarmed, unless told otherwise",
          "[nodes][csv]") {
    NodeWorld world;
    const auto config = parse(
        R"x({"rows": [{"a": "=HYPERLINK(\"x\")"}, {"a": "@SUM(1)"}, {"a": -5}, {"a": "+4.5"}], "line_end": "lf"})x");
    CHECK(world.get("csv.write", config)["text"] ==
          "a\n\"'=HYPERLINK(\"\"x\"\")\"\n'@SUM(1)\n-5\n+4.5\n");
    auto plain = config;
    plain["guard_formulas"] = false;
    CHECK_THAT(world.get("csv.write", plain)["text"].get<std::string>(),
               Catch::Contains("\n@SUM(1)\n"));
    CHECK_THAT(world.error("csv.write", parse(R"({"rows": [{"a": 1}, [2]]})")).message,
               Catch::Contains("all be objects"));
    CHECK_THAT(world.error("csv.write", parse(R"({"rows": [[1, 2], [3]], "columns": ["a", "b"]})"))
                   .message,
               Catch::Contains("1 values"));
}

TEST_CASE("markdown.render has every kind of block, in Markdown and HTML", "[nodes][markdown]") {
    NodeWorld world;
    const auto out =
        world.get("markdown.render", parse(R"({"title": "Report", "html": true, "blocks": [
        {"heading": "Totals", "level": 3}, {"text": "Some *words*."}, {"list": ["one", "two"]}, {"list": ["a"], "ordered": true},
        {"table": {"rows": [["x", 1], ["y", null]], "columns": ["Name", {"key": "n", "align": "right"}]}}, {"code": {"k": 1}}, {"code": "a ``` b", "language": "text"},
        {"quote": "first\nsecond"}, {"rule": true}, {"table": {"rows": []}}]})"));
    const auto markdown = out["markdown"].get<std::string>(), html = out["html"].get<std::string>();
    CHECK_THAT(markdown,
               Catch::StartsWith("# Report\n\n### Totals\n\nSome *words*.\n\n- one\n- two\n\n1. "
                                 "a\n\n| Name | n |\n| --- | ---: |\n| x | 1 |\n| y |  |\n"));
    CHECK_THAT(markdown, Catch::Contains("```json\n{\n  \"k\": 1\n}\n```\n") &&
                             Catch::Contains("````text\na ``` b\n````\n") &&
                             Catch::Contains("> first\n> second\n") && Catch::Contains("\n---\n") &&
                             Catch::EndsWith("*(no rows)*\n"));
    CHECK_THAT(html, Catch::Contains("<h1>Report</h1>") && Catch::Contains("<em>words</em>") &&
                         Catch::Contains("<li>two</li>") &&
                         Catch::Contains("<td>x</td><td style=\"text-align: right\">1</td>") &&
                         Catch::Contains("<blockquote>"));
}

TEST_CASE("data cannot smuggle markup into a document", "[nodes][markdown]") {
    NodeWorld world;
    const auto evil =
        parse(R"x("<script>alert(1)</script> [click](javascript:x) | *b* `c` \n# not a heading")x");
    const auto out = world.get(
        "markdown.render",
        parse(
            R"({"html": true, "blocks": [{"heading": "{{ input }}"}, {"table": {"rows": [{"t": "{{ input }}"}]}}, {"list": ["{{ input }}"]}, {"quote": "{{ input }}"}, {"text": "{{ input }}"}]})"),
        evil);
    const auto html = out["html"].get<std::string>(), markdown = out["markdown"].get<std::string>();
    CHECK_THAT(html, !Catch::Contains("<script") && !Catch::Contains("href=\"javascript"));
    // Only the author's own text block is Markdown; there the link's dangerous target is gone.
    CHECK_THAT(markdown,
               Catch::Contains("| &lt;script>alert(1)&lt;/script> \\[click\\](javascript:x) \\| "
                               "\\*b\\* \\`c\\`  # not a heading |"));
    CHECK_THAT(
        world.error("markdown.render", parse(R"({"blocks": [{"table": {"rows": [1]}}]})")).message,
        Catch::Contains("objects or lists"));
    CHECK_THAT(
        world.refusal("markdown.render", parse(R"({"blocks": [{"text": "a", "rule": true}]})")),
        Catch::Contains("/config/blocks/0"));
}
