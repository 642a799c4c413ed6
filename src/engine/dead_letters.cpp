#include "engine/dead_letters.hpp"

#include "engine/dead_letters_state.hpp"

namespace sluice::engine {

namespace {

constexpr std::size_t longest_message = 2000;

Json parsed(const std::string& text) {
    Json value = text.empty() ? Json::object() : Json::parse(text, nullptr, false);
    return value.is_object() ? value : Json::object();
}

/// At most `longest_message` bytes, not cut within a character.
std::string shortened(std::string text) {
    if (text.size() <= longest_message) return text;
    std::size_t end = longest_message;
    while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80) --end;
    text.resize(end);
    return text + "…";
}

std::string random_key(base::Random& random) {
    std::string key(32, '\0');
    random.fill({reinterpret_cast<std::uint8_t*>(key.data()), key.size()});
    return key;
}

DeadLetter letter_of(const Run& run, Time at, base::Random& random) {
    DeadLetter letter;
    letter.id = DeadLetterId::make(at, random);
    letter.run = run.id;
    letter.flow = run.flow;
    letter.flow_version = run.flow_version;
    letter.flow_name = run.flow_name;
    letter.project = run.project;
    letter.created_at = at;
    return letter;
}

DeadLetter closed(DeadLetter letter, std::string state, std::string reason, std::string by, Time at, std::optional<RunId> run) {
    letter.state = std::move(state);
    letter.reason = std::move(reason);
    letter.decided_by = std::move(by);
    letter.decided_at = at;
    letter.redriven_run = run;
    return letter;
}

Json optional_time(const std::optional<Time>& time) { return time ? Json(base::format_time(*time)) : Json(); }
Json text_or_null(const std::string& text) { return text.empty() ? Json() : Json(text); }

}  // namespace

void dead_letters::append(storage::WriteUnit& unit, const Run& run, const std::vector<Record>& records, bool& had_unknown,
                          base::Random& random) {
    for (const Record& record : records) {
        switch (record.kind) {
            case RecordKind::step_unknown: {
                had_unknown = true;
                DeadLetter letter = letter_of(run, record.at, random);
                letter.step = record.path;
                letter.cause = letter.code = "unknown";
                letter.message = "a crash hid how this step ended, and it must not be done twice without somebody's word; "
                                 "look at the other side, then decide";
                letter.attempts = std::max(1, record.attempt);
                store::append_letter(unit, run.workspace, letter);
                break;
            }
            case RecordKind::step_decided: {
                const Json data = parsed(record.data);
                const std::string reason = fmt::format("decided: {}", base::string_or(data, "decision", "?"));
                store::append_close_step(unit, run.workspace, run.id, record.path,
                                         {"redriven", reason, base::string_or(data, "by", ""), record.at, run.id});
                break;
            }
            case RecordKind::run_retried: {
                const Json data = parsed(record.data);
                store::append_close_run(unit, run.workspace, run.id, {"redriven", base::string_or(data, "reason", ""),
                                                                      base::string_or(data, "by", ""), record.at, run.id});
                break;
            }
            case RecordKind::run_failed: {
                if (had_unknown)
                    store::append_close_run(unit, run.workspace, run.id,
                                            {"discarded", "the run failed at another step", "", record.at, std::nullopt});
                const Json error = parsed(record.value);
                const std::string step = base::string_or(error, "step", "");
                if (step.empty()) break;   // the flow's output or the like: no step to do again
                DeadLetter letter = letter_of(run, record.at, random);
                letter.step = step;
                letter.cause = "failed";
                letter.code = base::string_or(error, "code", "internal");
                letter.message = shortened(base::string_or(error, "message", ""));
                const Json* attempt = base::find_member(error, "attempt");
                letter.attempts = attempt != nullptr && attempt->is_number_integer() ? attempt->get<int>() : 1;
                store::append_letter(unit, run.workspace, letter);
                break;
            }
            case RecordKind::run_succeeded:
            case RecordKind::run_cancelled:
            case RecordKind::run_timed_out:
                if (had_unknown)
                    store::append_close_run(unit, run.workspace, run.id,
                                            {"discarded", fmt::format("the run ended ({})", to_string(record.kind).substr(4)), "", record.at,
                                             std::nullopt});
                break;
            default: break;
        }
    }
}

DeadLetters::DeadLetters(runtime::Loop& loop, storage::Storage& storage, Engine& engine, base::Random& random)
    : state_(std::make_shared<State>(loop, storage, engine, random_key(random))) {}
DeadLetters::~DeadLetters() = default;

void DeadLetters::set_cursor_key(std::string key) { state_->cursors = events::Cursors(std::move(key)); }

