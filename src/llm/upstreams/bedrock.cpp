// Anthropic's models at AWS Bedrock: InvokeModel with the vendor's own body, signed (Signature Version 4), streams in
// binary frames. Sources: https://docs.aws.amazon.com/bedrock/latest/APIReference,
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html (read 2026-11).

#include <algorithm>
#include <array>

#include "llm/upstreams/upstream.hpp"
#include "sluice/crypto/crypto.hpp"

namespace sluice::llm {
namespace {

constexpr std::string_view body_version = R"("bedrock-2023-05-31")";
constexpr std::size_t largest_frame = 1 << 20;

/// "20261126T160000Z"
std::string amazon_time(Time now) {
    const auto text = base::format_time(now);  // 2026-11-26T16:00:00[.ffffff]Z
    std::string out;
    for (const char c : text.substr(0, 19))
        if (c != '-' && c != ':') out += c;
    return out + "Z";
}

std::string mac(std::string_view key, std::string_view text) {
    const auto digest = crypto::hmac_sha256(key, text);
    return std::string(crypto::raw(digest));
}

struct Credentials {
    std::string id, secret, session;
};

/// "ACCESS_KEY_ID:SECRET" or "ACCESS_KEY_ID:SECRET:SESSION_TOKEN"
Result<Credentials> credentials_of(std::string_view key) {
    const auto colon = key.find(':');
    if (colon == std::string_view::npos)
        return fail(ErrorCode::invalid_argument,
                    "the api_key of a Bedrock provider is ACCESS_KEY_ID:SECRET_ACCESS_KEY, with :SESSION_TOKEN where "
                    "there is one");
    auto rest = key.substr(colon + 1);
    const auto second = rest.find(':');
    return Credentials{std::string(key.substr(0, colon)), std::string(rest.substr(0, second)),
                       second == std::string_view::npos ? std::string() : std::string(rest.substr(second + 1))};
}

/// Adds the headers that sign `out`. The path is encoded twice, as AWS wants it of every service but S3.
void sign(net::ClientRequest& out, const net::Url& url, const Credentials& who, std::string_view region, Time now) {
    const auto at = amazon_time(now), day = at.substr(0, 8);
    const auto payload = crypto::sha256_hex(out.body);
    out.headers.set("x-amz-date", at);
    out.headers.set("x-amz-content-sha256", payload);
    if (!who.session.empty()) out.headers.set("x-amz-security-token", who.session);
    const bool usual_port = url.port == (url.scheme == "https" ? 443 : 80);
    std::vector<std::pair<std::string, std::string>> signed_headers{
        {"host", usual_port ? url.host : fmt::format("{}:{}", url.host, url.port)},
        {"x-amz-content-sha256", payload},
        {"x-amz-date", at}};
    if (!who.session.empty()) signed_headers.emplace_back("x-amz-security-token", who.session);
    std::string headers, names;
    for (const auto& [name, value] : signed_headers) {
        headers += name + ":" + value + "\n";
        names += (names.empty() ? "" : ";") + name;
    }
    std::string path;
    for (const char c : url.target) path += c == '%' ? std::string("%25") : std::string(1, c);
    const auto canonical = fmt::format("{}\n{}\n\n{}\n{}\n{}", out.verb == net::Verb::get ? "GET" : "POST", path, headers, names, payload);
    const auto scope = fmt::format("{}/{}/bedrock/aws4_request", day, region);
    const auto to_sign = fmt::format("AWS4-HMAC-SHA256\n{}\n{}\n{}", at, scope, crypto::sha256_hex(canonical));
    auto key = mac("AWS4" + who.secret, day);
    key = mac(key, region);
    key = mac(key, "bedrock");
    key = mac(key, "aws4_request");
    out.headers.set("Authorization", fmt::format("AWS4-HMAC-SHA256 Credential={}/{}, SignedHeaders={}, Signature={}",
                                                 who.id, scope, names, crypto::hex(mac(key, to_sign))));
}

class Bedrock final : public UpstreamType {
  public:
    std::string_view name() const override { return "bedrock"; }
    std::string_view title() const override { return "AWS Bedrock (Anthropic's models)"; }
    std::string_view vendor() const override { return "anthropic"; }
    const Format& format(const Format&) const override { return anthropic_messages(); }
    bool framed_stream() const override { return true; }
    bool offers(Operation operation) const override { return operation == Operation::chat || operation == Operation::models; }
    /// ListFoundationModels is of another host than the models themselves.
    std::string why_no_list(const UpstreamCall& call) const override {
        if (!control_of(call).empty()) return {};
        return "a base_url of its own does not say where the list of models is: give settings.control_url (https://bedrock.REGION.amazonaws.com, or "
               "your endpoint of the service `bedrock`) to have it asked for; until then nothing is checked, and whether the key is good shows "
               "with the first call";
    }
    /// Models are called by id, through an inference profile of a region ("eu.anthropic.…"), or by an ARN, which no list has.
    bool is_listed(std::string_view model, std::span<const std::string> names) const override {
        if (model.starts_with("arn:")) return true;
        const auto has = [names](std::string_view name) { return std::find(names.begin(), names.end(), name) != names.end(); };
        const auto dot = model.find('.');
        return has(model) || (dot != std::string_view::npos && has(model.substr(dot + 1)));
    }
    std::string_view not_in_list() const override {
        return "; whether the account may call them, and what an ARN names, shows with the first call";
    }
    void edit(BodyScan& body, const UpstreamCall&) const override {
        body.remove("model");
        body.remove("stream");
        if (!body.has("anthropic_version")) body.set("anthropic_version", std::string(body_version));
    }
    Result<void> address(const UpstreamCall& call, net::ClientRequest& out) const override {
        auto who = credentials_of(call.key);
        if (!who) return fail(std::move(who.error()));
        const auto region = base::string_or(*call.settings, "region", "");
        if (region.empty())
            return fail(ErrorCode::invalid_argument,
                        "the provider needs settings.region, for example \"eu-central-1\"");
        if (call.operation == Operation::models)
            out.url = control_of(call) + "/foundation-models";
        else
            out.url = fmt::format("{}/model/{}/{}", call.base_url.empty() ? usual_base(region) : std::string(call.base_url),
                                  net::encode_component(call.model), call.stream ? "invoke-with-response-stream" : "invoke");
        out.headers.remove("anthropic-version");
        auto url = net::parse_url(out.url);
        if (!url) return fail(std::move(url.error()));
        sign(out, *url, *who, region, call.now);
        return {};
    }
    std::vector<base::ErrorDetail> check(const Json& settings) const override {
        // It is a part of the host's name: nothing in it may make another host of that.
        const auto region = base::string_or(settings, "region", "");
        const auto in_name = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-'; };
        if (region.empty() || region.size() > 40 || !std::all_of(region.begin(), region.end(), in_name))
            return {{"/settings/region", "say the region, for example \"eu-central-1\""}};
        const auto* control = base::find_member(settings, "control_url");
        if (control && (!control->is_string() || !net::parse_url(control->get<std::string>())))
            return {{"/settings/control_url", "is no URL; it is where models are listed, for example \"https://bedrock.eu-central-1.amazonaws.com\""}};
        return {};
    }

