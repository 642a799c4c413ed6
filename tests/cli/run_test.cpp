#include <catch2/catch.hpp>

#include "scripted_server.hpp"

using namespace sluice;
using namespace sluice::cli;

namespace {

constexpr const char* running =
    R"({"id":"run_1","flow":{"id":"flw_1","name":"triage","version":3},"status":"running","created_at":"2026-11-21T05:00:00Z",
        "finished_at":null,"error":null,"totals":{"steps":0,"input_tokens":0,"output_tokens":0,"cost_usd":"0"}})";
constexpr const char* succeeded =
    R"({"id":"run_1","flow":{"id":"flw_1","name":"triage","version":3},"status":"succeeded","created_at":"2026-11-21T05:00:00Z",
        "finished_at":"2026-11-21T05:00:04Z","error":null,"output":{"answer":42},
        "totals":{"steps":3,"input_tokens":1000,"output_tokens":200,"cost_usd":"0.0012","simulated":true}})";
constexpr const char* failed =
    R"({"id":"run_1","flow":{"id":"flw_1","name":"triage","version":3},"status":"failed","created_at":"2026-11-21T05:00:00Z",
        "finished_at":"2026-11-21T05:00:04Z","error":{"code":"upstream_failed","message":"it hangs","step":"fetch"},
        "totals":{"steps":1,"input_tokens":0,"output_tokens":0,"cost_usd":"0"}})";
constexpr const char* steps =
    R"({"items":[{"path":"fetch","node":"fetch","type":"http.request","status":"succeeded","attempts":1,
        "started_at":"2026-11-21T05:00:00Z","finished_at":"2026-11-21T05:00:01Z"}],"total":1})";
constexpr const char* events =
    "retry: 2000\n\nid: 1\ndata: {\"seq\":1,\"kind\":\"run.started\"}\n\n"
    "id: 2\ndata: {\"seq\":2,\"kind\":\"step.started\",\"path\":\"fetch\"}\n\n"
    "event: live\ndata: {\"kind\":\"step.progress\",\"path\":\"fetch\"}\n\n"
    "id: 3\ndata: {\"seq\":3,\"kind\":\"step.succeeded\",\"path\":\"fetch\"}\n\n"
    "id: 4\ndata: {\"seq\":4,\"kind\":\"run.succeeded\"}\n\n";

struct World {
    World() : server(data.path / "admin.sock") {
        server.on(
            "POST /api/v1/flows/import", 200,
            R"({"id":"flw_1","name":"triage","version":3,"live_version":3,"change":"updated"})");
        server.on("POST /api/v1/flows/flw_1/runs", 202, R"({"id":"run_1","status":"running"})");
        server.on("GET /api/v1/runs/run_1/steps", 200, steps);
        server.on(
            "GET /api/v1/artifacts", 200,
            R"({"items":[{"id":"art_1","name":"report.md","size_bytes":2048}],"next_cursor":null})");
    }
    Done command(std::vector<std::string> words) {
        words.emplace_back("--data");
        words.push_back(data.path.string());
        return run(std::move(words));
    }
    int count(const std::string& start) const {
        return static_cast<int>(
            std::count_if(server.asked().begin(), server.asked().end(),
                          [&](const Asked& asked) { return asked.line.starts_with(start); }));
    }
    TemporaryDirectory data;
    ScriptedServer server;
};

}  // namespace

TEST_CASE("run applies the file, starts its version, follows it and prints steps, files and output",
          "[cli][run]") {
    World world;
    world.server.on("GET /api/v1/runs/run_1", 200, running);
    world.server.on("GET /api/v1/runs/run_1", 200, succeeded);
    world.server.on("GET /api/v1/events", 200, events, "text/event-stream");
    const auto file = world.data.write("triage.yaml", "name: triage\nnodes: []\n");
    const auto done = world.command({"run", file, "--input", R"({"n": 1})"});
    CAPTURE(done.err);
    CHECK(done.exit == exit_ok);
    CHECK(done.err.find("flow triage: new version 3") != std::string::npos);
    CHECK(done.err.find("run run_1 started") != std::string::npos);
    CHECK(done.out.find("fetch  http.request      1   1") != std::string::npos);
    CHECK(done.out.find("run run_1 succeeded in 4.0 s; 3 steps, 1,200 tokens, $0.0012") !=
          std::string::npos);
    CHECK(done.out.find("model calls were simulated: no key was set") != std::string::npos);
    CHECK(done.out.find("report.md  2.0 KiB  art_1") != std::string::npos);
    CHECK(done.out.find("\"answer\": 42") != std::string::npos);
    CHECK(world.server.asked()[0].media_type == "application/yaml");
    CHECK(Json::parse(world.server.asked()[1].body) == Json{{"input", {{"n", 1}}}, {"version", 3}});
    CHECK(world.count("GET /api/v1/events?topic=run%2Frun_1") == 1);
}