Awaitable<Result<DeadLetter>> DeadLetters::State::get(WorkspaceId workspace, DeadLetterId id) {
    auto found = co_await store::find_letter(storage, workspace, id);
    if (!found) co_return fail(std::move(found.error()));
    if (!*found)
        co_return fail(ErrorCode::not_found, "there is no dead letter {} in this workspace; `sluice dead-letters list` shows them", id);
    co_return std::move(**found);
}

Awaitable<Result<LetterGroups>> DeadLetters::groups(WorkspaceId workspace, LetterFilter filter, base::SeenNames data) {
    co_return co_await store::group_letters(state_->storage, workspace, std::move(filter), std::move(data));
}

Awaitable<Result<DeadLetter>> DeadLetters::get(WorkspaceId workspace, DeadLetterId id) { co_return co_await state_->get(workspace, id); }

Awaitable<Result<LetterList>> DeadLetters::list(WorkspaceId workspace, LetterFilter filter, int limit, std::string cursor) {
    const std::string name = "dead-letters|" + base::dump_json(to_json(filter));
    auto position = state_->cursors.read(workspace, name, cursor);
    if (!position) co_return fail(std::move(position.error()));
    auto letters = co_await store::list_letters(state_->storage, workspace, std::move(filter), DeadLetterId::from_raw(*position), limit + 1);
    if (!letters) co_return fail(std::move(letters.error()));
    LetterList list{std::move(*letters), {}};
    if (static_cast<int>(list.items.size()) > limit) {
        list.items.pop_back();
        list.next_cursor = state_->cursors.make(workspace, name, list.items.back().id.raw());
    }
    co_return list;
}

Awaitable<Result<Json>> DeadLetters::detail(WorkspaceId workspace, DeadLetterId id) {
    auto letter = co_await state_->get(workspace, id);
    if (!letter) co_return fail(std::move(letter.error()));
    Json json = to_json(*letter);
    auto input = co_await state_->engine.input(workspace, letter->run);
    if (!input && input.error().code != ErrorCode::not_found) co_return fail(std::move(input.error()));
    json["input"] = input ? std::move(*input) : Json();
    auto attempts = co_await store::attempts_of(state_->storage, workspace, letter->run, letter->step);
    if (!attempts) co_return fail(std::move(attempts.error()));
    json["history"] = Json(std::move(*attempts));
    auto run = co_await state_->engine.get(workspace, letter->run);
    if (!run && run.error().code != ErrorCode::not_found) co_return fail(std::move(run.error()));
    json["lineage"] = {{"parent_run_id", run && run->parent ? Json(run->parent->str()) : Json()},
                       {"retries", run ? run->retries : 0},
                       {"run_status", run ? Json(to_string(run->status)) : Json()}};
    co_return json;
}

Awaitable<Result<RunId>> DeadLetters::redrive(WorkspaceId workspace, DeadLetterId id, Redrive how) {
    auto letter = co_await state_->get(workspace, id);
    if (!letter) co_return fail(std::move(letter.error()));
    co_return co_await state_->redrive(workspace, std::move(*letter), std::move(how));
}

Awaitable<Result<RunId>> DeadLetters::State::redrive(WorkspaceId workspace, DeadLetter letter, Redrive how) {
    if (letter.state != "open")
        co_return fail(ErrorCode::conflict, "the dead letter {} is {} already{}; only an open one is redriven", letter.id, letter.state,
                       letter.redriven_run ? fmt::format(" as {}", *letter.redriven_run) : std::string());
    const std::string reason = fmt::format("dead letter {}", letter.id);
    if (how.input || how.version != 0) {
        Rerun rerun;
        rerun.input = std::move(how.input);
        rerun.version = how.version;
        rerun.started_by = how.started_by;
        const Time now = loop.now();
        rerun.also = [workspace, letter, by = how.by, now, also = how.also](storage::WriteUnit& unit, RunId run) {
            store::append_close(unit, workspace, letter.id, {"redriven", "as a new run", by, now, run});
            if (also) also(unit, closed(letter, "redriven", "as a new run", by, now, run));
        };
        auto run = co_await engine.rerun(workspace, letter.run, std::move(rerun));
        if (!run) co_return fail(std::move(run.error()));
        if (letter.cause == "unknown") {   // the first run would wait for ever
            auto cancelled = co_await engine.cancel(workspace, letter.run, fmt::format("done again as {}", *run));
            if (!cancelled && cancelled.error().code != ErrorCode::conflict) co_return fail(std::move(cancelled.error()));
        }
        co_return *run;
    }
    // The record of the retry, or of the decision, closes the letter in its own unit.
    const bool unknown = letter.cause == "unknown";
    Engine::Also also;
    if (how.also)
        also = [this, letter, why = unknown ? std::string("decided: retry") : reason, by = how.by,
                more = how.also](storage::WriteUnit& unit, RunStatus) { more(unit, closed(letter, "redriven", why, by, loop.now(), letter.run)); };
    if (unknown) {
        StepDecision decision;
        decision.path = letter.step;
        decision.decision = Decision::retry;
        decision.by = how.by;
        decision.reason = reason;
        auto decided = co_await engine.decide(workspace, letter.run, std::move(decision), std::move(also));
        if (!decided) co_return fail(std::move(decided.error()));
    } else {
        auto retried = co_await engine.retry(workspace, letter.run, how.by, reason, std::move(also));
        if (!retried) co_return fail(std::move(retried.error()));
    }
    co_return letter.run;
}