  private:
    static std::string usual_base(std::string_view region) { return fmt::format("https://bedrock-runtime.{}.amazonaws.com", region); }
    /// Where models are listed; empty: not known.
    static std::string control_of(const UpstreamCall& call) {
        auto given = base::string_or(*call.settings, "control_url", "");
        while (given.ends_with('/')) given.pop_back();
        if (!given.empty()) return given;
        const auto region = base::string_or(*call.settings, "region", "");
        return call.base_url.empty() || call.base_url == usual_base(region) ? fmt::format("https://bedrock.{}.amazonaws.com", region) : std::string();
    }
};

std::uint32_t number_at(std::string_view bytes, std::size_t at) {
    std::uint32_t out = 0;
    for (std::size_t i = 0; i < 4; ++i) out = out << 8 | static_cast<unsigned char>(bytes[at + i]);
    return out;
}

std::uint32_t crc32(std::string_view bytes) {
    static const auto table = [] {
        std::array<std::uint32_t, 256> out{};
        for (std::uint32_t i = 0; i < 256; ++i) {
            std::uint32_t c = i;
            for (int bit = 0; bit < 8; ++bit) c = c & 1 ? 0xEDB88320U ^ (c >> 1) : c >> 1;
            out[i] = c;
        }
        return out;
    }();
    std::uint32_t crc = ~0U;
    for (const char c : bytes) crc = table[(crc ^ static_cast<unsigned char>(c)) & 0xFF] ^ (crc >> 8);
    return ~crc;
}

/// The string headers of a frame ("…:type": exception or event).
std::string header_of(std::string_view headers, std::string_view wanted) {
    std::size_t at = 0;
    while (at + 1 < headers.size()) {
        const auto size = static_cast<unsigned char>(headers[at++]);
        if (at + size + 3 > headers.size()) break;
        const auto name = headers.substr(at, size);
        at += size;
        const auto type = static_cast<unsigned char>(headers[at++]);
        if (type != 7) break;  // a string; Bedrock sends no other
        const std::size_t length = static_cast<std::size_t>(static_cast<unsigned char>(headers[at])) << 8 |
                                   static_cast<unsigned char>(headers[at + 1]);
        at += 2;
        if (at + length > headers.size()) break;
        if (name == wanted) return std::string(headers.substr(at, length));
        at += length;
    }
    return {};
}

}  // namespace

Result<std::string> EventStreamReader::feed(std::string_view bytes) {
    if (broken_) return fail(*broken_);
    waiting_.append(bytes);
    std::string out;
    // What came before a broken frame is told first.
    const auto stop = [&](std::string_view why) -> Result<std::string> {
        broken_ = Error{ErrorCode::upstream_failed, std::string(why), {}, true};
        if (out.empty()) return fail(*broken_);
        return std::move(out);
    };
    std::size_t at = 0;
    while (waiting_.size() - at >= 16) {
        const std::string_view rest = std::string_view(waiting_).substr(at);
        const std::size_t total = number_at(rest, 0), head = number_at(rest, 4);
        if (total > largest_frame || total < 16 || head > total - 16)
            return stop("Bedrock sent a frame of an impossible size");
        if (rest.size() < total) break;
        if (crc32(rest.substr(0, 8)) != number_at(rest, 8) ||
            crc32(rest.substr(0, total - 4)) != number_at(rest, total - 4))
            return stop("Bedrock sent a frame with a wrong checksum");
        const auto headers = rest.substr(12, head), payload = rest.substr(12 + head, total - 16 - head);
        const auto parsed = base::parse_json(payload, {.size_bytes = largest_frame, .string_bytes = largest_frame});
        if (header_of(headers, ":message-type") == "exception" || header_of(headers, ":message-type") == "error") {
            const auto message =
                parsed ? base::string_or(*parsed, "message", "the stream failed") : std::string("the stream failed");
            out +=
                fmt::format("event: error\ndata: {}\n\n",
                            base::dump_json(Json{
                                {"type", "error"},
                                {"error", {{"type", header_of(headers, ":exception-type")}, {"message", message}}}}));
        } else if (parsed) {
            auto event = crypto::from_base64(base::string_or(*parsed, "bytes", ""));
            if (!event)
                return stop("Bedrock sent a frame that holds no event");
            const auto inner = base::parse_json(*event, {.size_bytes = largest_frame, .string_bytes = largest_frame});
            const auto type = inner ? base::string_or(*inner, "type", "message") : std::string("message");
            out += fmt::format("event: {}\ndata: {}\n\n", type, *event);
        }
        at += total;
    }
    waiting_.erase(0, at);
    return out;
}

const UpstreamType& upstream_bedrock() {
    static const Bedrock type;
    return type;
}

}  // namespace sluice::llm
