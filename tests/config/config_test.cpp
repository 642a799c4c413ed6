#include "sluice/config/config.hpp"

#include <filesystem>
#include <fstream>

#include <unistd.h>

#include <catch2/catch.hpp>

using namespace sluice;
using namespace sluice::config;
using namespace std::chrono_literals;
using base::Setting;
using base::SettingType;

namespace {

constexpr Setting server_rows[] = {
    {.name = "server.listen",
     .type = SettingType::text,
     .default_value = "127.0.0.1:8080",
     .doc = "Where to listen",
     .flag = "listen"},
    {.name = "server.max_body",
     .type = SettingType::bytes,
     .default_value = "1MiB",
     .doc = "The largest body",
     .min = 1024,
     .max = 32 << 20},
    {.name = "server.idle_timeout",
     .type = SettingType::duration,
     .default_value = "30s",
     .doc = "How long",
     .min = 1'000'000,
     .reload = true},
    {.name = "server.connections",
     .type = SettingType::integer,
     .default_value = "100",
     .doc = "How many",
     .min = 1,
     .max = 1000},
    {.name = "server.compress",
     .type = SettingType::boolean,
     .default_value = "true",
     .doc = "Whether to compress"},
};
constexpr Setting other_rows[] = {
    {.name = "log.level",
     .type = SettingType::text,
     .default_value = "info",
     .doc = "What is logged.",
     .choices = "debug,info,warn,error",
     .reload = true},
    {.name = "egress.allow",
     .type = SettingType::text_list,
     .default_value = "",
     .doc = "Addresses",
     .env = "SLUICE_ALLOW"},
    {.name = "api.key",
     .type = SettingType::text,
     .default_value = "",
     .doc = "The key",
     .secret = true},
};

std::vector<base::SettingRows> rows() { return {server_rows, other_rows}; }

/// A directory of its own for each test case.
struct Files {
    std::filesystem::path dir;
    Files() {
        std::string pattern =
            (std::filesystem::temp_directory_path() / "sluice-config-XXXXXX").string();
        dir = ::mkdtemp(pattern.data());
    }
    ~Files() { std::filesystem::remove_all(dir); }
    std::string write(const std::string& name, const std::string& text) const {
        std::ofstream(dir / name) << text;
        return (dir / name).string();
    }
};

Result<Config> load_file(const Files& files, const std::string& toml) {
    return Config::load(rows(), {.file = files.write("sluice.toml", toml)});
}

/// The single message of a mistake, with the directory taken out.
std::string mistake(const Files& files, const std::string& toml) {
    const auto loaded = load_file(files, toml);
    if (loaded) return "no mistake";
    auto message = loaded.error().message;
    for (auto at = message.find(files.dir.string()); at != message.npos;
         at = message.find(files.dir.string()))
        message.erase(at, files.dir.string().size() + 1);
    return message;
}

std::string error_of(Sources sources) {
    const auto loaded = Config::load(rows(), std::move(sources));
    return loaded ? "no mistake" : loaded.error().message;
}

}  // namespace

TEST_CASE("without sources every setting has its default", "[config]") {
    const auto config = Config::load(rows(), {}).value();
    CHECK(config.text("server.listen") == "127.0.0.1:8080");
    CHECK(config.bytes("server.max_body") == 1 << 20);
    CHECK(config.duration("server.idle_timeout") == 30s);
    CHECK(config.integer("server.connections") == 100);
    CHECK(config.boolean("server.compress"));
    CHECK(config.text_list("egress.allow").empty());
    CHECK(config.source_of("server.listen") == "default");
    CHECK_THROWS_AS(config.text("server.port"), std::logic_error);
    CHECK_THROWS_AS(config.text("server.connections"), std::logic_error);
    CHECK_THROWS_AS(config.source_of("x"), std::logic_error);
}

TEST_CASE("a flag wins over a variable, a variable over the file", "[config]") {
    const Files files;
    Sources sources;
    sources.file = files.write("sluice.toml",
                               "egress.allow = [\"10.0.0.0/8\"]\n"
                               "[server]\n"
                               "listen = \"a:1\"\n"
                               "max_body = 2048\n"
                               "idle_timeout = \"1m30s\"\n"
                               "connections = 7\n"
                               "compress = false\n");
    sources.environment = {
        {"SLUICE_SERVER_LISTEN", "b:2"}, {"SLUICE_SERVER_CONNECTIONS", "8"}, {"HOME", "/root"}};
    sources.flags = {{"listen", "c:3"}, {"server-compress", ""}};
    const auto config = Config::load(rows(), sources).value();
    CHECK(config.text("server.listen") == "c:3");
    CHECK(config.source_of("server.listen") == "flag --listen");
    CHECK(config.integer("server.connections") == 8);
    CHECK(config.source_of("server.connections") == "variable SLUICE_SERVER_CONNECTIONS");
    CHECK(config.bytes("server.max_body") == 2048);
    CHECK(config.source_of("server.max_body") == sources.file + ":4");
    CHECK(config.duration("server.idle_timeout") == 90s);
    CHECK(config.boolean("server.compress"));
    CHECK(config.text_list("egress.allow") == std::vector<std::string>{"10.0.0.0/8"});
    CHECK(config.source_of("egress.allow") == sources.file + ":1");
}

