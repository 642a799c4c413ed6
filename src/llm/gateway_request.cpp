// What the gateway reads of a call itself, its greatest use, and the request that goes out.

#include <algorithm>

#include "llm/gateway_state.hpp"

namespace sluice::llm {
namespace {

constexpr std::int64_t tokens_of_image = 10'000;  ///< more than any vendor counts for one image
constexpr std::int64_t tokens_of_document =
    1'000'000;  ///< of a file that is only named, where the model's window is not known
constexpr std::int64_t usual_output_limit = 8192;  ///< set where a hard budget needs one and nobody said any
constexpr std::int64_t most_tool_uses = 20;        ///< of a vendor's own tool, where the request does not say
constexpr Duration whole_timeout = std::chrono::minutes(15);
constexpr std::size_t largest_answer = 64u << 20;

std::int64_t count(std::string_view text, std::string_view wanted) {
    std::int64_t out = 0;
    for (auto at = text.find(wanted); at != std::string_view::npos; at = text.find(wanted, at + wanted.size())) ++out;
    return out;
}

bool is_label(std::string_view text) {
    if (text.empty() || text.size() > 100) return false;
    return std::all_of(text.begin(), text.end(), [](char c) {
        return static_cast<unsigned char>(c) > 0x20 && static_cast<unsigned char>(c) < 0x7F && c != ',';
    });
}

std::string project_of(const net::Request& request) {
    if (const auto named = request.headers.find("sluice-project")) return std::string(*named);
    const auto& scope = request.principal.scope;
    if (scope && scope->projects.size() == 1) return scope->projects.front();
    return "default";
}

Result<void> read_scope(const net::Request& request, budget::CallScope& out) {
    out = caller_of(request);
    if (!is_label(out.project))
        return fail(ErrorCode::invalid_argument, "the header Sluice-Project is no project's name");
    const auto& who = request.principal;
    out.session = std::string(request.headers.get("x-sluice-session"));
    if (!out.session.empty() && !is_label(out.session))
        return fail(ErrorCode::invalid_argument,
                    "the header x-sluice-session has 1 to 100 visible characters, no comma");
    std::string_view tags = request.headers.get("x-sluice-tags");
    while (!tags.empty()) {
        auto tag = tags.substr(0, tags.find(','));
        tags.remove_prefix(std::min(tags.size(), tag.size() + 1));
        while (tag.starts_with(' ')) tag.remove_prefix(1);
        while (tag.ends_with(' ')) tag.remove_suffix(1);
        if (!is_label(tag) || out.tags.size() == 8)
            return fail(
                ErrorCode::invalid_argument,
                "the header x-sluice-tags has at most 8 tags of 1 to 100 visible characters, with commas between them");
        out.tags.emplace_back(tag);
    }
    if (!who.may_in(Permission::models_call, out.project))
        return fail(
            ErrorCode::forbidden,
            "this credential may not call models in the project {}; name another one with the header Sluice-Project",
            out.project);
    return {};
}

/// A letter of the basic alphabet that is written as an escape: no program does that, and a name could hide so from a
/// look at the text. Then everything may be there.
bool hides_letters(std::string_view body) {
    for (auto at = body.find("\\u00"); at != std::string_view::npos; at = body.find("\\u00", at + 4))
        if (at + 4 < body.size() && body[at + 4] >= '4' && body[at + 4] <= '7') return true;
    return false;
}

/// The output limit in a body of that format; -1: none.
std::int64_t output_limit(const Format& format, const BodyScan& scan) {
    if (&format == &openai_chat()) return scan.integer("max_completion_tokens", scan.integer("max_tokens", -1));
    if (&format == &openai_responses()) return scan.integer("max_output_tokens", -1);
    if (&format == &anthropic_messages()) return scan.integer("max_tokens", -1);
    const auto raw = scan.raw(scan.has("generationConfig") ? "generationConfig" : "generation_config");
    if (raw.empty()) return -1;
    const auto inner = BodyScan::read(raw);
    return inner ? inner->integer("maxOutputTokens", inner->integer("max_output_tokens", -1)) : -1;
}

std::int64_t choices_of(const Format& format, const BodyScan& scan) {
    if (&format == &openai_chat()) return scan.integer("n", 1);
    const auto raw = scan.raw(scan.has("generationConfig") ? "generationConfig" : "generation_config");
    if (&format != &gemini() || raw.empty()) return 1;
    const auto inner = BodyScan::read(raw);
    return inner ? inner->integer("candidateCount", inner->integer("candidate_count", 1)) : 1;
}

}  // namespace

budget::CallScope caller_of(const net::Request& request) {
    budget::CallScope out;
    out.workspace = request.workspace();
    out.project = project_of(request);
    const auto& who = request.principal;
    (who.kind == Principal::Kind::api_key ? out.api_key : out.user) = who.id;
    return out;
}

std::optional<net::Response> read_incoming(net::Request& request, Door door, Incoming& out) {
    out.request = &request;
    out.door = std::move(door);
    if (auto scope = read_scope(request, out.scope); !scope) return refuse(*out.door.format, scope.error(), request);
    return read_body(out);
}

std::optional<net::Response> read_body(Incoming& out) {
    const auto& format = *out.door.format;
    auto& request = *out.request;
    auto scan = BodyScan::read(request.body);
    if (!scan) return refuse(format, scan.error(), request);
    out.scan = std::move(*scan);
    out.model = out.door.path_model.empty() ? out.scan->text("model") : out.door.path_model;
    if (out.model.empty())
        return refuse(format,
                      Error{ErrorCode::invalid_argument,
                            "say which model shall answer; GET /v1/models lists them",
                            {{"/model", "is missing"}},
                            false},
                      request);
    out.stream = out.door.path_model.empty() ? out.scan->flag("stream", false) : out.door.path_stream;
    out.stream = out.stream && !out.told_stream;
    out.demand = demand_of(request.body, *out.scan);
    out.demand.operation = out.door.operation;
    out.demand.max_output = output_limit(format, *out.scan);
    out.demand.choices = choices_of(format, *out.scan);
    if (out.demand.choices < 1 || out.demand.choices > 128)
        return refuse(format, Error{ErrorCode::invalid_argument, "the number of choices is from 1 to 128", {}, false},
                      request);
    out.sticky = out.scope.session;
    if (out.sticky.empty()) out.sticky = out.scan->text("prompt_cache_key", out.scan->text("user"));
    if (out.sticky.empty()) {
        for (const auto* name : {"system", "instructions", "messages", "input", "contents"})
            out.sticky += out.scan->raw(name).substr(0, 1024);
    }
    return std::nullopt;
}

Demand demand_of(std::string_view body, const BodyScan& scan) {
    Demand out;
    out.body = body;
    out.media = count(body, "\"image") + count(body, "\"input_image") + count(body, "fileUri") +
                count(body, "file_uri") + count(body, "\"document\"") * 100 + count(body, "\"file\"") * 100 +
                count(body, "\"input_file\"") * 100;
    out.hidden = hides_letters(body);
    if (out.hidden) out.media += 100;
    if (scan.has("service_tier"))
        if (auto tier = scan.text("service_tier"); tier != "auto") out.tier = std::move(tier);
    return out;
}

Bound bound_of(const Demand& demand, const Target& target, bool hard_limited,
               std::optional<std::int64_t>& injected_limit) {
    Bound out;
    const std::string_view body = demand.body;
    // A token is at least one byte of what was written; what is only named is counted by rule.
    const auto of_media =
        demand.media >= 100 ? target.context_window.value_or(tokens_of_document) : demand.media * tokens_of_image;
    out.tokens.input_tokens = static_cast<std::int64_t>(body.size()) + of_media;
    if (target.context_window) out.tokens.input_tokens = std::min(out.tokens.input_tokens, *target.context_window);
    // A limit that the caller wrote goes out as it is, and so it is what is held, however large.
    auto limit = demand.max_output;
    if (limit < 0 && target.max_output_tokens) limit = *target.max_output_tokens;
    if (limit < 0 && hard_limited && demand.operation == Operation::chat) injected_limit = limit = usual_output_limit;
    if (demand.operation == Operation::embeddings) limit = 0;
    out.capped = limit >= 0;
    out.tokens.output_tokens = std::max<std::int64_t>(limit, 0) * demand.choices;
    out.tokens.audio_input =
        demand.hidden || body.find("audio") != std::string_view::npos || body.find("video") != std::string_view::npos;
    out.tokens.audio_output =
        body.find("\"modalities\"") != std::string_view::npos && body.find("\"audio\"") != std::string_view::npos;
    if (target.type && target.type->vendor() == "anthropic")
        out.tokens.cache_write_1h = body.find("\"1h\"") != std::string_view::npos;
    if (target.price)
        for (const auto& [tool, price] : target.price->per_tool_call)
            if (body.find(tool) != std::string_view::npos) out.tokens.tool_uses[tool] = most_tool_uses;
    out.tokens.tier = demand.tier;
    return out;
}

net::Response refuse(const Format& format, const CallError& error, const net::Request& request) {
    net::Response out;
    out.status = error.status;
    out.headers.set("Content-Type", "application/json");
    if (error.retry_after_ms) {
        out.headers.set("Retry-After", fmt::format("{}", (*error.retry_after_ms + 999) / 1000));
        out.headers.set("retry-after-ms", fmt::format("{}", *error.retry_after_ms));
    }
    if (error.should_retry) out.headers.set("x-should-retry", *error.should_retry ? "true" : "false");
    out.text = format.write_error(error, request.id);
    return out;
}

net::Response refuse(const Format& format, const Error& error, const net::Request& request) {
    return refuse(format, call_error(error), request);
}

budget::Spend new_spend(Gateway::State& state, const Incoming& in, const Target& target,
                        const budget::CallScope& scope) {
    budget::Spend out;
    out.id = budget::SpendId::make(state.now(), state.parts.random);
    out.scope = scope;
    out.door = in.door.name;
    out.kind = in.door.operation == Operation::embeddings ? "embedding" : "chat";
    out.provider = target.provider;
    out.model = target.model;
    out.requested_model = in.model;
    out.request_id = in.request->id;
    out.streamed = in.stream;
    return out;
}

Result<std::string> body_of(const ModelRequest& request, const Target& target, const Format& spoken) {
    auto written = spoken.write_request(request);
    if (!written) return fail(std::move(written.error()));
    auto body = base::dump_json(*written);
    auto scan = BodyScan::read(body);
    if (!scan) return body;
    UpstreamCall call;
    call.model = target.model;
    call.format = &spoken;
    call.stream = request.stream;
    target.type->edit(*scan, call);
    // Many servers know the limit's older name alone.
    if (const std::string limit(scan->raw("max_completion_tokens")); !limit.empty() && target.type->vendor().empty()) {
        scan->remove("max_completion_tokens");
        scan->set("max_tokens", limit);
    }
    return scan->changed() ? scan->edited() : body;
}

Result<net::ClientRequest> outgoing(Gateway::State& state, const Incoming& in, const Target& target, std::string body,
                                    bool stream) {
    const auto& spoken = target.type->format(*in.door.format);
    net::Headers headers;
    if (&spoken == in.door.format && &spoken == &anthropic_messages())
        for (const auto* name : {"anthropic-version", "anthropic-beta"})
            if (const auto value = in.request->headers.find(name)) headers.set(name, *value);
    const auto operation = in.door.single && &spoken == &gemini() ? Operation::single_embedding : in.door.operation;
    return outgoing(state, target, spoken, operation, in.scope.workspace, std::move(headers), std::move(body), stream);
}

Result<net::ClientRequest> outgoing(Gateway::State& state, const Target& target, const Format& spoken,
                                    Operation operation, WorkspaceId workspace, net::Headers headers, std::string body,
                                    bool stream) {
    net::ClientRequest out;
    out.verb = net::Verb::post;
    out.body = std::move(body);
    out.headers = std::move(headers);
    out.headers.set("Content-Type", "application/json");
    if (stream) out.headers.set("Accept", "text/event-stream");
    auto key = state.key_of(target);
    if (!key) return fail(std::move(key.error()));
    static const Json no_settings = Json::object();
    UpstreamCall call;
    call.base_url = target.base_url;
    call.settings = target.row ? &target.row->settings : &no_settings;
    call.model = target.model;
    call.operation = operation;
    call.format = &spoken;
    call.stream = stream;
    call.key = *key;
    call.now = state.now();
    if (auto addressed = target.type->address(call, out); !addressed) return fail(std::move(addressed.error()));
    out.timeout = whole_timeout;
    out.max_response = largest_answer;
    out.max_redirects = 0;  // the vendor's key goes to the vendor's host alone
    out.operator_trusted = true;
    out.workspace = workspace;
    return out;
}

void put_headers(net::Headers& headers, const Target& target, std::optional<NanoUsd> cost,
                 std::optional<NanoUsd> left) {
    headers.set("x-sluice-provider", target.provider);
    headers.set("x-sluice-model", target.model);
    if (cost) headers.set("x-sluice-cost-usd", base::format_usd(*cost));
    if (left) headers.set("x-sluice-budget-left-usd", base::format_usd(*left));
}

}  // namespace sluice::llm
