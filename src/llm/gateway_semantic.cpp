// The semantic cache on the way of a call: the user's last words are embedded through the same admission, and an answer to
// nearly the same words is given again.

#include "llm/gateway_state.hpp"
#include "sluice/base/metrics.hpp"
#include "sluice/crypto/crypto.hpp"

namespace sluice::llm {
namespace {

base::metrics::Counter semantic_hits_total("sluice_gateway_semantic_hits_total", "Model calls that were answered from the semantic cache");

constexpr base::JsonLimits limits{.size_bytes = 64 << 20, .depth = 128, .keys = 100'000, .string_bytes = 64 << 20};
constexpr std::size_t longest_words = 32 << 10;  ///< more is no question that comes again

std::vector<float> vector_of(std::string_view body) {
    std::vector<float> out;
    const auto parsed = base::parse_json(body, limits);
    if (!parsed) return out;
    const auto* data = base::find_member(*parsed, "data");
    const auto* values = data && data->is_array() && !data->empty() ? base::find_member(data->front(), "embedding") : nullptr;
    if (!values || !values->is_array()) return out;
    out.reserve(values->size());
    for (const auto& value : *values) {
        if (!value.is_number()) return {};
        out.push_back(value.get<float>());
    }
    return out;
}

/// What the words are compared by, and what that cost. Empty: they could not be embedded; the call goes on without.
Awaitable<std::vector<float>> embedded(Gateway::State& state, Incoming& in, std::string model, std::string words, NanoUsd& cost) {
    net::Request request;
    request.verb = net::Verb::post;
    request.path = "/v1/embeddings";
    for (const auto* name : {"sluice-project", "x-sluice-tags", "x-sluice-session"})
        if (const auto value = in.request->headers.find(name)) request.headers.set(name, *value);
    request.body = base::dump_json(Json{{"model", std::move(model)}, {"input", std::move(words)}, {"encoding_format", "float"}});
    request.principal = in.request->principal;
    request.id = in.request->id;
    Door door{&openai_chat(), "semantic-cache", Operation::embeddings, {}, false};
    auto answer = co_await handle_embeddings(state, request, std::move(door));
    if (answer.status != 200) co_return std::vector<float>();
    if (auto told = base::parse_usd(answer.headers.get("x-sluice-cost-usd", "0"))) cost = *told;
    co_return vector_of(answer.text);
}

}  // namespace

Awaitable<Result<std::optional<net::Response>>> from_semantic_cache(Gateway::State& state, Incoming& in) {
    using Answer = Result<std::optional<net::Response>>;
    const auto header = in.request->headers.find("x-sluice-semantic-cache");
    if (!header || in.stream || in.has_schema()) co_return Answer(std::nullopt);
    auto order = read_semantic_order(*header);
    if (!order)
        co_return Answer(fail(ErrorCode::invalid_argument,
                              "the header x-sluice-semantic-cache is like threshold=0.95 ttl=10m model=NAME: a threshold from 0.5 to 1, at most 168h"));
    if (order->model.empty()) order->model = state.parts.options.semantic_model;
    if (order->model.empty())
        co_return Answer(fail(ErrorCode::invalid_argument, "no model is set that embeds: say model=NAME in x-sluice-semantic-cache, or set "
                                                           "llm.semantic_cache.model"));
    auto body = base::parse_json(in.request->body, limits);
    if (!body) co_return Answer(fail(std::move(body.error())));
    auto words = take_last_words(in.door.format->name(), *body);
    if (!words || words->size() > longest_words) co_return Answer(std::nullopt);
    auto& wanted = in.semantic;
    crypto::Sha256 hash;
    const auto& scope = in.scope;
    const std::string stamp = in.guard ? in.guard->stamp : std::string();
    for (const std::string_view part : {scope.workspace.raw(), std::string_view(scope.project), std::string_view(scope.api_key),
                                        std::string_view(scope.user), in.door.name, std::string_view(in.model), std::string_view(stamp),
                                        std::string_view(order->model)}) {
        hash.update(part);
        hash.update(std::string_view("\0", 1));
    }
    hash.update(base::dump_json(*body));
    NanoUsd cost{};
    wanted.vector = co_await embedded(state, in, order->model, std::move(*words), cost);
    if (wanted.vector.empty()) co_return Answer(std::nullopt);
    const auto digest = hash.finish();
    wanted.partition = std::string(crypto::raw(digest));
    wanted.ttl = order->ttl;
    const auto hit = state.semantic.find(wanted.partition, wanted.vector, order->threshold, state.now());
    if (!hit) co_return Answer(std::nullopt);
    semantic_hits_total.add();
    auto response = cached_response(state, in, *hit->answer);
    response.headers.set("x-sluice-cache", "semantic");
    response.headers.set("x-sluice-similarity", fmt::format("{:.4f}", hit->similarity));
    response.headers.set("x-sluice-cost-usd", base::format_usd(cost));  // of the embedding
    co_return Answer(std::move(response));
}

void keep_semantic(Gateway::State& state, const Incoming& in, const net::Response& response, const Target& target) {
    if (in.semantic.partition.empty() || response.status != 200 || response.stream) return;
    auto parsed = base::parse_json(response.text, limits);
    auto answer = parsed ? in.door.format->read_answer(*parsed) : Result<ModelAnswer>(fail(std::move(parsed.error())));
    // Half an answer, or one that asks for a tool, belongs to its own conversation.
    if (!answer || answer->stop != StopReason::end) return;
    state.semantic.put(in.semantic.partition, in.semantic.vector, {response.text, target.provider, target.model}, state.now() + in.semantic.ttl);
}

}  // namespace sluice::llm
