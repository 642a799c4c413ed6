// Guardrails on the way of a call: the request before anything is done with it, the answer before the caller sees it.

#include <algorithm>

#include "llm/gateway_answers.hpp"
#include "llm/gateway_state.hpp"
#include "llm/guard.hpp"
#include "sluice/runtime/pool.hpp"

namespace sluice::llm {
namespace {

constexpr base::JsonLimits body_limits{.size_bytes = 64 << 20, .depth = 128, .keys = 100'000, .string_bytes = 64 << 20};
constexpr std::size_t judged_at_once = 16 << 10;  ///< bytes; more is judged beside the loop

/// A body on its way through the rules; values alone, so that a thread of the pool may have it.
struct Judged {
    std::shared_ptr<const Guard> guard;
    GuardReport report;  ///< its own: the call may be given up and told of while a thread still judges
    bool input = true;
    std::string text;
    bool changed = false;
    std::optional<Error> broken;  ///< what cannot be read cannot be judged

    void run() {
        auto body = base::parse_json(text, body_limits);
        if (!body) {
            broken = std::move(body.error());
            return;
        }
        Judge judge(input ? guard->input : guard->output, input ? "input" : "output", report);
        changed = judge.body(*body);
        if (changed && !report.refusal) text = base::dump_json(*body);
    }
};

Awaitable<void> judge_body(Gateway::State& state, std::shared_ptr<Judged> judged) {
    if (judged->text.size() <= judged_at_once || !state.parts.blocking) {
        judged->run();
        co_return;
    }
    auto work = [judged] { judged->run(); };
    co_await state.parts.blocking->run(std::move(work));
}

/// The rules that a schema of an answer is judged by.
std::vector<std::shared_ptr<const GuardRule>> schema_rules(const Guard& guard) {
    std::vector<std::shared_ptr<const GuardRule>> out;
    for (const auto& rule : guard.output)
        if (rule->type == GuardRule::Type::schema) out.push_back(rule);
    return out;
}

std::string_view without_fence(std::string_view text) {
    const auto trim = [](std::string_view t) {
        while (!t.empty() && std::string_view(" \t\r\n").find(t.front()) != std::string_view::npos) t.remove_prefix(1);
        while (!t.empty() && std::string_view(" \t\r\n").find(t.back()) != std::string_view::npos) t.remove_suffix(1);
        return t;
    };
    text = trim(text);
    if (!text.starts_with("```") || !text.ends_with("```") || text.size() < 6) return text;
    text = text.substr(3, text.size() - 6);
    const auto line = text.find('\n');
    return trim(line == std::string_view::npos ? text : text.substr(line + 1));
}

std::string text_of(const ModelAnswer& answer) {
    std::string out;
    for (const auto& block : answer.blocks)
        if (block.kind == Block::Kind::text) out += block.text;
    return out;
}

/// The request with the answer that was wrong and what is wrong with it, in the door's format. Nothing: it has no place for it.
std::optional<std::string> asked_again(const Incoming& in, const std::string& said, const std::string& wrong) {
    auto body = base::parse_json(in.request->body, body_limits);
    if (!body) return std::nullopt;
    const auto words = fmt::format("Your answer does not keep the JSON Schema that it must keep: {}. Answer again with the "
                                   "corrected JSON alone.", wrong);
    if (in.door.format == &gemini()) {
        auto& turns = (*body)["contents"];
        if (!turns.is_array()) return std::nullopt;
        turns.push_back({{"role", "model"}, {"parts", Json::array({{{"text", said}}})}});
        turns.push_back({{"role", "user"}, {"parts", Json::array({{{"text", words}}})}});
        return base::dump_json(*body);
    }
    auto& turns = (*body)[in.door.format == &openai_responses() ? "input" : "messages"];
    if (turns.is_string()) {
        Json first = {{"role", "user"}, {"content", turns}};
        turns = Json::array({std::move(first)});
    }
    if (!turns.is_array()) return std::nullopt;
    turns.push_back({{"role", "assistant"}, {"content", said}});
    turns.push_back({{"role", "user"}, {"content", words}});
    return base::dump_json(*body);
}

net::Response streamed_whole(const Incoming& in, ModelAnswer answer, AnswerContext context, const net::Response& whole) {
    auto writer = in.door.format->stream_writer(std::move(context));
    auto text = std::make_shared<std::string>();
    for (const auto& event : events_of(answer)) *text += writer->write(event);
    *text += writer->finish();
    std::function<Awaitable<void>(net::BodyWriter&)> stream = [text](net::BodyWriter& to) -> Awaitable<void> {
        auto written = co_await to.write(*text);
        (void)written;
    };
    auto out = net::event_stream(std::move(stream));
    for (const auto& [name, value] : whole.headers.all())
        if (std::string_view(name).starts_with("x-sluice-") || name == "sluice-run-id") out.headers.set(name, value);
    return out;
}

}  // namespace

void record_refusal(Gateway::State& state, const Incoming& in) {
    budget::Spend spend;
    spend.id = budget::SpendId::make(state.now(), state.parts.random);
    spend.scope = in.scope;
    spend.scope.model = in.model;
    spend.door = in.door.name;
    spend.kind = in.door.operation == Operation::embeddings ? "embedding" : "chat";
    spend.model = spend.requested_model = in.model;
    spend.request_id = in.request->id;
    spend.streamed = in.stream;
    spend.status = "refused";
    spend.error = guard_error(*in.report->refusal).message;
    spend.at = state.now();
    put_row(state, std::move(spend), in.report.get());
}

std::shared_ptr<const Guard> guard_of(Gateway::State& state, const budget::CallScope& scope, std::string_view asked, const Plan* plan) {
    if (!state.guards(scope.workspace)) return nullptr;
    std::vector<std::string> names{std::string(asked)};
    if (plan)
        for (const auto& target : plan->targets) {
            names.push_back(target.model);
            names.push_back(target.label());
        }
    return state.parts.guardrails->covering(scope, names);
}

Awaitable<std::optional<net::Response>> guard_request(Gateway::State& state, Incoming& in, const Plan* plan) {
    in.guard = guard_of(state, in.scope, in.model, plan);
    if (!in.guard) co_return std::nullopt;
    if (!in.report) {
        budget::Spend about;
        about.scope = in.scope;
        about.door = in.door.name;
        about.requested_model = in.model;
        about.request_id = in.request->id;
        in.report = new_report(state, std::move(about));
    }
    if (in.guard->input.empty()) co_return std::nullopt;
    auto judged = std::make_shared<Judged>(Judged{in.guard, {}, true, in.request->body, false, {}});
    co_await judge_body(state, judged);
    in.report->add(std::move(judged->report));
    if (judged->broken) co_return refuse(*in.door.format, *judged->broken, *in.request);
    if (in.report->refusal) {
        record_refusal(state, in);
        co_return refuse(*in.door.format, guard_error(*in.report->refusal), *in.request);
    }
    if (judged->changed) {
        in.request->body = std::move(judged->text);
        if (auto refused = read_body(in)) co_return std::move(*refused);
    }
    co_return std::nullopt;
}

Awaitable<std::optional<Outcome>> guard_answer(Gateway::State& state, Incoming& in, Account& account, const Target& target,
                                               std::string& body, const UsageRecord& usage) {
    if (!in.guard || in.guard->output.empty()) co_return std::nullopt;
    auto judged = std::make_shared<Judged>(Judged{in.guard, {}, false, std::move(body), false, {}});
    co_await judge_body(state, judged);
    body = std::move(judged->text);
    in.report->add(std::move(judged->report));
    if (judged->broken) co_return failed_answer(account, target, judged->broken->message, usage, std::nullopt);
    if (!in.report->refusal) co_return std::nullopt;
    co_return refused_answer(account, *in.report, usage);
}

Outcome refused_answer(Account& account, const GuardReport& report, UsageRecord usage) {
    Outcome out;
    out.error = guard_error(*report.refusal);
    account.set_error(out.error->message);
    account.finish("refused", std::move(usage));
    return out;
}

Awaitable<net::Response> keep_schema(Gateway::State& state, Incoming& in, Plan plan, net::Response response) {
    const auto& format = *in.door.format;
    for (bool again = true;; again = false) {
        if (response.status != 200) co_return response;
        auto parsed = base::parse_json(response.text, body_limits);
        auto answer = parsed ? format.read_answer(*parsed) : Result<ModelAnswer>(fail(std::move(parsed.error())));
        if (!answer) co_return refuse(format, answer.error(), *in.request);
        const bool calls = std::any_of(answer->blocks.begin(), answer->blocks.end(),
                                       [](const Block& block) { return block.kind == Block::Kind::tool_use; });
        const auto said = text_of(*answer);
        std::shared_ptr<const GuardRule> broken;
        std::string wrong;
        for (const auto& rule : schema_rules(*in.guard)) {
            if (calls || broken) break;  // the answer is still to come
            auto value = base::parse_json(without_fence(said), body_limits);
            if (!value) wrong = "it is no JSON: " + value.error().message;
            else if (auto mistakes = rule->schema->validate(*value); !mistakes.empty())
                wrong = fmt::format("{}{}", mistakes.front().pointer.empty() ? "" : mistakes.front().pointer + " ", mistakes.front().message);
            if (!wrong.empty()) broken = rule;
        }
        if (!broken) {
            if (in.request->idempotency) {
                storage::WriteUnit unit;
                in.request->record_once(unit, {200, response.text, {}});
                state.parts.storage.enqueue(std::move(unit), [](Result<void>) {});
            }
            if (!in.told_stream) co_return response;
            auto context = answer_context(state, in, nullptr);
            context.stream_usage = in.told_usage;
            co_return streamed_whole(in, std::move(*answer), std::move(context), response);
        }
        std::optional<std::string> body;
        if (again && broken->repair && !plan.targets.empty()) body = asked_again(in, said, wrong);
        if (!body) {
            auto error = guard_error({broken, "the model's answer does not keep its schema: " + wrong});
            error.status = 502;
            error.type = "upstream_failed";
            in.report->add(*broken, "output", "schema", true);
            co_return refuse(format, error, *in.request);
        }
        in.report->add(*broken, "output", "schema", false);
        in.request->body = std::move(*body);
        if (auto refused = read_body(in)) co_return std::move(*refused);
        response = co_await call_models(state, in, plan);
    }
}

std::optional<Error> guard_flow_request(const std::shared_ptr<const Guard>& guard, GuardReport& report, ChatRequest& request) {
    if (!guard || guard->input.empty()) return std::nullopt;
    Judge judge(guard->input, "input", report);
    for (auto& tool : request.tools) {
        judge.tool(tool.name);
        judge.text(tool.description);
        Json schema{{"parameters", std::move(tool.parameters)}};
        judge.part(schema);
        tool.parameters = std::move(schema["parameters"]);
    }
    for (auto& message : request.messages) {
        Json part{{"content", std::move(message.content)}};
        judge.part(part);
        message.content = std::move(part["content"]);
        for (auto& call : message.tool_calls) {
            Json arguments{{"args", std::move(call.arguments)}};
            judge.part(arguments);
            call.arguments = std::move(arguments["args"]);
        }
    }
    if (request.response_schema) {
        Json schema{{"schema", std::move(*request.response_schema)}};
        judge.part(schema);
        request.response_schema = std::move(schema["schema"]);
    }
    judge.part(request.extra);
    judge.finish(static_cast<std::int64_t>(request.messages.size()));
    if (!report.refusal) return std::nullopt;
    return Error{ErrorCode::unprocessable, guard_error(*report.refusal).message, {}, false};
}

std::optional<Error> guard_flow_answer(const std::shared_ptr<const Guard>& guard, GuardReport& report, Completion& completion) {
    if (!guard || guard->output.empty()) return std::nullopt;
    Judge judge(guard->output, "output", report);
    judge.text(completion.text);
    for (auto& call : completion.tool_calls) {
        judge.tool(call.name);
        Json arguments{{"args", std::move(call.arguments)}};
        judge.part(arguments);
        call.arguments = std::move(arguments["args"]);
    }
    judge.finish(0);
    if (report.refusal) return Error{ErrorCode::unprocessable, guard_error(*report.refusal).message, {}, false};
    for (const auto& rule : schema_rules(*guard)) {
        if (!completion.tool_calls.empty()) break;
        auto value = base::parse_json(without_fence(completion.text), body_limits);
        auto mistakes = value ? rule->schema->validate(*value) : std::vector<base::ErrorDetail>{{"", "it is no JSON"}};
        if (mistakes.empty()) continue;
        report.add(*rule, "output", "schema", true);
        // The step's next attempt asks again.
        return Error{ErrorCode::upstream_failed, fmt::format("the guardrail {} refuses the model's answer: {}", rule->row.name, mistakes.front().message),
                     std::move(mistakes), true};
    }
    return std::nullopt;
}

}  // namespace sluice::llm
