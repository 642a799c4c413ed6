/// The built-in provider. It calls nobody: its answers are made of the request itself, so that
/// examples, tests and trials work without a key and repeat exactly.

#include <algorithm>
#include <array>
#include <unordered_map>

#include "llm/simulated_value.hpp"
#include "sluice/base/json.hpp"
#include "sluice/llm/llm.hpp"

namespace sluice::llm {

namespace {

constexpr std::size_t piece_bytes = 24;  // of a streamed answer
constexpr std::size_t remembered_requests = 100'000;
constexpr NanoUsd usd(double amount) { return {static_cast<std::int64_t>(amount * 1e9)}; }

std::string text_of(const Json& content) {
    if (content.is_string()) return content.get<std::string>();
    std::string text;
    if (content.is_array())
        for (const auto& part : content) text += base::string_or(part, "text", "") + " ";
    else if (!content.is_null())
        text = base::dump_json(content);
    return text;
}

const Message* last_of(const ChatRequest& request, std::string_view role) {
    for (auto it = request.messages.rbegin(); it != request.messages.rend(); ++it)
        if (it->role == role) return &*it;
    return nullptr;
}

/// What decides the answer: not the key, the time limit or the ordered trouble.
std::uint64_t seed_of(const ChatRequest& request) {
    std::string text = request.model + "\n";
    for (const auto& message : request.messages) {
        text += message.role + ":" + base::dump_json_canonical(message.content) +
                message.tool_call_id + "\n";
        for (const auto& call : message.tool_calls)
            text += call.name + base::dump_json_canonical(call.arguments);
    }
    if (request.response_schema) text += base::dump_json_canonical(*request.response_schema);
    for (const auto& tool : request.tools)
        text += tool.name + base::dump_json_canonical(tool.parameters);
    return stable_hash(text);
}

struct Trouble {
    Duration delay{0};
    std::string kind;
    std::int64_t first = -1;  ///< only so many calls of this request; -1: all
};

Result<Trouble> read_trouble(const Json& extra) {
    Trouble trouble;
    const auto* order = base::find_member(extra, "simulate");
    if (!order) return trouble;
    if (!order->is_object())
        return fail(ErrorCode::invalid_argument,
                    "extra.simulate must be an object such as {{\"delay\": \"200ms\"}}");
    static constexpr std::array<std::string_view, 9> kinds{
        "rate_limited",    "timeout",          "hang", "upstream_failed", "unavailable",
        "unauthenticated", "invalid_argument", "cut",  "bad_json"};
    for (const auto& [key, value] : order->items()) {
        if (key == "delay" && value.is_string()) {
            auto delay = base::parse_duration(value.get_ref<const std::string&>());
            if (!delay) return fail(std::move(delay.error()));
            trouble.delay = *delay;
        } else if (key == "fail" && value.is_string()) {
            trouble.kind = value.get<std::string>();
            if (std::find(kinds.begin(), kinds.end(), trouble.kind) == kinds.end())
                return fail(ErrorCode::invalid_argument, "extra.simulate.fail knows {}, not {}",
                            fmt::join(kinds, ", "), trouble.kind);
        } else if (key == "fail_first" && value.is_number_integer()) {
            trouble.first = value.get<std::int64_t>();
        } else {
            return fail(ErrorCode::invalid_argument,
                        "extra.simulate has delay (duration), fail (text) and fail_first "
                        "(integer); {} is none of them",
                        key);
        }
    }
    if (trouble.first >= 0 && trouble.kind.empty()) trouble.kind = "upstream_failed";
    return trouble;
}

class Simulated final : public Provider {
  public:
    Simulated(runtime::Loop& loop, SimulatedOptions options) : loop_(loop), options_(options) {
        models_ = {{"simulated-small", Price{usd(0.1), usd(0.4)}},
                   {"simulated-large", Price{usd(2), usd(8)}}};
    }
    const std::string& name() const override { return name_; }
    std::string_view type() const override { return "simulated"; }
    const std::vector<ModelInfo>& models() const override { return models_; }

    Awaitable<Result<Completion>> chat(ChatRequest request, TextSink on_text) override {
        const auto known = std::find_if(models_.begin(), models_.end(),
                                        [&](const auto& m) { return m.id == request.model; });
        if (known == models_.end())
            co_return fail(ErrorCode::invalid_argument,
                           "the simulated provider has simulated-small and simulated-large, not {}",
                           request.model);
        auto trouble = read_trouble(request.extra);
        if (!trouble) co_return fail(std::move(trouble.error()));

        const std::uint64_t seed = seed_of(request);
        const std::int64_t call = ++calls_of(seed);
        const Duration delay = options_.latency + trouble->delay;
        if (delay > request.timeout) {
            co_await loop_.sleep_for(request.timeout);
            co_return timed_out(request);
        }
        if (delay > Duration(0)) co_await loop_.sleep_for(delay);

        std::string kind =
            trouble->first < 0 || call <= trouble->first ? trouble->kind : std::string();
        if (kind.empty() && unlucky(seed, call)) kind = "rate_limited";
        if (kind == "hang") co_await loop_.sleep_for(request.timeout);
        if (kind == "hang" || kind == "timeout") co_return timed_out(request);
        if (auto error = refusal(kind)) co_return fail(std::move(*error));

        auto made = answer(request, seed, kind == "bad_json");
        if (!made) co_return fail(std::move(made.error()));
        Completion completion = std::move(*made);
        const std::size_t end = kind == "cut" ? completion.text.size() / 2 : completion.text.size();
        if (on_text) stream(std::string_view(completion.text).substr(0, end), on_text);
        if (kind == "cut")
            co_return fail(Error{
                ErrorCode::upstream_failed,
                "the simulated model broke off in the middle of its answer, as it was told to",
                {},
                true});
        completion.model = known->id;
        completion.usage.input_tokens = estimate_input_tokens(request);
        completion.usage.output_tokens = estimate_tokens(completion.text);
        for (const auto& tool : completion.tool_calls)
            completion.usage.output_tokens +=
                estimate_tokens(tool.name) + estimate_tokens(base::dump_json(tool.arguments));
        completion.cost = cost_of(completion.usage, *known->price);
        completion.cost_known = true;
        co_return completion;
    }

