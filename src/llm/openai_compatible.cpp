#include <unordered_map>

#include "llm/openai_wire.hpp"
#include "sluice/llm/llm.hpp"
#include "sluice/net/client.hpp"

namespace sluice::llm {

namespace {

constexpr std::size_t largest_answer = 32u << 20;
constexpr std::size_t largest_error = 64u << 10;
constexpr int most_adaptations = 5;

std::string endpoint_of(std::string base, std::string_view path) {
    while (!base.empty() && base.back() == '/') base.pop_back();
    return base + std::string(path);
}

void authorize(net::Headers& headers, const std::string& key) {
    if (!key.empty()) headers.set("Authorization", "Bearer " + key);
}

/// One answer of the server: its status decides what its body is.
struct Exchange {
    int status = 0;
    std::string retry_after;
    std::string error_body;
};

class OpenAiCompatible final : public Provider {
  public:
    OpenAiCompatible(net::Client& client, runtime::Loop& loop, OpenAiOptions options)
        : client_(client), loop_(loop), options_(std::move(options)) {
        // OpenAI's own models refuse the old name; most other servers know only that one.
        first_.max_completion_tokens =
            options_.base_url.find("api.openai.com") != std::string::npos;
    }
    const std::string& name() const override { return options_.name; }
    std::string_view type() const override { return "openai_compatible"; }
    const std::vector<ModelInfo>& models() const override { return options_.models; }
    std::optional<Endpoint> endpoint() const override {
        return Endpoint{endpoint_of(options_.base_url, {}), options_.api_key, first_.max_completion_tokens};
    }

    Awaitable<Result<Completion>> chat(ChatRequest request, TextSink on_text) override {
        const Time deadline = loop_.now() + request.timeout;
        Dialect dialect = dialect_of(request.model);
        for (int tries = 0;; ++tries) {
            OpenAiAnswer answer(on_text);
            const Duration left = deadline - loop_.now();
            if (left <= Duration(0))
                co_return fail(
                    Error{ErrorCode::timeout,
                          fmt::format("the model provider {} took too long", options_.name),
                          {},
                          true});
            auto exchange = co_await send(request, dialect, bool(on_text), answer, left);
            if (!exchange) co_return fail(std::move(exchange.error()));
            if (exchange->status >= 200 && exchange->status < 300) {
                auto completion = answer.finish(options_.name, request);
                if (completion) {
                    dialects_[request.model] = dialect;
                    add_cost(request, *completion);
                }
                co_return completion;
            }
            Error error = openai_error(options_.name, exchange->status, exchange->error_body,
                                       exchange->retry_after, loop_.now());
            const bool refused = exchange->status == 400 || exchange->status == 422 ||
                                 exchange->status == 501 || exchange->status == 500;
            const auto adapted =
                refused ? openai_adapt(dialect, request, exchange->error_body) : std::nullopt;
            if (!adapted || tries == most_adaptations) co_return fail(std::move(error));
            log::info(
                "the model provider does not know a part of the request; trying without it",
                {{"provider", options_.name}, {"model", request.model}, {"said", error.message}});
            dialect = *adapted;
        }
    }

  private:
    Dialect dialect_of(const std::string& model) const {
        const auto known = dialects_.find(model);
        return known == dialects_.end() ? first_ : known->second;
    }

    Awaitable<Result<Exchange>> send(const ChatRequest& request, const Dialect& dialect,
                                     bool streamed, OpenAiAnswer& answer, Duration left) {
        net::ClientRequest call;
        call.verb = net::Verb::post;
        call.url = endpoint_of(options_.base_url, "/chat/completions");
        call.headers.set("Content-Type", "application/json");
        call.headers.set("Accept",
                         streamed ? "text/event-stream, application/json" : "application/json");
        if (!request.idempotency_key.empty())
            call.headers.set("Idempotency-Key", request.idempotency_key);
        authorize(call.headers, options_.api_key);
        call.body = base::dump_json(openai_body(request, dialect, streamed));
        call.timeout = left;
        call.max_response = largest_answer;
        call.max_redirects = 0;
        call.operator_trusted = true;

        Exchange exchange;
        bool events = false;
        std::string body;
        net::SseParser parser;
        std::function<Result<void>(const net::ClientResponse&)> head =
            [&](const net::ClientResponse& response) -> Result<void> {
            exchange.status = response.status;
            exchange.retry_after = response.headers.get("Retry-After");
            events = response.headers.get("Content-Type").starts_with("text/event-stream");
            return {};
        };
        std::function<Result<void>(const net::SseParser::Event&)> on_event =
            [&](const net::SseParser::Event& event) {
                return answer.event(options_.name, event.data);
            };
        net::BodySink sink = [&](std::string_view piece) -> Result<void> {
            const bool success = exchange.status >= 200 && exchange.status < 300;
            if (success && events) return parser.feed(piece, on_event);
            if (success)
                body += piece;
            else
                exchange.error_body += piece.substr(
                    0, largest_error - std::min(largest_error, exchange.error_body.size()));
            return {};
        };
        auto response = co_await client_.stream(std::move(call), std::move(head), std::move(sink));
        const bool success = exchange.status >= 200 && exchange.status < 300;
        // A refusal is a refusal, even when its body was cut.
        if (!response && (exchange.status == 0 || success)) {
            Error error = std::move(response.error());
            error.message = fmt::format("the model provider {} could not be asked: {}",
                                        options_.name, error.message);
            co_return fail(std::move(error));
        }
        if (success && !events)
            if (auto read = answer.whole(options_.name, body); !read)
                co_return fail(std::move(read.error()));
        co_return exchange;
    }

    void add_cost(const ChatRequest& request, Completion& completion) const {
        for (const auto& model : options_.models) {
            if (model.id != request.model || !model.price) continue;
            completion.cost = cost_of(completion.usage, *model.price);
            completion.cost_known = true;
        }
    }

    net::Client& client_;
    runtime::Loop& loop_;
    OpenAiOptions options_;
    Dialect first_;
    std::unordered_map<std::string, Dialect>
        dialects_;  // by model: one server may host several kinds
};

}  // namespace

std::shared_ptr<Provider> make_openai_compatible(net::Client& client, runtime::Loop& loop,
                                                 OpenAiOptions options) {
    return std::make_shared<OpenAiCompatible>(client, loop, std::move(options));
}

Awaitable<Result<std::vector<ModelInfo>>> list_openai_models(net::Client& client,
                                                             std::string base_url,
                                                             std::string api_key) {
    net::ClientRequest call;
    call.url = endpoint_of(base_url, "/models");
    authorize(call.headers, api_key);
    call.timeout = std::chrono::seconds(10);
    call.operator_trusted = true;
    auto response = co_await client.send(std::move(call));
    if (!response)
        co_return fail(Error{response.error().code,
                             fmt::format("the models at {} could not be listed: {}", base_url,
                                         response.error().message),
                             {},
                             true});
    if (response->status != 200)
        co_return fail(openai_error(base_url, response->status, response->body,
                                    response->headers.get("Retry-After"), Time{}));
    auto parsed = base::parse_json(response->body, {.size_bytes = 10 << 20, .keys = 100'000});
    const auto* data = parsed ? base::find_member(*parsed, "data") : nullptr;
    if (!data || !data->is_array())
        co_return fail(ErrorCode::upstream_failed,
                       "{}/models answered something that is no list of models; check the base URL",
                       base_url);
    std::vector<ModelInfo> models;
    for (const auto& each : *data)
        if (auto id = base::string_or(each, "id", ""); !id.empty())
            models.push_back({std::move(id), std::nullopt});
    co_return models;
}

}  // namespace sluice::llm