TEST_CASE("lists, sizes and truth values are read from variables", "[config]") {
    const auto config =
        Config::load(rows(), {.environment = {{"SLUICE_ALLOW", " 127.0.0.1/32, db:5432 ,"},
                                              {"SLUICE_SERVER_MAX_BODY", "16MiB"},
                                              {"SLUICE_SERVER_COMPRESS", "off"}}})
            .value();
    CHECK(config.text_list("egress.allow") == std::vector<std::string>{"127.0.0.1/32", "db:5432"});
    CHECK(config.bytes("server.max_body") == 16 << 20);
    CHECK_FALSE(config.boolean("server.compress"));
}

TEST_CASE("a mistake in the file names its line, the key and what is allowed",
          "[config][mistake]") {
    const Files files;
    CHECK(mistake(files, "[server]\n\nconnections = 0\n") ==
          "sluice.toml:3: server.connections must be between 1 and 1000, not 0");
    CHECK(mistake(files, "server.max_body = \"64MiB\"") ==
          "sluice.toml:1: server.max_body must be between 1KiB and 32MiB, not 64MiB");
    CHECK(mistake(files, "[server]\nidle_timeout = \"10ms\"") ==
          "sluice.toml:2: server.idle_timeout must be at least 1s, not 10ms");
    CHECK(mistake(files, "[server]\nidle_timeout = 30") ==
          "sluice.toml:2: server.idle_timeout must be a duration in quotes such as \"30s\", not a "
          "whole number");
    CHECK(mistake(files, "[server]\nconnections = \"7\"") ==
          "sluice.toml:2: server.connections must be a whole number, not text");
    CHECK(mistake(files, "[server]\nconnections = 7.5") ==
          "sluice.toml:2: server.connections must be a whole number, not a number with a fraction");
    CHECK(mistake(files, "[server]\ncompress = 1") ==
          "sluice.toml:2: server.compress must be true or false, not a whole number");
    CHECK(mistake(files, "[egress]\nallow = [1]") ==
          "sluice.toml:2: egress.allow must be a list of texts such as [\"a\", \"b\"], not a list");
    CHECK(mistake(files, "[server]\nlisten = 8080") ==
          "sluice.toml:2: server.listen must be text in quotes, not a whole number");
    CHECK(mistake(files, "[log]\nlevel = \"loud\"") ==
          "sluice.toml:2: log.level must be one of debug, info, warn, error, not \"loud\"");
    CHECK(mistake(files, "[server]\nmax_body = \"1 pint\"")
              .starts_with("sluice.toml:2: server.max_body: \"1 pint\" is not a size"));
}

TEST_CASE("an unknown key names its line and the nearest known key", "[config][mistake]") {
    const Files files;
    CHECK(mistake(files, "\n[server]\nlisen = \"a\"\n") ==
          "sluice.toml:3: unknown setting server.lisen; did you mean server.listen?");
    CHECK(mistake(files, "[servr]\nmax-body = 1\n") ==
          "sluice.toml:2: unknown setting servr.max-body; did you mean server.max_body?");
    CHECK(mistake(files, "quite_something_else = 1\n") ==
          "sluice.toml:1: unknown setting quite_something_else; `sluice config show` lists all");
}

TEST_CASE("all mistakes are reported at once, from the file's top", "[config][mistake]") {
    const Files files;
    auto sources = Sources{
        .file = files.write("sluice.toml",
                            "[server]\nlisen = \"a\"\nconnections = 0\n[api]\nkey = \"x\"\n")};
    sources.environment = {{"SLUICE_SERVER_COMPRESS", "maybe"}};
    const auto loaded = Config::load(rows(), sources);
    REQUIRE_FALSE(loaded);
    CHECK(loaded.error().code == ErrorCode::invalid_argument);
    REQUIRE(loaded.error().details.size() == 4);
    CHECK(loaded.error().details[0].pointer == sources.file + ":2");
    CHECK(loaded.error().details[1].pointer == sources.file + ":3");
    CHECK(loaded.error().details[2].pointer == sources.file + ":5");
    CHECK(loaded.error().details[3] ==
          base::ErrorDetail{"variable SLUICE_SERVER_COMPRESS",
                            "SLUICE_SERVER_COMPRESS: \"maybe\" is neither true nor false"});
    CHECK(std::count(loaded.error().message.begin(), loaded.error().message.end(), '\n') == 3);
}

