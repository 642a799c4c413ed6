#include <catch2/catch.hpp>

#include "scripted_server.hpp"

using namespace sluice;
using namespace sluice::cli;

namespace {

constexpr const char* empty_list = R"({"items":[],"next_cursor":null})";

/// A server of this process that is a scripted one.
class ScriptedLocal final : public LocalServer {
  public:
    ScriptedLocal(std::filesystem::path socket, std::function<void(ScriptedServer&)> script)
        : socket_(std::move(socket)), server_(socket_) {
        script(server_);
    }
    std::filesystem::path socket() const override { return socket_; }

  private:
    std::filesystem::path socket_;
    ScriptedServer server_;
};

}  // namespace

TEST_CASE("a command asks the server on the data directory's socket", "[cli][connection]") {
    TemporaryDirectory data;
    ScriptedServer server(data.path / "admin.sock");
    server.on("GET /api/v1/runs", 200, empty_list);
    const auto done = run({"runs", "list", "--data", data.path.string(), "--workspace", "shop"});
    CHECK(done.exit == exit_ok);
    REQUIRE(server.asked().size() == 1);
    CHECK(server.asked()[0].line == "GET /api/v1/runs?limit=50");
    CHECK(server.asked()[0].workspace == "shop");
    CHECK(server.asked()[0].key.empty());

    SECTION("also when --url names another, for the directory was named") {
        CHECK(run({"runs", "list", "--data", data.path.string(), "--url", "http://127.0.0.1:1"})
                  .exit == exit_ok);
        CHECK(server.asked().size() == 2);
    }
}

TEST_CASE("without a socket a command asks --url with its key", "[cli][connection]") {
    TemporaryDirectory data;
    ScriptedServer server;
    server.on("GET /api/v1/runs", 200, empty_list);
    server.on("GET /base/api/v1/runs", 200, empty_list);
    CHECK(
        run({"runs", "list", "--data", data.path.string(), "--url", server.url(), "--key", "slk_1"})
            .exit == exit_ok);
    REQUIRE(server.asked().size() == 1);
    CHECK(server.asked()[0].key == "Bearer slk_1");
    CHECK(server.asked()[0].workspace.empty());

    CHECK(run({"runs", "list", "--url", server.url() + "/base/", "--key", "k"}).exit == exit_ok);
    CHECK(server.asked()[1].line == "GET /base/api/v1/runs?limit=50");
}

TEST_CASE("without a server a command opens the data directory itself", "[cli][connection]") {
    TemporaryDirectory data;
    auto host = test_host();
    bool created = true;
    int opened = 0;
    host.open_local = [&](const config::Config&, std::string place,
                          bool create) -> Result<std::unique_ptr<LocalServer>> {
        created = create;
        ++opened;
        return std::make_unique<ScriptedLocal>(
            std::filesystem::path(place) / "admin.sock", [](ScriptedServer& server) {
                server.on("GET /api/v1/runs", 200, empty_list);
                server.on("POST /api/v1/workspaces", 201, R"({"id":"wsp_1","name":"shop"})");
            });
    };
    CHECK(run({"runs", "list", "--data", data.path.string()}, host).exit == exit_ok);
    CHECK(opened == 1);
    CHECK_FALSE(created);  // a reading command makes no directory
    std::filesystem::remove(data.path / "admin.sock");
    CHECK(run({"workspace", "create", "shop", "--data", data.path.string()}, host).exit == exit_ok);
    CHECK(created);
}

TEST_CASE("why the data directory cannot be opened decides the exit code", "[cli][connection]") {
    TemporaryDirectory data;
    const auto [code, exit] =
        GENERATE(table<ErrorCode, int>({{ErrorCode::conflict, exit_locked},
                                        {ErrorCode::precondition_failed, exit_newer},
                                        {ErrorCode::unavailable, exit_io},
                                        {ErrorCode::invalid_argument, exit_config},
                                        {ErrorCode::not_found, exit_no},
                                        {ErrorCode::internal, exit_internal}}));
    auto host = test_host();
    host.open_local = [code = code](const config::Config&, std::string,
                                    bool) -> Result<std::unique_ptr<LocalServer>> {
        return fail(code, "it is in use by process 7; stop it");
    };
    const auto done = run({"runs", "list", "--data", data.path.string()}, host);
    CHECK(done.exit == exit);
    CHECK(done.err == "error: it is in use by process 7; stop it\n");
}

