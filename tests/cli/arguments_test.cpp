#include <catch2/catch.hpp>

#include "scripted_server.hpp"

using namespace sluice;
using namespace sluice::cli;

TEST_CASE("help names every command, and every command has help", "[cli]") {
    const auto all = run({"--help"});
    CHECK(all.exit == exit_ok);
    for (const auto& row : commands()) {
        const auto space = row.words.find(' ');
        CHECK(all.out.find(std::string(row.words.substr(0, space))) != std::string::npos);
        std::vector<std::string> words{std::string(row.words.substr(0, space))};
        if (space != std::string_view::npos) words.emplace_back(row.words.substr(space + 1));
        words.emplace_back("--help");
        const auto one = run(words);
        CAPTURE(row.words);
        CHECK(one.exit == exit_ok);
        CHECK(one.err.empty());
        for (const auto& option : row.options)
            CHECK(one.out.find(std::string(option.name)) != std::string::npos);
    }
}

TEST_CASE("wrong use exits 2 and points to help", "[cli]") {
    const auto words =
        GENERATE(std::vector<std::string>{}, std::vector<std::string>{"flow"},
                 std::vector<std::string>{"runs"}, std::vector<std::string>{"runs", "show"},
                 std::vector<std::string>{"runs", "list", "--no-such"},
                 std::vector<std::string>{"apply"}, std::vector<std::string>{"serve", "--data"});
    const auto done = run(words);
    CHECK(done.exit == exit_usage);
    CHECK(done.err.find("error: ") == 0);
    CHECK(done.err.find("--help") != std::string::npos);
    CHECK(done.out.empty());
}

TEST_CASE("serve hands data directory, address and settings over, flags before file", "[cli]") {
    TemporaryDirectory home;
    const auto file = home.write(
        "sluice.toml",
        "data = \"/from/file\"\n[server]\nlisten = \"127.0.0.1:1\"\nmax_body = \"2MiB\"\n");
    auto host = test_host();
    std::string data, listen;
    std::int64_t body = 0;
    host.serve = [&](config::Config config, std::string d, std::string l) {
        data = d;
        listen = l;
        body = config.bytes("server.max_body");
        return 42;
    };
    const auto done =
        run({"serve", "--config", file, "--listen", "127.0.0.1:2", "--log-level", "off"}, host);
    CHECK(done.exit == 42);
    CHECK(data == "/from/file");
    CHECK(listen == "127.0.0.1:2");
    CHECK(body == 2 << 20);
}

TEST_CASE("a configuration with mistakes exits 78 and names each one's line", "[cli]") {
    TemporaryDirectory home;
    const auto file = home.write("sluice.toml", "[server]\nlisten = 7\nmax_boddy = \"1MiB\"\n");
    const auto checked = run({"config", "check", "--config", file});
    CHECK(checked.exit == exit_config);
    CHECK(checked.err.find("sluice.toml:2") != std::string::npos);
    CHECK(checked.err.find("sluice.toml:3") != std::string::npos);
    CHECK(checked.err.find("max_body") != std::string::npos);
    CHECK(run({"serve", "--config", file}).exit == exit_config);
    CHECK(run({"runs", "list", "--config", file}).exit == exit_config);

    const auto json = run({"config", "check", "--config", file, "--json"});
    CHECK(json.exit == exit_config);
    const auto verdict = Json::parse(json.out);
    CHECK(verdict["valid"] == false);
    CHECK(verdict["errors"].size() == 2);

    CHECK(run({"config", "check", "--config", (home.path / "none.toml").string()}).exit ==
          exit_config);
}

TEST_CASE("config show tells where each value comes from", "[cli]") {
    const auto done = run({"config", "show", "--listen", "127.0.0.1:9", "--json"});
    REQUIRE(done.exit == exit_ok);
    const auto shown = Json::parse(done.out);
    bool found = false;
    for (const auto& row : shown["items"])
        if (row["name"] == "server.listen") {
            found = true;
            CHECK(row["value"] == "127.0.0.1:9");
            CHECK(row["source"] == "flag --listen");
        }
    CHECK(found);
    CHECK(run({"config", "check"}).exit == exit_ok);
    CHECK(run({"config", "sample"}).out.find("listen") != std::string::npos);
}

TEST_CASE("an expression is evaluated on the command line", "[cli]") {
    CHECK(run({"cel", "--expr", "1 + 2"}).out == "3\n");
    CHECK(run({"cel", "--expr", "input.x * 2 + x", "--input", R"({"x": 4})"}).out == "12\n");
    CHECK(run({"cel", "--expr", "input[1]", "--input", "[1,2]"}).out == "2\n");
    CHECK(run({"cel", "--expr", "-1"}).out == "-1\n");

    const auto wrong = run({"cel", "--expr", "1 +"});
    CHECK(wrong.exit == exit_no);
    CHECK(wrong.err.find("1:") != std::string::npos);
    CHECK(run({"cel", "--expr", "nothing.here"}).exit == exit_no);
    CHECK(run({"cel"}).exit == exit_usage);
    CHECK(run({"cel", "--expr", "1", "--input", "{"}).exit == exit_usage);
    CHECK(run({"cel", "--expr", "1", "--input", "@/no/such/file"}).exit == exit_usage);
}

TEST_CASE("typed cases come in and go out a line each", "[cli]") {
    const auto done = run({"cel", "--jsonl"}, test_host(),
                          "{\"expr\": \"1 + 1\"}\n\nnot json\n{\"expr\": \"'a'\"}");
    CHECK(done.exit == exit_ok);
    CHECK(std::count(done.out.begin(), done.out.end(), '\n') == 3);
    CHECK(done.out.find(R"({"value":{"int64_value":"2"}})") == 0);
    CHECK(done.out.find(R"({"error":)") != std::string::npos);
    CHECK(done.out.find(R"({"value":{"string_value":"a"}})") != std::string::npos);
}

TEST_CASE("the version is told", "[cli]") {
    CHECK(run({"version"}).out == "sluice 1.2.3\n");
    CHECK(run({"--version"}).out == "sluice 1.2.3\n");
    CHECK(Json::parse(run({"version", "--json"}).out)["version"] == "1.2.3");
}

TEST_CASE("the reference of the command line is up to date", "[cli]") {
    const std::string file = std::string(SLUICE_SOURCE_DIR) + "/docs/cli.md";
    const auto wanted = render_reference();
    if (std::getenv("UPDATE_GOLDEN")) {
        std::FILE* out = std::fopen(file.c_str(), "wb");
        REQUIRE(out);
        REQUIRE(std::fwrite(wanted.data(), 1, wanted.size(), out) == wanted.size());
        REQUIRE(std::fclose(out) == 0);
    }
    std::string text(wanted.size() + (1 << 16), '\0');
    std::FILE* in = std::fopen(file.c_str(), "rb");
    REQUIRE(in);
    text.resize(std::fread(text.data(), 1, text.size(), in));
    std::fclose(in);
    INFO("docs/cli.md is stale: run this test with UPDATE_GOLDEN=1");
    CHECK(text == wanted);
}
