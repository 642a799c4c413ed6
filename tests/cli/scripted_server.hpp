#pragma once
// A server that answers what a test says, on a Unix socket or a loopback port, and keeps what it
// was asked.

#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <deque>
#include <filesystem>
#include <functional>
#include <future>
#include <map>
#include <string>
#include <vector>

#include <httplib.h>

#include "cli/command.hpp"

namespace sluice::cli {

/// A directory that is removed at the end.
struct TemporaryDirectory {
    TemporaryDirectory() {
        std::string name = (std::filesystem::temp_directory_path() / "sluice-cli-XXXXXX").string();
        if (!::mkdtemp(name.data())) throw std::runtime_error("no temporary directory");
        path = name;
    }
    ~TemporaryDirectory() { std::filesystem::remove_all(path); }
    TemporaryDirectory(const TemporaryDirectory&) = delete;
    TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;

    std::string write(const std::string& name, const std::string& text) const {
        const auto file = path / name;
        std::filesystem::create_directories(file.parent_path());
        std::FILE* out = std::fopen(file.c_str(), "wb");
        std::fwrite(text.data(), 1, text.size(), out);
        std::fclose(out);
        return file.string();
    }
    std::string read(const std::string& name) const {
        std::FILE* in = std::fopen((path / name).c_str(), "rb");
        if (!in) return "(missing)";
        std::string text(1 << 16, '\0');
        text.resize(std::fread(text.data(), 1, text.size(), in));
        std::fclose(in);
        return text;
    }
    std::filesystem::path path;
};

/// What a request was.
struct Asked {
    std::string line;  ///< "GET /api/v1/runs?limit=50"
    std::string body, workspace, key, media_type, last_event_id, if_match;
};

class ScriptedServer {
  public:
    /// On `socket`, or on a free port of loopback for an empty path.
    explicit ScriptedServer(const std::filesystem::path& socket = {}) {
        const auto handler = [this](const httplib::Request& request, httplib::Response& response) {
            answer(request, response);
        };
        server_.Get(".*", handler);
        server_.Post(".*", handler);
        server_.Put(".*", handler);
        server_.Delete(".*", handler);
        if (socket.empty()) {
            port_ = server_.bind_to_any_port("127.0.0.1");
        } else {
            server_.set_address_family(AF_UNIX);
            // httplib wants a port for its own bookkeeping; the path alone counts.
            if (!server_.bind_to_port(socket.string(), 80))
                throw std::runtime_error("the socket cannot be bound");
        }
        served_ = std::async(std::launch::async, [this] { server_.listen_after_bind(); });
        while (!server_.is_running() &&
               served_.wait_for(std::chrono::milliseconds(1)) == std::future_status::timeout) {
        }
    }
    ~ScriptedServer() {
        server_.stop();
        served_.wait();
    }

    std::string url() const { return "http://127.0.0.1:" + std::to_string(port_); }

    /// "GET /api/v1/runs/run_1" (without the query) is answered so; several for one line come in
    /// turn, the last stays.
    void on(const std::string& line, int status, std::string body,
            std::string media = "application/json") {
        answers_[line].push_back({status, std::move(body), std::move(media)});
    }
    void on_problem(const std::string& line, int status, const std::string& code,
                    const std::string& detail, Json errors = Json()) {
        Json body = {{"type", "urn:sluice:problem:" + code},
                     {"title", "no"},
                     {"status", status},
                     {"code", code},
                     {"detail", detail}};
        if (errors.is_array()) body["errors"] = std::move(errors);
        on(line, status, body.dump(), "application/problem+json");
    }
    const std::vector<Asked>& asked() const { return asked_; }

  private:
    struct Answer {
        int status;
        std::string body, media;
    };

    void answer(const httplib::Request& request, httplib::Response& response) {
        asked_.push_back({request.method + " " + request.target, request.body,
                          request.get_header_value("Sluice-Workspace"),
                          request.get_header_value("Authorization"),
                          request.get_header_value("Content-Type"),
                          request.get_header_value("Last-Event-ID"),
                          request.get_header_value("If-Match")});
        const auto found = answers_.find(request.method + " " + request.path);
        if (found == answers_.end()) {
            response.status = 404;
            response.set_content(R"({"status":404,"code":"not_found","detail":"no such thing: )" +
                                     request.path + "\"}",
                                 "application/problem+json");
            return;
        }
        const auto now = found->second.front();
        if (found->second.size() > 1) found->second.pop_front();
        response.status = now.status;
        response.set_content(now.body, now.media);
    }

    httplib::Server server_;
    int port_ = 0;
    std::map<std::string, std::deque<Answer>> answers_;
    std::vector<Asked> asked_;
    std::future<void> served_;
};

/// What a command did.
struct Done {
    int exit = -1;
    std::string out, err;
};

inline constexpr base::Setting test_settings[] = {
    {.name = "data",
     .type = base::SettingType::text,
     .default_value = "./data",
     .doc = "The data directory"},
    {.name = "log.level",
     .type = base::SettingType::text,
     .default_value = "info",
     .doc = "Level",
     .choices = "debug,info,warn,error,off"},
    {.name = "log.format",
     .type = base::SettingType::text,
     .default_value = "text",
     .doc = "Format",
     .choices = "text,json"},
    {.name = "log.file", .type = base::SettingType::text, .default_value = "", .doc = "File"},
    {.name = "server.listen",
     .type = base::SettingType::text,
     .default_value = "127.0.0.1:8080",
     .doc = "Address",
     .env = "SLUICE_LISTEN",
     .flag = "listen"},
    {.name = "server.max_body",
     .type = base::SettingType::bytes,
     .default_value = "1MiB",
     .doc = "Body",
     .min = 1024},
    {.name = "tls.certificate",
     .type = base::SettingType::text,
     .default_value = "",
     .doc = "Certificate"},
    {.name = "server.trusted_proxies",
     .type = base::SettingType::text_list,
     .default_value = "",
     .doc = "Proxies"},
    {.name = "vault.key_file", .type = base::SettingType::text, .default_value = "", .doc = "Root key"},
};

inline Host test_host() {
    Host host;
    host.settings = {test_settings};
    host.version = "1.2.3";
    host.serve = [](config::Config, std::string, std::string) { return int{exit_ok}; };
    host.open_local = [](const config::Config&, std::string data,
                         bool) -> Result<std::unique_ptr<LocalServer>> {
        return fail(ErrorCode::not_found, "there is no data directory {}", data);
    };
    return host;
}

/// Runs a command line with captured streams.
inline Done run(std::vector<std::string> words, const Host& host = test_host(),
                std::string input = "") {
    char *out = nullptr, *err = nullptr;
    std::size_t out_size = 0, err_size = 0;
    Streams streams;
    input += input.empty() ? "\n" : "";  // fmemopen takes no empty buffer
    streams.in = fmemopen(input.data(), input.size(), "r");
    streams.out = open_memstream(&out, &out_size);
    streams.err = open_memstream(&err, &err_size);
    std::vector<const char*> argv{"sluice"};
    for (const auto& word : words) argv.push_back(word.c_str());
    Done done;
    done.exit = run_command_line(static_cast<int>(argv.size()), argv.data(), host, streams);
    std::fclose(streams.in);
    std::fclose(streams.out);
    std::fclose(streams.err);
    done.out.assign(out, out_size);
    done.err.assign(err, err_size);
    std::free(out);
    std::free(err);
    return done;
}

}  // namespace sluice::cli
