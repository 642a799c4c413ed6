#include "cli/follow.hpp"

#include <csignal>

#include <sys/ioctl.h>

#include "cli/progress.hpp"
#include "cli/table.hpp"
#include "sluice/base/clock.hpp"

namespace sluice::cli {

namespace {

volatile std::sig_atomic_t interrupted = 0;

extern "C" void on_interrupt(int) {
    interrupted = 1;
    interrupt_stream();
}

/// Ctrl-C ends the following, not the process; a second one ends the process.
class InterruptWatch {
  public:
    InterruptWatch() {
        interrupted = 0;
        struct sigaction action{};
        action.sa_handler = on_interrupt;
        action.sa_flags = SA_RESETHAND;
        sigaction(SIGINT, &action, &before_int_);
        sigaction(SIGTERM, &action, &before_term_);
    }
    ~InterruptWatch() {
        sigaction(SIGINT, &before_int_, nullptr);
        sigaction(SIGTERM, &before_term_, nullptr);
    }
    InterruptWatch(const InterruptWatch&) = delete;
    InterruptWatch& operator=(const InterruptWatch&) = delete;

  private:
    struct sigaction before_int_{}, before_term_{};
};

/// Draws the progress.
class Painter {
  public:
    explicit Painter(const Context& context) : context_(context), started_(clock_.steady()) {}

    void show(const Progress& progress, bool last) {
        if (context_.json()) return;
        const auto elapsed = clock_.steady() - started_;
        if (context_.streams.terminal) return draw(progress, elapsed, last);
        const int tenth = progress.percent() / 10;
        if (last || (elapsed - told_at_ < std::chrono::seconds(1) && tenth == told_tenth_)) return;
        if (elapsed - told_at_ < std::chrono::milliseconds(100)) return;
        told_at_ = elapsed;
        told_tenth_ = tenth;
        auto line = progress.line();
        if (line == told_) return;
        context_.note(fmt::format("{:>8}  {}\n", human_duration(elapsed), line));
        told_ = std::move(line);
    }

    /// Takes the view away, so that the table follows the command.
    void clear() {
        if (drawn_ > 0) context_.print_exactly(fmt::format("\x1b[{}A\x1b[J", drawn_));
        drawn_ = 0;
    }

  private:
    void draw(const Progress& progress, Duration elapsed, bool last) {
        if (!last && drawn_ > 0 && elapsed - told_at_ < std::chrono::milliseconds(100)) return;
        told_at_ = elapsed;
        winsize size{};
        ioctl(fileno(context_.streams.out), TIOCGWINSZ, &size);
        const std::size_t height = size.ws_row > 6 ? size.ws_row - 3U : 20U,
                          width = size.ws_col > 20 ? size.ws_col - 1U : 100U;
        auto lines = progress.view();
        if (lines.size() > height)
            lines.erase(lines.begin(), lines.end() - static_cast<std::ptrdiff_t>(height));
        lines.push_back(fmt::format("   {}% of the known steps, {}", progress.percent(),
                                    human_duration(elapsed)));
        std::string text = drawn_ > 0 ? fmt::format("\x1b[{}A\x1b[J", drawn_) : "";
        for (auto& line : lines) {
            if (line.size() > width) line.resize(width);  // a line that wraps would spoil the count
            text += tame(line) + "\n";
        }
        context_.print_exactly(text);
        drawn_ = lines.size();
    }

