// A whole body, judged: every text in it as its reader would see it, whatever it is wrapped in.

#include <algorithm>

#include <fmt/format.h>

#include "llm/guard.hpp"
#include "sluice/base/metrics.hpp"
#include "sluice/crypto/crypto.hpp"

namespace sluice::llm {
namespace {

base::metrics::Counter redacted_total("sluice_guardrail_hits_total{action=\"redacted\"}", "What guardrails found in calls of models");
base::metrics::Counter blocked_total("sluice_guardrail_hits_total{action=\"blocked\"}", "What guardrails found in calls of models");

constexpr base::JsonLimits inner_limits{.size_bytes = 32 << 20, .depth = 64, .keys = 100'000, .string_bytes = 32 << 20};

bool one_of(std::string_view text, std::initializer_list<std::string_view> all) {
    return std::find(all.begin(), all.end(), text) != all.end();
}

/// Members that name something for programs: no model reads them, and another value would break the call.
bool is_identifier(std::string_view key) {
    return one_of(key, {"id", "call_id", "tool_call_id", "tool_use_id", "item_id", "object", "role", "type", "model", "status", "stop_reason",
                        "finish_reason", "finishReason", "service_tier", "system_fingerprint", "responseId", "modelVersion"});
}
/// What a vendor signed or sealed: it goes back as it came, and only its vendor reads it.
bool is_sealed(std::string_view key) {
    return one_of(key, {"signature", "thoughtSignature", "thought_signature", "encrypted_content"});
}
/// What the body only names and its vendor keeps: nobody here can look at it.
bool is_elsewhere(std::string_view key) {
    return one_of(key, {"previous_response_id", "conversation", "cachedContent", "cached_content", "file_id", "file_url", "file_uri", "fileUri",
                        "container"});
}
/// What a tool is called with, what it gave, its schema, and what a caller writes beside a call: models read every member of it, also
/// one that is called `id` or `role`.
bool is_data(std::string_view key) {
    return one_of(key, {"input", "args", "response", "parameters", "input_schema", "schema", "parametersJsonSchema", "parameters_json_schema",
                        "responseSchema", "response_schema", "responseJsonSchema", "response_json_schema", "metadata", "labels"});
}
/// Names that must stay what they are: found there, it is refused instead.
bool is_name(std::string_view key) { return one_of(key, {"name"}); }

bool is_plain_media(std::string_view media) {
    return media.starts_with("text/") || media.ends_with("json") || media.ends_with("xml") || media.ends_with("yaml") ||
           media.ends_with("javascript") || media.ends_with("csv");
}
/// An image in XML is text.
bool is_sense_media(std::string_view media) {
    return (media.starts_with("image/") && !media.ends_with("xml")) || media.starts_with("audio/") || media.starts_with("video/");
}

/// Where the spellings contradict each other, the one that is looked into: nobody knows which of them a vendor reads.
std::string media_of(const Json* around) {
    std::string out;
    if (!around || !around->is_object()) return out;
    for (const auto* name : {"media_type", "mime_type", "mimeType"}) {
        auto media = base::string_or(*around, name, "");
        media.resize(std::min(media.size(), media.find(';')));
        if (!media.empty() && (out.empty() || is_sense_media(out))) out = std::move(media);
    }
    return out;
}

/// The formats of `input_audio`.
bool is_audio_format(std::string_view format) {
    return one_of(format, {"wav", "mp3", "mpeg", "mpga", "mp4", "m4a", "flac", "ogg", "opus", "webm", "aac", "aiff", "pcm16", "g711_ulaw", "g711_alaw"});
}

std::int64_t letters(std::string_view text) {
    return std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; });
}

/// Text in an encoding that is no superset of ASCII, or no text at all.
bool has_controls(std::string_view bytes) {
    return std::any_of(bytes.begin(), bytes.end(), [](char c) {
        const auto byte = static_cast<unsigned char>(c);
        return byte < 0x20 && byte != '\t' && byte != '\n' && byte != '\r' && byte != '\f';
    });
}

/// As a URL's scheme, in letters of any case.
bool is_data_url(std::string_view text) {
    constexpr std::string_view scheme = "data:";
    return text.size() >= scheme.size() && std::equal(scheme.begin(), scheme.end(), text.begin(),
                                                      [](char a, char b) { return a == (b >= 'A' && b <= 'Z' ? b + ('a' - 'A') : b); });
}

/// "data:text/plain;base64,…": what stands before the data; empty: it is no such URL.
std::string_view data_head(std::string_view text) {
    if (!is_data_url(text)) return {};
    const auto comma = text.find(',');
    if (comma == std::string_view::npos) return {};
    const auto head = text.substr(5, comma - 5);
    return head.find('/') == std::string_view::npos || head.find_first_of(" \t\r\n") != std::string_view::npos ? std::string_view() : head;
}

/// An answer's words once more, each alone: no rule finds anything in them, and nothing can be taken out.
void drop_tokens(Json& value, bool& changed) {
    for (const auto* name : {"logprobs", "logprobsResult"}) {
        const auto found = value.find(name);
        if (found == value.end() || !found->is_structured()) continue;
        *found = found->is_array() ? Json::array() : Json();
        changed = true;
    }
}

/// Text as numbers of a tokenizer, which only its vendor can read.
bool is_tokens(const Json& list) {
    return list.is_array() && std::any_of(list.begin(), list.end(), [](const Json& each) { return each.is_number() || each.is_array(); });
}

bool looks_like_json(std::string_view text) {
    const auto first = text.find_first_not_of(" \t\r\n");
    return first != std::string_view::npos && (text[first] == '{' || text[first] == '[');
}

}  // namespace