TEST_CASE("broken TOML and unreadable files are told apart", "[config][mistake]") {
    const Files files;
    CHECK(mistake(files, "[server]\nlisten = \n").find("sluice.toml:2: ") != std::string::npos);
    CHECK(mistake(files, "[server]\nlisten = \"a\"\nlisten = \"b\"\n").find("sluice.toml:3: ") !=
          std::string::npos);
    const auto missing = Config::load(rows(), {.file = (files.dir / "none.toml").string()});
    REQUIRE_FALSE(missing);
    CHECK(missing.error().code == ErrorCode::not_found);
    CHECK(missing.error().message == "cannot read the configuration " +
                                         (files.dir / "none.toml").string() +
                                         ": No such file or directory");
    const auto directory = Config::load(rows(), {.file = files.dir.string()});
    REQUIRE_FALSE(directory);
    CHECK(directory.error().message.find("Is a directory") != std::string::npos);
    CHECK(load_file(files, ""));
}

TEST_CASE("unknown variables and flags are refused with the nearest name", "[config][mistake]") {
    CHECK(error_of({.environment = {{"SLUICE_SERVER_LISTN", "a"}}}) ==
          "SLUICE_SERVER_LISTN is no setting; did you mean SLUICE_SERVER_LISTEN?");
    CHECK(error_of({.environment = {{"SLUICE_Z", "a"}}}) == "SLUICE_Z is no setting; unset it");
    CHECK(error_of({.environment = {{"SLUICE_KEY", "a"}}, .other_variables = {"SLUICE_KEY"}}) ==
          "no mistake");
    CHECK(error_of({.environment = {{"SLUICE_SERVER_CONNECTIONS", "1001"}}}) ==
          "SLUICE_SERVER_CONNECTIONS must be between 1 and 1000, not 1001");
    CHECK(error_of({.environment = {{"SLUICE_SERVER_CONNECTIONS", "many"}}}) ==
          "SLUICE_SERVER_CONNECTIONS: \"many\" is not a whole number");
    CHECK(error_of({.flags = {{"listem", "a"}}}) ==
          "--listem is no setting; did you mean --listen?");
    CHECK(error_of({.flags = {{"server-idle-timeout", "soon"}}})
              .starts_with("--server-idle-timeout: \"soon\" is not a duration"));
}

TEST_CASE("a secret comes from its variable or from a file and is never shown",
          "[config][secret]") {
    const Files files;
    const auto path = files.write("key", "s3cret-value\n");
    const auto value_of = [](Sources sources) {
        return Config::load(rows(), std::move(sources)).value().text("api.key");
    };
    CHECK(value_of({.environment = {{"SLUICE_API_KEY", "s3cret-value"}}}) == "s3cret-value");
    CHECK(value_of({.environment = {{"SLUICE_API_KEY_FILE", path}}}) == "s3cret-value");
    CHECK(value_of({.flags = {{"api-key-file", path}}}) == "s3cret-value");
    const auto config = load_file(files, "[api]\nkey_file = \"" + path + "\"").value();
    CHECK(config.text("api.key") == "s3cret-value");
    for (const auto& shown : config.show()) {
        CHECK(shown.value.find("s3cret") == std::string::npos);
        if (shown.name == "api.key") CHECK(shown.value == "(set)");
    }
    CHECK(mistake(files, "[api]\nkey = \"s3cret-value\"") ==
          "sluice.toml:2: api.key is a secret and does not belong into this file; set "
          "SLUICE_API_KEY or name a file with api.key_file");
    CHECK(mistake(files, "[api]\nkey_file = \"/nowhere\"") ==
          "sluice.toml:2: api.key_file names /nowhere, which cannot be read or is empty");
    CHECK(mistake(files, "[api]\nkey_fil = \"/nowhere\"") ==
          "sluice.toml:2: unknown setting api.key_fil; did you mean api.key_file?");
    CHECK(error_of({.flags = {{"api-key", "s3cret-value"}}}) ==
          "--api-key is no setting; did you mean --api-key-file?");
}

