#include <catch2/catch.hpp>

#include "scripted_server.hpp"

using namespace sluice;
using namespace sluice::cli;

namespace {

constexpr const char* draft =
    R"({"flow":"flw_1","owner":"local","based_on":3,"live_version":4,"etag":"\"5.1\"","valid":false,
        "errors":[{"pointer":"/nodes/0/type","message":"there is none"}],"warnings":[{"pointer":"/nodes/1","message":"odd"}],
        "document":{"name":"triage","nodes":[]},"created_at":"2026-11-21T05:00:00Z","updated_at":"2026-11-21T05:12:33Z"})";

struct World {
    World() : server(data.path / "admin.sock") {
        server.on("GET /api/v1/flows", 200,
                  R"({"items":[{"id":"flw_1","name":"triage"}],"next_cursor":null})");
    }
    Done command(std::vector<std::string> words, const std::string& input = {}) {
        words.emplace_back("--data");
        words.push_back(data.path.string());
        return run(std::move(words), test_host(), input);
    }
    const Asked& last() const { return server.asked().back(); }
    TemporaryDirectory data;
    ScriptedServer server;
};

}  // namespace

TEST_CASE("validate shows when the attempts of a valid flow's nodes begin", "[cli][apply]") {
    World world;
    world.server.on("POST /api/v1/flows/validate", 200,
                    R"({"valid":true,"errors":[],"warnings":[],"retries":[{"pointer":"/nodes/0/retry","node":"fetch","attempts":[
        {"attempt":1,"delay":"0s","elapsed":"0s","earliest":"0s","latest":"0s"},
        {"attempt":2,"delay":"1s","elapsed":"1s","earliest":"900ms","latest":"1s100ms","certain":false}],"total":"1s"}]})");
    const auto file = world.data.write("a.json", "{}");
    const auto done = world.command({"flows", "validate", file});
    CHECK(done.exit == exit_ok);
    CHECK(done.out == file + ": valid\n\n"
                             "retries, if every attempt fails at once (times since the first began):\n"
                             "NODE   ATTEMPT  DELAY  ELAPSED  EARLIEST   LATEST\n"
                             "fetch        1     0s       0s        0s       0s\n"
                             "fetch        2     1s       1s     900ms  1s100ms  may be cut off by max_elapsed\n");
    const auto json = world.command({"flows", "validate", file, "--json"});
    CHECK(Json::parse(json.out)["retries"].size() == 1);
}

TEST_CASE("a draft is shown with its base and its mistakes, or as its document", "[cli][drafts]") {
    World world;
    world.server.on("GET /api/v1/flows/flw_1/draft", 200, draft);
    const auto shown = world.command({"drafts", "show", "triage"});
    CHECK(shown.exit == exit_ok);
    CHECK(shown.out ==
          "draft of triage, based on version 3 (live 4); not valid, updated 2026-11-21 05:12:33\n"
          "/nodes/0/type: error: there is none\n/nodes/1: warning: odd\n");
    CHECK(Json::parse(world.command({"drafts", "show", "triage", "--document"}).out) ==
          Json::parse(R"({"name":"triage","nodes":[]})"));
    CHECK(Json::parse(world.command({"drafts", "show", "triage", "--json"}).out)["based_on"] == 3);
}

TEST_CASE("saving a draft replaces the one that is there, and no other", "[cli][drafts]") {
    World world;
    const auto file = world.data.write("a.yaml", "name: triage\n");
    SECTION("there is one") {
        world.server.on("GET /api/v1/flows/flw_1/draft", 200, draft);
        world.server.on("PUT /api/v1/flows/flw_1/draft", 200, draft);
        const auto done = world.command({"drafts", "save", "triage", file, "--based-on", "4"});
        CHECK(done.exit == exit_ok);
        CHECK(done.out.starts_with("draft of triage saved, based on version 3 (live 4); not valid\n"));
        CHECK(done.out.find(file + "/nodes/0/type: error: there is none\n") != std::string::npos);
        CHECK(world.last().line == "PUT /api/v1/flows/flw_1/draft?based_on=4");
        CHECK(world.last().if_match == "\"5.1\"");
        CHECK(world.last().media_type == "application/yaml");
        CHECK(world.last().body == "name: triage\n");
    }
    SECTION("there is none") {
        world.server.on_problem("GET /api/v1/flows/flw_1/draft", 404, "not_found", "none");
        world.server.on("PUT /api/v1/flows/flw_1/draft", 201, draft);
        const auto done = world.command({"drafts", "save", "triage", "-"}, "{\"name\": \"triage\"}");
        CHECK(done.exit == exit_ok);
        CHECK(world.last().line == "PUT /api/v1/flows/flw_1/draft");
        CHECK(world.last().if_match.empty());
        CHECK(world.last().media_type == "application/json");
    }
    SECTION("it changes in between") {
        world.server.on("GET /api/v1/flows/flw_1/draft", 200, draft);
        world.server.on_problem("PUT /api/v1/flows/flw_1/draft", 412, "precondition_failed", "it has changed");
        const auto done = world.command({"drafts", "save", "triage", file});
        CHECK(done.exit != exit_ok);
        CHECK(done.err.find("it has changed") != std::string::npos);
    }
    SECTION("what cannot be read is told before anything is asked") {
        CHECK(world.command({"drafts", "save", "triage", "/no/such/file"}).exit == exit_usage);
        CHECK(world.command({"drafts", "save", "triage", file, "--based-on", "x"}).exit == exit_usage);
        CHECK(world.server.asked().empty());
    }
    SECTION("a refused look is no missing draft") {
        world.server.on_problem("GET /api/v1/flows/flw_1/draft", 403, "forbidden", "no");
        CHECK(world.command({"drafts", "save", "triage", file}).exit == exit_no);
        CHECK(world.last().line == "GET /api/v1/flows/flw_1/draft");
    }
}