Judge::Judge(const GuardRules& rules, std::string_view direction, GuardReport& report)
    : rules_(rules), direction_(direction), report_(report) {
    for (const auto& rule : rules_) {
        texts_ = texts_ || rule->judges_text();
        tools_ = tools_ || rule->type == GuardRule::Type::tools;
    }
}

void Judge::refuse(const std::shared_ptr<const GuardRule>& rule, std::string_view kind, std::string why) {
    if (refused()) return;
    report_.add(*rule, direction_, kind, true);
    report_.refusal = GuardReport::Refusal{rule, std::move(why)};
    blocked_total.add();
}

void Judge::redacted(const GuardRule& rule, std::string_view kind) {
    report_.add(rule, direction_, kind, false);
    redacted_total.add();
}

void Judge::count(std::string_view text) { characters_ += letters(text); }

const std::shared_ptr<const GuardRule>* Judge::first_text_rule() const {
    for (const auto& rule : rules_)
        if (rule->judges_text()) return &rule;
    return nullptr;
}

bool Judge::text(std::string& text) {
    characters_ += letters(text);
    if (!texts_ || refused() || text.empty()) return false;
    const auto found = find_all(rules_, text);
    if (found.empty()) return false;
    std::string out;
    std::size_t from = 0;
    for (const auto& each : found) {
        const auto& rule = rules_[each.rule];
        if (!rule->redacts) {
            refuse(rule, each.kind, fmt::format("it finds {} in the {}", each.kind == "pattern" ? "its pattern" : each.kind,
                                                direction_ == "input" ? "request" : "answer"));
            return false;
        }
        redacted(*rule, each.kind);
        out.append(text, from, each.begin - from);
        out += replacement_of(*rule, each.kind);
        from = each.end;
    }
    out.append(text, from);
    text = std::move(out);
    return changed_ = true;
}

/// A text that cannot be changed where it stands: what would be redacted there is refused.
void Judge::fixed(std::string_view text, std::string_view what) {
    if (!texts_ || refused()) return;
    const auto found = find_all(rules_, text);
    if (found.empty()) return;
    const auto& first = found.front();
    refuse(rules_[first.rule], first.kind, fmt::format("it finds {} in {}, where nothing can be taken out", first.kind, what));
}

void Judge::tool(std::string_view name) {
    if (!tools_ || refused()) return;
    for (const auto& rule : rules_) {
        if (rule->type != GuardRule::Type::tools) continue;
        if (std::none_of(rule->tools.begin(), rule->tools.end(), [&](const std::string& allowed) { return fits(allowed, name); }))
            return refuse(rule, "tool", fmt::format("the tool {} is not among those that it allows", name.substr(0, 100)));
    }
}