TEST_CASE("a stale socket file is no server", "[cli][connection]") {
    TemporaryDirectory data;
    data.write("admin.sock", "");
    CHECK_FALSE(socket_answers(data.path / "admin.sock"));
    CHECK_FALSE(socket_answers(data.path / "none.sock"));
    CHECK_FALSE(socket_answers(data.path / std::string(200, 'x')));
    CHECK(run({"runs", "list", "--data", data.path.string()}).exit == exit_no);  // of open_local
}

TEST_CASE("a server that cannot be reached exits 69 and says what to check", "[cli][connection]") {
    TemporaryDirectory data;
    const auto done =
        run({"runs", "list", "--data", data.path.string(), "--url", "http://127.0.0.1:1"});
    CHECK(done.exit == exit_unreachable);
    CHECK(done.err.find("http://127.0.0.1:1") != std::string::npos);
    CHECK(done.err.find("--url") != std::string::npos);
    CHECK(run({"runs", "list", "--url", "ftp://x"}).exit == exit_usage);
    CHECK(run({"runs", "list", "--url", "http://"}).exit == exit_usage);
}

TEST_CASE("the API's problems are printed with every pointer, and decide the exit code",
          "[cli][connection]") {
    TemporaryDirectory data;
    ScriptedServer server(data.path / "admin.sock");
    SECTION("a refusal") {
        server.on_problem("GET /api/v1/runs", 422, "unprocessable", "two mistakes",
                          Json::array({{{"pointer", "/a"}, {"message", "must be b"}},
                                       {{"pointer", ""}, {"message", "all wrong"}}}));
        const auto done = run({"runs", "list", "--data", data.path.string()});
        CHECK(done.exit == exit_no);
        CHECK(done.err == "error: two mistakes\n  /a: must be b\n  (whole): all wrong\n");
    }
    SECTION("an overloaded server") {
        server.on_problem("GET /api/v1/runs", 503, "unavailable", "later");
        CHECK(run({"runs", "list", "--data", data.path.string()}).exit == exit_unreachable);
    }
    SECTION("a mistake of ours") {
        server.on_problem("GET /api/v1/runs", 500, "internal", "sorry");
        CHECK(run({"runs", "list", "--data", data.path.string()}).exit == exit_internal);
    }
    SECTION("something that is no Sluice server") {
        server.on("GET /api/v1/runs", 502, "<html>bad gateway</html>\nmore", "text/html");
        const auto done = run({"runs", "list", "--data", data.path.string()});
        CHECK(done.exit == exit_unreachable);
        CHECK(done.err == "error: the server answered 502: <html>bad gateway</html>\n");
    }
    SECTION("an answer that is no JSON") {
        server.on("GET /api/v1/runs", 200, "<html>", "text/html");
        const auto done = run({"runs", "list", "--data", data.path.string()});
        CHECK(done.exit == exit_unreachable);
        CHECK(done.err.find("does not answer as a Sluice server") != std::string::npos);
    }
}

TEST_CASE("a list is read over its pages up to its limit", "[cli][connection]") {
    TemporaryDirectory data;
    ScriptedServer server(data.path / "admin.sock");
    server.on("GET /api/v1/flows", 200,
              R"({"items":[{"name":"a"},{"name":"b"}],"next_cursor":"c/1"})");
    server.on("GET /api/v1/flows", 200, R"({"items":[{"name":"c"}],"next_cursor":null})");
    const auto done =
        run({"flows", "list", "--limit", "10", "--json", "--data", data.path.string()});
    CHECK(Json::parse(done.out)["items"].size() == 3);
    REQUIRE(server.asked().size() == 2);
    CHECK(server.asked()[1].line == "GET /api/v1/flows?limit=8&cursor=c%2F1");
    CHECK(run({"flows", "list", "--limit", "many", "--data", data.path.string()}).exit ==
          exit_usage);
}