    const Context& context_;
    base::SystemClock clock_;
    Duration started_, told_at_{};
    int told_tenth_ = 0;
    std::string told_;
    std::size_t drawn_ = 0;
};

/// A long output would push the table off the screen.
std::string first_lines(std::string text, const std::string& id) {
    constexpr int most = 100;
    std::size_t end = 0;
    for (int line = 0; line < most && end != std::string::npos; ++line)
        end = text.find('\n', end == 0 ? 0 : end + 1);
    if (end == std::string::npos || end + 1 >= text.size()) return text;
    text.resize(end + 1);
    return text + fmt::format("… (`sluice runs output {}` prints it whole)\n", id);
}

std::string run_path(const std::string& id) { return "/api/v1/runs/" + encode(id); }

/// One look at the run, waiting a moment for its end.
Outcome<bool> poll(Connection& server, const std::string& id) {
    auto run = server.get(run_path(id), {{"wait", "5s"}});
    if (!run) return stop(std::move(run.error()));
    return is_final(base::string_or(*run, "status", ""));
}

}  // namespace

Outcome<bool> follow_run(Context& context, Connection& server, const std::string& id) {
    auto before = server.get(run_path(id));
    if (!before) return stop(std::move(before.error()));
    if (is_final(base::string_or(*before, "status", ""))) return true;

    const InterruptWatch watch;
    Progress progress;
    Painter painter(context);
    for (bool ended = false; !ended && !interrupted;) {
        const auto take = [&](const StreamedEvent& event) {
            if (!event.name.empty())
                return !interrupted;  // live detail and resync: the journal tells what counts
            if (const auto entry = base::parse_json(event.data)) progress.apply(*entry);
            painter.show(progress, false);
            return !interrupted && !progress.ended();
        };
        const auto last =
            progress.last_seq() > 0 ? fmt::format("{}", progress.last_seq()) : std::string();
        // The server says something at least every 20 s.
        const Call call{"GET", "/api/v1/events",        {{"topic", "run/" + id}}, {},
                        {},    std::chrono::seconds(45)};
        auto end = server.follow(call, last, take);
        if (progress.ended() || interrupted) break;
        auto polled = poll(server, id);
        if (interrupted) break;
        if (!polled) {
            painter.clear();
            return stop(std::move(polled.error()));
        }
        ended = *polled;
    }
    painter.show(progress, true);
    painter.clear();
    return !interrupted;
}

Outcome<int> print_run(Context& context, Connection& server, const std::string& id, Json more) {
    auto run = server.get(run_path(id));
    if (!run) return stop(std::move(run.error()));
    StepFold fold;
    constexpr std::int64_t page = 5000;
    for (std::int64_t offset = 0;; offset += page) {
        auto steps = server.get(run_path(id) + "/steps", {{"limit", fmt::format("{}", page)},
                                                          {"offset", fmt::format("{}", offset)}});
        if (!steps) return stop(std::move(steps.error()));
        const auto* items = base::find_member(*steps, "items");
        if (!items || !items->is_array() || items->empty()) break;
        for (const auto& step : *items) fold.add(step);
        if (items->size() < static_cast<std::size_t>(page)) break;
    }
    auto artifacts = list_items(server, "/api/v1/artifacts", {{"run", id}}, 200);
    const auto status = base::string_or(*run, "status", "");
    const int exit = status == "succeeded" || !is_final(status) ? exit_ok : exit_no;

    if (context.json()) {
        more["run"] = std::move(*run);
        more["nodes"] = nodes_json(fold.nodes());
        more["artifacts"] = artifacts ? std::move(*artifacts) : Json::array();
        context.print_json(more);
        return exit;
    }
    if (const auto nodes = fold.nodes(); !nodes.empty()) context.print(render_nodes(nodes));
    const auto* totals = base::find_member(*run, "totals");
    const auto started = base::parse_time(base::string_or(*run, "created_at", ""));
    const auto finished = base::parse_time(base::string_or(*run, "finished_at", ""));
    std::string line = fmt::format("\nrun {} {}", id, status);
    if (started && finished) line += fmt::format(" in {}", human_duration(*finished - *started));
    const auto cost = totals ? base::parse_usd(base::string_or(*totals, "cost_usd", "0"))
                             : Result<NanoUsd>(NanoUsd{});
    if (totals) {
        const auto tokens = totals->value("input_tokens", std::int64_t{0}) +
                            totals->value("output_tokens", std::int64_t{0});
        line += fmt::format("; {} steps", grouped(totals->value("steps", std::int64_t{0})));
        if (tokens > 0)
            line += fmt::format(", {} tokens, {}", grouped(tokens), cost ? human_cost(*cost) : "-");
    }
    context.print(line + "\n");
    if (totals && totals->value("simulated", false))
        context.print("model calls were simulated: no key was set\n");
    if (const auto* error = base::find_member(*run, "error"); error && error->is_object()) {
        const auto step = base::string_or(*error, "step", "");
        context.print(fmt::format("error{}: {}\n", step.empty() ? "" : " in " + step,
                                  base::string_or(*error, "message", "")));
    }
    if (artifacts && !artifacts->empty()) {
        Table table({{"FILE"}, {"SIZE", true}, {"ARTIFACT"}});
        for (const auto& artifact : *artifacts)
            table.add({cell(artifact, "name"),
                       human_bytes(artifact.value("size_bytes", std::int64_t{0})),
                       cell(artifact, "id")});
        context.print("\n" + table.render());
        context.print("`sluice artifacts get ID -o FILE` saves one\n");
    }
    if (const auto* output = base::find_member(*run, "output"); output && !output->is_null())
        context.print("\noutput:\n" + first_lines(base::dump_json_pretty(*output), id));
    return exit;
}

int tell_interrupted(Context& context, const Connection& server, const std::string& id) {
    if (server.way() == Connection::Way::in_process) {
        const auto data = context.data();
        context.note(
            fmt::format("interrupted: run {} is recorded and goes on at the next start on {} "
                        "(`sluice serve --data {}`)\n",
                        id, data ? *data : "", data ? *data : ""));
    } else {
        context.note(
            fmt::format("run {} goes on; `sluice runs watch {}` follows it again, `sluice runs "
                        "cancel {}` ends it\n",
                        id, id, id));
    }
    return exit_interrupted;
}

Outcome<std::string> flow_id(Connection& server, const std::string& name) {
    if (name.starts_with("flw_")) return name;
    auto found = server.get("/api/v1/flows", {{"name", name}, {"limit", "1"}});
    if (!found) return stop(std::move(found.error()));
    const auto* items = base::find_member(*found, "items");
    if (items && items->is_array() && !items->empty())
        return base::string_or((*items)[0], "id", "");
    return answer_no("there is no flow {}; `sluice flows list` lists those that there are", name);
}

Outcome<std::int64_t> whole_number(const Context& context, std::string_view option,
                                   std::int64_t fallback) {
    if (!context.arguments.has(option)) return fallback;
    const auto text = context.arguments.text(option);
    std::int64_t number = 0;
    const auto end = std::from_chars(text.data(), text.data() + text.size(), number);
    if (end.ec != std::errc() || end.ptr != text.data() + text.size() || number < 0 || text.empty())
        return wrong_use("{} must be a whole number, not \"{}\"", option, text);
    return number;
}

Outcome<Json> list_items(Connection& server, const std::string& path,
                         std::vector<std::pair<std::string, std::string>> query,
                         std::int64_t most) {
    Json out = Json::array();
    std::string cursor;
    while (static_cast<std::int64_t>(out.size()) < most) {
        auto page_query = query;
        page_query.emplace_back(
            "limit", fmt::format("{}", std::min<std::int64_t>(
                                           200, most - static_cast<std::int64_t>(out.size()))));
        if (!cursor.empty()) page_query.emplace_back("cursor", cursor);
        auto page = server.get(path, std::move(page_query));
        if (!page) return stop(std::move(page.error()));
        if (auto* items = base::find_member(*page, "items"); items && items->is_array())
            for (const auto& item : *items) out.push_back(item);
        cursor = base::string_or(*page, "next_cursor", "");
        if (cursor.empty()) break;
    }
    return out;
}

}  // namespace sluice::cli
