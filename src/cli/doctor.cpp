// `doctor`: what must be right on this machine, one line each, with what to do about it.

#include <fcntl.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

#include "cli/doctor.hpp"
#include "cli/table.hpp"
#include "sluice/base/clock.hpp"
#include "sluice/net/certificate.hpp"

namespace sluice::cli {

namespace {

namespace fs = std::filesystem;

Finding fine(std::string name, std::string text) {
    return {std::move(name), Verdict::ok, std::move(text), ""};
}

/// The pid in DIR/lock when a process holds it; empty when none does.
std::string lock_holder(const fs::path& data) {
    const int descriptor = ::open((data / "lock").c_str(), O_RDONLY | O_CLOEXEC);
    if (descriptor < 0) return "";
    std::string holder;
    if (::flock(descriptor, LOCK_SH | LOCK_NB) != 0 && errno == EWOULDBLOCK) {
        char pid[32] = {};
        const auto size = ::pread(descriptor, pid, sizeof pid - 1, 0);
        holder.assign(pid, size > 0 ? static_cast<std::size_t>(size) : 0);
        while (holder.ends_with('\n')) holder.pop_back();
        if (holder.empty()) holder = "(unknown)";
    }
    ::close(descriptor);
    return holder;
}

bool is_network_disk(const fs::path& data) {
    struct statfs system{};
    if (::statfs(data.c_str(), &system) != 0) return false;
    switch (static_cast<unsigned long>(system.f_type) & 0xffffffffUL) {  // as in Linux's magic.h
        case 0x6969UL:
        case 0xff534d42UL:
        case 0xfe534d42UL:
        case 0x517bUL:
        case 0x5346414fUL:
        case 0x00c36400UL:
        case 0x01021997UL:
            return true;
        default:
            return false;
    }
}

bool is_loopback(std::string_view listen) {
    return listen.starts_with("127.") || listen.starts_with("localhost:") ||
           listen.starts_with("[::1]");
}

}  // namespace

Finding check_directory(const fs::path& data) {
    struct stat status{};
    if (::stat(data.c_str(), &status) != 0)
        return errno == ENOENT
                   ? Finding{"data directory", Verdict::warn, data.string() + " is not there yet",
                             "`sluice serve` makes it, or name another by --data"}
                   : Finding{
                         "data directory", Verdict::fail,
                         fmt::format("{} cannot be read: {}", data.string(), std::strerror(errno)),
                         "run as its owner, or mend its permissions"};
    if (!S_ISDIR(status.st_mode))
        return {"data directory", Verdict::fail, data.string() + " is a file",
                "name another by --data"};
    if (::access(data.c_str(), R_OK | W_OK | X_OK) != 0)
        return {"data directory", Verdict::fail,
                fmt::format("{} is not writable for this user", data.string()),
                fmt::format("run as user {} or change its owner", status.st_uid)};
    if ((status.st_mode & 077) != 0)
        return {"data directory", Verdict::warn,
                fmt::format("{} may be entered by others (mode {:o})", data.string(),
                            status.st_mode & 0777),
                fmt::format("chmod 700 {}", data.string())};
    return fine("data directory", data.string());
}

Finding check_disk(const fs::path& data) {
    std::error_code error;
    auto place = fs::absolute(data, error);
    while (!error && !fs::exists(place, error) && place.has_parent_path() &&
           place != place.parent_path())
        place = place.parent_path();
    const auto space = fs::space(place, error);
    if (error)
        return {"disk", Verdict::warn, "its free space cannot be read: " + error.message(),
                "check the disk"};
    const auto text = human_bytes(static_cast<std::int64_t>(space.available)) + " free";
    if (space.available < (std::uintmax_t{256} << 20))
        return {"disk", Verdict::fail, text, "free some; below 256 MiB writes may be refused"};
    if (space.available < (std::uintmax_t{2} << 30))
        return {"disk", Verdict::warn, text, "free some before it runs out"};
    if (is_network_disk(place))
        return {"disk", Verdict::fail, "a network file system, whose locks a database cannot trust",
                "use a local disk"};
    return fine("disk", text);
}

Finding check_vault(const Json& system) {
    const auto* vault = base::find_member(system, "vault");
    const auto* sealed = vault != nullptr ? base::find_member(*vault, "sealed") : nullptr;
    if (sealed == nullptr || !sealed->is_boolean()) return {"vault", Verdict::warn, "the server does not say", "ask a server of this version"};
    if (!sealed->get<bool>()) {
        const auto origin = base::string_or(*vault, "origin", "");
        return fine("vault", origin.empty() ? "open" : fmt::format("open; the root key comes from {}", origin == "credential" ? "a systemd credential" : origin == "key_file" ? "a key file" : "a passphrase"));
    }
    return {"vault", Verdict::fail, "sealed: " + base::string_or(*vault, "reason", "the root key is missing"),
            "bring the root key back, then `sluice vault unseal`; steps that need secrets wait until then"};
}

Finding check_key_file(const fs::path& file) {
    struct stat status{};
    if (::stat(file.c_str(), &status) != 0)
        return fine("key file", fmt::format("none at {}; the first start makes one, unless the root key comes from elsewhere", file.string()));
    if ((status.st_mode & 0377) != 0)
        return {"key file", Verdict::fail, fmt::format("{} has mode {:o}", file.string(), status.st_mode & 0777),
                fmt::format("chmod 400 {}; if others could read it, rotate the root: `sluice vault rotate-root`", file.string())};
    return fine("key file", file.string() + "; keep a copy apart from the backups");
}

Finding check_database_owner(const fs::path& data, std::string_view holder) {
    std::error_code error;
    const auto database = fs::weakly_canonical(data / "sluice.db", error);
    if (error || !fs::exists(database, error)) return fine("SQLite rule", "no database yet");
    fs::directory_iterator processes("/proc", error), end;
    for (; !error && processes != end; processes.increment(error)) {
        const auto pid = processes->path().filename().string();
        if (pid.find_first_not_of("0123456789") != std::string::npos || pid == holder) continue;
        std::error_code hidden;  // of other users
        for (fs::directory_iterator files(processes->path() / "fd", hidden), last;
             !hidden && files != last; files.increment(hidden)) {
            std::error_code gone;
            const auto target = fs::read_symlink(files->path(), gone);
            if (!gone && target == database)
                return {
                    "SQLite rule", Verdict::fail,
                    fmt::format("process {} has {} open beside the server", pid, database.string()),
                    "end it: two programs on one database file can corrupt it; use the API or a "
                    "backup"};
        }
    }
    return fine("SQLite rule", "one process alone opens the database; no other has it open");
}

Finding check_clock(const fs::path& data, Time now) {
    constexpr Time early =
        base::from_us(1'767'225'600'000'000);  // 2026-01-01, before this program was made
    if (now < early)
        return {"clock", Verdict::fail, base::format_time(now) + " is in the past",
                "set the clock (timedatectl set-ntp true)"};
    struct stat status{};
    if (::stat((data / "sluice.db").c_str(), &status) == 0) {
        const Time written =
            base::from_us(static_cast<std::int64_t>(status.st_mtim.tv_sec) * 1'000'000);
        if (written > now + std::chrono::minutes(5))
            return {"clock", Verdict::warn,
                    fmt::format("the database was written at {}, which is yet to come",
                                base::format_time(written)),
                    "set the clock: schedules and ids follow it"};
    }
    return fine("clock", base::format_time(now));
}

Finding check_descriptors(std::uint64_t hard) {
    if (hard < 1024)
        return {"descriptors", Verdict::fail, fmt::format("at most {} open files", hard),
                "raise it: ulimit -Hn 65536, or LimitNOFILE= of the service"};
    if (hard < 8192)
        return {"descriptors", Verdict::warn, fmt::format("at most {} open files", hard),
                "for many connections raise it: LimitNOFILE=65536"};
    return fine("descriptors", fmt::format("up to {} open files", hard));
}

Finding check_certificate(const fs::path& file, Time now) {
    const auto end = net::certificate_end(file);
    if (!end)
        return {"certificate", Verdict::fail, end.error().message, "mend tls.certificate; the server does not start with it"};
    const auto text = fmt::format("{} ends {}", file.string(), base::format_time(*end));
    if (*end <= now)
        return {"certificate", Verdict::fail, text, "renew it, then send the server SIGHUP: clients refuse it now"};
    if (*end <= now + std::chrono::hours(24 * 21))
        return {"certificate", Verdict::warn, text, "renew it, then send the server SIGHUP; no restart is needed"};
    return fine("certificate", text);
}

Finding check_bind(std::string_view listen, bool tls, bool proxy) {
    if (is_loopback(listen))
        return fine("listen address", fmt::format("{}: this machine alone", listen));
    if (tls) return fine("listen address", fmt::format("{}: other machines, by TLS", listen));
    if (proxy) return fine("listen address", fmt::format("{}: other machines, by the trusted proxies", listen));
    return {"listen address", Verdict::warn, fmt::format("{}: other machines, without TLS", listen),
            "set tls.certificate and tls.key, put a TLS proxy in front and name it in server.trusted_proxies, or listen on "
            "127.0.0.1"};
}

std::string_view to_string(Verdict verdict) {
    switch (verdict) {
        case Verdict::ok:
            return "ok";
        case Verdict::warn:
            return "warn";
        case Verdict::fail:
            return "fail";
    }
    return "fail";
}

Outcome<int> doctor(Context& context) {
    std::vector<Finding> findings{fine("version", context.host.version)};
    auto config = context.config();
    if (!config) {
        findings.push_back({"configuration", Verdict::fail, config.error().error.message,
                            "mend it; `sluice config sample` shows what there is"});
    } else {
        const auto& values = **config;
        const fs::path data = values.text("data");
        findings.push_back(
            fine("configuration", fmt::format("sound; data from {}", values.source_of("data"))));
        findings.push_back(check_directory(data));
        const auto holder = lock_holder(data);
        const auto socket = data / "admin.sock";
        std::unique_ptr<Connection> server;
        const auto url = context.arguments.text("url");
        if (!url.empty()) {
            auto opened = Connection::over_url(
                url, context.arguments.text(
                         "key", std::getenv("SLUICE_KEY") ? std::getenv("SLUICE_KEY") : ""));
            if (!opened) return stop(std::move(opened.error()));
            server = std::move(*opened);
        } else if (socket_answers(socket)) {
            server = Connection::over_socket(socket, Connection::Way::socket);
        }
        if (holder.empty())
            findings.push_back(fine("lock", "free"));
        else if (socket_answers(socket))
            findings.push_back(
                fine("lock", fmt::format("held by process {}, which answers", holder)));
        else
            findings.push_back({"lock", Verdict::fail,
                                fmt::format("held by process {}, which does not answer on {}",
                                            holder, socket.string()),
                                "wait for its start or stop; else end it"});
        findings.push_back(check_disk(data));
        fs::path key_file = values.text("vault.key_file");
        if (key_file.empty()) key_file = fs::absolute(data).lexically_normal().string() + ".key";
        findings.push_back(check_key_file(key_file));
        if (!server) {
            findings.push_back({"server", holder.empty() ? Verdict::ok : Verdict::warn,
                                "none is running on the directory", "`sluice serve` starts one"});
            findings.push_back(fine("schema", "checked when the directory is opened"));
        } else {
            auto ready = server->text(Call{"GET", "/readyz", {}, {}, {}, std::chrono::seconds(5)});
            if (ready)
                findings.push_back(fine("server", "ready at " + server->place()));
            else
                findings.push_back({"server", Verdict::fail, ready.error().error.message,
                                    "see its log; `journalctl -u sluice`"});
            auto system = server->get("/api/v1/system");
            if (!system) {
                findings.push_back({"schema", Verdict::warn, system.error().error.message,
                                    "give --key to ask the server more"});
            } else {
                findings.push_back(check_vault(*system));
                const auto running = base::string_or(*system, "version", "");
                if (running == context.host.version)
                    findings.push_back(fine("schema", "of this version: the server has opened it"));
                else
                    findings.push_back({"schema", Verdict::warn,
                                        fmt::format("the server is version {}, this program {}",
                                                    running, context.host.version),
                                        "use the same version; a newer one upgrades the data "
                                        "directory at its start"});
            }
        }
        findings.push_back(check_database_owner(data, holder));
        findings.push_back(check_backup(data, base::SystemClock().now()));
        findings.push_back(check_clock(data, base::SystemClock().now()));
        rlimit limit{};
        getrlimit(RLIMIT_NOFILE, &limit);
        findings.push_back(check_descriptors(limit.rlim_max));
        const fs::path certificate = values.text("tls.certificate");
        findings.push_back(check_bind(values.text("server.listen"), !certificate.empty(),
                                      !values.text_list("server.trusted_proxies").empty()));
        if (!certificate.empty())
            findings.push_back(check_certificate(certificate, base::SystemClock().now()));
    }

    int exit = exit_ok;
    Json items = Json::array();
    Table table({{"CHECK"}, {"", false}, {"FOUND"}});
    std::string advice;
    for (const auto& finding : findings) {
        if (finding.verdict == Verdict::fail) exit = exit_no;
        table.add({finding.name, std::string(to_string(finding.verdict)), finding.text});
        if (finding.verdict != Verdict::ok)
            advice += fmt::format("{}: {}\n", finding.name, finding.advice);
        items.push_back({{"check", finding.name},
                         {"verdict", to_string(finding.verdict)},
                         {"text", finding.text},
                         {"advice", finding.advice}});
    }
    if (context.json()) {
        context.print_json(Json{{"healthy", exit == exit_ok}, {"checks", std::move(items)}});
        return exit;
    }
    context.print(table.render());
    if (!advice.empty()) context.print("\nwhat to do:\n" + advice);
    return exit;
}

}  // namespace sluice::cli
