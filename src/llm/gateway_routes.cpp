// The doors: paths as the vendors' SDKs call them.

#include <span>

#include "llm/gateway_state.hpp"
#include "llm/provider_health.hpp"
#include "sluice/net/server.hpp"

namespace sluice::llm {
namespace {

using net::Request;
using net::Response;
using net::Verb;

constexpr std::size_t most_body = 32 << 20;

Awaitable<Response> chat_completions(Request& request, Gateway& gateway) {
    Door door{&openai_chat(), "openai.chat", Operation::chat, {}, false};
    return handle_chat(gateway.state(), request, std::move(door));
}
Awaitable<Response> responses(Request& request, Gateway& gateway) {
    Door door{&openai_responses(), "openai.responses", Operation::chat, {}, false};
    return handle_chat(gateway.state(), request, std::move(door));
}
Awaitable<Response> embeddings(Request& request, Gateway& gateway) {
    Door door{&openai_chat(), "openai.embeddings", Operation::embeddings, {}, false};
    return handle_embeddings(gateway.state(), request, std::move(door));
}
Awaitable<Response> messages(Request& request, Gateway& gateway) {
    Door door{&anthropic_messages(), "anthropic.messages", Operation::chat, {}, false};
    return handle_chat(gateway.state(), request, std::move(door));
}
Awaitable<Response> count_tokens(Request& request, Gateway& gateway) {
    Door door{&anthropic_messages(), "anthropic.count_tokens", Operation::count_tokens, {}, false};
    return handle_count_tokens(gateway.state(), request, std::move(door));
}

/// The model that the path names, in one part or two: `provider/id`, `flow/name`.
std::string model_in_path(const Request& request) {
    std::string out(request.parameter("call"));
    if (const auto before = request.parameter("provider"); !before.empty()) out = fmt::format("{}/{}", before, out);
    return out;
}

/// "MODEL:generateContent"
Awaitable<Response> gemini_call(Request& request, Gateway& gateway) {
    const std::string named = model_in_path(request);
    const std::string_view call = named;
    const auto colon = call.rfind(':');
    const auto verb = colon == std::string_view::npos ? std::string_view() : call.substr(colon + 1);
    Door door{&gemini(), "gemini", Operation::chat, std::string(call.substr(0, colon)),
              verb == "streamGenerateContent"};
    if (verb == "embedContent" || verb == "batchEmbedContents") {
        door.name = "gemini.embeddings";
        door.operation = Operation::embeddings;
        door.single = verb == "embedContent";
        co_return co_await handle_embeddings(gateway.state(), request, std::move(door));
    }
    if (verb != "generateContent" && verb != "streamGenerateContent")
        co_return refuse(gemini(),
                         Error{ErrorCode::not_found,
                               "models here answer :generateContent, :streamGenerateContent, :embedContent and :batchEmbedContents",
                               {},
                               false},
                         request);
    if (door.path_stream && request.query_value("alt").value_or("") != "sse")
        co_return refuse(
            gemini(),
            Error{ErrorCode::invalid_argument, "streams are server-sent events here: ask with ?alt=sse", {}, false},
            request);
    co_return co_await handle_chat(gateway.state(), request, std::move(door));
}

struct ListedModel {
    std::string id, by;  ///< `by`: the provider, "route", or what answers like a model
    bool embeds = false;
};
using Listed = std::vector<ListedModel>;

/// What the caller may name, the workspace's own first.
Awaitable<Result<Listed>> models_of(const Request& request, Gateway& gateway) {
    Listed out;
    auto& parts = gateway.state().parts;
    const auto caller = caller_of(request);
    const bool limited = parts.limits.any(caller.workspace);
    const auto add = [&](std::string id, std::string_view by, bool embeds = false) {
        // As calls are judged: routes, flows and agents by the name alone that is asked for.
        const bool itself = by != "route" && !id.starts_with(fmt::format("{}/", by));
        const auto label = itself ? fmt::format("{}/{}", by, id) : std::string();
        if (limited && !parts.limits.allows(caller, {id, itself ? std::string_view(id) : std::string_view(), label})) return;
        for (const auto& each : out)
            if (each.id == id) return;
        out.push_back({std::move(id), std::string(by), embeds});
    };
    for (const auto& route : parts.book.routes(request.workspace())) add(route->name, "route");
    for (const auto& row : parts.book.list(request.workspace()))
        if (row->enabled)
            for (const auto& model : row->models) add(model.id, row->name, model.kind == ModelKind::embedding);
    for (const auto& provider : parts.configured.all())
        for (const auto& model : provider->models()) add(model.id, provider->name());
    for (auto* source : gateway.state().sources) {
        auto names = co_await source->names(request.principal);
        if (!names) co_return fail(std::move(names.error()));
        for (const auto& name : *names) add(fmt::format("{}/{}", source->prefix(), name), source->prefix());
    }
    co_return out;
}

Json model_json(const std::string& id, const std::string& by, bool anthropic) {
    if (anthropic) return {{"type", "model"}, {"id", id}, {"display_name", id}, {"created_at", "1970-01-01T00:00:00Z"}};
    return {{"id", id}, {"object", "model"}, {"created", 0}, {"owned_by", by}};
}

Json gemini_json(const ListedModel& model) {
    const auto of_chat = Json::array({"generateContent", "streamGenerateContent"}), of_vectors = Json::array({"embedContent", "batchEmbedContents"});
    return {{"name", "models/" + model.id}, {"displayName", model.id}, {"supportedGenerationMethods", model.embeds ? of_vectors : of_chat}};
}

Awaitable<Response> list_gemini_models(Request& request, Gateway& gateway) {
    auto listed = co_await models_of(request, gateway);
    if (!listed) co_return refuse(gemini(), listed.error(), request);
    Json models = Json::array();
    for (const auto& each : *listed) models.push_back(gemini_json(each));
    co_return net::json_response(200, {{"models", std::move(models)}});
}

/// Google's newer SDKs ask below /v1 as well; they alone send their key so.
bool is_google(const Request& request) { return request.headers.find("x-goog-api-key").has_value(); }

Awaitable<Response> list_models(Request& request, Gateway& gateway) {
    if (is_google(request)) co_return co_await list_gemini_models(request, gateway);
    const bool anthropic = request.headers.find("anthropic-version").has_value();
    auto listed = co_await models_of(request, gateway);
    if (!listed) co_return refuse(anthropic ? anthropic_messages() : openai_chat(), listed.error(), request);
    Json data = Json::array();
    for (const auto& each : *listed) data.push_back(model_json(each.id, each.by, anthropic));
    if (!anthropic) co_return net::json_response(200, {{"object", "list"}, {"data", std::move(data)}});
    const Json first = data.empty() ? Json() : data.front()["id"], last = data.empty() ? Json() : data.back()["id"];
    co_return net::json_response(
        200, {{"data", std::move(data)}, {"has_more", false}, {"first_id", first}, {"last_id", last}});
}

Awaitable<Response> get_model(Request& request, Gateway& gateway) {
    const bool anthropic = request.headers.find("anthropic-version").has_value(), google = is_google(request);
    const Format& format = google ? gemini() : anthropic ? anthropic_messages() : openai_chat();
    const std::string wanted = model_in_path(request);
    auto listed = co_await models_of(request, gateway);
    if (!listed) co_return refuse(format, listed.error(), request);
    for (const auto& each : *listed)
        if (each.id == wanted) co_return net::json_response(200, google ? gemini_json(each) : model_json(each.id, each.by, anthropic));
    auto found = gateway.state().allowed_target(caller_of(request), wanted);
    if (!found) co_return refuse(format, no_model(found.error()), request);
    co_return net::json_response(200, google ? gemini_json({wanted, found->provider, false}) : model_json(wanted, found->provider, anthropic));
}

constexpr net::RouteInfo call_info(std::string_view summary, std::string_view action) {
    return {.summary = summary,
            .tag = "gateway",
            .max_body = most_body,
            .check_body = false,
            .audited = net::Audited::never,
            .action = action,
            .ends_with_client = true};
}
constexpr net::RouteInfo list_info(std::string_view summary) { return {.summary = summary, .tag = "gateway"}; }

const net::Route<Gateway> routes[] = {
    {Verb::post, "/v1/chat/completions", Permission::models_call, chat_completions,
     call_info("Ask a model, as OpenAI's chat completions", "models.chat")},
    {Verb::post, "/v1/responses", Permission::models_call, responses,
     call_info("Ask a model, as OpenAI's responses", "models.responses")},
    {Verb::post, "/v1/embeddings", Permission::models_call, embeddings,
     call_info("Embed texts, as OpenAI's embeddings", "models.embed")},
    {Verb::get, "/v1/models", Permission::models_call, list_models,
     list_info("List the models that may be called, as OpenAI, Anthropic (with anthropic-version) or Google (with x-goog-api-key)")},
    {Verb::get, "/v1/models/{call}", Permission::models_call, get_model, list_info("Read a model")},
    {Verb::get, "/v1/models/{provider}/{call}", Permission::models_call, get_model,
     list_info("Read a model that is named with its provider, or a flow")},
    {Verb::post, "/v1/messages", Permission::models_call, messages,
     call_info("Ask a model, as Anthropic's messages", "models.messages")},
    {Verb::post, "/v1/messages/count_tokens", Permission::models_call, count_tokens,
     call_info("Count the tokens of a request, as Anthropic does", "models.count_tokens")},
    {Verb::get, "/v1beta/models", Permission::models_call, list_gemini_models,
     list_info("List the models that may be called, as Gemini")},
    {Verb::post, "/v1/models/{call}", Permission::models_call, gemini_call,
     call_info("The same as below /v1beta, as newer SDKs call it", "models.generate")},
    {Verb::post, "/v1beta/models/{call}", Permission::models_call, gemini_call,
     call_info("Ask a model, as Gemini: MODEL:generateContent, MODEL:streamGenerateContent?alt=sse, MODEL:embedContent or "
               "MODEL:batchEmbedContents", "models.generate")},
    {Verb::post, "/v1/models/{provider}/{call}", Permission::models_call, gemini_call,
     call_info("The same of a model that is named with its provider, or of a flow", "models.generate")},
    {Verb::post, "/v1beta/models/{provider}/{call}", Permission::models_call, gemini_call,
     call_info("The same below /v1beta", "models.generate")},
};

}  // namespace

void shape_problem(const Request& request, Response& response) {
    const auto problem = Json::parse(response.text, nullptr, false);
    const std::string_view path = request.path;
    const Format& format = path.starts_with("/v1beta/") || request.headers.find("x-goog-api-key") ? gemini()
                           : path.starts_with("/v1/messages") || request.headers.find("anthropic-version")
                               ? anthropic_messages()
                               : openai_chat();
    const auto code = base::error_code_from(problem.is_object() ? base::string_or(problem, "code", "") : std::string());
    auto error = call_error(Error{code,
                                  problem.is_object() ? base::string_or(problem, "detail", "the request was refused")
                                                      : std::string("the request was refused"),
                                  {},
                                  false});
    error.status = response.status;
    response.headers.set("Content-Type", "application/json");
    response.text = format.write_error(error, request.id);
}

void add_routes(net::Router& router, Gateway& gateway) {
    router.add(std::span<const net::Route<Gateway>>(routes), gateway);
    add_playground_routes(router, gateway);
    add_health_routes(router, gateway);
}

}  // namespace sluice::llm
