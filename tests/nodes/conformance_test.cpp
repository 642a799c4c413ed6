// What every node type promises. A new type is run through all of it by standing in nodes.def.

#include <catch2/catch.hpp>

#include <fstream>
#include <sstream>

#include "nodes/node_world.hpp"

using namespace sluice;
using test::NodeWorld;
using test::parse;
using test::Step;

namespace {

std::string read_text(const std::string& path) {
    std::ifstream in(path);
    std::ostringstream text;
    text << in.rdbuf();
    return text.str();
}

void check_described(const Json& schema, const std::string& at) {
    const auto* properties = base::find_member(schema, "properties");
    if (!properties) return;
    for (const auto& [name, member] : properties->items()) {
        CAPTURE(at, name);
        CHECK((member.contains("title") || member.contains("description")));
        check_described(member, at + "/" + name);
        if (const auto* items = base::find_member(member, "items"))
            check_described(*items, at + "/" + name);
    }
}

flows::Effect effect_of(const flows::NodeType& type, const Json& config) {
    return type.effect_of ? type.effect_of(config) : type.effect;
}

}  // namespace

TEST_CASE("the catalogue has the types that people were promised", "[nodes][conformance]") {
    NodeWorld world;
    std::vector<std::string> names;
    for (const auto* type : world.types().all()) names.push_back(type->name);
    CHECK(names == std::vector<std::string>{
                       "aggregate",  "csv.parse", "csv.write",       "fail",      "file.read",
                       "file.write", "filter",    "http.request",    "input",     "json.validate",
                       "llm.chat",   "loop",      "map",             "markdown.render", "merge",
                       "noop",       "respond",   "set",             "subflow", "switch",
                       "transform",  "wait",      "wait.signal"});
}

TEST_CASE("a node type says what it is, gives and answers with", "[nodes][conformance]") {
    NodeWorld world;
    for (const auto* type : world.types().all()) {
        CAPTURE(type->name);
        CHECK_FALSE(type->title.empty());
        CHECK_THAT(type->category, Catch::Equals("Flow") || Catch::Equals("Data") ||
                                       Catch::Equals("Files") || Catch::Equals("Models") ||
                                       Catch::Equals("Network"));
        CHECK_THAT(type->doc, Catch::Contains("**Output") && Catch::Contains("**Errors"));
        CHECK(type->config_schema["type"] == "object");
        CHECK(type->config_schema["additionalProperties"] == false);
        check_described(type->config_schema, "");
        const bool container = type->kind == flows::NodeKind::map || type->kind == flows::NodeKind::loop;
        CHECK(container == (!type->compute && !type->run));
        CHECK((type->kind == flows::NodeKind::task) == static_cast<bool>(type->run));
        CHECK(type->example.contains("config"));
        CHECK(type->example.contains("output") != type->example.contains("error"));
    }
}

TEST_CASE("a node type's example can be published, and a field it does not know cannot",
          "[nodes][conformance]") {
    NodeWorld world;
    for (const auto* type : world.types().all()) {
        CAPTURE(type->name);
        Json config = type->example["config"];
        CHECK(world.refusal(type->name, config) == "");
        config["no_such_field"] = 1;
        CHECK_THAT(world.refusal(type->name, config), Catch::Contains("no_such_field"));
    }
}

TEST_CASE("an example without effects gives exactly its output, every time",
          "[nodes][conformance]") {
    NodeWorld world;
    int ran = 0;
    for (const auto* type : world.types().all()) {
        const Json& config = type->example["config"];
        // Containers and waits for signals need a run around them.
        if (type->kind == flows::NodeKind::map || type->kind == flows::NodeKind::loop ||
            type->kind == flows::NodeKind::signal ||
            (effect_of(*type, config) != flows::Effect::pure && type->name != "llm.chat"))
            continue;
        CAPTURE(type->name);
        for (int i = 0; i < 2; ++i) {
            Step step;
            step.input = type->example.value("input", Json::object());
            if (type->example.contains("upstream"))
                step.upstream = type->example["upstream"].get<std::vector<Json>>();
            const auto result = world.run(type->name, config, step);
            ++ran;
            if (type->example.contains("error")) {
                REQUIRE_FALSE(result);
                CHECK(base::to_string(result.error().code) ==
                      type->example["error"]["code"].get<std::string>());
                CHECK(type->example["error"]["message"] == result.error().message);
            } else {
                INFO((result ? std::string() : result.error().message));
                REQUIRE(result);
                CHECK(result->output.dump(2) == type->example["output"].dump(2));
            }
        }
    }
    CHECK(ran == 2 * 16);
}

TEST_CASE("a type without its service fails its step and says so", "[nodes][conformance]") {
    NodeWorld world;
    world.services = {};
    for (const auto* type : world.types().all()) {
        const Json& config = type->example["config"];
        if (type->kind != flows::NodeKind::task || effect_of(*type, config) == flows::Effect::pure)
            continue;
        CAPTURE(type->name);
        Step step;
        step.input = type->example.value("input", Json::object());
        const auto result = world.run(type->name, config, step);
        REQUIRE_FALSE(result);
        CHECK(result.error().code == ErrorCode::unavailable);
    }
}

TEST_CASE("the reference of node types is up to date", "[nodes][docs]") {
    NodeWorld world;
    const std::string path = SLUICE_SOURCE_DIR "/docs/nodes.md";
    const std::string wanted = nodes::node_reference(world.types());
    if (std::getenv("UPDATE_GOLDEN")) std::ofstream(path) << wanted;
    INFO("docs/nodes.md is stale; run this test with UPDATE_GOLDEN=1");
    CHECK((read_text(path) == wanted));
}
