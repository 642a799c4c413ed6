#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>

#include "cli/command.hpp"
#include "sluice/base/log.hpp"

namespace sluice::cli {

namespace {

/// Everything that may be set for a row: SLUICE_ variables and those that a row names itself.
std::map<std::string, std::string> environment_of(const std::vector<base::SettingRows>& settings) {
    auto environment = config::sluice_environment();
    for (const auto& rows : settings)
        for (const auto& row : rows)
            for (const std::string& name :
                 {config::variable_of(row), config::variable_of(row) + "_FILE"}) {
                if (name.ends_with("_FILE") && !row.secret) continue;
                if (const char* value = std::getenv(name.c_str())) environment[name] = value;
            }
    return environment;
}

std::string variable(const char* name) {
    const char* value = std::getenv(name);
    return value ? value : "";
}

log::Level level_of(std::string_view name) {
    if (name == "debug") return log::Level::debug;
    if (name == "warn") return log::Level::warn;
    if (name == "error") return log::Level::error;
    return name == "off" ? log::Level::off : log::Level::info;
}

/// Reads to the end. Stops at 256 MiB: nothing that a command takes is larger.
std::string read_all(std::FILE* file) {
    constexpr std::size_t most = std::size_t{256} << 20;
    std::string text;
    char piece[64 << 10];
    for (std::size_t n; text.size() < most && (n = std::fread(piece, 1, sizeof piece, file)) > 0;)
        text.append(piece, n);
    return text;
}

}  // namespace

std::string Arguments::text(std::string_view name, std::string_view fallback) const {
    const auto found = values_.find(name);
    return found == values_.end() ? std::string(fallback) : found->second.back();
}

const std::vector<std::string>& Arguments::list(std::string_view name) const {
    static const std::vector<std::string> none;
    const auto found = values_.find(name);
    return found == values_.end() ? none : found->second;
}

Context::Context(const Host& h, Arguments a, Streams s)
    : host(h), arguments(std::move(a)), streams(s) {}

Context::~Context() {
    connection_.reset();
    if (!local_) return;
    local_.reset();
    log::shutdown();
}

void Context::write_to(std::FILE* file, std::string_view text) {
    // A reader that has gone (`sluice runs list | head`) is no failure.
    [[maybe_unused]] const auto written = std::fwrite(text.data(), 1, text.size(), file);
    std::fflush(file);
}

Outcome<const config::Config*> Context::config() {
    if (config_) return &*config_;
    config::Sources sources;
    sources.file = arguments.text("config", variable("SLUICE_CONFIG"));
    sources.environment = environment_of(host.settings);
    sources.flags = arguments.settings;
    sources.other_variables = {"SLUICE_KEY", "SLUICE_URL", "SLUICE_WORKSPACE", "SLUICE_CONFIG",
                               "SLUICE_FAILPOINT"};
#ifdef SLUICE_TEETH
    sources.other_variables.emplace_back("SLUICE_TEETH");
#endif
    auto loaded = config::Config::load(host.settings, std::move(sources));
    // The message has every mistake on a line of its own already.
    if (!loaded) return stop(exit_config, Error{loaded.error().code, loaded.error().message});
    config_ = std::move(*loaded);
    return &*config_;
}

Outcome<std::string> Context::data() {
    auto loaded = config();
    if (!loaded) return stop(std::move(loaded.error()));
    return (*loaded)->text("data");
}

Outcome<void> Context::start_log(bool quiet) {
    auto loaded = config();
    if (!loaded) return stop(std::move(loaded.error()));
    const auto& values = **loaded;
    auto level = level_of(values.text("log.level"));
    if (quiet && values.source_of("log.level") == "default") level = log::Level::warn;
    const auto format = values.text("log.format") == "json" ? log::Format::json : log::Format::text;
    log::init(level, format, values.text("log.file"));
    return {};
}

Outcome<Connection*> Context::connect(bool create) {
    if (connection_) return connection_.get();
    auto directory = data();
    if (!directory) return stop(std::move(directory.error()));
    const auto url = arguments.text("url", variable("SLUICE_URL"));
    const auto key = arguments.text("key", variable("SLUICE_KEY"));
    const auto socket = std::filesystem::path(*directory) / "admin.sock";
    // A --url that was written down means that server, unless a directory was written down as well.
    const bool url_first = arguments.has("url") && (*config())->source_of("data") == "default";

    if (!url_first && socket_answers(socket)) {
        connection_ = Connection::over_socket(socket, Connection::Way::socket);
    } else if (!url.empty()) {
        auto opened = Connection::over_url(url, key);
        if (!opened) return stop(std::move(opened.error()));
        connection_ = std::move(*opened);
    } else {
        if (auto started = start_log(true); !started) return stop(std::move(started.error()));
        auto opened = host.open_local(**config(), *directory, create);
        if (!opened) {
            log::shutdown();
            return stop(exit_code_of(opened.error()), std::move(opened.error()));
        }
        local_ = std::move(*opened);
        connection_ = Connection::over_socket(local_->socket(), Connection::Way::in_process);
    }
    connection_->set_workspace(arguments.text("workspace", variable("SLUICE_WORKSPACE")));
    return connection_.get();
}

Outcome<std::string> read_whole(const Context& context, const std::string& path) {
    if (path == "-") return read_all(context.streams.in);
    std::error_code ignored;
    if (std::filesystem::is_directory(path, ignored))
        return wrong_use("{} is a directory; name a file", path);
    std::FILE* file = std::fopen(path.c_str(), "rb");
    if (!file) return wrong_use("{} cannot be read: {}", path, std::strerror(errno));
    auto text = read_all(file);
    const bool failed = std::ferror(file) != 0;
    std::fclose(file);
    if (failed) return wrong_use("{} cannot be read to its end", path);
    return text;
}

Outcome<Json> Context::json_argument(std::string_view option) const {
    auto text = arguments.text(option);
    const bool of_file = text.starts_with('@');
    if (of_file) {
        auto content = read_whole(*this, text.substr(1));
        if (!content) return stop(std::move(content.error()));
        text = std::move(*content);
    }
    constexpr base::JsonLimits limits{std::size_t{256} << 20, 512, 10'000'000,
                                      std::size_t{256} << 20, 64};
    auto value = base::parse_json(text, limits);
    if (value) return std::move(*value);
    return wrong_use("--{}{} is no JSON: {}", option,
                     of_file ? fmt::format(" ({})", arguments.text(option)) : "",
                     value.error().message);
}

}  // namespace sluice::cli
