// `seed --demo`: a workspace to look at, made by requests to a server whose clock is moved over two weeks. What comes before
// the script's crash happens in a process that ends there, so that the rest begins as after a power cut.

#include <algorithm>
#include <csignal>
#include <fstream>

#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli/command.hpp"
#include "cli/demo_script.hpp"
#include "sluice/base/clock.hpp"
#include "sluice/base/log.hpp"
#include "sluice/cel/template.hpp"
#include "sluice/flows/flows.hpp"

namespace sluice::cli {

namespace {

constexpr std::string_view fixed_now = "2026-11-24T09:00:00Z";

/// One thing that happens: a row of the script (its nth time), or a run that is started.
struct Happening {
    Time at;
    const Json* row = nullptr;
    std::int64_t number = 0;  ///< of the row's times
    bool starts_run = false;
};

class Demonstration {
  public:
    Demonstration(const Host& host, const config::Config& config, std::string data, Time now)
        : host_(host), config_(config), data_(std::move(data)), now_(now) {}

    /// Up to the crash; what the script named so far. The server is left as it stands.
    Outcome<Json> begin() {
        auto all = happenings();
        if (!all) return stop(exit_internal, std::move(all.error()));
        if (auto opened = open(now_ - std::chrono::hours(24 * 15)); !opened) return stop(std::move(opened.error()));
        auto done = go_on(*all, [](const Happening& one, Time crash) { return one.at < crash; });
        if (!done) return stop(std::move(done.error()));
        server_->move_to(crash_);
        return made_;
    }

    /// From the crash to the end; what is printed.
    Outcome<Json> end(Json made) {
        made_ = std::move(made);
        auto all = happenings();
        if (!all) return stop(exit_internal, std::move(all.error()));
        if (auto opened = open(crash_); !opened) return stop(std::move(opened.error()));
        auto done = go_on(*all, [](const Happening& one, Time crash) { return one.at > crash; });
        if (!done) return stop(std::move(done.error()));
        server_->move_to(now_);
        auto shown = rendered(script_["show"], 0);
        if (!shown) return stop(exit_internal, std::move(shown.error()));
        return std::move(*shown);
    }

  private:
    Result<Time> before_now(const Json& row, std::string_view key) const {
        auto before = base::parse_duration(base::string_or(row, key, "0s"));
        if (!before) return fail(std::move(before.error()));
        return now_ - *before;
    }

    Outcome<void> open(Time start) {
        auto server = host_.open_stepped(config_, data_.string(), start);
        if (!server) return stop(exit_code_of(server.error()), std::move(server.error()));
        server_ = std::move(*server);
        last_ = start;
        return {};
    }

    template <class Part>
    Outcome<void> go_on(const std::vector<Happening>& all, Part belongs) {
        std::vector<PlannedRun> runs;
        for (const auto& one : all) {
            if (!belongs(one, crash_)) continue;
            if (one.starts_run) {
                auto run = planned(one);
                if (!run) return stop(exit_internal, std::move(run.error()));
                runs.push_back(std::move(*run));
                continue;
            }
            if (auto done = play(runs); !done) return stop(exit_internal, std::move(done.error()));
            // No two requests share a moment, so that lists have one order.
            last_ = std::max(one.at, last_ + std::chrono::milliseconds(1003));
            server_->move_to(last_);
            if (auto done = act(*one.row, one.number); !done) return done;
        }
        if (auto done = play(runs); !done) return stop(exit_internal, std::move(done.error()));
        return {};
    }

    Result<std::vector<Happening>> happenings() {
        for (const auto* name : {"flows.yaml", "steps.yaml"}) {
            auto text = demo_file(name);
            auto read = text ? flows::parse_yaml(*text) : fail(std::move(text.error()));
            if (!read) return fail(std::move(read.error()));
            for (auto& [key, value] : read->items()) script_[key] = spelled_out(value);
        }
        std::vector<Happening> all;
        for (const auto& row : script_["steps"]) {
            auto at = before_now(row, "at");
            auto every = base::parse_duration(base::string_or(row, "every", "0s"));
            if (!at || !every) return fail(ErrorCode::internal, "the demonstration's step {} has no time", base::dump_json(row));
            if (base::string_or(row, "do", "") == "crash") {
                crash_ = *at;
                continue;
            }
            for (std::int64_t i = 0; i < row.value("times", 1); ++i) all.push_back({*at + i * *every, &row, i, false});
        }
        for (const auto& row : script_["load"]) {
            auto from = before_now(row, "from"), to = before_now(row, "to");
            if (!from || !to) return fail(ErrorCode::internal, "the demonstration's load {} has no time", base::dump_json(row));
            for (std::int64_t i = 0; i < row.value("runs", 0); ++i) all.push_back({busy_time(*from, *to), &row, i, true});
        }
        std::stable_sort(all.begin(), all.end(), [](const Happening& a, const Happening& b) { return a.at < b.at; });
        return all;
    }

