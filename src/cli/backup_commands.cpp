// `backup` and `restore`: a server that runs makes the copy itself; without one, and to restore,
// this process opens the directory.

#include <filesystem>

#include "cli/command.hpp"
#include "cli/doctor.hpp"
#include "cli/table.hpp"
#include "sluice/base/clock.hpp"
#include "sluice/storage/backup.hpp"

namespace sluice::cli {

namespace {

namespace fs = std::filesystem;

constexpr auto advised_age = std::chrono::hours(24 * 7);

std::string bytes_text(const Json& report, std::string_view key) {
    const Json* value = base::find_member(report, key);
    return human_bytes(value != nullptr && value->is_number_integer() ? value->get<std::int64_t>()
                                                                      : 0);
}

std::string count_text(const Json& report, std::string_view key) {
    const Json* value = base::find_member(report, key);
    return value != nullptr ? base::dump_json(*value) : "0";
}

std::string summary_of(const Json& report) {
    return fmt::format("database {}, {} values of {}, schema {}",
                       bytes_text(report, "database_bytes"), count_text(report, "blobs"),
                       bytes_text(report, "blob_bytes"), count_text(report, "schema"));
}

tl::unexpected<Failure> refused(Error error, int not_empty) {
    const int exit = error.code == ErrorCode::invalid_argument ? not_empty : exit_code_of(error);
    return stop(exit, std::move(error));
}

/// The server's own copy. A remote server gets the name alone and puts it below its directory.
Outcome<Json> ask_server(Context& context, Connection& server, const std::string& folder) {
    std::error_code ignored;
    const bool here = server.way() != Connection::Way::url;
    const auto path = here ? fs::absolute(folder, ignored).lexically_normal().string() : folder;
    Call call;
    call.verb = "POST";
    call.path = "/api/v1/system/backup";
    call.body = base::dump_json(Json{{"path", path}});
    call.timeout = std::chrono::hours(12);
    if (!context.json()) context.note("copying and verifying …\n");
    return server.json(call);
}

}  // namespace

Outcome<int> back_up(Context& context) {
    auto data = context.data();
    if (!data) return stop(std::move(data.error()));
    const auto folder = context.arguments.text("FOLDER");
    Json report;
    const char* url = std::getenv("SLUICE_URL");
    const bool by_server = context.arguments.has("url") ||
                           !std::string_view(url == nullptr ? "" : url).empty() ||
                           socket_answers(fs::path(*data) / "admin.sock");
    if (by_server) {
        auto server = context.connect();
        if (!server) return stop(std::move(server.error()));
        auto answer = ask_server(context, **server, folder);
        if (!answer) return stop(std::move(answer.error()));
        report = std::move(*answer);
    } else {
        // Not through an instance in this process: that would take up runs and upgrade the schema.
        auto taken = storage::back_up_directory(*data, folder, base::SystemClock().now());
        if (!taken) return refused(std::move(taken.error()), exit_no);
        report = storage::to_json(*taken);
    }
    if (context.json())
        context.print_json(report);
    else
        context.print(fmt::format("{}: a verified backup; {}\n",
                                  base::string_or(report, "path", ""), summary_of(report)));
    return exit_ok;
}

Outcome<int> restore(Context& context) {
    auto data = context.data();
    if (!data) return stop(std::move(data.error()));
    auto done = storage::restore_backup(context.arguments.text("BACKUP"), *data,
                                        context.arguments.has("force"),
                                        storage::built_in_migrations(), base::SystemClock().now());
    if (!done) return refused(std::move(done.error()), exit_no);
    Json report = storage::to_json(done->backup);
    if (context.json()) {
        report["data"] = *data;
        report["kept"] = done->kept.empty() ? Json() : Json(done->kept.string());
        report["missing_blobs"] = done->missing_blobs;
        context.print_json(report);
        return exit_ok;
    }
    context.print(fmt::format("{} holds the state of {} again; {}\n", *data,
                              base::format_time(done->backup.created_at), summary_of(report)));
    if (!done->kept.empty())
        context.print(fmt::format("what was there is kept in {}; remove it when all is well\n",
                                  done->kept.string()));
    if (done->missing_blobs != 0)
        context.note(
            fmt::format("{} large values that this state names were removed since; they "
                        "come back only from a whole backup\n",
                        done->missing_blobs));
    return exit_ok;
}

Finding check_backup(const fs::path& data, Time now) {
    std::error_code ignored;
    const std::string name = "backup";
    if (!fs::exists(data / "sluice.db", ignored)) return {name, Verdict::ok, "no database yet", ""};
    const auto last = storage::last_backup(data);
    if (!last)
        return {name, Verdict::warn, "none was taken of this directory",
                "sluice backup FOLDER, on another disk; it needs no stop of the server"};
    const auto text =
        fmt::format("{} in {}", base::format_time(last->created_at), last->folder.string());
    if (!fs::exists(last->folder, ignored))
        return {name, Verdict::warn, text + ", which is not there now",
                "look whether it was moved; else take a new one"};
    if (now - last->created_at > advised_age)
        return {name, Verdict::warn, text + ", more than a week ago",
                "sluice backup FOLDER; a timer can do it every night"};
    return {name, Verdict::ok, text, ""};
}

}  // namespace sluice::cli