TEST_CASE("run prints one JSON and nothing else for machines", "[cli][run]") {
    World world;
    world.server.on("GET /api/v1/runs/run_1", 200, succeeded);
    const auto file = world.data.write("triage.json", R"({"name":"triage","nodes":[]})");
    const auto done = world.command({"run", file, "--json"});
    CHECK(done.exit == exit_ok);
    CHECK(done.err.empty());
    const auto json = Json::parse(done.out);
    CHECK(json["flow"]["version"] == 3);
    CHECK(json["run"]["output"]["answer"] == 42);
    CHECK(json["nodes"][0]["node"] == "fetch");
    CHECK(json["artifacts"][0]["id"] == "art_1");
}

TEST_CASE("a failed run exits 1 and says where", "[cli][run]") {
    World world;
    world.server.on("GET /api/v1/runs/run_1", 200, failed);
    const auto file = world.data.write("triage.json", R"({"name":"triage","nodes":[]})");
    const auto done = world.command({"run", file});
    CHECK(done.exit == exit_no);
    CHECK(done.out.find("error in fetch: it hangs") != std::string::npos);
    CHECK(world.command({"runs", "watch", "run_1"}).exit == exit_no);
    CHECK(world.command({"runs", "show", "run_1"}).exit == exit_ok);

    const auto output = world.command({"runs", "output", "run_1"});
    CHECK(output.exit == exit_no);
    CHECK(output.err.find("it is failed") != std::string::npos);
}

TEST_CASE("a broken stream is taken up where it stopped", "[cli][run]") {
    World world;
    const std::string all = events;
    const auto half = all.find("id: 3");
    world.server.on("GET /api/v1/runs/run_1", 200, running);    // before
    world.server.on("GET /api/v1/runs/run_1", 200, running);    // the look after the break
    world.server.on("GET /api/v1/runs/run_1", 200, succeeded);  // the summary
    world.server.on("GET /api/v1/events", 200, all.substr(0, half), "text/event-stream");
    world.server.on("GET /api/v1/events", 200, all.substr(half), "text/event-stream");
    const auto done = world.command({"runs", "watch", "run_1"});
    CAPTURE(done.err);
    CHECK(done.exit == exit_ok);
    std::vector<std::string> resumed;
    for (const auto& asked : world.server.asked())
        if (asked.line.starts_with("GET /api/v1/events")) resumed.push_back(asked.last_event_id);
    CHECK(resumed == std::vector<std::string>{"", "2"});
}

TEST_CASE("without live events a run is followed by asking", "[cli][run]") {
    World world;
    world.server.on("GET /api/v1/runs/run_1", 200, running);
    world.server.on("GET /api/v1/runs/run_1", 200, running);
    world.server.on("GET /api/v1/runs/run_1", 200, succeeded);
    world.server.on_problem("GET /api/v1/events", 403, "forbidden", "no events for you");
    const auto done = world.command({"runs", "watch", "run_1"});
    CHECK(done.exit == exit_ok);
    CHECK(world.count("GET /api/v1/runs/run_1?wait=5s") == 2);
}

