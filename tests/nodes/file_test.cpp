#include <catch2/catch.hpp>

#include <fstream>
#include <sstream>
#include <sys/stat.h>

#include "nodes/node_world.hpp"
#include "sluice/artifacts/artifacts.hpp"
#include "sluice/storage/storage.hpp"

using namespace sluice;
using test::NodeWorld;
using test::parse;
namespace fs = std::filesystem;

namespace {

struct FileWorld : NodeWorld {
    fs::path area = directory / "data" / "files" / "acme", root = directory / "root";
    static void put(const fs::path& path, std::string_view content) {
        fs::create_directories(path.parent_path());
        std::ofstream(path, std::ios::binary) << content;
    }
    static std::string content(const fs::path& path) {
        std::ifstream in(path, std::ios::binary);
        std::ostringstream text;
        text << in.rdbuf();
        return text.str();
    }
    Json read(std::string path, Json more = Json::object()) {
        more["path"] = path;
        return get("file.read", more);
    }
    Error refused(std::string path, Json more = Json::object()) {
        more["path"] = path;
        return error("file.read", more);
    }
};

}  // namespace

TEST_CASE("a file is read in the form that was asked for", "[nodes][file]") {
    FileWorld world;
    world.put(world.area / "a" / "t.csv", "x\r\ny\n");
    world.put(world.area / "d.json", R"({"k": [1]})");
    world.put(world.root / "r.txt", "\xef\xbb\xbfroot");
    CHECK(world.read("a/t.csv") ==
          parse(R"({"path": "a/t.csv", "size": 5, "content": "x\r\ny\n"})"));
    CHECK(world.read("./a//t.csv", {{"format", "lines"}})["content"] == parse(R"(["x", "y"])"));
    CHECK(world.read("d.json", {{"format", "json"}})["content"] == parse(R"({"k": [1]})"));
    CHECK(world.read("a/t.csv", {{"format", "base64"}})["content"] == "eA0KeQo=");
    CHECK(world.read((world.root / "r.txt").string())["content"] == "root");
    CHECK(world.read((world.area / "d.json").string())["size"] == 10);
}

TEST_CASE("a file that is missing, too large or no text is said to be so", "[nodes][file]") {
    FileWorld world;
    world.put(world.area / "big", std::string(2000, 'x'));
    world.put(world.area / "binary", "\xff\xfe");
    CHECK(world.refused("nothing.txt").code == ErrorCode::not_found);
    CHECK_THAT(world.refused("nothing.txt").message, Catch::Contains("nothing.txt"));
    CHECK(world.refused("big/inside").code == ErrorCode::not_found);
    CHECK(world.refused("big", {{"max_bytes", 1999}}).code == ErrorCode::too_large);
    CHECK(world.read("big", {{"max_bytes", 2000}})["size"] == 2000);
    CHECK(world.refused("binary").code == ErrorCode::unprocessable);
    CHECK(world.refused("big", {{"format", "json"}}).code == ErrorCode::unprocessable);
    fs::create_directories(world.area / "folder");
    CHECK(world.refused("folder").code == ErrorCode::invalid_argument);
    REQUIRE(::mkfifo((world.area / "pipe").c_str(), 0600) == 0);
    CHECK(world.refused("pipe").code == ErrorCode::invalid_argument);
    fs::remove_all(world.area);
    CHECK_THAT(world.refused("a").message, Catch::Contains("files/acme"));
}

TEST_CASE("no path leads out of the folders, whatever it says", "[nodes][file]") {
    FileWorld world;
    world.put(world.directory / "data" / "sluice.db", "secret");
    world.put(world.directory / "data" / "files" / "other" / "theirs.txt", "theirs");
    world.put(world.directory / "outside.txt", "outside");
    fs::create_symlink(world.directory, world.area / "up");
    fs::create_symlink(world.directory / "outside.txt", world.area / "link.txt");
    fs::create_symlink(world.directory / "data", world.root / "data");
    const std::vector<std::string> paths{"../other/theirs.txt",
                                         "a/../../other/theirs.txt",
                                         "up/outside.txt",
                                         "link.txt",
                                         "/etc/passwd",
                                         (world.directory / "outside.txt").string(),
                                         (world.root / ".." / "outside.txt").string(),
                                         (world.directory / "data" / "sluice.db").string(),
                                         (world.directory / "data/files/other/theirs.txt").string(),
                                         (world.root / "data" / "sluice.db").string(),
                                         world.root.string() + "x/y",
                                         std::string("/proc/self/environ")};
    for (const auto& path : paths) {
        CAPTURE(path);
        CHECK(world.refused(path).code == ErrorCode::forbidden);
        for (const auto* mode : {"create", "overwrite", "append"})
            CHECK(world.error("file.write", Json{{"path", path}, {"content", "x"}, {"mode", mode}})
                      .code == ErrorCode::forbidden);
    }
    CHECK(world.content(world.directory / "outside.txt") == "outside");
    CHECK(world.content(world.directory / "data" / "sluice.db") == "secret");
}

TEST_CASE("a root around the data directory does not open it", "[nodes][file]") {
    FileWorld world;
    world.services.file_roots = {world.directory, world.directory / "data" / "inner"};
    world.put(world.directory / "data" / "sluice.db", "secret");
    world.put(world.directory / "data" / "inner" / "x", "secret");
    world.put(world.directory / "free.txt", "free");
    CHECK(world.read((world.directory / "free.txt").string())["content"] == "free");
    CHECK(world.refused((world.directory / "data" / "sluice.db").string()).code ==
          ErrorCode::forbidden);
    CHECK(world.refused((world.directory / "data" / "inner" / "x").string()).code ==
          ErrorCode::forbidden);
}