  private:
    std::int64_t& calls_of(std::uint64_t seed) {
        if (calls_.size() >= remembered_requests) calls_.clear();
        return calls_[seed];
    }

    bool unlucky(std::uint64_t seed, std::int64_t call) const {
        const auto roll = stable_hash("failure", seed + static_cast<std::uint64_t>(call)) >> 11;
        return static_cast<double>(roll) / 9007199254740992.0 < options_.failure_rate;
    }

    static tl::unexpected<Error> timed_out(const ChatRequest& request) {
        return fail(Error{ErrorCode::timeout,
                          fmt::format("the simulated model gave no answer within {}",
                                      base::format_duration(request.timeout)),
                          {},
                          true});
    }

    static std::optional<Error> refusal(const std::string& kind) {
        if (kind == "rate_limited")
            return Error{
                ErrorCode::rate_limited,
                "the simulated model is over its rate limit, as it was told to be; try again in 1s",
                {},
                true,
                1'000'000};
        if (kind == "upstream_failed")
            return Error{ErrorCode::upstream_failed,
                         "the simulated model failed, as it was told to",
                         {},
                         true};
        if (kind == "unavailable")
            return Error{ErrorCode::unavailable,
                         "the simulated model is overloaded, as it was told to be",
                         {},
                         true};
        if (kind == "unauthenticated")
            return Error{ErrorCode::unauthenticated,
                         "the simulated model refused the key, as it was told to",
                         {},
                         false};
        if (kind == "invalid_argument")
            return Error{ErrorCode::invalid_argument,
                         "the simulated model refused the request, as it was told to",
                         {},
                         false};
        return std::nullopt;
    }

    static const Tool* wanted_tool(const ChatRequest& request, const PromptWords& prompt) {
        if (request.tools.empty() || request.tool_choice == "none") return nullptr;
        const bool answered = !request.messages.empty() && request.messages.back().role == "tool";
        for (const auto& tool : request.tools)
            if (tool.name == request.tool_choice) return &tool;
        if (request.tool_choice == "required") {
            for (const auto& tool : request.tools)
                if (prompt.has(tool.name)) return &tool;
            return &request.tools.front();
        }
        if (answered) return nullptr;
        for (const auto& tool : request.tools)
            if (prompt.has(tool.name)) return &tool;
        return nullptr;
    }

    static Result<Completion> answer(const ChatRequest& request, std::uint64_t seed,
                                     bool bad_json) {
        const Message* user = last_of(request, "user");
        if (!user && !request.messages.empty()) user = &request.messages.back();
        const PromptWords prompt(user ? text_of(user->content) : std::string());
        Completion completion;
        completion.finish_reason = "stop";
        if (const Tool* tool = wanted_tool(request, prompt)) {
            const Json anything = Json::object({{"type", "object"}});
            auto arguments = simulate_value(
                tool->parameters.is_object() ? tool->parameters : anything, prompt, seed);
            if (!arguments) return fail(std::move(arguments.error()));
            completion.tool_calls.push_back(
                {fmt::format("call_{:016x}", stable_hash(tool->name, seed)), tool->name,
                 std::move(*arguments)});
            completion.finish_reason = "tool_calls";
            return completion;
        }
        if (bad_json) {
            completion.text = "This is not the JSON that was asked for.";
        } else if (request.response_schema) {
            auto value = simulate_value(*request.response_schema, prompt, seed);
            if (!value) return fail(std::move(value.error()));
            completion.text = base::dump_json(*value);
        } else if (!request.messages.empty() && request.messages.back().role == "tool") {
            completion.text = simulate_text(
                PromptWords(prompt.text() + " " + text_of(request.messages.back().content)));
        } else {
            completion.text = simulate_text(prompt);
        }
        if (request.max_output_tokens &&
            estimate_tokens(completion.text) > *request.max_output_tokens) {
            std::size_t end =
                static_cast<std::size_t>(std::max<std::int64_t>(*request.max_output_tokens, 0)) * 4;
            while (end > 0 && (static_cast<unsigned char>(completion.text[end]) & 0xc0) == 0x80)
                --end;
            completion.text.resize(end);
            completion.finish_reason = "length";
        }
        return completion;
    }

    static void stream(std::string_view text, const TextSink& on_text) {
        while (!text.empty()) {
            std::size_t end = std::min(piece_bytes, text.size());
            while (end < text.size() && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80)
                ++end;
            on_text(text.substr(0, end));
            text.remove_prefix(end);
        }
    }

    runtime::Loop& loop_;
    SimulatedOptions options_;
    std::string name_ = "simulated";
    std::vector<ModelInfo> models_;
    std::unordered_map<std::uint64_t, std::int64_t>
        calls_;  // by the request's seed, for fail_first and the failure rate
};

}  // namespace

std::shared_ptr<Provider> make_simulated(runtime::Loop& loop, SimulatedOptions options) {
    return std::make_shared<Simulated>(loop, options);
}

}  // namespace sluice::llm