TEST_CASE("a flow that keeps no record is run while the command waits", "[cli][run]") {
    World world;
    TemporaryDirectory data;
    ScriptedServer server(data.path / "admin.sock");
    server.on("POST /api/v1/flows/import", 201,
              R"({"id":"flw_1","name":"hot","version":1,"live_version":1,"change":"created"})");
    server.on_problem("POST /api/v1/flows/flw_1/runs", 409, "conflict",
                      "durability none needs ?wait");
    server.on("POST /api/v1/flows/flw_1/runs", 200,
              R"({"id":"run_9","status":"succeeded","output":7,"error":null,"durable":false})");
    const auto file = data.write("hot.json", R"({"name":"hot","nodes":[]})");
    const auto done = run({"run", file, "--data", data.path.string()});
    CHECK(done.exit == exit_ok);
    CHECK(done.out.find("keeps no record") != std::string::npos);
    CHECK(done.out.find("output:\n7") != std::string::npos);
}

TEST_CASE("what is wrong with the file or the input is told before anything is asked",
          "[cli][run]") {
    World world;
    CHECK(world.command({"run", "/no/such/file.json"}).exit == exit_usage);
    CHECK(world.command({"run", world.data.path.string()}).exit == exit_usage);
    const auto file = world.data.write("a.json", "{}");
    const auto done = world.command({"run", file, "--input", "{oops"});
    CHECK(done.exit == exit_usage);
    CHECK(done.err.find("--input") != std::string::npos);
    CHECK(world.server.asked().empty());
}

TEST_CASE("apply says what changed in each file and passes over what is no flow", "[cli][apply]") {
    TemporaryDirectory data;
    ScriptedServer server(data.path / "admin.sock");
    server.on("POST /api/v1/flows/import", 201,
              R"({"id":"flw_1","name":"a","version":1,"live_version":1,"change":"created"})");
    server.on("POST /api/v1/flows/import", 200,
              R"({"id":"flw_2","name":"b","version":4,"live_version":4,"change":"updated"})");
    server.on("POST /api/v1/flows/import", 200,
              R"({"id":"flw_3","name":"c","version":2,"live_version":2,"change":"unchanged"})");
    data.write("flows/a.json", R"({"name":"a","nodes":[]})");
    data.write("flows/b.yaml", "name: b\nnodes:\n  - id: x\n");
    data.write("flows/deep/c.yml", "nodes: []\nname: c\n");
    data.write("flows/data.json", R"([{"ticket": 1}])");
    data.write("flows/notes.txt", "no");
    data.write("flows/.hidden/x.json", R"({"nodes":[]})");
    const auto done =
        run({"apply", "-f", (data.path / "flows").string(), "--data", data.path.string()});
    const auto place = (data.path / "flows").string();
    CHECK(done.exit == exit_ok);
    CHECK(done.out == place + "/a.json: flow a created\n" + place +
                          "/b.yaml: flow b new version 4\n" + place +
                          "/data.json: skipped, no flow document (it has no `nodes`)\n" + place +
                          "/deep/c.yml: flow c unchanged\n");
    CHECK(server.asked().size() == 3);
}

TEST_CASE("apply names the mistakes of a file by pointer, applies the others and exits 1",
          "[cli][apply]") {
    TemporaryDirectory data;
    ScriptedServer server(data.path / "admin.sock");
    server.on_problem(
        "POST /api/v1/flows/import", 422, "unprocessable", "the flow has 1 mistake",
        Json::array({{{"pointer", "/nodes/0/type"}, {"message", "there is no node type x"}}}));
    server.on("POST /api/v1/flows/import", 200,
              R"({"id":"flw_2","name":"b","version":4,"live_version":4,"change":"updated"})");
    const auto bad = data.write("flows/a.json", R"({"name":"a","nodes":[{}]})");
    data.write("flows/b.json", R"({"name":"b","nodes":[]})");
    SECTION("for people") {
        const auto done =
            run({"apply", "-f", (data.path / "flows").string(), "--data", data.path.string()});
        CHECK(done.exit == exit_no);
        CHECK(done.err ==
              "error: " + bad +
                  ": the flow has 1 mistake\n  /nodes/0/type: there is no node type x\n");
        CHECK(done.out.find("flow b new version 4") != std::string::npos);
    }
    SECTION("for machines") {
        const auto done = run({"apply", "-f", (data.path / "flows").string(), "--json", "--data",
                               data.path.string()});
        CHECK(done.exit == exit_no);
        const auto json = Json::parse(done.out);
        CHECK(json["files"][0]["change"] == "invalid");
        CHECK(json["files"][0]["errors"][0]["pointer"] == "/nodes/0/type");
        CHECK(json["files"][1]["change"] == "updated");
    }
    SECTION("nothing to apply is wrong use") {
        CHECK(run({"apply", "-f", (data.path / "none").string(), "--data", data.path.string()})
                  .exit == exit_usage);
        std::filesystem::create_directories(data.path / "empty");
        CHECK(run({"apply", "-f", (data.path / "empty").string(), "--data", data.path.string()})
                  .exit == exit_usage);
    }
}