TEST_CASE("a key is made with its workspace, and printed as id and key alone",
          "[cli][connection]") {
    TemporaryDirectory data;
    ScriptedServer server(data.path / "admin.sock");
    server.on(
        "POST /api/v1/api-keys", 201,
        R"({"id":"key_1","name":"","role":"owner","prefix":"slk","expires_at":null,"key":"slk_secret"})");
    SECTION("the workspace is missing") {
        server.on("POST /api/v1/workspaces", 201, R"({"id":"wsp_1","name":"shop"})");
        const auto done = run({"key", "create", "--data", data.path.string(), "--workspace", "shop",
                               "--role", "owner", "--json"});
        CHECK(done.exit == exit_ok);
        CHECK(done.out == "{\"id\":\"key_1\",\"key\":\"slk_secret\"}\n");
        REQUIRE(server.asked().size() == 3);
        CHECK(server.asked()[0].line == "GET /api/v1/workspaces/shop");
        CHECK(server.asked()[0].workspace.empty());  // it is not there to act in
        CHECK(Json::parse(server.asked()[1].body) == Json{{"name", "shop"}});
        CHECK(server.asked()[2].workspace == "shop");
        CHECK(Json::parse(server.asked()[2].body) == Json{{"role", "owner"}});
    }
    SECTION("without a role the server gives that of who asks") {
        CHECK(run({"key", "create", "--data", data.path.string()}).exit == exit_ok);
        CHECK(Json::parse(server.asked().back().body) == Json::object());
    }
    SECTION("the workspace is there, and scopes stand for a role") {
        server.on("GET /api/v1/workspaces/shop", 200, R"({"id":"wsp_1","name":"shop"})");
        const auto done =
            run({"key", "create", "--data", data.path.string(), "--workspace", "shop", "--scopes",
                 "runs:read, runs:write", "--name", "ci", "--expires", "90d"});
        CHECK(done.exit == exit_ok);
        CHECK(done.out == "slk_secret\n");
        const auto body = Json::parse(server.asked().back().body);
        CHECK(body["permissions"] == Json::array({"runs:read", "runs:write"}));
        CHECK(body["name"] == "ci");
        CHECK_FALSE(body.contains("role"));
        CHECK(base::parse_time(body["expires_at"].get<std::string>()));
    }
    SECTION("wrong use asks nothing") {
        CHECK(run({"key", "create", "--data", data.path.string(), "--expires", "soon"}).exit ==
              exit_usage);
        CHECK(
            run({"key", "create", "--data", data.path.string(), "--scopes", "a", "--role", "owner"})
                .exit == exit_usage);
        CHECK(server.asked().empty());
    }
}

TEST_CASE("a sign-in link has the server's own address, else the one given", "[cli][connection]") {
    TemporaryDirectory data;
    SECTION("no server: a link would not outlive the command") {
        const auto done = run({"link", "--data", data.path.string()});
        CHECK(done.exit == exit_unreachable);
        CHECK(done.err.find("sluice serve") != std::string::npos);
    }
    SECTION("a server") {
        ScriptedServer server(data.path / "admin.sock");
        server.on("POST /api/v1/auth/links", 201,
                  R"({"path":"/auth/link?token=t1","expires_in":"10m"})");
        CHECK(run({"link", "--data", data.path.string()}).out ==
              "http://127.0.0.1:8080/auth/link?token=t1\n");
        CHECK(run({"link", "--data", data.path.string(), "--url", "https://sluice.example/"}).out ==
              "https://sluice.example/auth/link?token=t1\n");
        server.on("GET /api/v1/system", 200,
                  R"({"version":"1.2.3","url":"http://127.0.0.1:9999"})");
        CHECK(run({"link", "--data", data.path.string()}).out ==
              "http://127.0.0.1:9999/auth/link?token=t1\n");
    }
}

TEST_CASE("an artifact is saved whole or not at all", "[cli][connection]") {
    TemporaryDirectory data;
    ScriptedServer server(data.path / "admin.sock");
    server.on("GET /api/v1/artifacts/art_1/content", 200, "a,b\n1,2\n", "text/csv");
    const auto place = (data.path / "out.csv").string();
    CHECK(run({"artifacts", "get", "art_1", "-o", place, "--data", data.path.string()}).exit ==
          exit_ok);
    CHECK(data.read("out.csv") == "a,b\n1,2\n");
    CHECK(run({"artifacts", "get", "art_1", "--data", data.path.string()}).out == "a,b\n1,2\n");

    const auto missing =
        run({"artifacts", "get", "art_2", "-o", place, "--data", data.path.string()});
    CHECK(missing.exit == exit_no);
    CHECK(missing.err.find("no such thing") != std::string::npos);
    CHECK(data.read("out.csv") == "a,b\n1,2\n");
    CHECK_FALSE(std::filesystem::exists(place + ".partial"));
    CHECK(
        run({"artifacts", "get", "art_1", "-o", "/no/such/folder/x", "--data", data.path.string()})
            .exit == exit_io);
}

TEST_CASE("what cannot stand in a path is encoded", "[cli]") {
    CHECK(encode("run_1-x.~") == "run_1-x.~");
    CHECK(encode("a/b?c=d e\xc3\xa4") == "a%2Fb%3Fc%3Dd%20e%C3%A4");
}