TEST_CASE("a file is made, replaced and appended to", "[nodes][file]") {
    FileWorld world;
    const auto write = [&](const char* mode, std::string content) {
        return world.output(
            "file.write",
            Json{{"path", "new/folder/out.txt"}, {"content", content}, {"mode", mode}});
    };
    const auto path = world.area / "new" / "folder" / "out.txt";
    REQUIRE(write("create", "one"));
    CHECK(world.content(path) == "one");
    CHECK(write("create", "one"));  // the same step came again
    CHECK(write("create", "two").error().code == ErrorCode::conflict);
    CHECK(world.content(path) == "one");
    REQUIRE(write("overwrite", "two"));
    CHECK(world.content(path) == "two");
    REQUIRE(write("append", "!"));
    CHECK(world.content(path) == "two!");
    CHECK(std::distance(fs::directory_iterator(path.parent_path()), fs::directory_iterator()) == 1);
    CHECK(world.get("file.write", parse(R"({"path": "v.json", "content": {"a": [1]}})"))["size"] ==
          23);
    CHECK(world.content(world.area / "v.json") == "{\n  \"a\": [\n    1\n  ]\n}\n");
    REQUIRE(world.output("file.write",
                         parse(R"({"path": "b.bin", "content": "AP8=", "encoding": "base64"})")));
    CHECK(world.content(world.area / "b.bin") == std::string("\0\xff", 2));
    CHECK(world
              .error("file.write",
                     parse(R"({"path": "b.bin", "content": "???", "encoding": "base64"})"))
              .code == ErrorCode::invalid_argument);
    CHECK(
        world.error("file.write", parse(R"({"path": "new", "content": "x", "mode": "overwrite"})"))
            .code == ErrorCode::invalid_argument);
}

TEST_CASE("what writing twice would mean decides its effect class", "[nodes][file]") {
    NodeWorld world;
    const auto& type = *world.types().find("file.write");
    CHECK(type.effect_of(parse(R"({"path": "a", "content": "", "mode": "append"})")) ==
          flows::Effect::unsafe);
    CHECK(type.effect_of(parse(R"({"path": "a", "content": ""})")) == flows::Effect::keyed);
    CHECK(type.effect_of(parse(R"({"artifact": "a", "content": ""})")) == flows::Effect::keyed);
    CHECK_THAT(world.refusal("file.write", parse(R"({"content": "x"})")),
               Catch::Contains("exactly one"));
    CHECK_THAT(
        world.refusal("file.write", parse(R"({"content": "x", "path": "a", "artifact": "b"})")),
        Catch::Contains("exactly one"));
    CHECK_THAT(world.refusal("file.read", parse("{}")), Catch::Contains("exactly one"));
}

TEST_CASE("a step that comes again makes no second artifact", "[nodes][file][artifact]") {
    NodeWorld world;
    auto store = std::make_shared<std::optional<Result<std::unique_ptr<storage::Storage>>>>();
    storage::Options options;
    options.directory = world.directory / "db";
    auto opened = storage::open(world.loop, std::move(options), storage::built_in_migrations());
    REQUIRE(opened);
    artifacts::Artifacts artifacts(**opened, world.clock, world.random);
    world.services.artifacts = &artifacts;

    const auto config = parse(R"({"artifact": "report.csv", "content": "a,b\n1,2\n"})");
    test::Step step, again, other;
    other.key = "key-2";
    const auto first = world.run("file.write", config, step);
    INFO((first ? std::string() : first.error().message));
    REQUIRE(first);
    const auto& reference = first->output["artifact"];
    CHECK(reference["name"] == "report.csv");
    CHECK(reference["size"] == 8);
    CHECK_THAT(reference["media_type"].get<std::string>(), Catch::StartsWith("text/csv"));
    REQUIRE(step.made.size() == 1);
    const auto second = world.run("file.write", config, again);
    REQUIRE(second);
    CHECK(second->output == first->output);
    CHECK(again.made == step.made);
    const auto third = world.run("file.write", config, other);
    REQUIRE(third);
    CHECK(third->output["artifact"]["$artifact"] != reference["$artifact"]);

    const auto back = world.get(
        "file.read", parse(R"({"artifact": "{{ input }}", "format": "lines"})"), reference);
    CHECK(back["content"] == parse(R"(["a,b", "1,2"])"));
    CHECK(back["path"] == "report.csv");
    CHECK(
        world.error("file.read", parse(R"({"artifact": "art_00000000000000000000000000"})")).code ==
        ErrorCode::not_found);
    CHECK(world.error("file.read", parse(R"({"artifact": "nonsense"})")).code ==
          ErrorCode::invalid_argument);

    auto stopped = std::make_shared<std::optional<bool>>();
    world.tasks->spawn(
        "stop",
        [](storage::Storage& s, std::shared_ptr<std::optional<bool>> done) -> Awaitable<void> {
            co_await s.stop();
            done->emplace(true);
        }(**opened, stopped));
    CHECK(world.turn_until([&] { return stopped->has_value(); }));
}