TEST_CASE("validate prints a line for each mistake and exits 1", "[cli][apply]") {
    TemporaryDirectory data;
    ScriptedServer server(data.path / "admin.sock");
    server.on(
        "POST /api/v1/flows/validate", 200,
        R"({"valid":false,"errors":[{"pointer":"/nodes/0/id","message":"is missing"}],"warnings":[]})");
    const auto file = data.write("a.json", "{}");
    const auto done = run({"flows", "validate", file, "--data", data.path.string()});
    CHECK(done.exit == exit_no);
    CHECK(done.out == file + "/nodes/0/id: error: is missing\n" + file + ": not valid\n");
}

TEST_CASE("a flow is found by its name, and a missing one is told", "[cli][runs]") {
    World world;
    world.server.on("GET /api/v1/flows", 200,
                    R"({"items":[{"id":"flw_1","name":"triage"}],"next_cursor":null})");
    world.server.on("GET /api/v1/flows", 200, R"({"items":[],"next_cursor":null})");
    const auto started = world.command({"runs", "start", "triage"});
    CHECK(started.exit == exit_ok);
    CHECK(started.out == "run_1 running\n");
    CHECK(world.server.asked()[0].line == "GET /api/v1/flows?name=triage&limit=1");
    const auto missing = world.command({"runs", "start", "triagge"});
    CHECK(missing.exit == exit_no);
    CHECK(missing.err.find("there is no flow triagge") != std::string::npos);
}

TEST_CASE("a run's journal is read over its pages", "[cli][runs]") {
    World world;
    world.server.on("GET /api/v1/runs/run_1/events", 200,
                    R"({"items":[{"seq":1,"kind":"run.started","at":"2026-11-21T05:00:00Z"},
                                 {"seq":2,"kind":"step.started","at":"2026-11-21T05:00:01Z","path":"a","attempt":2}]})");
    const auto done = world.command({"runs", "events", "run_1", "--after", "0"});
    CHECK(done.exit == exit_ok);
    CHECK(done.out.find("     2  2026-11-21 05:00:01  step.started         a (attempt 2)\n") !=
          std::string::npos);
    CHECK(Json::parse(world.command({"runs", "events", "run_1", "--json"}).out)["items"].size() ==
          2);
}

TEST_CASE("what a server sends cannot steer the terminal", "[cli][runs]") {
    World world;
    SECTION("by the error of a run") {
        world.server.on(
            "GET /api/v1/runs/run_1", 200,
            R"({"id":"run_1","status":"failed","error":{"code":"x","message":"a\u001b]0;b\u0007\rc\u009bd\u007f\té"}})");
        const auto done = world.command({"runs", "show", "run_1"});
        CHECK(done.out.find("error: a ]0;b  c d \té\n") != std::string::npos);
        CHECK(done.out.find('\x1b') == std::string::npos);
    }
    SECTION("by a problem") {
        world.server.on_problem("GET /api/v1/runs/run_1", 404, "not_found", "no\x1b[2J such\nrun");
        const auto done = world.command({"runs", "show", "run_1"});
        CHECK(done.err == "error: no [2J such\nrun\n");
    }
    SECTION("by an event") {
        world.server.on("GET /api/v1/runs/run_1/events", 200,
                        R"({"items":[{"seq":1,"kind":"step.started","path":"a\u001b[2Jb"}]})");
        const auto done = world.command({"runs", "events", "run_1"});
        CHECK(done.out.find("a [2Jb\n") != std::string::npos);
        CHECK(done.out.find('\x1b') == std::string::npos);
    }
}