/// Data of a file. True: it was judged, or refused: what is neither text nor image nor sound cannot be looked into. False: it
/// is no base64.
bool Judge::encoded(Json& value, std::string_view media, std::string_view prefix, std::string_view data) {
    if (!texts_ || is_sense_media(media)) return true;
    auto plain = crypto::from_base64(data);
    if (!plain && media.empty()) return false;
    if (!plain || !(media.empty() || is_plain_media(media)) || has_controls(*plain)) {
        if (const auto* rule = first_text_rule())
            refuse(*rule, "file", fmt::format("it cannot look into a file{}{}; send its text as UTF-8 instead",
                                              media.empty() ? "" : " of the type ", media.substr(0, 100)));
        return true;
    }
    if (text(*plain)) value = std::string(prefix) + crypto::base64(*plain);
    return true;
}

void Judge::elsewhere(std::string_view what) {
    if (!texts_) return;
    if (const auto* rule = first_text_rule())
        refuse(*rule, "elsewhere", fmt::format("it cannot look at what {} names; send the content itself", what));
}

void Judge::string(Json& value, std::string_view key, const Json* around) {
    auto& held = value.get_ref<std::string&>();
    if (data_ > 0) {
        text(held);
        return;
    }
    if (is_identifier(key) || is_sealed(key)) return;
    if (is_elsewhere(key) && !held.empty()) return elsewhere(key);
    if (is_name(key)) return fixed(held, "a name");
    const auto type = around ? base::string_or(*around, "type", "") : std::string();
    if (const auto head = data_head(held); !head.empty()) {
        if (!head.ends_with(";base64")) return elsewhere("a data URL without base64");
        const std::string media(head.substr(0, head.find(';'))), prefix(held, 0, head.size() + 6), data(held, head.size() + 6);
        encoded(value, media, prefix, data);
        return;
    }
    // A URL that a vendor may read otherwise than it is read here.
    if (is_data_url(held) && one_of(key, {"url", "image_url", "file_data", "data"})) return elsewhere("a data URL of another form");
    if (one_of(key, {"data", "file_data", "bytes"}) && type != "text") {
        if (type == "redacted_thinking") return;
        auto media = media_of(around);
        if (media.empty() && around && key == "data")
            if (const auto format = base::string_or(*around, "format", ""); is_audio_format(format)) media = "audio/" + format;
        const std::string data = held;
        if (encoded(value, media, {}, data)) return;
    }
    // JSON in a text: what is judged is what it says, however it is escaped. The arguments of calls stay JSON.
    const bool arguments = key == "arguments";
    if (!arguments) text(held);
    if (!texts_ || refused() || !looks_like_json(held) || (!arguments && held.find('\\') == std::string::npos)) {
        if (arguments) text(held);
        return;
    }
    auto inner = base::parse_json(held, inner_limits);
    if (!inner) {
        if (arguments) text(held);
        return;
    }
    const bool before = std::exchange(changed_, false);
    const auto counted = characters_;
    ++data_;
    this->value(*inner, {}, nullptr);
    --data_;
    if (changed_) value = base::dump_json(*inner);
    changed_ = changed_ || before;
    if (!arguments) characters_ = counted;
}

void Judge::value(Json& value, std::string_view key, const Json* around) {
    if (refused()) return;
    switch (value.type()) {
        case Json::value_t::string: return string(value, key, around);
        case Json::value_t::array:
            for (auto& each : value) this->value(each, key, nullptr);
            return;
        case Json::value_t::object: {
            const bool data = around && is_data(key);  // not one of a list: the items of a request have the same name
            data_ += data ? 1 : 0;
            object(value, key);
            data_ -= data ? 1 : 0;
            return;
        }
        case Json::value_t::number_integer:
        case Json::value_t::number_unsigned:
        case Json::value_t::number_float:
            if (data_ > 0) fixed(base::dump_json(value), "a number");
            return;
        default: return;
    }
}