Awaitable<Result<DeadLetter>> DeadLetters::discard(WorkspaceId workspace, DeadLetterId id, std::string reason, std::string by, AlsoLetter also) {
    auto letter = co_await state_->get(workspace, id);
    if (!letter) co_return fail(std::move(letter.error()));
    if (letter->state != "open") co_return fail(ErrorCode::conflict, "the dead letter {} is {} already", id, letter->state);
    const DeadLetter discarded = closed(*letter, "discarded", reason, by, state_->loop.now(), std::nullopt);
    storage::WriteUnit unit;
    store::append_close(unit, workspace, id, {"discarded", std::move(reason), std::move(by), *discarded.decided_at, std::nullopt});
    if (also) also(unit, discarded);
    auto done = co_await state_->storage.submit(std::move(unit));
    if (!done) co_return fail(std::move(done.error()));
    co_return discarded;
}

Json to_json(const DeadLetter& letter) {
    return {{"id", letter.id.str()},
            {"run_id", letter.run.str()},
            {"flow", {{"id", letter.flow.str()}, {"name", letter.flow_name}, {"version", letter.flow_version}}},
            {"step", letter.step},
            {"cause", letter.cause},
            {"error", {{"code", letter.code}, {"message", letter.message}}},
            {"attempts", letter.attempts},
            {"created_at", base::format_time(letter.created_at)},
            {"state", letter.state},
            {"reason", text_or_null(letter.reason)},
            {"decided_by", text_or_null(letter.decided_by)},
            {"decided_at", optional_time(letter.decided_at)},
            {"redriven_run_id", letter.redriven_run ? Json(letter.redriven_run->str()) : Json()}};
}

Json to_json(const LetterFilter& filter) {
    Json json = Json::object();
    if (!filter.state.empty()) json["state"] = filter.state;
    if (filter.flow) json["flow"] = filter.flow->str();
    if (!filter.code.empty()) json["code"] = filter.code;
    if (filter.since) json["since"] = base::format_time(*filter.since);
    if (filter.until) json["until"] = base::format_time(*filter.until);
    if (!filter.seen.all()) json["within"] = filter.seen.text();
    return json;
}

Result<LetterFilter> letter_filter(const Json& json, const std::string& pointer) {
    const auto wrong = [&pointer](std::string_view member, std::string message) {
        const std::string place = member.empty() ? pointer : fmt::format("{}/{}", pointer, base::escape_pointer(member));
        return fail(Error{ErrorCode::invalid_argument, message, {{place, message}}});
    };
    LetterFilter filter;
    if (json.is_null()) return filter;
    if (!json.is_object()) return wrong("", "a filter is an object such as {\"flow\": \"flw_…\", \"code\": \"timeout\"}");
    for (const auto& [key, value] : json.items()) {
        if (!value.is_string()) return wrong(key, fmt::format("{} must be a text", key));
        const auto& text = value.get_ref<const std::string&>();
        if (key == "state") {
            if (text != "open" && text != "redriven" && text != "discarded")
                return wrong(key, fmt::format("state \"{}\" is none; there are open, redriven and discarded", text));
            filter.state = text;
        } else if (key == "code") {
            filter.code = text;
        } else if (key == "within") {
            filter.seen = base::SeenNames::from_text(text);
        } else if (key == "flow") {
            filter.flow = FlowId::parse(text);
            if (!filter.flow) return wrong(key, "flow must be a flow's id (flw_…)");
        } else if (key == "since" || key == "until") {
            auto time = base::parse_time(text);
            if (!time) return wrong(key, time.error().message);
            (key == "since" ? filter.since : filter.until) = *time;
        } else {
            return wrong(key, fmt::format("unknown field \"{}\"; there are state, flow, code, since and until", key));
        }
    }
    return filter;
}

}  // namespace sluice::engine
