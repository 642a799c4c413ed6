#include <array>
#include <charconv>

#include "nodes/node_parts.hpp"
#include "nodes/readable.hpp"
#include "sluice/base/time.hpp"
#include "sluice/crypto/crypto.hpp"
#include "sluice/net/client.hpp"

namespace sluice::nodes {

namespace {

constexpr Duration default_timeout = std::chrono::seconds(30);
constexpr Duration longest_timeout = std::chrono::minutes(15);
constexpr std::int64_t longest_wait_us = 86'400'000'000;
constexpr int most_redirects = 5;
constexpr std::array<std::string_view, 7> methods{"GET",   "HEAD",   "POST",   "PUT",
                                                  "PATCH", "DELETE", "OPTIONS"};
constexpr std::array<net::Verb, 7> verbs{net::Verb::get,    net::Verb::head,  net::Verb::post,
                                         net::Verb::put,    net::Verb::patch, net::Verb::del,
                                         net::Verb::options};

net::Verb verb_of(const Json& config) {
    const std::string method = base::string_or(config, "method", "GET");
    for (std::size_t i = 0; i < methods.size(); ++i)
        if (methods[i] == method) return verbs[i];
    return net::Verb::get;
}

bool sends_key(const Json& config) {
    const std::string method = base::string_or(config, "method", "GET");
    return method != "GET" && method != "HEAD" && method != "OPTIONS";
}

/// Control characters would start another header line.
bool is_clean(std::string_view text) {
    return std::none_of(text.begin(), text.end(),
                        [](char c) { return static_cast<unsigned char>(c) < 0x20 && c != '\t'; });
}

std::string with_query(std::string url, const Json& query) {
    if (!query.is_object() || query.empty()) return url;
    std::string fragment;
    if (const auto hash = url.find('#'); hash != std::string::npos) url.resize(hash);
    char separator = url.find('?') == std::string::npos ? '?' : '&';
    const auto add = [&](const std::string& name, const Json& value) {
        if (value.is_null()) return;
        url +=
            separator + net::encode_component(name) + "=" + net::encode_component(text_of(value));
        separator = '&';
    };
    for (const auto& [name, value] : query.items()) {
        if (value.is_array())
            for (const auto& each : value) add(name, each);
        else
            add(name, value);
    }
    return url;
}

Result<net::ClientRequest> request_of(const Json& config, const StepContext& context) {
    net::ClientRequest request;
    request.verb = verb_of(config);
    request.url = with_query(base::string_or(config, "url", ""), field(config, "query"));
    if (const auto& headers = field(config, "headers"); headers.is_object()) {
        for (const auto& [name, value] : headers.items()) {
            if (value.is_null()) continue;
            const std::string text = text_of(value);
            const bool token = !name.empty() &&
                               name.find_first_of(" \t:\"(),/;<=>?@[\\]{}") == std::string::npos &&
                               is_clean(name);
            if (!token || !is_clean(text))
                return fail(
                    mistake_at("/headers/" + base::escape_pointer(name),
                               "is no header field: a name without spaces, a value on one line"));
            request.headers.set(name, text);
        }
    }
    if (const auto& body = field(config, "body"); !body.is_null()) {
        request.body = body.is_string() ? body.get<std::string>() : base::dump_json(body);
        if (!request.headers.find("Content-Type"))
            request.headers.set("Content-Type", body.is_string() ? "text/plain; charset=utf-8"
                                                                 : "application/json");
    }
    if (const auto& auth = field(config, "auth"); auth.is_object()) {
        const std::string bearer = base::string_or(auth, "bearer", "");
        const std::string text = bearer.empty() ? "Basic " + crypto::base64(base::string_or(auth, "username", "") + ":" +
                                                                            base::string_or(auth, "password", ""))
                                                : "Bearer " + bearer;
        if (!is_clean(text)) return fail(mistake_at("/auth", "a token has no line breaks or control characters"));
        request.headers.set("Authorization", text);
    }
    if (sends_key(config) && !request.headers.find("Idempotency-Key"))
        request.headers.set("Idempotency-Key", context.idempotency_key());
    if (!request.headers.find("User-Agent")) request.headers.set("User-Agent", "Sluice/0.1");
    request.workspace = context.workspace();
    request.timeout = default_timeout;
    if (const auto text = base::string_or(config, "timeout", ""); !text.empty()) {
        auto timeout = base::parse_duration(text);
        if (!timeout) return fail(mistake_at("/timeout", timeout.error().message));
        if (*timeout > longest_timeout || *timeout <= Duration(0))
            return fail(mistake_at("/timeout", "a timeout is more than 0s and at most 15m"));
        request.timeout = *timeout;
    }
    // A secret goes to the hosts it is bound to, at a redirect as well.
    request.judge = [&context](const net::Url& url) { return context.may_send_to(url.host, url.port); };
    request.max_redirects = flag(config, "follow_redirects", true) ? most_redirects : 0;
    request.max_response =
        static_cast<std::size_t>(integer(config, "max_response_bytes", 10 << 20));
    return request;
}

bool is_json(std::string_view media_type) {
    const auto end = std::min(media_type.find(';'), media_type.size());
    std::string name(media_type.substr(0, end));
    std::transform(name.begin(), name.end(), name.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    while (!name.empty() && name.back() == ' ') name.pop_back();
    return name == "application/json" || name == "text/json" || name.ends_with("+json");
}

Result<Json> body_of(const net::ClientResponse& response, const std::string& form,
                     std::size_t limit) {
    const base::JsonLimits limits{
        .size_bytes = limit, .depth = 128, .keys = 100'000, .string_bytes = limit};
    if (form == "base64") return Json(crypto::base64(response.body));
    if (form == "text") return Json(readable(response.body));
    const bool wanted = form == "json" || is_json(response.headers.get("Content-Type"));
    if (!wanted) {
        if (!is_utf8(response.body)) return Json(crypto::base64(response.body));
        return Json(response.body);
    }
    if (response.body.empty() && form != "json") return Json();
    auto parsed = base::parse_json(response.body, limits);
    if (parsed || form != "json")
        return parsed ? std::move(*parsed) : Json(readable(response.body));
    return fail(Error{ErrorCode::upstream_failed,
                      fmt::format("{} answered something that is no JSON: {}", response.url,
                                  parsed.error().message),
                      {},
                      true});
}

bool is_passing(int status) {
    return status == 408 || status == 425 || status == 429 || status >= 500;
}

/// Seconds, or an HTTP date (RFC 9110, 10.2.3).
std::int64_t wait_us(std::string_view text, Time now) {
    std::int64_t seconds = 0;
    const char* const end = text.data() + text.size();
    if (text.empty()) return 0;
    if (const auto [stop, bad] = std::from_chars(text.data(), end, seconds);
        bad == std::errc{} && stop == end)
        return std::clamp<std::int64_t>(seconds, 0, longest_wait_us / 1'000'000) * 1'000'000;
    std::tm parts{};
    if (!::strptime(std::string(text).c_str(), "%a, %d %b %Y %H:%M:%S GMT", &parts)) return 0;
    return std::clamp<std::int64_t>(
        static_cast<std::int64_t>(::timegm(&parts)) * 1'000'000 - base::to_us(now), 0,
        longest_wait_us);
}

Error status_error(const net::ClientResponse& response, Time now, const StepContext& context) {
    // What is shown of a long answer is its beginning; a secret that it sends back is taken out before the cut.
    constexpr std::size_t looked_at = 128 << 10;
    std::string said = readable(context.redact(std::string_view(response.body).substr(0, looked_at)).substr(0, 300));
    std::replace_if(
        said.begin(), said.end(), [](char c) { return static_cast<unsigned char>(c) < 0x20; }, ' ');
    Error error;
    error.code = response.status == 429                             ? ErrorCode::rate_limited
                 : response.status == 408 || response.status == 504 ? ErrorCode::timeout
                                                                    : ErrorCode::upstream_failed;
    error.retryable = is_passing(response.status);
    error.retry_after_us = error.retryable ? wait_us(response.headers.get("Retry-After"), now) : 0;
    error.message = fmt::format("{} answered with status {}{}", response.url, response.status,
                                said.empty() ? "" : ": " + said);
    return error;
}

Awaitable<Result<StepOutput>> run(Services services, StepContext& context) {
    if (!services.client)
        co_return fail(ErrorCode::unavailable, "this process makes no outgoing requests");
    const Json& config = context.input().config;
    auto request = request_of(config, context);
    if (!request) co_return fail(std::move(request.error()));
    const std::size_t limit = request->max_response;
    auto response = co_await services.client->send(std::move(*request));
    if (!response) co_return fail(std::move(response.error()));
    if (response->status >= 400 && flag(config, "fail_on_status", true)) {
        const Time now = services.loop ? services.loop->now() : context.input().now;
        co_return fail(status_error(*response, now, context));
    }
    auto job = [response = *response, form = base::string_or(config, "response", "auto"), limit] {
        return body_of(response, form, limit);
    };
    auto body = co_await run_heavy(services, response->body.size(), std::move(job));
    if (!body) co_return fail(std::move(body.error()));
    Json headers = Json::object();
    for (const auto& [name, value] : response->headers.all()) {
        std::string lower = name;
        std::transform(lower.begin(), lower.end(), lower.begin(),
                       [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
        if (headers.contains(lower))
            headers[lower] = headers[lower].get<std::string>() + ", " + readable(value);
        else
            headers[lower] = readable(value);
    }
    StepOutput result{Json{{"status", response->status},
                           {"headers", std::move(headers)},
                           {"body", std::move(*body)},
                           {"url", response->url}}};
    co_return result;
}

}  // namespace

NodeType make_http_request(const Services& services) {
    NodeType type;
    type.name = "http.request";
    type.title = "HTTP request";
    type.category = "Network";
    type.doc =
        "Sends one HTTP request. GET, HEAD and OPTIONS are `safe` and may be sent again; the "
        "others carry the step's `Idempotency-Key`, the same over "
        "attempts and restarts, so that a server which honours it has the effect once. A `body` "
        "that is no text is sent as JSON. "
        "Addresses of this machine and of internal networks are refused unless the operator's "
        "`egress.allow` names them; each redirect is judged again. Secrets (`{{ secrets.NAME }}`) go "
        "to the hosts they are bound to; a redirect to another origin goes without them.\n\n"
        "**Output:** `{\"status\", \"headers\": {lower-case name: value}, \"body\", \"url\": after "
        "redirects}`. The body is by `response`: `auto` (JSON where the "
        "answer says so, else text; bytes that are no text as base64), `json`, `text` or "
        "`base64`.\n\n"
        "**Errors:** a status from 400 on, unless `fail_on_status` is off: `rate_limited` (429), "
        "`timeout` (408, 504), else `upstream_failed`; 408, 425, 429 and 5xx "
        "are retryable and respect `Retry-After`. `upstream_failed` and `timeout` (both retryable) "
        "when the server cannot be reached, breaks off or is too slow; "
        "`forbidden` by the egress guard; `too_large`; `invalid_argument` for a bad URL or header.";
    type.kind = NodeKind::task;
    type.effect = Effect::keyed;
    type.effect_of = [](const Json& config) {
        return sends_key(config) ? Effect::keyed : Effect::safe;
    };
    type.config_schema = json(R"json({
        "type": "object", "additionalProperties": false, "required": ["url"],
        "properties": {
            "method": {"type": "string", "enum": ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"], "title": "Method", "description": "Fixed when the flow is published, because it decides the effect class.", "default": "GET"},
            "url": {"type": "string", "minLength": 1, "maxLength": 8192, "title": "URL", "description": "http or https. May name secrets, after which the host is judged.", "x-secret": true},
            "headers": {"type": "object", "title": "Headers", "description": "By name; null leaves one out. May name secrets.", "default": {}, "x-secret": true},
            "auth": {"type": "object", "title": "Authorization", "description": "A token, or a name with a password. May name secrets.", "additionalProperties": false, "x-secret": true, "properties": {
                "bearer": {"type": "string", "minLength": 1, "title": "Bearer token", "description": "Sent as Authorization: Bearer."},
                "username": {"type": "string", "title": "User name", "description": "Of Basic authorization."},
                "password": {"type": "string", "title": "Password", "description": "Of Basic authorization."}}},
            "query": {"type": "object", "title": "Query", "description": "Added to the URL, encoded; a list repeats the name, null leaves it out. May name secrets.", "default": {}, "x-secret": true},
            "body": {"title": "Body", "description": "Text as it is, anything else as JSON. May name secrets.", "x-secret": true},
            "timeout": {"type": "string", "title": "Timeout", "description": "Of the whole exchange, at most 15m.", "default": "30s"},
            "follow_redirects": {"type": "boolean", "title": "Follow redirects", "description": "Up to 5.", "default": true},
            "response": {"type": "string", "enum": ["auto", "json", "text", "base64"], "title": "Response", "description": "What the body becomes.", "default": "auto"},
            "fail_on_status": {"type": "boolean", "title": "Fail on status", "description": "Take a status from 400 on for an error.", "default": true},
            "max_response_bytes": {"type": "integer", "minimum": 1, "maximum": 33554432, "title": "Largest answer", "description": "Bytes, decompressed.", "default": 10485760}
        }})json");
    type.example = json(
        R"json({"config": {"method": "POST", "url": "https://api.example.com/orders", "headers": {"Accept": "application/json"},
                                    "body": {"customer": "{{ input.customer }}"}, "timeout": "10s"}, "input": {"customer": "acme"},
                                "output": {"status": 201, "headers": {"content-type": "application/json"}, "body": {"id": 7}, "url": "https://api.example.com/orders"}})json");
    type.check = [](const Json& config) {
        std::vector<base::ErrorDetail> mistakes;
        if (is_template(field(config, "method")))
            mistakes.push_back({"/method",
                                "the method decides the effect class and is fixed when the flow is "
                                "published; no template"});
        if (const auto& url = field(config, "url"); url.is_string() && !is_template(url))
            if (auto parsed = net::parse_url(url.get_ref<const std::string&>()); !parsed)
                mistakes.push_back({"/url", parsed.error().message});
        if (const auto& auth = field(config, "auth"); auth.is_object() && !is_template(auth) && auth.contains("bearer") == auth.contains("username"))
            mistakes.push_back({"/auth", "give either bearer, or username and password"});
        if (const auto& text = field(config, "timeout"); text.is_string() && !is_template(text))
            if (auto read = base::parse_duration(text.get_ref<const std::string&>()); !read)
                mistakes.push_back({"/timeout", read.error().message});
        return mistakes;
    };
    type.run = [services](StepContext& context) { return run(services, context); };
    return type;
}

}  // namespace sluice::nodes