    /// By chance, rather in working hours than at night or on a weekend.
    Time busy_time(Time from, Time to) {
        while (true) {
            const Time at = from + Duration(static_cast<std::int64_t>(chance_.below(static_cast<std::uint64_t>((to - from).count()))));
            const auto hours = std::chrono::duration_cast<std::chrono::hours>(at.time_since_epoch()).count();
            const auto hour = hours % 24, weekday = (hours / 24 + 4) % 7;  // the epoch was a Thursday, Sunday is 0
            const std::uint64_t weight = (hour >= 8 && hour < 18 ? 10 : 3) * (weekday == 0 || weekday == 6 ? 1 : 2);
            if (chance_.below(20) < weight) return at;
        }
    }

    /// The value with its expressions replaced: `made` has the answers so far, `i` is the number of the row's turn, `r` a number
    /// by chance below a million.
    Result<Json> rendered(const Json& value, std::int64_t number) {
        auto text = cel::Template::compile(value);
        if (!text) return fail(std::move(text.error()));
        const Json i = number, r = chance_.below(1'000'000), now = base::format_time(now_), at = base::format_time(last_);
        cel::Scope scope;
        scope.set("made", &made_);
        scope.set("i", &i);
        scope.set("r", &r);
        scope.set("now", &now);
        scope.set_now(last_);
        return text->render(scope);
    }

    Result<PlannedRun> planned(const Happening& one) {
        auto row = rendered(*one.row, one.number);
        if (!row) return fail(std::move(row.error()));
        const auto& starter = (*row)["by"];
        return PlannedRun{one.at, base::string_or(*row, "flow", ""), (*row)["input"], base::string_or(starter, "kind", ""),
                          base::string_or(starter, "id", "")};
    }

    Result<void> play(std::vector<PlannedRun>& runs) {
        if (runs.empty()) return {};
        return server_->play(std::exchange(runs, {}));
    }

    /// The document of a row's `file`, with what the row replaces in it.
    Result<Json> document(const std::string& name, const Json& row) {
        if (const auto* own = base::find_member(script_["flows"], name)) {
            Json out = *own;
            out["name"] = name;
            if (const auto* changes = base::find_member(row, "with")) out.merge_patch(*changes);
            if (!out.contains("settings")) out["settings"] = Json::object();
            out["settings"]["retention"] = {{"succeeded", "0s"}, {"failed", "0s"}};
            return out;
        }
        auto text = demo_file(name);
        if (!text) return fail(std::move(text.error()));
        if (const auto* pair = base::find_member(row, "replace"))
            for (std::size_t at = 0; (at = text->find((*pair)[0].get<std::string>(), at)) != std::string::npos;) {
                text->replace(at, (*pair)[0].get_ref<const std::string&>().size(), (*pair)[1].get<std::string>());
                at += (*pair)[1].get_ref<const std::string&>().size();
            }
        return name.ends_with(".json") ? base::parse_json(*text) : Result<Json>(Json(*text));
    }

    /// Who has no key is the owner of the machine.
    Outcome<Connection*> connection(std::string key) {
        if (key.empty()) {
            if (!owner_) owner_ = Connection::over_socket(server_->socket(), Connection::Way::in_process);
            return owner_.get();
        }
        auto opened = Connection::over_url(server_->url(), std::move(key));
        if (!opened) return stop(std::move(opened.error()));
        other_ = std::move(*opened);
        return other_.get();
    }

    Outcome<void> act(const Json& row, std::int64_t number) {
        const auto failed = [&row](Error error) {
            error.message = fmt::format("the demonstration's step {} failed: {}", base::dump_json(row).substr(0, 300), error.message);
            return stop(exit_internal, std::move(error));
        };
        Json plain = row;
        Json body;
        if (const auto* file = base::find_member(row, "file")) {
            auto read = document(file->get<std::string>(), row);
            if (!read) return failed(std::move(read.error()));
            body = std::move(*read);
            for (const auto* member : {"file", "with", "replace"}) plain.erase(member);
        }
        auto filled = rendered(plain, number);
        if (!filled) return failed(std::move(filled.error()));
        if (filled->contains("body")) body = std::move((*filled)["body"]);
        const auto what = base::string_or(*filled, "do", "");
        if (what.starts_with("/")) {  // a file for the flows that read files
            const std::filesystem::path place = data_ / what.substr(1);
            std::filesystem::create_directories(place.parent_path());
            std::ofstream(place, std::ios::binary) << body.get_ref<const std::string&>();
            return {};
        }
        auto reached = connection(base::string_or(*filled, "key", ""));
        if (!reached) return failed(std::move(reached.error().error));
        Connection& rest = **reached;
        rest.set_workspace(base::string_or(*filled, "in", ""));
        const auto space = what.find(' ');
        Call call{what.substr(0, space), what.substr(space + 1)};
        call.if_match = base::string_or(*filled, "if_match", "");
        if (!body.is_null()) call.body = base::dump_json(body);
        auto answer = rest.json(call);
        if (!answer) return row.contains("may_fail") ? Outcome<void>() : failed(std::move(answer.error().error));
        if (row.contains("as")) made_[row["as"].get<std::string>()] = std::move(*answer);
        return {};
    }

