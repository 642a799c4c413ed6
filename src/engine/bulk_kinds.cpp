// What differs between the kinds of bulk actions: which objects they take, what they do to one, and how they are shown.

#include "engine/bulk_state.hpp"
#include "engine/dead_letters_store.hpp"

namespace sluice::engine {

namespace {

constexpr std::string_view kinds[] = {"dead_letters.redrive", "runs.retry", "runs.rerun", "runs.cancel"};

Json optional_time(const std::optional<Time>& time) { return time ? Json(base::format_time(*time)) : Json(); }
Json text_or_null(const std::string& text) { return text.empty() ? Json() : Json(text); }

std::vector<RunStatus> usual_statuses(BulkKind kind) {
    if (kind == BulkKind::retry_runs) return {RunStatus::failed, RunStatus::timed_out};
    if (kind == BulkKind::cancel_runs) return {RunStatus::queued, RunStatus::running, RunStatus::waiting, RunStatus::paused};
    return {};
}

/// Why an action of this kind cannot take runs of this status; nothing when it can.
std::string_view unfit(BulkKind kind, RunStatus status) {
    if (kind == BulkKind::cancel_runs) return is_terminal(status) ? "only runs that have not ended are cancelled" : "";
    if (!is_terminal(status)) return "only runs that have ended are retried or run again";
    if (kind == BulkKind::retry_runs && status == RunStatus::succeeded) return "a run that succeeded has nothing to retry; run it again instead";
    return "";
}

/// What was stored by `begin` was read once before, so it can be read again.
template <class Selection>
Selection stored(Result<Selection> selection) {
    if (!selection) throw std::runtime_error("a bulk action's filter cannot be read: " + selection.error().message);
    return std::move(*selection);
}

constexpr std::size_t longest_text = 200;

/// What a filter has one text for. Errors: what is wrong with it.
std::optional<std::string> read_text(RunSelection& selection, const std::string& key, const std::string& text) {
    if (key == "flow") {
        selection.flow = FlowId::parse(text);
        if (!selection.flow) return "flow must be a flow's id (flw_…)";
    } else if (key == "parent") {
        selection.parent = RunId::parse(text);
        if (!selection.parent) return "parent must be a run's id (run_…)";
    } else if (key == "project") {
        selection.project = text;
    } else if (key == "trigger") {
        selection.trigger = text;
    } else if (key == "q") {
        if (text.size() > longest_text) return fmt::format("q has at most {} bytes", longest_text);
        selection.text = text;
    } else if (key == "within") {
        selection.seen = base::SeenNames::from_text(text);
    } else if (key == "reads") {
        selection.data = base::SeenNames::from_text(text);
    } else if (key == "code") {
        selection.code = text;
    } else if (key == "since" || key == "until") {
        auto time = base::parse_time(text);
        if (!time) return time.error().message;
        (key == "since" ? selection.since : selection.until) = *time;
    } else {
        return fmt::format("unknown field \"{}\"; there are status, flow, version, trigger, parent, q, project, code, since and until", key);
    }
    return std::nullopt;
}

BulkItem done_item(BulkObjectId object, RunId run, Time at) { return {object, run, std::nullopt, {}, {}, at}; }

}  // namespace

std::string_view to_string(BulkKind kind) { return kinds[static_cast<std::size_t>(kind)]; }

std::optional<BulkKind> bulk_kind_from(std::string_view text) {
    for (std::size_t i = 0; i < std::size(kinds); ++i)
        if (kinds[i] == text) return static_cast<BulkKind>(i);
    return std::nullopt;
}

Result<RunSelection> run_selection(const Json& json, BulkKind kind, const std::string& pointer) {
    const auto wrong = [&pointer](std::string_view member, std::string message) {
        const std::string place = member.empty() ? pointer : fmt::format("{}/{}", pointer, base::escape_pointer(member));
        return fail(Error{ErrorCode::invalid_argument, message, {{place, message}}});
    };
    RunSelection selection;
    if (!json.is_null() && !json.is_object()) return wrong("", "a filter is an object such as {\"status\": \"failed\", \"flow\": \"flw_…\"}");
    const Json members = json.is_null() ? Json::object() : json;
    for (const auto& [key, value] : members.items()) {
        if (key == "status") {
            const Json list = value.is_array() ? value : Json::array({value});
            for (const Json& one : list) {
                const auto status = one.is_string() ? run_status_from(one.get_ref<const std::string&>()) : std::nullopt;
                if (!status)
                    return wrong(key, fmt::format("{} is no status; there are queued, running, waiting, paused, succeeded, failed, cancelled "
                                                  "and timed_out", base::dump_json(one)));
                if (const auto why = unfit(kind, *status); !why.empty()) return wrong(key, fmt::format("{}: {}", to_string(*status), why));
                if (std::find(selection.statuses.begin(), selection.statuses.end(), *status) == selection.statuses.end())
                    selection.statuses.push_back(*status);
            }
            continue;
        }
        if (key == "version") {
            if (!value.is_number_integer() || value < -(std::int64_t{1} << 30) || value > std::int64_t{1} << 30)
                return wrong(key, "version is a number of one of the flow's versions");
            selection.version = value.get<int>();
            continue;
        }
        if (!value.is_string()) return wrong(key, fmt::format("{} must be a text", key));
        if (auto mistake = read_text(selection, key, value.get_ref<const std::string&>())) return wrong(key, std::move(*mistake));
    }
    if (selection.version && !selection.flow) return wrong("version", "a version is one flow's; name the flow as well: flow is its id (flw_…)");
    if (selection.statuses.empty()) selection.statuses = usual_statuses(kind);
    if (selection.statuses.empty())
        return wrong("status", "say which runs are run again: status is succeeded, failed, cancelled, timed_out, or a list of them");
    return selection;
}

Json to_json(const RunSelection& selection) {
    Json statuses = Json::array();
    for (const RunStatus status : selection.statuses) statuses.push_back(to_string(status));
    Json json = {{"status", std::move(statuses)}};
    if (selection.flow) json["flow"] = selection.flow->str();
    if (selection.version) json["version"] = *selection.version;
    if (!selection.trigger.empty()) json["trigger"] = selection.trigger;
    if (selection.parent) json["parent"] = selection.parent->str();
    if (!selection.text.empty()) json["q"] = selection.text;
    if (!selection.project.empty()) json["project"] = selection.project;
    if (!selection.code.empty()) json["code"] = selection.code;
    if (selection.since) json["since"] = base::format_time(*selection.since);
    if (selection.until) json["until"] = base::format_time(*selection.until);
    if (!selection.seen.all()) json["within"] = selection.seen.text();
    if (!selection.text.empty() && !selection.data.all()) json["reads"] = selection.data.text();
    return json;
}

Json to_json(const BulkHow& how) {
    Json json = Json::object();
    if (!how.reason.empty()) json["reason"] = how.reason;
    if (!how.from.empty()) json["from"] = how.from;
    if (how.input) json["input"] = *how.input;
    if (how.version == live_version) json["version"] = "live";
    else if (how.version != 0) json["version"] = how.version;
    return json;
}

BulkHow bulk_how_from(const Json& options) {
    BulkHow how;
    how.reason = base::string_or(options, "reason", "");
    how.from = base::string_or(options, "from", "");
    if (const Json* input = base::find_member(options, "input")) how.input = *input;
    if (const Json* version = base::find_member(options, "version"))
        how.version = version->is_number_integer() ? version->get<int>() : live_version;
    return how;
}

std::string object_text(BulkKind kind, BulkObjectId object) {
    return kind == BulkKind::redrive_letters ? DeadLetterId(object.bytes()).str() : RunId(object.bytes()).str();
}

Awaitable<Result<BulkCount>> BulkActions::State::count(WorkspaceId workspace, BulkKind kind, Json filter, Time now) {
    if (kind == BulkKind::redrive_letters) {
        auto selection = stored(letter_filter(filter, "/filter"));
        auto open = co_await store::count_open_letters(storage, workspace, std::move(selection));
        if (!open) co_return fail(std::move(open.error()));
        co_return BulkCount{open->count, BulkObjectId(open->newest.bytes())};
    }
    auto selection = stored(run_selection(filter, kind, "/filter"));
    auto runs = co_await store::count_selected_runs(storage, workspace, std::move(selection), now);
    if (!runs) co_return fail(std::move(runs.error()));
    co_return BulkCount{runs->count, BulkObjectId(runs->newest.bytes())};
}

Awaitable<Result<std::vector<BulkObjectId>>> BulkActions::State::next(const BulkAction& action, BulkObjectId after, int limit) {
    std::vector<BulkObjectId> objects;
    if (action.kind == BulkKind::redrive_letters) {
        auto selection = stored(letter_filter(action.filter, "/filter"));
        auto found = co_await store::open_letters(storage, action.workspace, std::move(selection), DeadLetterId(after.bytes()),
                                                  DeadLetterId(action.until.bytes()), limit);
        if (!found) co_return fail(std::move(found.error()));
        for (const DeadLetter& letter : *found) objects.emplace_back(letter.id.bytes());
        co_return objects;
    }
    auto selection = stored(run_selection(action.filter, action.kind, "/filter"));
    auto found = co_await store::select_runs(storage, action.workspace, std::move(selection), RunId(after.bytes()),
                                             RunId(action.until.bytes()), action.created_at, limit);
    if (!found) co_return fail(std::move(found.error()));
    for (const RunId run : *found) objects.emplace_back(run.bytes());
    co_return objects;
}

Awaitable<Result<RunId>> BulkActions::State::act(const BulkAction& action, BulkObjectId object) {
    const RunId run(object.bytes());
    const std::string by = action.id.str();
    BulkHow how = bulk_how_from(action.options);
    if (how.reason.empty()) how.reason = "bulk action " + by;
    const auto note = [workspace = action.workspace, id = action.id, object, now = loop.now()](storage::WriteUnit& unit, RunId what) {
        store::append_bulk_item(unit, workspace, id, done_item(object, what, now));
    };
    Engine::Also also = [note, run](storage::WriteUnit& unit, RunStatus) { note(unit, run); };
    switch (action.kind) {
        case BulkKind::redrive_letters: {
            Redrive redrive;
            redrive.by = by;
            redrive.also = [note](storage::WriteUnit& unit, const DeadLetter& letter) { note(unit, *letter.redriven_run); };
            co_return co_await letters.redrive(action.workspace, DeadLetterId(object.bytes()), std::move(redrive));
        }
        case BulkKind::retry_runs: {
            auto done = co_await engine.retry(action.workspace, run, by, std::move(how.reason), std::move(also));
            if (!done) co_return fail(std::move(done.error()));
            co_return run;
        }
        case BulkKind::cancel_runs: {
            auto done = co_await engine.cancel(action.workspace, run, std::move(how.reason), std::move(also));
            if (!done) co_return fail(std::move(done.error()));
            co_return run;
        }
        case BulkKind::rerun_runs: break;
    }
    Rerun rerun;
    rerun.from = std::move(how.from);
    rerun.input = std::move(how.input);
    rerun.version = how.version;
    rerun.started_by = {"bulk_action", by};
    rerun.also = note;
    co_return co_await engine.rerun(action.workspace, run, std::move(rerun));
}

base::SeenNames seen_names(const BulkAction& action) { return base::SeenNames::from_text(base::string_or(action.filter, "within", "")); }

void hide_limits(Json& filter) {
    filter.erase("within");
    filter.erase("reads");
}

Json to_json(const BulkAction& action) {
    Json filter = action.filter;
    if (filter.is_object()) hide_limits(filter);
    return {{"id", action.id.str()},
            {"kind", to_string(action.kind)},
            {"filter", std::move(filter)},
            {"options", action.options},
            {"state", action.state},
            {"total", action.total},
            {"done", action.done},
            {"failed", action.failed},
            {"canary", action.canary},
            {"rate_per_second", action.rate_per_second},
            {"canary_run_id", action.canary_run ? Json(action.canary_run->str()) : Json()},
            {"reason", text_or_null(action.reason)},
            {"created_by", action.created_by},
            {"created_at", base::format_time(action.created_at)},
            {"finished_at", optional_time(action.finished_at)}};
}

Json to_json(const BulkItem& item, BulkKind kind) {
    const bool refused = !item.code.empty();
    return {{"id", object_text(kind, item.object)},
            {"result", refused ? "failed" : "done"},
            {"run_id", item.run ? Json(item.run->str()) : Json()},
            {"run_status", item.status ? Json(to_string(*item.status)) : Json()},
            {"error", refused ? Json{{"code", item.code}, {"message", item.message}} : Json()},
            {"at", base::format_time(item.at)}};
}

}  // namespace sluice::engine
