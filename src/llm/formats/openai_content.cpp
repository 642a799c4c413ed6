#include <algorithm>

#include "llm/formats/openai_fields.hpp"

namespace sluice::llm::openai {

namespace {

bool starts_with(std::string_view text, std::string_view start) {
    return text.size() >= start.size() && std::equal(start.begin(), start.end(), text.begin(), [](char a, char b) {
               return a == std::tolower(static_cast<unsigned char>(b));
           });
}

std::string lower(std::string_view text) {
    std::string out(text);
    for (auto& c : out) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    return out;
}

}  // namespace

std::optional<std::string> read_url(std::string_view url, Block& block) {
    if (starts_with(url, "http://") || starts_with(url, "https://")) {
        block.url = url;
        return std::nullopt;
    }
    if (!starts_with(url, "data:"))
        return "this must be a link (https://…) or a data URL (data:image/png;base64,…)";
    const auto comma = url.find(',');
    const auto head = url.substr(5, comma == url.npos ? url.npos : comma - 5);
    const auto semicolon = head.find(';');
    if (comma == url.npos || semicolon == head.npos || semicolon == 0 || !head.ends_with(";base64"))
        return "a data URL here has the form data:image/png;base64,…";
    block.media_type = lower(head.substr(0, semicolon));
    block.data = url.substr(comma + 1);
    if (block.data.empty()) return "the data URL has no bytes";
    return std::nullopt;
}

std::string write_url(const Block& block) {
    if (!block.url.empty()) return block.url;
    return "data:" + (block.media_type.empty() ? std::string("application/octet-stream") : block.media_type) +
           ";base64," + block.data;
}

std::string audio_media_type(std::string_view format) {
    if (format == "wav") return "audio/wav";
    if (format == "mp3") return "audio/mp3";
    return {};
}

std::string audio_format(std::string_view media_type) {
    if (media_type == "audio/wav" || media_type == "audio/x-wav" || media_type == "audio/wave") return "wav";
    if (media_type == "audio/mp3" || media_type == "audio/mpeg") return "mp3";
    return {};
}

void read_cache_point(const Json& part, Block& block) {
    if (const auto* point = base::find_member(part, "prompt_cache_breakpoint"); point && point->is_object())
        block.cache_point = true;
    const auto* control = base::find_member(part, "cache_control");
    if (!control || !control->is_object()) return;
    block.cache_point = true;
    const auto lifetime = base::string_or(*control, "ttl", "");
    if (lifetime == "5m" || lifetime == "1h") block.cache_lifetime = lifetime;
}

std::string media_type_of(std::string_view file_name) {
    static constexpr std::pair<std::string_view, std::string_view> known[] = {
        {".pdf", "application/pdf"}, {".txt", "text/plain"},        {".md", "text/markdown"}, {".csv", "text/csv"},
        {".html", "text/html"},      {".json", "application/json"}, {".xml", "text/xml"},
    };
    const auto name = lower(file_name);
    for (const auto& [ending, media_type] : known)
        if (name.ends_with(ending)) return std::string(media_type);
    return "application/octet-stream";
}

bool is_custom_tool(const ModelRequest* request, std::string_view name) {
    if (!request) return false;
    return std::any_of(request->tools.begin(), request->tools.end(), [&](const ToolSpec& tool) {
        return tool.name == name && is_openai(tool.native_format) &&
               base::string_or(tool.native, "type", "") == "custom";
    });
}

std::string custom_arguments(std::string_view input) { return base::dump_json(Json{{"input", input}}); }

std::string custom_input(std::string_view arguments) {
    const auto parsed = base::parse_json(arguments, answer_limits);
    if (!parsed) return std::string(arguments);
    const auto* input = base::find_member(*parsed, "input");
    return input && input->is_string() ? input->get<std::string>() : std::string(arguments);
}

std::string effort_of(const ModelRequest& request) {
    if (!request.effort.empty()) return request.effort;
    // "Off" and "as the model likes" are left to the model's default: models without reasoning refuse the member.
    const auto budget = request.thinking_tokens.value_or(0);
    if (budget <= 0) return {};
    if (budget <= 4'096) return "low";
    return budget <= 16'384 ? "medium" : "high";
}

std::string result_text(const Block& result) {
    std::string text;
    for (const auto& part : result.content) {
        if (part.kind != Block::Kind::text) continue;
        if (!text.empty()) text += "\n";
        text += part.text;
    }
    if (!result.is_error || starts_with(text, "error")) return text;
    return text.empty() ? "Error: the tool failed." : "Error: " + text;
}

std::string made_call_id(std::string_view answer_id, std::size_t index) {
    return fmt::format("call_{}_{}", answer_id.empty() ? std::string_view("0") : answer_id, index);
}

void write_call_signature(const Block& call, Json& out) {
    if (!call.signature.empty() && call.signed_by == "gemini")
        out["extra_content"] = {{"google", {{"thought_signature", call.signature}}}};
}

void read_call_signature(const Json& call, Block& block) {
    const auto* extra = base::find_member(call, "extra_content");
    const auto* google = extra ? base::find_member(*extra, "google") : nullptr;
    if (!google) return;
    block.signature = base::string_or(*google, "thought_signature", "");
    if (!block.signature.empty()) block.signed_by = "gemini";
}

void read_file_data(Fields& fields, const std::string& data, Block& block) {
    if (data.starts_with("data:")) {
        if (auto wrong = read_url(data, block)) fields.wrong("file_data", *wrong);
    } else if (!data.empty()) {
        block.media_type = media_type_of(block.name);
        block.data = data;
    }
}

void read_audio(Fields& fields, Block& block) {
    block.kind = Block::Kind::audio;
    const auto* audio = fields.object("input_audio");
    if (!audio) return fields.wrong("input_audio", "this is required: {\"data\", \"format\"}");
    Fields inner(*audio, fields.at("input_audio"), fields.mistakes());
    block.data = inner.required_text("data");
    block.media_type = audio_media_type(inner.required_text("format"));
    if (block.media_type.empty()) inner.wrong("format", "this must be wav or mp3");
}

}  // namespace sluice::llm::openai