TEST_CASE("a draft is published with a note, and a refusal is told", "[cli][drafts]") {
    World world;
    world.server.on("POST /api/v1/flows/flw_1/draft/publish", 200,
                    R"({"id":"flw_1","name":"triage","version":5,"live_version":5,"change":"updated"})");
    const auto done = world.command({"drafts", "publish", "triage", "--note", "faster", "--force"});
    CHECK(done.exit == exit_ok);
    CHECK(done.out == "triage has now version 5 (live 5); the draft is gone\n");
    CHECK(world.last().line == "POST /api/v1/flows/flw_1/draft/publish?force=true");
    CHECK(world.last().body == R"({"note":"faster"})");
    CHECK(world.command({"drafts", "publish", "triage", "--not-live"}).exit == exit_ok);
    CHECK(world.last().line == "POST /api/v1/flows/flw_1/draft/publish?live=false");
    CHECK(world.last().body.empty());
    World other;
    other.server.on_problem("POST /api/v1/flows/flw_1/draft/publish", 409, "conflict", "version 4 is live");
    const auto refused = other.command({"drafts", "publish", "triage"});
    CHECK(refused.exit == exit_no);
    CHECK(refused.err.find("version 4 is live") != std::string::npos);
}

TEST_CASE("a draft is discarded", "[cli][drafts]") {
    World world;
    world.server.on("DELETE /api/v1/flows/flw_1/draft", 204, "");
    const auto done = world.command({"drafts", "discard", "triage"});
    CHECK(done.exit == exit_ok);
    CHECK(done.out == "draft of triage discarded\n");
    World none;
    CHECK(none.command({"drafts", "discard", "triage"}).exit == exit_no);
}

TEST_CASE("pins are set, listed, shown and removed", "[cli][drafts]") {
    World world;
    world.server.on("PUT /api/v1/flows/flw_1/pins/a", 200, R"({"node":"a","size_bytes":7})");
    world.server.on("GET /api/v1/flows/flw_1/pins", 200,
                    R"({"items":[{"node":"a","size_bytes":2048,"updated_by":"local","updated_at":"2026-11-21T05:12:33Z"}]})");
    world.server.on("GET /api/v1/flows/flw_1/pins/a", 200, R"({"node":"a","output":{"n":[1]}})");
    world.server.on("DELETE /api/v1/flows/flw_1/pins/a", 204, "");
    const auto file = world.data.write("sample.json", R"({"n": [1]})");
    CHECK(world.command({"pins", "set", "triage", "a", "--output", "@" + file}).out == "a is pinned in runs of drafts\n");
    CHECK(world.last().body == R"({"output":{"n":[1]}})");
    CHECK(world.command({"pins", "list", "triage"}).out ==
          "NODE     SIZE  BY     UPDATED\na     2.0 KiB  local  2026-11-21 05:12:33\n");
    CHECK(Json::parse(world.command({"pins", "show", "triage", "a"}).out) == Json::parse(R"({"n":[1]})"));
    CHECK(world.command({"pins", "remove", "triage", "a"}).out == "the pin of a is removed\n");
    CHECK(world.command({"pins", "show", "triage", "b"}).exit == exit_no);
    CHECK(world.command({"pins", "set", "triage", "a", "--output", "{"}).exit == exit_usage);
    CHECK(world.command({"pins", "set", "triage", "a"}).exit == exit_usage);
}
