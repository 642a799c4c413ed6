#pragma once
/// A server that speaks OpenAI's chat completions, with the quirks of its relatives and with
/// trouble on order.

#include <deque>
#include <memory>

#include "llm/simulated_value.hpp"
#include "net/client_world.hpp"
#include "sluice/base/json.hpp"

namespace sluice::test {

struct WireServer {
    // what it does not understand
    bool no_json_schema = false, no_json_object = false, no_stream_options = false,
         only_max_completion_tokens = false;
    bool no_usage = false, ignores_stream = false;
    std::deque<Reply> next;    ///< given first, before anything else
    std::vector<Json> bodies;  ///< of the chat requests, in order
    std::vector<std::string> heads;
    std::vector<std::string> models{"tiny-1", "tiny-2"};

    static std::string head_of(const std::string& request) {
        return request.substr(0, request.find("\r\n\r\n"));
    }
    static Reply status(int code, std::string_view body, std::string_view headers = {}) {
        return {
            {fmt::format("HTTP/1.1 {} Status\r\nContent-Type: application/json\r\nContent-Length: "
                         "{}\r\n{}\r\n{}",
                         code, body.size(), headers, body)}};
    }
    static Reply refused(std::string_view message) {
        return status(
            400, base::dump_json(
                     Json{{"error", {{"message", message}, {"type", "invalid_request_error"}}}}));
    }
    static std::string chunk(std::string_view bytes) {
        return fmt::format("{:x}\r\n{}\r\n", bytes.size(), bytes);
    }
    /// The events as a chunked stream, cut every seven bytes, wherever that is.
    static Reply stream(const std::vector<std::string>& events, bool done = true) {
        std::string text = ": a comment\r\n\r\n";
        for (const auto& event : events) text += "data: " + event + "\n\n";
        if (done) text += "data: [DONE]\n\n";
        Reply reply{
            {"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream; "
             "charset=utf-8\r\nTransfer-Encoding: chunked\r\n\r\n"}};
        for (std::size_t i = 0; i < text.size(); i += 7)
            reply.pieces.push_back(chunk(std::string_view(text).substr(i, 7)));
        reply.pieces.push_back("0\r\n\r\n");
        return reply;
    }

    Reply operator()(const std::string& request) {
        heads.push_back(head_of(request));
        if (!next.empty()) {
            const Reply reply = next.front();
            next.pop_front();
            if (request.starts_with("POST"))
                bodies.push_back(Json::parse(request.substr(request.find("\r\n\r\n") + 4)));
            return reply;
        }
        if (request.starts_with("GET /v1/models ")) {
            Json data = Json::array();
            for (const auto& model : models) data.push_back({{"id", model}, {"object", "model"}});
            return status(200, base::dump_json(Json{{"object", "list"}, {"data", data}}));
        }
        if (!request.starts_with("POST /v1/chat/completions ")) return status(404, "{}");
        bodies.push_back(Json::parse(request.substr(request.find("\r\n\r\n") + 4)));
        return chat(bodies.back());
    }

    Reply chat(const Json& body) {
        const std::string format = body.contains("response_format")
                                       ? body["response_format"]["type"].get<std::string>()
                                       : "";
        if (no_json_schema && format == "json_schema")
            return refused("'response_format' of type json_schema is not supported");
        if (no_json_object && format == "json_object")
            return refused("response_format is not supported");
        if (no_stream_options && body.contains("stream_options"))
            return refused("Unrecognized request argument: stream_options");
        if (only_max_completion_tokens && body.contains("max_tokens"))
            return refused(
                "Unsupported parameter: 'max_tokens' is not supported with this model. Use "
                "'max_completion_tokens' instead.");
        const auto& messages = body["messages"];
        const llm::PromptWords prompt(messages.back()["content"].is_string()
                                          ? messages.back()["content"].get<std::string>()
                                          : "");
        std::string text = llm::simulate_text(prompt);
        if (format == "json_schema") {
            text = base::dump_json(
                *llm::simulate_value(body["response_format"]["json_schema"]["schema"], prompt, 7));
        } else if (messages.front()["role"] == "system" &&
                   messages.front()["content"].get<std::string>().find("JSON Schema: ") !=
                       std::string::npos) {
            const auto system = messages.front()["content"].get<std::string>();
            const auto schema = Json::parse(system.substr(system.find("JSON Schema: ") + 13));
            text = "```json\n" + base::dump_json(*llm::simulate_value(schema, prompt, 7)) + "\n```";
        }
        std::string reason = "stop";
        for (const auto* limit : {"max_tokens", "max_completion_tokens"})
            if (body.contains(limit) && text.size() > body[limit].get<std::size_t>() * 4)
                text.resize(body[limit].get<std::size_t>() * 4), reason = "length";
        Json calls;
        if (body.contains("tools") && body.value("tool_choice", Json()) != "none" &&
            (body.contains("tool_choice") ||
             prompt.has(body["tools"][0]["function"]["name"].get<std::string>()))) {
            const auto& function = body["tools"][0]["function"];
            calls = Json::array({{{"id", "call_1"},
                                  {"type", "function"},
                                  {"function",
                                   {{"name", function["name"]},
                                    {"arguments", base::dump_json(*llm::simulate_value(
                                                      function["parameters"], prompt, 7))}}}}});
            reason = "tool_calls";
            text.clear();
        }
        const Json usage{{"prompt_tokens", 21},
                         {"completion_tokens", 9},
                         {"total_tokens", 30},
                         {"prompt_tokens_details", {{"cached_tokens", 4}}}};
        if (!body.value("stream", false) || ignores_stream) {
            Json message{{"role", "assistant"}, {"content", text}};
            if (!calls.is_null()) message["tool_calls"] = calls, message["content"] = nullptr;
            Json answer{
                {"id", "c1"},
                {"model", "tiny-1-2026"},
                {"choices",
                 Json::array({{{"index", 0}, {"message", message}, {"finish_reason", reason}}})}};
            if (!no_usage) answer["usage"] = usage;
            return status(200, base::dump_json(answer));
        }
        std::vector<std::string> events;
        const auto event = [&](Json delta, Json finish) {
            events.push_back(base::dump_json(Json{
                {"model", "tiny-1-2026"},
                {"choices",
                 Json::array({{{"index", 0}, {"delta", delta}, {"finish_reason", finish}}})}}));
        };
        event({{"role", "assistant"}, {"content", ""}}, nullptr);
        if (!calls.is_null()) {
            const std::string arguments = calls[0]["function"]["arguments"];
            event(
                {{"tool_calls",
                  Json::array({{{"index", 0},
                                {"id", "call_1"},
                                {"type", "function"},
                                {"function",
                                 {{"name", calls[0]["function"]["name"]}, {"arguments", ""}}}}})}},
                nullptr);
            for (std::size_t i = 0; i < arguments.size(); i += 3)
                event({{"tool_calls",
                        Json::array({{{"index", 0},
                                      {"function", {{"arguments", arguments.substr(i, 3)}}}}})}},
                      nullptr);
        } else {
            for (std::size_t i = 0; i < text.size(); i += 5)
                event({{"content", text.substr(i, 5)}}, nullptr);
        }
        event(Json::object(), reason);
        if (!no_usage && body.contains("stream_options"))
            events.push_back(base::dump_json(
                Json{{"model", "tiny-1-2026"}, {"choices", Json::array()}, {"usage", usage}}));
        return stream(events);
    }
};

}  // namespace sluice::test