TEST_CASE("the table of settings shows value, source and default", "[config]") {
    const auto shown =
        Config::load(rows(), {.environment = {{"SLUICE_SERVER_MAX_BODY", "2048"}}}).value().show();
    REQUIRE(shown.size() == 8);
    CHECK(shown[1].name == "server.max_body");
    CHECK(shown[1].value == "2KiB");
    CHECK(shown[1].default_value == "1MiB");
    CHECK(shown[1].source == "variable SLUICE_SERVER_MAX_BODY");
    CHECK(shown[2].value == "30s");
    CHECK(shown[7].value == "(not set)");
}

TEST_CASE("a reload takes over what may change and names what needs a restart",
          "[config][reload]") {
    const Files files;
    auto config = load_file(files, "[log]\nlevel = \"info\"\n[server]\nconnections = 5\n").value();
    files.write("sluice.toml", "[log]\nlevel = \"debug\"\n[server]\nconnections = 6\n");
    const auto done = config.reload().value();
    CHECK(done.applied == std::vector<std::string>{"log.level"});
    CHECK(done.needs_restart == std::vector<std::string>{"server.connections"});
    CHECK(config.text("log.level") == "debug");
    CHECK(config.integer("server.connections") == 5);

    files.write("sluice.toml", "[log]\nlevel = \"loud\"\n");
    CHECK_FALSE(config.reload());
    CHECK(config.text("log.level") == "debug");
}

TEST_CASE("the sample is valid, documents every setting and changes nothing", "[config][sample]") {
    const auto sample = render_sample(rows());
    CHECK(sample.find("[server]\n\n# Where to listen.\n# SLUICE_SERVER_LISTEN, --listen\n# listen "
                      "= \"127.0.0.1:8080\"\n") != std::string::npos);
    CHECK(sample.find("# The largest body. Between 1KiB and 32MiB.\n# SLUICE_SERVER_MAX_BODY, "
                      "--server-max-body\n# max_body = \"1MiB\"\n") != std::string::npos);
    CHECK(sample.find("# How long. At least 1s. Taken over on SIGHUP.\n") != std::string::npos);
    CHECK(
        sample.find("# What is logged. One of debug, info, warn, error. Taken over on SIGHUP.\n") !=
        std::string::npos);
    CHECK(sample.find("# key_file = ") != std::string::npos);
    const Files files;
    const auto config = load_file(files, sample).value();
    CHECK(config.source_of("server.listen") == "default");

    // With every value line switched on (but the secret's file) it is still valid, and gives the
    // defaults.
    std::string on, line;
    for (std::istringstream in(sample); std::getline(in, line);) {
        const auto equals = line.find(" = ");
        const bool value = line.starts_with("# ") && equals != line.npos &&
                           line.substr(2, equals - 2).find(' ') == line.npos;
        on += (value && line.find("_file") == line.npos ? line.substr(2) : line) + "\n";
    }
    const auto all = load_file(files, on);
    REQUIRE(all);
    CHECK(all->source_of("egress.allow") != "default");
    const auto shown = all->show();
    for (const auto& one : shown)
        if (one.name != "api.key") CHECK(one.value == one.default_value);
}

TEST_CASE("a row that contradicts itself is our mistake", "[config]") {
    static constexpr Setting bad_default[] = {
        {.name = "a", .type = SettingType::integer, .default_value = "5", .max = 4}};
    static constexpr Setting twice[] = {{.name = "a", .default_value = "x"},
                                        {.name = "a", .default_value = "y"}};
    CHECK_THROWS_AS(Config::load({bad_default}, {}), std::logic_error);
    CHECK_THROWS_AS(Config::load({twice}, {}), std::logic_error);
}

TEST_CASE("sizes are read and shown in their shortest exact form", "[config][bytes]") {
    CHECK(parse_bytes("1536").value() == 1536);
    CHECK(parse_bytes("64MiB").value() == 64 << 20);
    CHECK(parse_bytes("2kB").value() == 2000);
    CHECK(parse_bytes("8TiB").value() == std::int64_t{8} << 40);
    CHECK_FALSE(parse_bytes(""));
    CHECK_FALSE(parse_bytes("MiB"));
    CHECK_FALSE(parse_bytes("-1"));
    CHECK_FALSE(parse_bytes("1.5MiB"));
    CHECK_FALSE(parse_bytes("9999999999TiB"));
    CHECK(format_bytes(0) == "0B");
    CHECK(format_bytes(1500) == "1500B");
    CHECK(format_bytes(1536) == "1536B");
    CHECK(format_bytes(2048) == "2KiB");
    CHECK(format_bytes(std::int64_t{3} << 30) == "3GiB");
}