void Judge::object(Json& value, std::string_view key) {
    if (data_ == 0) {
        const auto type = base::string_or(value, "type", "");
        if (is_elsewhere(key) || type == "item_reference" || (key == "prompt" && value.contains("id")))
            return elsewhere(key.empty() || type == "item_reference" ? std::string_view("an item_reference") : key);
        if (type == "document")
            if (const auto* source = base::find_member(value, "source"); source && base::string_or(*source, "type", "") == "url")
                return elsewhere("the URL of a document");
    }
    const bool data = data_ > 0 || key == "input_examples" || (one_of(key, {"input", "args", "response"}) && !value.contains("role"));
    data_ += data ? 1 : 0;
    // Other members' names are words of the protocol.
    const bool chosen = data_ > 0 || one_of(key, {"properties", "$defs", "definitions"});
    if (texts_ && data_ == 0 && direction_ == "output") drop_tokens(value, changed_);
    for (auto& [name, inner] : value.get_ref<Json::object_t&>()) {
        if (chosen) fixed(name, "the name of a member");
        this->value(inner, name, &value);
    }
    data_ -= data ? 1 : 0;
}

/// The tools that a request offers.
void Judge::tools_in(const Json& body) {
    const auto name_of = [](const Json& tool) {
        for (const auto* inner : {"function", "custom"})
            if (const auto* object = base::find_member(tool, inner); object && object->is_object())
                return base::string_or(*object, "name", "");
        return base::string_or(tool, "name", base::string_or(tool, "type", ""));
    };
    for (const auto* list : {"tools", "functions"}) {
        const auto* offered = base::find_member(body, list);
        if (!offered || !offered->is_array()) continue;
        for (const auto& each : *offered) {
            if (!each.is_object()) continue;
            bool declared = false;
            for (const auto* member : {"functionDeclarations", "function_declarations"})
                if (const auto* functions = base::find_member(each, member); functions && functions->is_array()) {
                    declared = true;
                    for (const auto& function : *functions) tool(base::string_or(function, "name", ""));
                }
            const auto name = name_of(each);
            if (!name.empty()) tool(name);
            else if (!declared)
                for (const auto& [vendors, settings] : each.items()) tool(vendors);  // Gemini's own: {"googleSearch": {}}
        }
    }
    if (body.contains("web_search_options")) tool("web_search");
    if (const auto* servers = base::find_member(body, "mcp_servers"); servers && !servers->empty()) tool("mcp");
}

/// The tools that an answer calls.
void Judge::calls_in(const Json& value) {
    if (value.is_array())
        for (const auto& each : value) calls_in(each);
    if (!value.is_object()) return;
    const auto type = base::string_or(value, "type", "");
    if (one_of(type, {"tool_use", "function_call", "custom_tool_call", "server_tool_use", "mcp_call", "mcp_tool_use"}))
        tool(base::string_or(value, "name", ""));
    else if (type.ends_with("_call"))
        tool(type.substr(0, type.size() - 5));  // OpenAI's own: web_search_call
    for (const auto& [name, inner] : value.items()) {
        if (one_of(name, {"tools", "functions"})) continue;  // what a response repeats of its request
        const bool call = one_of(name, {"functionCall", "function_call", "function"}) && inner.is_object() && inner.contains("name");
        if (call) tool(base::string_or(inner, "name", ""));
        else calls_in(inner);
    }
}

bool Judge::part(Json& part) {
    changed_ = false;
    value(part, {}, nullptr);
    return changed_;
}

bool Judge::body(Json& body) {
    changed_ = false;
    if (tools_) direction_ == "input" ? tools_in(body) : calls_in(body);
    value(body, {}, nullptr);
    if (direction_ == "input")
        for (const auto* list : {"input", "prompt"})
            if (const auto* given = base::find_member(body, list); given && is_tokens(*given)) elsewhere("a list of tokens");
    std::int64_t messages = 0;
    for (const auto* list : {"messages", "contents", "input"})
        if (const auto* turns = base::find_member(body, list)) messages += turns->is_array() ? static_cast<std::int64_t>(turns->size()) : 1;
    finish(messages);
    return changed_;
}

void Judge::finish(std::int64_t messages) {
    for (const auto& rule : rules_) {
        if (rule->type != GuardRule::Type::size || refused()) continue;
        if (rule->max_characters >= 0 && characters_ > rule->max_characters)
            refuse(rule, "size", fmt::format("the {} has {} characters, and {} are allowed", direction_ == "input" ? "request" : "answer",
                                             characters_, rule->max_characters));
        else if (rule->max_messages >= 0 && messages > rule->max_messages)
            refuse(rule, "size", fmt::format("there are {} messages, and {} are allowed", messages, rule->max_messages));
    }
}

}  // namespace sluice::llm