    const Host& host_;
    const config::Config& config_;
    const std::filesystem::path data_;
    const Time now_;
    Time last_{}, crash_{};
    std::unique_ptr<SteppedServer> server_;
    base::SeededRandom chance_{14};
    Json script_ = Json::object(), made_ = Json::object();
    std::unique_ptr<Connection> owner_, other_;
};

/// Does `begin` in a process of its own, which ends as by a power cut.
Outcome<Json> begin_and_die(Demonstration& demonstration) {
    int ends[2];
    if (::pipe(ends) != 0) return stop(exit_internal, Error{ErrorCode::internal, "no pipe can be made"});
    const pid_t child = ::fork();
    if (child == 0) {
        ::prctl(PR_SET_PDEATHSIG, SIGKILL);  // whoever kills the command means both
        log::init(log::Level::error, log::Format::text, "");
        auto made = demonstration.begin();
        const auto text = base::dump_json(made ? Json{{"made", *made}} : Json{{"exit", made.error().exit}, {"error", made.error().error.message}});
        for (std::string_view rest = text; !rest.empty();) {
            const auto written = ::write(ends[1], rest.data(), rest.size());
            if (written <= 0) break;
            rest.remove_prefix(static_cast<std::size_t>(written));
        }
        ::_exit(0);
    }
    ::close(ends[1]);
    std::string text;
    char piece[4096];
    for (ssize_t n; child > 0 && (n = ::read(ends[0], piece, sizeof piece)) > 0;) text.append(piece, static_cast<std::size_t>(n));
    ::close(ends[0]);
    if (child > 0) ::waitpid(child, nullptr, 0);
    auto told = base::parse_json(text);
    if (!told) return stop(exit_internal, Error{ErrorCode::internal, "the process that began the demonstration ended early"});
    if (auto* made = told->contains("made") ? &(*told)["made"] : nullptr) return std::move(*made);
    return stop(told->value("exit", static_cast<int>(exit_internal)), Error{ErrorCode::internal, base::string_or(*told, "error", "")});
}

void print_lines(Context& context, const Json& value, const std::string& name) {
    for (const auto& [key, member] : value.items()) {
        const auto label = name.empty() ? key : name + " " + key;
        if (member.is_structured()) print_lines(context, member, label);
        else context.print(fmt::format("{:<28} {}\n", label, member.is_string() ? member.get<std::string>() : member.dump()));
    }
}

}  // namespace

Outcome<int> seed(Context& context) {
    if (!context.arguments.has("demo")) return wrong_use("say what is to be made: sluice seed --demo");
    auto data = context.data();
    if (!data) return stop(std::move(data.error()));
    std::error_code ignored;
    if (std::filesystem::exists(std::filesystem::path(*data) / "sluice.db", ignored))
        return stop(exit_no, Error{ErrorCode::conflict, fmt::format("{} is a data directory that is in use; the demonstration needs one of its own: "
                                                                    "name a new one with --data", *data)});
    const auto wanted = context.arguments.text("now", fixed_now);
    auto now = wanted == "now" ? Result<Time>(base::SystemClock().now()) : base::parse_time(wanted);
    if (!now) return wrong_use("--now {}: {}", wanted, now.error().message);
    // What the shell says about models and limits does not count: the demonstration is the same everywhere, and calls nobody.
    config::Sources sources;
    for (const auto& [name, value] : config::sluice_environment())
        if (name.starts_with("SLUICE_VAULT_")) sources.environment[name] = value;
    // The passwords are no secrets; their hashes are made anew at the first sign-in.
    sources.flags = {{"auth-password-memory", "19MiB"}, {"auth-password-passes", "2"}};
    auto config = config::Config::load(context.host.settings, std::move(sources));
    if (!config) return stop(exit_config, std::move(config.error()));
    Outcome<Json> shown;
    {
        Demonstration demonstration(context.host, *config, *data, *now);
        auto made = begin_and_die(demonstration);
        if (!made) return stop(std::move(made.error()));
        log::init(log::Level::error, log::Format::text, "");
        shown = demonstration.end(std::move(*made));
    }
    log::shutdown();
    if (!shown) return stop(std::move(shown.error()));
    if (context.json()) context.print_json(*shown);
    else print_lines(context, *shown, "");
    return exit_ok;
}

}  // namespace sluice::cli
